"""Driving the two kernels, in virtual time and in real, whatever befalls them."""

import signal
import threading
from pathlib import Path

import pytest

from actors.market_feed import MarketFeed
from tests.e2e.inside import last_run, play
from tests.e2e.venue import account_left, faults_of
from trader.app import compose
from trader.app.drive import LiveDrive
from trader.model.messages import CandleReceived
from trader.model.reasons import Reason

SPEEDS = pytest.mark.parametrize("speed", ["max", "20000"])


class Trouble(MarketFeed):
    """A feed in whose twentieth candle something happens."""

    seen = 0

    def on_candle_received(self, message: CandleReceived) -> None:
        """Let it happen."""
        Trouble.seen += 1
        if Trouble.seen == 20:
            self.befall()
        super().on_candle_received(message)

    def befall(self) -> None:
        """Do nothing."""


@pytest.fixture
def trouble(monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    """Put a feed in the engine's place that gets into trouble."""
    monkeypatch.setattr(compose, "MarketFeed", Trouble)
    monkeypatch.setattr(Trouble, "seen", 0)
    return monkeypatch


@SPEEDS
def test_an_engine_that_fails_itself_ends_in_order(
    speed: str, tmp_path: Path, trouble: pytest.MonkeyPatch
) -> None:
    """A fault of the kernel's own: the KillSwitch ends the run alone, and its code is 1."""

    def befall(feed: MarketFeed) -> None:
        def fail() -> None:
            raise RuntimeError("a bug of ours")

        trouble.setattr(feed._kernel, "drain", fail)

    trouble.setattr(Trouble, "befall", befall)
    summary = play(tmp_path, "market.candles=60", f"market.speed={speed}")

    assert (summary.exit_code, last_run(tmp_path).outcome) == (1, "exit 1")
    assert faults_of(account_left(tmp_path), "protect") == []


def test_a_kill_switch_whose_thread_fails_halts_the_run(
    tmp_path: Path, trouble: pytest.MonkeyPatch
) -> None:
    """Main must not go on trading with nobody left to trip."""
    run_kill_switch = LiveDrive._run_kill_switch

    def fail(drive: LiveDrive) -> None:
        trouble.setattr(drive._engine.kill, "drain", lambda: 1 / 0)
        run_kill_switch(drive)

    trouble.setattr(LiveDrive, "_run_kill_switch", fail)
    summary = play(tmp_path, "market.candles=60", "market.speed=2000")

    assert (summary.exit_code, summary.halted) == (3, Reason.HALT_KILL_SWITCH_DOWN)
    assert summary.candles < 60


@SPEEDS
def test_a_handler_that_does_not_return_is_given_up_at_the_end(
    speed: str, tmp_path: Path, trouble: pytest.MonkeyPatch
) -> None:
    """The end goes on without it: what it was at is lost, the account is not."""

    def befall(_feed: MarketFeed) -> None:
        # To the thread that waits for it: the threads of other tests would die of it.
        signals = next(each for each in threading.enumerate() if each.name == "signals")
        signal.pthread_kill(signals.ident or 0, signal.SIGTERM)
        threading.Event().wait(60)

    trouble.setattr(Trouble, "befall", befall)
    limit = "system.handler_limit_seconds=0.1"
    summary = play(tmp_path, "market.candles=60", limit, f"market.speed={speed}")

    assert (summary.exit_code, summary.quarantined) == (3, 1)
    assert summary.candles == 19
    assert last_run(tmp_path).outcome == "exit 3"
    assert faults_of(account_left(tmp_path), "protect") == []
    trouble.setattr(Trouble, "befall", MarketFeed.on_start)
    assert play(tmp_path, "market.candles=1", resume=True).exit_code == 0
