"""Candles of higher timeframes over columns, and the colours of their Heikin-Ashi candles."""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from trader.indicators.higher import DAY, MINUTE
from trader.indicators.primitives import EPSILON
from trader.indicators.whole.primitives import reach_back
from trader.indicators.whole.scan import Flags, Floats, Rows, scan

Bars = tuple[Floats, Floats, Floats, Floats]
"""Open, high, low, close."""
Signs = NDArray[np.int64]


class Frame(NamedTuple):
    """A timeframe: its candles, and how the chart's rows relate to them."""

    bars: Bars
    first: Rows
    """Row on which each candle begins."""
    of: Rows
    """The candle that each row is a part of."""
    closed: Rows
    """How many candles have closed, by each row."""

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
    begins = np.concatenate(([True], np.diff(start) != 0))
    first = np.flatnonzero(begins)
    ends = np.minimum(start + length, ts_open - into_day + DAY)[first]
    open_, high, low, close = bars
    joined = (
        open_[first],
        np.maximum.reduceat(high, first),
        np.minimum.reduceat(low, first),
        close[np.concatenate((first[1:], [len(close)])) - 1],
    )
    closed = np.searchsorted(ends, ts_open + interval, side="right")
    return Frame(joined, first, np.cumsum(begins) - 1, closed)


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
    of, (_, highs, lows, closes) = frame.of, bars
    age = np.arange(len(of)) - frame.first[of]
    longest = int(age.max()) + 1
    top, bottom = (
        reach_back(highs, age, longest, np.maximum),
        reach_back(lows, age, longest, np.minimum),
    )
    so_far = (open_[of] + top + bottom + closes) / 4.0
    began = np.where(of == 0, (open_[0] + closes) / 2.0, begin[of])
    ended = _sign(body - begin)
    return _sign(so_far - began), np.concatenate(([-1], ended))[frame.closed], ended[of]


def _sign(rise: Floats) -> Signs:
    green: Flags = rise > EPSILON
    return np.where(green, 1, -1)
