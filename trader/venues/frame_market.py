"""The market of a recording of frames: what a venue sent, through the adapter that a run uses."""

from collections.abc import Sequence
from pathlib import Path

from trader.model.errors import OutcomeUnknown, UsageError
from trader.model.instrument import PERPETUAL
from trader.model.market import Candle, interval_name
from trader.model.messages import CandleReceived, Message
from trader.ports import Post, sleep_until
from trader.venues.live import Listener, Outlet
from trader.venues.sink import SETTLE, PriceSink
from trader.venues.streams import events as e
from trader.venues.streams.adapter import Adapter
from trader.venues.streams.catalog import STREAMS
from trader.venues.streams.frames import Frame, open_any, read_frames
from trader.venues.symbols import nearest


class Recording:
    """The frames that a venue sent, read once, and the first price of each symbol in them."""

    def __init__(self, path: Path, stream: str, interval: int) -> None:
        self.stream = stream
        self.prices: dict[str, float] = {}
        self.frames = [frame for frame in read_frames(path) if frame.kind != "http"]
        self._path = path
        adapter = open_any(stream, interval_name(interval))
        timed = [frame for frame in self.frames if frame.kind == "recv"]
        if not timed or not timed[0].ts:
            raise UsageError(f"{path}: has no frames with the times at which they came")
        for frame in timed:
            for event in adapter.take(frame.data, frame.ts):
                self._note(event)

    def price(self, symbol: str) -> float:
        """Return the first price of a symbol; raise UsageError where it has none.

        The frames of a perpetual bear the name of its spot.
        """
        name = symbol if symbol in self.prices else symbol.removesuffix(PERPETUAL)
        if name not in self.prices:
            near = nearest(symbol, self.prices)
            raise UsageError(f"symbol {symbol}: not in {self._path}; it has {near}")
        return self.prices[name]

    def _note(self, event: e.Event) -> None:
        if isinstance(event, e.Trade):
            self.prices.setdefault(event.symbol, event.price)
        elif isinstance(event, e.Quoted | e.Booked):
            self.prices.setdefault(event.symbol, event.quote.bid)


class FrameMarket:
    """A market that replays a recording; `limit` ends it after so many candles, as `live` gets."""

    def __init__(
        self,
        recording: Recording,
        symbols: Sequence[str],
        interval: int,
        sink: PriceSink,
        limit: int | None = None,
    ) -> None:
        self.start = next(f.ts for f in recording.frames if f.ts)
        self._recording = recording
        self._symbols = tuple(symbols)
        self._interval = interval
        self._sink = sink
        self._left = limit
        self._next = 0
        self._now = self.start

    async def history(self, symbol: str, count: int) -> tuple[Candle, ...]:  # noqa: ARG002 - the port's
        """Return no candle: a recording begins where it begins."""
        return ()

    async def stream(self, post: Post) -> None:
        """Post what the frames say, each at its time; a break in the line breaks the stream."""
        adapter, listener = self._open(post)
        frames = self._recording.frames
        while self._next < len(frames) and self._left != 0:
            frame = frames[self._next]
            self._next += 1
            if frame.kind == "connect":
                adapter, listener = self._open(post)
            elif frame.kind == "recv":
                await sleep_until(frame.ts)
                self._hear(frame, adapter, listener)
        await sleep_until(self._now + SETTLE)

    def _hear(self, frame: Frame, adapter: Adapter, listener: Listener) -> None:
        self._now = max(self._now, frame.ts)
        events = adapter.take(frame.data, frame.ts)
        listener.on_events([event for event in events if not _foreign(event)], frame.ts)
        listener.on_tick()
        for event in events:
            if isinstance(event, e.Fault) and event.fatal:
                raise OutcomeUnknown(f"{event.reason}: {event.detail}")

    def _open(self, post: Post) -> tuple[Adapter, Listener]:
        stream, name = STREAMS[self._recording.stream], interval_name(self._interval)
        adapter = stream.make(self._symbols, stream.channels(name), name)
        outlet = Outlet(self._interval, self._sink, self._counting(post), self._now)
        build = stream.candle_channel(name) is None
        return adapter, Listener(adapter, outlet, self._interval, build=build)

    def _counting(self, post: Post) -> Post:
        def count(message: Message) -> None:
            if isinstance(message, CandleReceived) and self._left:
                self._left -= 1
            post(message)

        return count


def _foreign(event: e.Event) -> bool:
    # A recording may hold more symbols than are traded.
    return isinstance(event, e.Fault) and event.reason == "unknown symbol"
