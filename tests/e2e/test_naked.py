"""What befalls the engine between a fill and its stop leaves no position naked."""

import os
import signal
import threading
from collections.abc import Callable
from itertools import count
from pathlib import Path
from typing import Any

import pytest

from actors.execution_broker import ExecutionBroker
from actors.risk_guard import RiskGuard
from tests.e2e.inside import play
from tests.e2e.process import launched
from tests.e2e.venue import account_left, faults_of
from trader.app import compose
from trader.app.drive import LiveDrive
from trader.model.ids import leg_of
from trader.model.messages import OrderFilled, SubmitOrder
from trader.model.orders import ENTRY, EXIT, STOP, TARGET, Approval, Leg, Order, OrderState
from trader.model.views import Account
from trader.ports import Gate
from trader.topology import KILL_SWITCH
from trader.venues.simulated import SimulatedExchange

SPEEDS = pytest.mark.parametrize("speed", ["max", "20000"])
SYMBOLS = pytest.mark.parametrize("symbol", ["BTC-USD", "BTC-USD-PERP"])
POLICIES = pytest.mark.parametrize("policy", ["protect", "flatten"])
OWN_EXIT = '"kind":"SubmitOrder"'


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
    """A broker that fails at all orders of some legs."""

    legs = frozenset[Leg]()

    def on_submit_order(self, message: SubmitOrder) -> None:
        """Fail at some, send the others."""
        if message.order.leg in UnluckyBroker.legs:
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
    terminate()
    threading.Event().wait(60)


def terminate() -> None:
    """Send a SIGTERM."""
    # To the thread that waits for it: the threads of other tests would die of it.
    signals = next(each for each in threading.enumerate() if each.name == "signals")
    signal.pthread_kill(signals.ident or 0, signal.SIGTERM)


def outrun(monkeypatch: pytest.MonkeyPatch) -> Callable[[UnluckyGuard], None]:
    """Return what asks for the end, and has the KillSwitch look twice before it goes on."""
    looks, looked = count(1), threading.Event()
    account = SimulatedExchange.account

    def look(exchange: SimulatedExchange) -> Account:
        if threading.current_thread().name == KILL_SWITCH and next(looks) == 3:
            looked.set()
        return account(exchange)

    def ask(_guard: UnluckyGuard) -> None:
        monkeypatch.setattr(SimulatedExchange, "account", look)
        terminate()
        looked.wait(1)

    return ask


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
    guard.setattr(compose, "RiskGuard", RiskGuard)
    market = f"trading.symbol={symbol}", "market.candles=3"
    resumed = play(tmp_path, *market, resume=True)
    assert (resumed.exit_code, resumed.halted) == (0, None)


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
@pytest.mark.parametrize("legs", [{STOP, TARGET, EXIT}, {EXIT}], ids=["fill", "close"])
def test_a_broker_that_gives_up_leaves_nothing_naked(
    speed: str,
    symbol: str,
    policy: str,
    legs: set[Leg],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """After a fill, or amid a close, when the stop is canceled and the exit yet to be sent."""
    monkeypatch.setattr(compose, "ExecutionBroker", UnluckyBroker)
    monkeypatch.setattr(UnluckyBroker, "legs", legs)
    code, faults, record = ended(tmp_path, speed, symbol, policy, "exits.max_candles=2")

    assert (code, faults) == (3, [])
    assert OWN_EXIT in record


@SYMBOLS
def test_a_kill_switch_that_is_lost_leaves_nothing_naked(
    symbol: str, tmp_path: Path, guard: pytest.MonkeyPatch
) -> None:
    """Main is stopped without it, but not before what it has sent has arrived."""
    stopped = threading.Event()
    stop, run_kill_switch = LiveDrive.stop, LiveDrive._run_kill_switch

    def lose(drive: LiveDrive) -> None:
        kill = drive._engine.kill

        def befall(_guard: UnluckyGuard) -> None:
            guard.setattr(kill, "drain", fail)
            kill.soon(str)
            stopped.wait(5)

        guard.setattr(UnluckyGuard, "befall", befall, raising=False)
        run_kill_switch(drive)

    def tell(drive: LiveDrive) -> None:
        stop(drive)
        stopped.set()

    guard.setattr(LiveDrive, "_run_kill_switch", lose)
    guard.setattr(LiveDrive, "stop", tell)
    code, faults, _ = ended(tmp_path, "20000", symbol, "protect")

    assert (code, faults) == (3, [])


@SYMBOLS
def test_an_end_that_outruns_main_waits_for_it(
    symbol: str, tmp_path: Path, guard: pytest.MonkeyPatch
) -> None:
    """At a millionfold speed two looks are over before a stop is sent: RiskGuard sends it still."""
    guard.setattr(UnluckyGuard, "befall", outrun(guard), raising=False)
    code, faults, record = ended(tmp_path, "1000000", symbol, "protect")

    assert (code, faults) == (0, [])
    assert OWN_EXIT not in record


def test_an_engine_that_never_returns_is_ended_once_nothing_is_naked(tmp_path: Path) -> None:
    """No interrupt reaches its thread: by force, but not before the KillSwitch has closed."""
    options = ["--profile", "aggressive", "--speed", "3000"]
    options += ["--set", "system.handler_limit_seconds=0.1"]
    options += ["--set", "shutdown.deadline_seconds=4"]
    script = ("-m", "tests.e2e.wedged", "0")
    with launched(tmp_path, *options, script=script, environ={"WEDGE": "deaf"}) as run:
        run.wait_for("wedged")
        run.send(signal.SIGTERM)
        assert run.end() == 3
    run.wait_for(r"kill_switch BTC-USD submit_order [^\n]* leg=x ")
    run.wait_for('shutdown_completed[^\n]* detail="nothing is held"')
    run.wait_for("ended by force: the engine does not return; open at the simulated venue: nothing")


def test_an_exit_is_on_disk_before_it_is_sent(tmp_path: Path, guard: pytest.MonkeyPatch) -> None:
    """As every order is, here in the KillSwitch's own file."""
    on_disk, known = [""], []
    fsync, submit = os.fsync, SimulatedExchange.submit

    def sync(descriptor: int) -> None:
        fsync(descriptor)
        on_disk.append((tmp_path / "kill_switch.jsonl").read_text())

    def send(
        exchange: SimulatedExchange, order: Order, approval: Approval, gate: Gate, ts: int
    ) -> OrderState:
        if order.leg is EXIT:
            known.append(order.client_order_id in on_disk[-1])
        return submit(exchange, order, approval, gate, ts)

    guard.setattr(os, "fsync", sync)
    guard.setattr(SimulatedExchange, "submit", send)
    guard.setattr(UnluckyGuard, "befall", fell_the_kernel, raising=False)
    ended(tmp_path, "max", "BTC-USD", "protect")

    assert known == [True]
