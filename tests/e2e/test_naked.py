"""What befalls the engine between a fill and its stop leaves no position naked."""

import signal
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from actors.execution_broker import ExecutionBroker
from actors.risk_guard import RiskGuard
from tests.e2e.inside import play
from tests.e2e.venue import account_left, faults_of
from trader.app import compose
from trader.model.ids import leg_of
from trader.model.messages import OrderFilled, SubmitOrder
from trader.model.orders import ENTRY

SPEEDS = pytest.mark.parametrize("speed", ["max", "20000"])
SYMBOLS = pytest.mark.parametrize("symbol", ["BTC-USD", "BTC-USD-PERP"])
POLICIES = pytest.mark.parametrize("policy", ["protect", "flatten"])
OWN_EXIT = '"sender":"kill_switch","receiver":"kill_switch"'


class UnluckyGuard(RiskGuard):
    """A guard that something befalls as it hears of the first entry that has filled."""

    befall: Callable[[Any], None]
    seen = False

    def on_order_filled(self, message: OrderFilled) -> None:
        """Let it happen, before the stop is sent."""
        if not UnluckyGuard.seen and leg_of(message.fill.client_order_id) is ENTRY:
            UnluckyGuard.seen = True
            UnluckyGuard.befall(self)
        super().on_order_filled(message)


class UnluckyBroker(ExecutionBroker):
    """A broker that sends entries, and fails at whatever reduces a position."""

    def on_submit_order(self, message: SubmitOrder) -> None:
        """Fail at a stop, a target and an exit."""
        if message.order.reduce_only:
            fail()
        super().on_submit_order(message)


def fail(*_: object) -> None:
    """Stand for a bug."""
    raise RuntimeError("a bug of ours")


def fell_the_kernel(guard: UnluckyGuard) -> None:
    """Let the kernel's own code fail, from here on and for good."""
    guard._kernel._abort = guard._kernel.drain = fail
    fail()


def never_return(_guard: UnluckyGuard) -> None:
    """Ask for the end, and do not return."""
    # To the thread that waits for it: the threads of other tests would die of it.
    signals = next(each for each in threading.enumerate() if each.name == "signals")
    signal.pthread_kill(signals.ident or 0, signal.SIGTERM)
    threading.Event().wait(60)


def ended(
    data_dir: Path, speed: str, symbol: str, policy: str, *sets: str
) -> tuple[int, list[str], str]:
    """Return a run's exit code, what is wrong with what it left, and the KillSwitch's record."""
    chosen = [f"market.speed={speed}", f"trading.symbol={symbol}", "market.candles=900"]
    chosen += [f"shutdown.open_position={policy}", "shutdown.deadline_seconds=2"]
    code = play(data_dir, *chosen, *sets).exit_code
    record = (data_dir / "kill_switch.jsonl").read_text()
    return code, faults_of(account_left(data_dir), policy), record


@pytest.fixture
def guard(monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    """Put a guard in the engine's place that something is to befall."""
    monkeypatch.setattr(compose, "RiskGuard", UnluckyGuard)
    monkeypatch.setattr(UnluckyGuard, "seen", False)
    return monkeypatch


@SPEEDS
@SYMBOLS
@POLICIES
def test_an_engine_that_fails_itself_leaves_nothing_naked(
    speed: str, symbol: str, policy: str, tmp_path: Path, guard: pytest.MonkeyPatch
) -> None:
    """A fault of the kernel's own: the KillSwitch closes what nobody protects any more."""
    guard.setattr(UnluckyGuard, "befall", fell_the_kernel, raising=False)
    code, faults, record = ended(tmp_path, speed, symbol, policy)

    assert (code, faults) == (1, [])
    assert OWN_EXIT in record


@SPEEDS
@SYMBOLS
@POLICIES
def test_a_handler_that_does_not_return_leaves_nothing_naked(
    speed: str, symbol: str, policy: str, tmp_path: Path, guard: pytest.MonkeyPatch
) -> None:
    """What it was at is given up, a fill, and main never learns that there is a position."""
    guard.setattr(UnluckyGuard, "befall", never_return, raising=False)
    limit = "system.handler_limit_seconds=0.1"
    code, faults, _ = ended(tmp_path, speed, symbol, policy, limit)

    assert (code, faults) == (3, [])


@SPEEDS
@SYMBOLS
@POLICIES
def test_a_broker_that_gives_up_leaves_nothing_naked(
    speed: str, symbol: str, policy: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nothing that RiskGuard sends reaches the venue any more."""
    monkeypatch.setattr(compose, "ExecutionBroker", UnluckyBroker)
    code, faults, record = ended(tmp_path, speed, symbol, policy)

    assert (code, faults) == (3, [])
    assert OWN_EXIT in record
