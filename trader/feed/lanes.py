"""One symbol's newest data, and the checks on what follows."""

from math import inf, sqrt

import msgspec

from trader.model.market import SECOND, Candle, FeedCondition, Quote

SKEW = SECOND
"""How far a venue's clock may be ahead of ours; what closes later has not closed yet."""
BAD_ROWS = 3
"""Bad rows, less the good candles between them, that hold a symbol's entries."""
_WORST = 2 * BAD_ROWS
"""Good candles, at most, that release it."""

_REACH, _LEAST, _MOST = 25.0, 0.03, 0.5
"""A candle spikes that leaves 25 usual ranges and 3 %, half at most, around the close before it."""
_INNER = 0.25
"""Part of the reach in which a candle is not looked at more closely: most never leave it."""
_SAMPLE = 16
"""One candle in so many tells what range is usual."""
_CLIP = 4.0
"""It counts for four usual ranges at most, so that a spike does not widen the band at once."""


class Lane(msgspec.Struct):
    """One symbol: the newest candle, when it and the newest quote were made, when it came.

    `live` is what the good candle asks: LIVE and nothing in doubt. `spiked` is the close (ns) of
    a candle out of the band that none has confirmed yet, 0 without one; `bad` counts bad rows up
    and good candles down, `barred` from BAD_ROWS until 0. `waiting` are candles behind a hole
    that is being repaired. What stays between `low` and `high` until `look` (ns) is no spike.
    """

    newest: Candle | None = None
    closed: int = 0
    quoted: int = 0
    seen: int = 0
    live: bool = False
    condition: FeedCondition = FeedCondition.CONNECTING
    range: float = 0.0
    reach: float = inf
    low: float = 0.0
    high: float = 0.0
    look: int = 0
    spiked: int = 0
    bad: int = 0
    barred: bool = False
    waiting: list[Candle] = []


def take_candle(lane: Lane, candle: Candle, interval: int, now: int) -> int | str:
    """Make a candle the newest and return the gap before it, or say why it is dropped."""
    last, closed = lane.closed, candle.ts_event
    fault = candle.fault(interval, last)
    if fault is None and last < closed <= now + SKEW:
        gap = (candle.ts_open - last) // interval if last and candle.ts_open != last else 0
        if candle.low < lane.low or candle.high > lane.high or closed >= lane.look:
            _look(lane, candle, gap)
            lane.look = closed + _SAMPLE * interval
        lane.closed, lane.seen, lane.newest = closed, now, candle
        return gap
    return fault or _timing(candle, lane)


def take_quote(lane: Lane, quote: Quote, now: int) -> str | None:
    """Take note of a quote, or say why it is dropped."""
    if quote.fault() is not None:
        return "impossible quote"
    if not lane.quoted < quote.ts_event <= now + SKEW:
        return "quote out of order"
    lane.quoted = quote.ts_event
    return None


def take_bad(lane: Lane) -> bool:
    """Count a bad row; tell whether it is the one that bars the symbol."""
    lane.bad = min(lane.bad + 1, _WORST)
    if lane.barred or lane.bad < BAD_ROWS:
        return False
    lane.barred, lane.live = True, False
    return True


def clear(lane: Lane) -> bool:
    """Let a good candle count against the doubts; tell whether none is left."""
    lane.bad = max(lane.bad - 1, 0)
    lane.barred = lane.barred and lane.bad > 0
    if lane.spiked != lane.closed:
        lane.spiked = 0
    return not (lane.barred or lane.spiked or lane.waiting)


def _look(lane: Lane, candle: Candle, gap: int) -> None:
    """Take a candle out of the band for a spike; move the band to its close."""
    if lane.newest is not None:
        # Prices move while nobody looks: a hole before a candle widens the band.
        close, reach = lane.newest.close, lane.reach * sqrt(gap + 1)
        if candle.low < close - reach or candle.high > close + reach:
            lane.spiked, lane.live = candle.ts_event, False
    width, close, usual = candle.high - candle.low, candle.close, lane.range
    lane.range = usual + (min(width, usual * _CLIP) - usual) / _SAMPLE if usual else width
    lane.reach = min(_LEAST * close + _REACH * lane.range, _MOST * close)
    lane.low, lane.high = close - _INNER * lane.reach, close + _INNER * lane.reach


def _timing(candle: Candle, lane: Lane) -> str:
    if candle.ts_event > lane.closed:
        return "not closed yet"
    if candle.ts_event < lane.closed:
        return "out of order"
    return "duplicate" if candle == lane.newest else "revised"
