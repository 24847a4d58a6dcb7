"""Driving the two kernels, in virtual time and in real, whatever befalls them."""

import signal
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from actors.market_feed import MarketFeed
from tests.e2e.inside import last_run, play
from tests.e2e.venue import account_left, faults_of, held_in
from tests.trader.app.desk import build
from trader.app import compose
from trader.app.compose import Engine
from trader.app.drive import LiveDrive, settle
from trader.app.ending import Ending
from trader.app.reports import state_of
from trader.model.market import SECOND
from trader.model.messages import CandleReceived, StopRequested
from trader.model.orders import OrderState
from trader.model.reasons import Reason
from trader.runtime.virtual import VirtualDriver
from trader.topology import KILL_SWITCH, OPERATOR, RISK_GUARD
from trader.venues.simulated import SimulatedExchange

MINUTE = 60 * SECOND
DAY = 1440 * MINUTE
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


class Ahead:
    """The clock of an engine that could not keep pace, by a day."""

    def __init__(self, engine: Engine) -> None:
        self._time = engine.main.now + DAY

    def now(self) -> int:
        """Return the same time always."""
        return self._time

    def seconds_until(self, due: int) -> float:
        """Return the wall seconds until `due`."""
        return (due - self._time) / SECOND


@pytest.fixture
def engine() -> Iterator[Engine]:
    """Offer an engine that nobody drives."""
    built = build()
    yield built
    built.close()


def test_a_market_that_is_made_up_is_as_late_as_its_engine(engine: Engine) -> None:
    """Whoever asks for its time is told how far the engine has come, and not what it has missed."""
    drive, begun = LiveDrive(engine, Ahead(engine)), engine.main.now
    assert drive.now() == begun
    VirtualDriver(engine.main).run(begun + 5 * MINUTE)

    assert begun + 5 * MINUTE <= drive.now() <= begun + 6 * MINUTE


def test_a_real_market_does_not_wait(engine: Engine) -> None:
    """Its time goes on while a handler does not return, and with it the age of its data."""
    engine.world.clock = clock = Ahead(engine)

    assert LiveDrive(engine, clock).now() == clock.now()


def test_the_last_halt_comes_at_the_time_of_who_hears_it(engine: Engine) -> None:
    """The KillSwitch's is ahead of an engine that could not keep pace: no day is skipped for it."""
    begun = engine.main.now
    engine.kill.now += DAY
    engine.kill.arrive(KILL_SWITCH, StopRequested("--for 4s"), OPERATOR)
    settle(engine, Ending(engine, lambda: None, lambda: None))

    guard = state_of(engine.main, RISK_GUARD)
    assert Reason.HALT_SHUTDOWN in {hold.reason for hold in guard.holds}
    assert (engine.main.now, engine.kill.now) == (begun, begun + DAY)


@pytest.mark.parametrize("symbol", ["BTC-USD", "BTC-USD-PERP"])
def test_a_close_that_has_begun_is_ended(symbol: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """The drivers return as its stop is canceled, and its exit is yet to be sent."""
    engine = build(f"trading.symbol={symbol}", "exits.max_candles=2", "market.candles=600")
    exchange, driver = engine.world.exchange, VirtualDriver(engine.main, engine.kill)
    cancel = SimulatedExchange.cancel

    def cancel_and_stop(venue: SimulatedExchange, client_order_id: str, ts: int) -> OrderState:
        driver.stop()
        return cancel(venue, client_order_id, ts)

    monkeypatch.setattr(SimulatedExchange, "cancel", cancel_and_stop)
    driver.run()
    assert held_in(exchange.account())
    settle(engine, Ending(engine, lambda: None, lambda: None))

    assert held_in(exchange.account()) == []
    assert exchange.account().open_orders == ()
    engine.close()


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
