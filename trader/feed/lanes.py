"""One symbol's newest data, and the checks on what follows."""

from collections.abc import Iterable

import msgspec

from trader.model.market import SECOND, Candle, Quote

SKEW = SECOND
"""How far a venue's clock may be ahead of ours; what closes later has not closed yet."""


class Lane(msgspec.Struct):
    """One symbol: the newest candle, when it and the newest quote were made, when it came."""

    newest: Candle | None = None
    closed: int = 0
    quoted: int = 0
    seen: int = 0
    stalled: bool = False


class FeedState(msgspec.Struct):
    """Lanes by symbol, symbols whose history is awaited, streams that broke, drops by reason.

    `candles` counts those passed on since the session started.
    """

    candles: int = 0
    lanes: dict[str, Lane] = {}
    awaited: list[str] = []
    breaks: int = 0
    ended: bool = False
    dropped: dict[str, int] = {}

    def drop(self, reason: str) -> None:
        """Count something that is not passed on."""
        self.dropped[reason] = self.dropped.get(reason, 0) + 1


def take_candle(lane: Lane, candle: Candle, interval: int, now: int) -> int | str:
    """Make a candle the newest and return the gap before it, or say why it is dropped."""
    last, closed = lane.closed, candle.ts_event
    fault = candle.fault(interval)
    if fault is None and last < closed <= now + SKEW:
        lane.closed, lane.seen, lane.newest = closed, now, candle
        return (closed - last) // interval - 1 if last else 0
    return fault or _timing(candle, lane)


def take_history(
    state: FeedState, lane: Lane, candles: Iterable[Candle], interval: int, now: int
) -> tuple[Candle, ...]:
    """Take what is newer than the lane; return what is good of it."""
    good = []
    for candle in candles:
        if candle.ts_event > lane.closed:
            fault = take_candle(lane, candle, interval, now)
            if isinstance(fault, str):
                state.drop(fault)
            else:
                good.append(candle)
    return tuple(good)


def take_quote(lane: Lane, quote: Quote, now: int) -> str | None:
    """Take note of a quote, or say why it is dropped."""
    if quote.fault() is not None:
        return "impossible quote"
    if not lane.quoted < quote.ts_event <= now + SKEW:
        return "quote out of order"
    lane.quoted = quote.ts_event
    return None


def _timing(candle: Candle, lane: Lane) -> str:
    if candle.ts_event > lane.closed:
        return "not closed yet"
    if candle.ts_event < lane.closed:
        return "out of order"
    return "duplicate" if candle == lane.newest else "revised"
