"""A real venue's market: history by REST, then its stream, or polling where it has none here.

Prices are real; fills are not this module's.
"""

import random
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from itertools import pairwise
from typing import Any, Protocol

import trio

from trader.feed.lanes import SKEW
from trader.model.errors import OutcomeUnknown
from trader.model.market import SECOND, Candle, Quote, interval_name
from trader.model.messages import (
    CandleReceived,
    DataFaulted,
    QuoteReceived,
    StreamConfirmed,
)
from trader.ports import Post, blocking, native
from trader.venues.clock import RealClock
from trader.venues.rest import Rest
from trader.venues.sink import PriceSink
from trader.venues.streams import events as e
from trader.venues.streams.adapter import Adapter
from trader.venues.streams.bars import GRACE, Bars
from trader.venues.streams.catalog import STREAMS
from trader.venues.streams.connection import run_connection

PATIENCE = 120.0
"""Seconds for a history, all its pages together."""
POLL = 5.0
"""Seconds between two rounds of polling; the venue's rate limit may make them longer."""
_AGAIN = 3
"""Candles asked for at every close: venues may be late with the last."""
_JITTER = 1.0
"""Seconds, at most, before a connection is opened again: clients must not all come at once."""


class Shelf(Protocol):
    """Where candles are kept from one run to the next."""

    def read(self, symbol: str, since: int, until: int) -> tuple[Candle, ...]:
        """Return the candles kept of a stretch of time (ns), oldest first."""
        ...

    def add(self, symbol: str, candles: tuple[Candle, ...]) -> None:
        """Keep candles that follow one another as the venue gave them."""
        ...


class VenueMarket:
    """A market of one venue; a `url` in place of the venue's own serves tests."""

    def __init__(
        self,
        rest: Rest,
        symbols: Sequence[str],
        interval: int,
        sink: PriceSink,
        shelf: Shelf | None = None,
        url: str | None = None,
    ) -> None:
        self.native = rest.venue in STREAMS
        self.clock = RealClock()
        self._rest = rest
        self._symbols = tuple(symbols)
        self._interval = interval
        self._sink = sink
        self._shelf = shelf
        self._url = url
        self._opened = 0
        self._polled: dict[str, int] = {}

    @property
    def start(self) -> int:
        """The time at which a run begins: now."""
        return self.clock.now()

    async def history(self, symbol: str, count: int) -> tuple[Candle, ...]:
        """Return up to `count` closed candles, oldest first."""
        return await blocking(partial(self._history, symbol, count), PATIENCE)

    async def stream(self, post: Post) -> None:
        """Post what the venue sends until the line breaks, which raises."""
        await native(partial(self._stream if self.native else self._poll, post))

    def _history(self, symbol: str, count: int) -> tuple[Candle, ...]:
        """Ask for what is not on the shelf."""
        self._agree_on_time()
        name, interval, now = interval_name(self._interval), self._interval, self.clock.now()
        if self._shelf is None:
            return self._rest.recent(symbol, name, count, now)
        last = now - now % interval
        kept = _unbroken(self._shelf.read(symbol, last - count * interval, last))
        # Kept candles serve while they reach back far enough.
        whole = bool(kept) and kept[0].ts_open <= last - count * interval
        missing = (last - kept[-1].ts_event) // interval if whole else count
        fetched = self._rest.recent(symbol, name, missing, now) if missing else ()
        self._shelf.add(symbol, fetched)
        return (*kept, *fetched)[-count:] if whole else fetched

    def _agree_on_time(self) -> None:
        """Ask the venue what time it is: by a wrong clock, candles would close too early."""
        self.clock.agree(self._rest.time)

    async def _stream(self, post: Post) -> None:
        await trio.to_thread.run_sync(self._agree_on_time, abandon_on_cancel=True)
        self._opened += 1
        if self._opened > 1:
            await trio.sleep(random.uniform(0.0, _JITTER))  # noqa: S311 - spreads clients out
        stream, name = STREAMS[self._rest.venue], interval_name(self._interval)
        adapter = stream.make(self._symbols, stream.channels(name), name)
        build = stream.candle_channel(name) is None
        outlet = Outlet(self._interval, self._sink, post, self.clock.now())
        listener = LiveListener(adapter, outlet, self._interval, self.clock, build=build)
        await run_connection(adapter, listener, self.clock.now, self._url)

    async def _poll(self, post: Post) -> None:
        await trio.to_thread.run_sync(self._agree_on_time, abandon_on_cancel=True)
        outlet = Outlet(self._interval, self._sink, post, self.clock.now())
        first = True
        while True:
            for symbol in self._symbols:
                ask = partial(self._ask, symbol)
                quote, candles = await trio.to_thread.run_sync(ask, abandon_on_cancel=True)
                if first:
                    post(StreamConfirmed(symbol))
                outlet.quote(symbol, quote, 0.0)
                outlet.candles(symbol, candles)
            first = False
            await trio.sleep(POLL)

    def _ask(self, symbol: str) -> tuple[Quote, Sequence[Candle]]:
        """Ask for the newest quote, and for the last candle where one has closed since."""
        now, interval = self.clock.now(), self._interval
        quote = self._rest.quote(symbol, now)
        if now - self._polled.get(symbol, 0) < interval:
            return quote, ()
        candles = self._rest.recent(symbol, interval_name(interval), _AGAIN, now)
        if candles:
            self._polled[symbol] = candles[-1].ts_event
        return quote, candles


def _unbroken(candles: Sequence[Candle]) -> tuple[Candle, ...]:
    """Return the candles up to the first gap: what follows it is asked for again."""
    for i, (one, following) in enumerate(pairwise(candles), 1):
        if following.ts_open != one.ts_event:
            return tuple(candles[:i])
    return tuple(candles)


class Outlet:
    """Shows prices to the sink, then posts them; the sink sees no bad row and nothing twice.

    Nor does it see candles that had closed when the line was `opened` (ns).
    """

    def __init__(self, interval: int, sink: PriceSink, post: Post, opened: int) -> None:
        self.post = post
        self._interval = interval
        self._sink = sink
        self._quoted: dict[str, int] = {}
        self._shown: dict[str, int] = defaultdict(lambda: opened)

    def quote(self, symbol: str, quote: Quote, volume: float) -> None:
        """Pass on a quote with the volume traded since the one before it."""
        last = self._quoted.get(symbol, 0)
        if quote.ts_event == last:
            # Venues change a quote more than once in a tick of their clock: the last one counts.
            quote = Quote(last + 1, quote.bid, quote.ask)
        if quote.ts_event > last and quote.fault() is None:
            self._quoted[symbol] = quote.ts_event
            self._sink.on_quote(symbol, quote, volume)
        self.post(QuoteReceived(symbol, quote))

    def newest_quote(self) -> int:
        """Return when (ns) the newest quote was made, 0 without one."""
        return max(self._quoted.values(), default=0)

    def candles(self, symbol: str, candles: Sequence[Candle]) -> None:
        """Pass on candles that have closed."""
        for candle in candles:
            if candle.ts_event > self._shown[symbol] and candle.fault(self._interval) is None:
                self._shown[symbol] = candle.ts_event
                self._sink.on_candle(symbol, candle)
            self.post(CandleReceived(symbol, candle))


class Listener:
    """Turns a connection's events into messages, candles built from trades where it must."""

    def __init__(self, adapter: Adapter, outlet: Outlet, interval: int, *, build: bool) -> None:
        self._adapter = adapter
        self._out = outlet
        self._bars = {symbol: Bars(symbol, interval) for symbol in adapter.symbols}
        self._volumes = dict.fromkeys(adapter.symbols, 0.0)
        self._build = build
        self._now = self._newest = 0
        self._lags = False
        self._takers: Mapping[type[e.Event], Callable[[Any], None]] = {
            e.Quoted: self._quote,
            e.Booked: self._quote,
            e.Trade: self._trade,
            e.Barred: self._bar,
            e.Confirmed: self._confirm,
            e.Fault: self._fault,
        }

    def on_frame(self, frame: str | bytes) -> None:
        """Leave the frame itself alone."""

    def on_events(self, events: Sequence[e.Event], now: int) -> None:
        """Pass on what a frame says that came at `now` (ns)."""
        self._now = now
        for event in events:
            take = self._takers.get(type(event))
            if take is not None:
                take(event)

    def on_tick(self) -> None:
        """Close candles by the clock, as of the newest frame: what follows it is later.

        A line that lags, as under a flood, tells the venue's time by what it speaks of alone.
        """
        heard = self._newest if self._lags else self._now
        for symbol, bars in self._bars.items():
            self._out.candles(symbol, bars.on_clock(heard))

    def _quote(self, event: e.Quoted | e.Booked) -> None:
        self._note(event.quote.ts_event)
        volume, self._volumes[event.symbol] = self._volumes[event.symbol], 0.0
        self._out.quote(event.symbol, event.quote, volume)

    def _trade(self, event: e.Trade) -> None:
        self._note(event.ts_event)
        self._volumes[event.symbol] += event.size
        if not self._build:
            return
        for item in self._bars[event.symbol].on_trade(event):
            if isinstance(item, e.Fault):
                self._fault(item)
            elif isinstance(item, Candle):
                self._out.candles(event.symbol, (item,))

    def _note(self, ts: int) -> None:
        """Note what time the venue speaks of, and whether that is long ago."""
        self._lags = ts < self._now - GRACE
        if ts > self._newest:
            self._newest = ts

    def _bar(self, event: e.Barred) -> None:
        self._lags = event.candle.ts_event < self._now - GRACE
        self._out.candles(event.symbol, self._bars[event.symbol].on_bar(event))

    def _confirm(self, event: e.Confirmed) -> None:
        if not any(symbol == event.symbol for _, symbol in self._adapter.awaited):
            self._out.post(StreamConfirmed(event.symbol))

    def _fault(self, event: e.Fault) -> None:
        if event.reason != "late trade":
            # Nobody knows for which symbol it was.
            for bars in self._bars.values():
                bars.doubt()
        self._out.post(DataFaulted(event.symbol, event.reason, event.detail))


class LiveListener(Listener):
    """A listener that gives up a line whose venue is ahead of our clock: a machine has slept."""

    def __init__(
        self, adapter: Adapter, outlet: Outlet, interval: int, clock: RealClock, *, build: bool
    ) -> None:
        super().__init__(adapter, outlet, interval, build=build)
        self._clock = clock

    def on_tick(self) -> None:
        """Compare times, then close candles by the clock."""
        ahead = self._out.newest_quote() - self._clock.now()
        if ahead > SKEW:
            self._clock.doubt()
            raise OutcomeUnknown(f"the venue's time is {ahead / SECOND:.1f} s ahead of our clock")
        super().on_tick()
