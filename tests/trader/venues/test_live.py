"""The feed on a real connection to a venue that fails as it is told.

Whatever goes wrong: no candle is missed, doubled or altered, and the feed is live in the end.
"""

import re
import time
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from typing import Any

import msgspec
import pytest
import trio

from actors.market_feed import MarketFeed
from tests.trader.venues.exchange import FakeClient, unreachable
from tests.trader.venues.stepping import SinkLog
from tests.trader.venues.streams.test_connection import confirm
from trader.model import messages as m
from trader.model.market import SECOND, Candle, FeedCondition
from trader.runtime.kernel import Kernel
from trader.runtime.live import LiveDriver
from trader.testing.venue_server import Mishap, Script, VenueServer, open_venue
from trader.topology import MARKET_FEED
from trader.venues.live import VenueMarket
from trader.venues.rest import Rest

STALE = FeedCondition.STALE
MINUTE = 60 * SECOND
BTC = "BTC-USD"
COUNT = 30
"""Candles that the venue streams."""
MISSED = 2
"""Candles that close while the line is down."""


class Truth:
    """A venue's candles: by REST as far as they have closed, and on its stream as they come."""

    def __init__(self, now: int, mishaps: Sequence[Mishap]) -> None:
        self.first = now // MINUTE - 60
        self.client = FakeClient(self.first - 20, self.first)
        self.at = max((mishap.at for mishap in mishaps), default=0)
        self.server = VenueServer(Script(confirm, self.frames, pause=0.002), mishaps)

    def frames(self, connection: int) -> Sequence[str]:
        """Return what a connection sends: the first from the beginning, others after the cut.

        From here on the REST has what had closed a little after the mishap, and no more.
        """
        start = 0 if connection == 0 else self.at + MISSED
        self.client.last = self.first + self.at + MISSED
        return [self.frame(n) for n in range(start, COUNT + 1)]

    def frame(self, number: int) -> str:
        """Return the frame of a candle."""
        opens = (self.first + number) * MINUTE
        begin = datetime.fromtimestamp(opens // SECOND, UTC).isoformat()
        row = {
            "symbol": "BTC/USD",
            "open": 100.0,
            "high": 101.0,
            "low": 99.0,
            "close": 100.5,
            "volume": float(opens // MINUTE),
            "interval": 1,
            "interval_begin": begin,
        }
        return msgspec.json.encode({"channel": "ohlc", "type": "update", "data": [row]}).decode()

    def candle(self, minute: int) -> Candle:
        """Return the candle of a minute."""
        opens = minute * MINUTE
        return Candle(opens, opens + MINUTE, 100.0, 101.0, 99.0, 100.5, float(minute))


def ticker(ts: int) -> str:
    """Return the frame of a quote that was made at a time (ns)."""
    moment = datetime.fromtimestamp(ts / SECOND, UTC).isoformat()
    row = {"symbol": "BTC/USD", "bid": 100.0, "ask": 100.1, "timestamp": moment}
    return msgspec.json.encode({"channel": "ticker", "type": "update", "data": [row]}).decode()


class Run:
    """A feed on a venue, with all that it sends."""

    def __init__(self, truth: Truth, url: str) -> None:
        self.sent: list[m.Message] = []
        self.sink = SinkLog()
        kinds = m.CandleClosed, m.HistoryLoaded, m.FeedStalled, m.FeedRecovered, m.DataQuarantined
        self.kernel = Kernel(taps=dict.fromkeys(kinds, (self._see,)))
        rest = Rest("kraken", truth.client)
        self.market = market = VenueMarket(rest, (BTC,), MINUTE, self.sink, url=url)
        self.kernel.add(MARKET_FEED, lambda: MarketFeed.start(market, (BTC,), MINUTE, 200, True))
        self.driver = LiveDriver(self.kernel, market.clock)
        self.kernel.now = market.start

    def candles(self) -> list[Candle]:
        """Return every candle that was passed on, in order."""
        found: list[Candle] = []
        for message in self.sent:
            if isinstance(message, m.HistoryLoaded):
                found += message.candles
            elif isinstance(message, m.CandleClosed):
                found.append(message.candle)
        return found

    def conditions(self) -> list[str]:
        """Return the conditions of the feed in the order they were told."""
        return [
            message.condition.value if isinstance(message, m.FeedStalled) else "live"
            for message in self.sent
            if isinstance(message, m.FeedStalled | m.FeedRecovered)
        ]

    async def until(self, done: Callable[[], bool]) -> None:
        """Run until something has happened."""
        self.kernel.start()
        self.kernel.announce(m.SessionStarted("run", resumed=False))
        async with trio.open_nursery() as nursery:
            nursery.start_soon(self.driver.run)
            with trio.fail_after(20):
                while not done():
                    await trio.sleep(0.01)
            self.driver.stop()
        self.kernel.close()

    def _see(self, _sender: str, message: Any, _time: int) -> None:
        self.sent.append(message)


async def played(*mishaps: Mishap) -> tuple[Run, Truth]:
    """Run a feed until the venue's last candle has closed."""
    truth = Truth(time.time_ns(), mishaps)
    async with open_venue(truth.server):
        run = Run(truth, truth.server.url)
        end = (truth.first + COUNT) * MINUTE
        await run.until(lambda: bool(run.candles()) and run.candles()[-1].ts_event >= end)
    return run, truth


def check(run: Run, truth: Truth) -> None:
    """Check what must hold whatever went wrong."""
    candles = run.candles()
    first = candles[0].ts_open // MINUTE
    assert candles == [truth.candle(n) for n in range(first, truth.first + COUNT)]
    assert run.conditions()[-1] == "live"
    assert not [c for c in run.sent if isinstance(c, m.CandleClosed) and c.gap]


KINDS = ("drop", "duplicate", "reorder", "delay", "corrupt", "rename", "close", "flood")


@pytest.mark.parametrize("kind", KINDS)
async def test_no_candle_is_missed_doubled_or_altered(kind: Any):
    """What the stream does not bring, the REST does, before anything behind it is believed."""
    run, truth = await played(Mishap(kind, 12))
    check(run, truth)


async def test_while_the_line_is_down_the_feed_is_not_live():
    """It is stale at once, recovers, and goes live with whole data."""
    run, truth = await played(Mishap("close", 12))

    assert run.conditions()[:2] == ["connecting", "live"]
    assert run.conditions()[2:4] == ["stale", "recovering"]
    assert truth.server.connections == 2
    why = next(s for s in run.sent if isinstance(s, m.FeedStalled) and s.condition is STALE)
    assert "the venue closed the connection" in why.detail


async def test_what_cannot_be_read_is_quarantined_with_a_reason():
    """And with what it looked like."""
    run, _ = await played(Mishap("corrupt", 12))
    [bad] = [s for s in run.sent if isinstance(s, m.DataQuarantined)]
    assert bad.reason == "unreadable frame"
    assert "garbage" in bad.detail


async def test_a_machine_that_has_slept_is_set_by_the_venue():
    """A quote from the future ends the line; the next one opens by the venue's time."""
    truth = Truth(time.time_ns(), ())
    truth.client.off_ms = 3_000
    truth.server.script.frames = lambda _n: [ticker(time.time_ns() + 3 * SECOND)]
    async with open_venue(truth.server):
        run = Run(truth, truth.server.url)
        run.market.clock.agree(time.time_ns)
        await run.until(lambda: truth.server.connections == 2)

    [why] = [s.detail for s in run.sent if isinstance(s, m.FeedStalled) and s.condition is STALE]
    assert re.match(r"the venue's time is 2\.\d s ahead of our clock", why)
    assert 2.9 < (run.market.clock.now() - time.time_ns()) / SECOND < 3.1


async def test_a_venue_that_cannot_be_reached_is_tried_again():
    """One line says why; the history is missing as well, and nothing is live."""
    truth = Truth(MINUTE * 10_000, ())
    truth.client.down = unreachable()
    run = Run(truth, "ws://127.0.0.1:9")
    run.market.clock.agree(time.time_ns)
    await run.until(lambda: run.conditions().count("stale") == 2)

    assert run.conditions() == ["connecting", "stale", "recovering", "stale"]
    stale = next(s for s in run.sent if isinstance(s, m.FeedStalled) and s.condition is STALE)
    assert stale.detail.startswith("ws://127.0.0.1:9: cannot be reached")


async def test_a_venue_without_a_websocket_here_is_polled():
    """Its quotes and candles come by REST, through the same checks."""
    client = FakeClient()
    market = VenueMarket(Rest("bitfinex", client), (BTC,), MINUTE, SinkLog())
    last = market.start // MINUTE
    client.first, client.last = last - 30, last
    posted: list[m.Message] = []

    async with trio.open_nursery() as nursery:
        nursery.start_soon(market._poll, posted.append)
        with trio.fail_after(5):
            while not any(isinstance(p, m.CandleReceived) for p in posted):
                await trio.sleep(0.01)
        nursery.cancel_scope.cancel()

    assert posted[0] == m.StreamConfirmed(BTC)
    assert isinstance(posted[1], m.QuoteReceived)
    candles = [p.candle for p in posted if isinstance(p, m.CandleReceived)]
    assert [c.ts_open // MINUTE for c in candles] == [last - 3, last - 2, last - 1]
