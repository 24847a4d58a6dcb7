"""Candles out of trades, and out of venues' candles that still change; whole ones only.

A candle is closed by the venue's word, by what follows it, or by the clock and a grace.
"""

from collections.abc import Sequence

from trader.model.market import SECOND, Candle
from trader.venues.streams.events import Barred, Event, Fault, Trade

GRACE = 2 * SECOND
"""What a venue may say of a candle after its close."""


class Bars:
    """The candles of one symbol and interval; each is given out once, in order.

    Built from trades, the first is left out unless they are `whole`: all there were in it.
    """

    def __init__(self, symbol: str, interval: int, *, whole: bool = False) -> None:
        self._symbol = symbol
        self._interval = interval
        self._current: Candle | None = None
        self._whole = True
        self._closed = 0
        self._first: int | None = -1 if whole else None
        self._last_id = -1

    def on_trade(self, trade: Trade) -> Sequence[Candle | Event]:
        """Build on a trade; return the candle that it closes, if it does."""
        opens = trade.ts_event - trade.ts_event % self._interval
        if trade.id <= self._last_id:
            return ()
        self._last_id = trade.id
        if self._first is None:
            # What was traded before we listened is missing in the first candle.
            self._first = opens
        current = self._current
        if opens < self._closed or (current is not None and opens < current.ts_open):
            return [Fault(self._symbol, "late trade", f"trade {trade.id} at {trade.ts_event}")]
        done: Sequence[Candle] = ()
        if current is not None and opens > current.ts_open:
            done, current = self._close(), None
        if current is None:
            self._whole = opens != self._first
        self._current = self._with(current, opens, trade.price, trade.size)
        return done

    def on_bar(self, event: Barred) -> Sequence[Candle]:
        """Take a venue's candle; return what is closed by it, or is news of the past."""
        candle, current = event.candle, self._current
        if candle.ts_event <= self._closed:
            # The feed tells a repetition from a revision, and applies neither.
            return (candle,)
        done: Sequence[Candle] = ()
        if current is not None and candle.ts_open > current.ts_open:
            done = self._close()
        elif current is not None and candle.ts_open < current.ts_open:
            return (candle,)
        self._current, self._whole = candle, True
        return (*done, *self._close()) if event.closed else done

    def doubt(self) -> None:
        """Take note that something was lost: the candle under way is not whole any more.

        The venue's next word on it makes it whole again; otherwise it is left out, a hole.
        """
        self._whole = False

    def on_clock(self, now: int) -> Sequence[Candle]:
        """Return the candle that closed a grace ago and that nothing has followed yet."""
        current = self._current
        return () if current is None or now < current.ts_event + GRACE else self._close()

    def _close(self) -> Sequence[Candle]:
        current = self._current
        assert current is not None, "there is one to close"
        self._current, self._closed = None, current.ts_event
        return (current,) if self._whole else ()

    def _with(self, current: Candle | None, opens: int, price: float, size: float) -> Candle:
        closes = opens + self._interval
        if current is None:
            return Candle(opens, closes, price, price, price, price, size)
        return Candle(
            opens,
            closes,
            current.open,
            max(current.high, price),
            min(current.low, price),
            price,
            current.volume + size,
        )


def resample(candles: Sequence[Candle], interval: int) -> tuple[Candle, ...]:
    """Build candles of a longer interval; one that lacks a part is left out."""
    built: list[Candle] = []
    parts: list[Candle] = []
    for candle in candles:
        if candle.ts_open % interval == 0 or not parts or candle.ts_open != parts[-1].ts_event:
            parts = []
        if parts or candle.ts_open % interval == 0:
            parts.append(candle)
        if parts and candle.ts_event % interval == 0:
            built.append(_joined(parts))
            parts = []
    return tuple(built)


def _joined(parts: Sequence[Candle]) -> Candle:
    return Candle(
        parts[0].ts_open,
        parts[-1].ts_event,
        parts[0].open,
        max(part.high for part in parts),
        min(part.low for part in parts),
        parts[-1].close,
        sum(part.volume for part in parts),
    )
