"""The whole engine on a real venue's protocol, on a line with mishaps.

In virtual time by the minute, or over a socket of this machine at many times real speed.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any

import msgspec
import trio

from tests.e2e.inside import settings
from tests.e2e.venue import faults_of
from tests.trader.venues.exchange import FakeClient
from tests.trader.venues.shaky import BTC, MINUTE, STEPS, ShakyMarket, draw, words
from tests.trader.venues.stepping import SinkLog
from tests.trader.venues.streams.test_connection import confirm
from trader.app.compose import build_engine
from trader.app.world import Trading, World
from trader.model import messages as m
from trader.model.market import SECOND, Candle
from trader.model.orders import Leg
from trader.runtime.live import LiveDriver, ScaledClock
from trader.runtime.virtual import VirtualDriver
from trader.testing.venue_server import Mishap, Script, VenueServer, open_venue
from trader.venues.clock import RealClock
from trader.venues.embedded import EPOCH, EmbeddedMarket
from trader.venues.instruments import price_level, simulated_instrument
from trader.venues.live import VenueMarket
from trader.venues.rest import Rest
from trader.venues.simulated import SimulatedExchange

BEFORE, COUNT = 80, 90
"""Minutes of history, and of a run; mishaps befall two thirds of it."""
SPIKE = 75
"""Minute of a rise that tempts to enter, and that nothing confirms."""
MARKETS = 8
"""Markets that the seeds of mixes take turns on."""
SPEED = 600.0
"""Market seconds per wall second over a socket."""
SETS = (
    f"indicators.history={BEFORE - 10}",
    "indicators.ema_fast=2",
    "indicators.ema_slow=4",
    "advice.advisor=ema-cross",
    "advice.min_conviction=0",
    "risk.cooldown_seconds=0",
    "stoploss_guard.trade_limit=0",
    "low_profit_pairs.trade_limit=0",
    "max_drawdown.trade_limit=0",
)
"""An engine that enters as often as it may."""


class Run:
    """An engine on a market that knows the truth, with what reached its indicators."""

    def __init__(
        self, truth: Sequence[Candle], open_market: Callable[[SimulatedExchange], Trading]
    ) -> None:
        self.truth = truth
        self.candles: list[Candle] = []
        self.gaps = 0
        self.entries: list[int] = []
        self.told: list[tuple[int, bool]] = []
        """When the feed was live from, and when it was not."""
        loaded = settings(Path("unused"), *SETS).settings
        instrument = simulated_instrument(BTC, price_level(BTC), loaded.simulation)
        exchange = SimulatedExchange({BTC: instrument}, loaded.simulation)
        self.market = open_market(exchange)
        kinds = m.HistoryLoaded, m.CandleClosed, m.SubmitOrder, m.FeedStalled, m.FeedRecovered
        world = World(self.market, exchange, None, RealClock())
        self.engine = build_engine(loaded, world, taps=[dict.fromkeys(kinds, (self._see,))])
        self.kernels = self.engine.main, self.engine.kill

    def entries_after_a_break(self) -> int:
        """Count the entries that were sent after the feed had been lost and found."""
        lost = [time for time, live in self.told[1:] if not live]
        return sum(bool(lost) and entry > lost[0] for entry in self.entries)

    def faults(self) -> list[str]:
        """Return which promises were broken."""
        candles, engine = self.candles, self.engine
        first = (candles[0].ts_open - self.truth[0].ts_open) // MINUTE
        whole = candles == list(self.truth[first : first + len(candles)])
        found = ["a candle was missed, doubled or altered"] * (not whole)
        found += ["a gap is left"] * bool(self.gaps)
        found += [
            f"an entry {(entry - self.market.start) / SECOND:.1f} s on, with the feed not live"
            for entry in self.entries
            if not self._was_live(entry)
        ]
        found += ["the feed is not live in the end"] * (not self.told[-1][1])
        found += [f"halted: {engine.tally.halted}"] * (engine.tally.halted is not None)
        found += [f"{r.name} was restarted" for r in engine.main.roles.values() if r.restarts]
        return found + faults_of(engine.world.exchange.account(), "protect")

    def _was_live(self, time: int) -> bool:
        before = [live for at, live in self.told if at < time]
        return before[-1:] == [True] or (time, True) in self.told

    def _see(self, _sender: str, message: Any, time: int) -> None:
        match message:
            case m.HistoryLoaded():
                self.candles += message.candles
            case m.CandleClosed():
                self.candles.append(message.candle)
                self.gaps += message.gap
            case m.FeedStalled() | m.FeedRecovered():
                self.told.append((time, isinstance(message, m.FeedRecovered)))
            case m.SubmitOrder() if message.order.leg is Leg.ENTRY:
                self.entries.append(time)


@cache
def candles_of(seed: int) -> tuple[Candle, ...]:
    """Draw what happens in every minute, those of the history among them."""
    count = BEFORE + COUNT
    market = EmbeddedMarket([BTC], MINUTE, seed, count, SinkLog(), start=EPOCH + count * MINUTE)
    candles = list(market._history[BTC])
    spike = candles[BEFORE + SPIKE]
    high = spike.close * 1.6
    candles[BEFORE + SPIKE] = msgspec.structs.replace(spike, high=high, close=high)
    return tuple(candles)


def played(seed: int, mishaps: Mapping[int, str] | None = None) -> Run:
    """Play the mix of mishaps of a seed in virtual time, or those given."""
    truth = candles_of(seed % MARKETS)
    chosen = draw(seed, COUNT * 2 // 3) if mishaps is None else mishaps
    market: list[ShakyMarket] = []

    def open_market(exchange: SimulatedExchange) -> Trading:
        market.append(ShakyMarket(truth, BEFORE, chosen, exchange))
        return market[0]

    run = Run(truth, open_market)
    market[0].now = lambda: run.engine.main.now
    run.engine.start("0001-test")
    VirtualDriver(*run.kernels).run(until=run.market.start + (COUNT + 1) * MINUTE)
    run.engine.close()
    return run


# -- over a socket ---------------------------------------------------------------------------------


class Hurried(RealClock):
    """A venue's time that flies."""

    def __init__(self, start: int) -> None:
        super().__init__()
        scaled = ScaledClock(start, SPEED)
        self.now = scaled.now  # type: ignore[method-assign]
        self.seconds_until = scaled.seconds_until  # type: ignore[method-assign]

    def agree(self, _ask: Any, *, begun: bool = True) -> None:
        """Take the venue's time for ours."""


class Venue(FakeClient):
    """Tells the truth by REST, and speaks it on its socket as time goes by."""

    def __init__(self, truth: Sequence[Candle], clock: Hurried) -> None:
        super().__init__()
        self.truth, self.clock = truth, clock

    def fetch_ohlcv(self, _symbol: str, timeframe: str, since: int, limit: int) -> list[list[Any]]:
        """Return the candles that have begun."""
        now = self.clock.now()
        return [
            [c.ts_open // 10**6, c.open, c.high, c.low, c.close, c.volume]
            for c in self.truth
            if since * 10**6 <= c.ts_open <= now
        ][:limit]

    def speak(self, _connection: int) -> Iterator[str | float]:
        """Yield what is said on a connection, each word at its time."""
        begin = self.clock.now()
        for candle in self.truth:
            for second, share in STEPS:
                due = candle.ts_open + second * SECOND
                if due >= begin:
                    yield max(self.clock.seconds_until(due), 0.0)
                    yield from words(candle, second, share)


async def played_over_a_socket(seed: int, mishaps: Sequence[Mishap]) -> Run:
    """Play against a venue of this machine until something is entered after a break.

    Mishaps count the frames.
    """
    truth = candles_of(seed)
    clock = Hurried(truth[BEFORE].ts_open)
    venue = Venue(truth, clock)
    async with open_venue(VenueServer(Script(confirm, venue.speak), mishaps)) as server:

        def open_market(exchange: SimulatedExchange) -> Trading:
            market = VenueMarket(Rest("kraken", venue), (BTC,), MINUTE, exchange, url=server.url)
            market.clock = clock
            return market

        run = Run(truth, open_market)
        drivers = [LiveDriver(kernel, clock) for kernel in run.kernels]
        run.engine.start("0001-test")
        async with trio.open_nursery() as nursery:
            for driver in drivers:
                nursery.start_soon(driver.run)
            with trio.fail_after(60):
                while not (run.entries_after_a_break() and run.told[-1][1]):
                    await trio.sleep(0.01)
            for driver in drivers:
                driver.stop()
        run.engine.close()
    return run
