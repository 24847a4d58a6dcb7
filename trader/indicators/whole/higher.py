"""Candles of higher timeframes over columns, and the colours of their Heikin-Ashi candles."""

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from trader.indicators.higher import DAY, MINUTE
from trader.indicators.primitives import EPSILON
from trader.indicators.whole.primitives import reach_back
from trader.indicators.whole.scan import Floats, Rows, scan

Bars = tuple[Floats, Floats, Floats, Floats]
"""Open, high, low, close."""
Signs = NDArray[np.int8]


class Frame(NamedTuple):
    """A timeframe: its candles, and how the chart's rows relate to them."""

    bars: Bars
    first: Rows
    """Row on which each candle begins."""
    counts: Rows
    """Rows that each candle has."""
    closed: Rows
    """How many candles have closed, by each row."""

    def spread(self, values: NDArray[Any]) -> NDArray[Any]:
        """Give each row the value of the candle that it is a part of."""
        return np.repeat(values, self.counts)

    def known(self, values: Floats) -> Floats:
        """Give each row the value of the newest candle that has closed."""
        return np.concatenate(([np.nan], values))[self.closed]


def join(ts_open: Rows, interval: int, bars: Bars, minutes: int) -> Frame | None:
    """Join candles into those of a timeframe, in UTC, begun anew each day.

    None where the chart's candles do not divide it, or there are none.
    """
    length = minutes * MINUTE
    if length % interval or not len(ts_open):
        return None
    into_day = ts_open % DAY
    start = ts_open - into_day % length
    first = np.concatenate(([0], np.flatnonzero(start[1:] != start[:-1]) + 1))
    counts = np.diff(first, append=len(start))
    ends = np.minimum(start[first] + length, (ts_open - into_day)[first] + DAY)
    open_, high, low, close = bars
    joined = (
        open_[first],
        np.maximum.reduceat(high, first),
        np.minimum.reduceat(low, first),
        close[first + counts - 1],
    )
    before = np.repeat(np.arange(len(first)), counts)
    is_last = ts_open >= np.repeat(ends - interval, counts)
    return Frame(joined, first, counts, before + is_last)


def heikin_ashi(frame: Frame, bars: Bars) -> tuple[Signs, Signs, Signs]:
    """Return +1 where the Heikin-Ashi candle is green, -1 elsewhere, in three readings.

    Of the candle that is being built; of the last that closed; and of the one being built as it
    will be in the end, which nobody knows at the time.
    """
    open_, high, low, close = frame.bars
    body = (open_ + high + low + close) / 4.0
    first = ((open_ + close) / 2.0)[:1]
    begin = np.concatenate(
        (first, scan(lambda before, mean: (before + mean) / 2.0, first.item(), body[:-1]))
    )
    _, highs, lows, closes = bars
    age = np.arange(len(closes)) - frame.spread(frame.first)
    longest = int(frame.counts.max())
    top = reach_back(highs, age, longest, np.maximum)
    bottom = reach_back(lows, age, longest, np.minimum)
    so_far = (frame.spread(open_) + top + bottom + closes) / 4.0
    began = frame.spread(begin)
    # The first candle of all begins in the middle of what it has come to.
    count = frame.counts[0]
    began[:count] = (open_[0] + closes[:count]) / 2.0
    ended = _sign(body - begin)
    return (
        _sign(so_far - began),
        np.concatenate((np.array([-1], dtype=np.int8), ended))[frame.closed],
        frame.spread(ended),
    )


def _sign(rise: Floats) -> Signs:
    return np.where(rise > EPSILON, np.int8(1), np.int8(-1))
