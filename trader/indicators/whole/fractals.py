"""Fractals of an oscillator, and divergences between them and the price, over columns."""

import numpy as np

from trader.indicators.primitives import EPSILON
from trader.indicators.whole.primitives import newest
from trader.indicators.whole.scan import Flags, Floats, Rows

Column = Floats | Flags


def fractals(x: Floats, *, textbook: bool) -> tuple[Rows, Rows]:
    """Return the rows that confirm a top, and a bottom, two candles back."""
    top = _middle_stands_out(x)
    rows = np.arange(len(x))
    shadow = x if textbook else x[np.maximum.accumulate(np.where(top, 0, rows))]
    bottom = _middle_stands_out(-shadow) & ~top
    return np.flatnonzero(top), np.flatnonzero(bottom)


def _middle_stands_out(x: Floats) -> Flags:
    out = np.zeros(len(x), dtype=bool)
    middle = x[2:-2]
    beside = (x[:-4], x[1:-3], x[3:-1], x[4:])
    if len(x) >= 5:
        out[4:] = np.logical_and.reduce([other - middle < -EPSILON for other in beside])
    return out


def divergences(
    x: Floats, found: tuple[Rows, Rows], price: tuple[Floats, Floats], limits: tuple[float, float]
) -> tuple[Column, ...]:
    """Return the columns of one instance, as `indicators.fractals.Marks` has them.

    `found` is what `fractals` returned of `x`; `price` the highs and the lows.
    """
    tops, bottoms = found
    tops = tops[x[tops - 2] - limits[0] >= -EPSILON]
    bottoms = bottoms[x[bottoms - 2] - limits[1] <= EPSILON]
    top, high_before, high_price, height, rise = _compare(x, price[0], tops)
    bottom, low_before, low_price, depth, turn = _compare(x, price[1], bottoms)
    count = len(x)
    return (
        top,
        bottom,
        high_before,
        high_price,
        low_before,
        low_price,
        _flags(count, tops[(height > EPSILON) & (rise < -EPSILON)]),
        _flags(count, bottoms[(depth < -EPSILON) & (turn > EPSILON)]),
        _flags(count, tops[(height < -EPSILON) & (rise > EPSILON)]),
        _flags(count, bottoms[(depth > EPSILON) & (turn < -EPSILON)]),
    )


def value_when(rows: Rows, values: Floats, count: int) -> Floats:
    """Give each of `count` rows the value of the newest of some rows, told two candles late."""
    known = int(np.searchsorted(rows, count - 2))
    return newest(rows[:known] + 2, values[:known], count)


def _compare(x: Floats, price: Floats, rows: Rows) -> tuple[Floats, Floats, Floats, Floats, Floats]:
    """Return pivots where confirmed, pivot and price before, and what has changed on the rows."""
    shown = np.full(len(x), np.nan)
    pivot = x[rows - 2]
    shown[rows] = pivot
    # A pivot of exactly zero is shown, and is none: it is neither compared nor remembered.
    counts = np.abs(pivot) > EPSILON
    true = rows[counts]
    before, price_before = (value_when(true, of[true - 2], len(x)) for of in (x, price))
    rise = np.where(counts, pivot - before[rows], np.nan)
    return shown, before, price_before, price[rows - 2] - price_before[rows], rise


def _flags(count: int, rows: Rows) -> Flags:
    flags = np.zeros(count, dtype=bool)
    flags[rows] = True
    return flags
