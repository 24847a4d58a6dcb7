"""Means, extremes and crosses over columns: what `indicators.primitives` computes value by value.

Each function takes and returns float64 arrays of one length, NaN where a value does not exist.
"""

from functools import reduce
from operator import add
from typing import Any

import numpy as np
from numpy.typing import NDArray

from trader.indicators.primitives import EPSILON
from trader.indicators.whole.scan import Flags, Floats, Rows, Step, scan

Signs = NDArray[np.int8]


def shift(x: Floats, rows: int) -> Floats:
    """Return the values so many candles back."""
    rows = min(rows, len(x))
    return np.concatenate((np.full(rows, np.nan), x[: len(x) - rows]))


def sma(x: Floats, length: int) -> Floats:
    """Return the mean of the last `length` values that exist, repeated where `x` has none."""
    rows = np.flatnonzero(~np.isnan(x))
    values = x[rows]
    count = max(len(values) - length + 1, 0)
    total = np.zeros(count)
    for lag in range(length):
        total += values[lag : lag + count]
    return newest(rows[length - 1 :], total / length, len(x))


def newest(rows: Rows, values: NDArray[Any], count: int) -> NDArray[Any]:
    """Give each of `count` rows the value that came last; NaN before there is one."""
    runs = np.diff(rows, prepend=0, append=count)
    return np.repeat(np.concatenate(([np.nan], values)), runs)


def ema(x: Floats, length: int) -> Floats:
    """Return the exponential mean with weight 2/(length + 1)."""
    weight = 2.0 / (length + 1)
    return _recursive(x, length, lambda mean, value: mean + weight * (value - mean))


def rma(x: Floats, length: int) -> Floats:
    """Return Wilder's mean, of weight 1/length."""
    weight = length - 1.0
    return _recursive(x, length, lambda mean, value: (weight * mean + value) / length)


def extremes(x: Floats, length: int) -> tuple[Floats, Floats]:
    """Return the lowest and the highest of the last `length`, back to one that does not exist."""
    rows = np.arange(len(x))
    missing = np.flatnonzero(np.isnan(x))
    age = rows - np.repeat(np.append(0, missing + 1), np.diff(missing, prepend=0, append=len(x)))
    low, high = (reach_back(x, age, length, extreme) for extreme in (np.minimum, np.maximum))
    low[: length - 1] = high[: length - 1] = np.nan
    return low, high


def reach_back(x: Floats, age: Rows, length: int, extreme: np.ufunc) -> Floats:
    """Return the extreme of the last `length` values, or of the last `age` + 1 where that is less.

    By the extremes of 1, 2, 4 ... values: each row takes in another's that reaches further back.
    """
    out, reach = x.copy(), 1
    while reach < length and reach < len(x):
        lag = min(reach, length - reach)
        further = extreme(out[lag:], out[:-lag])
        young = np.flatnonzero(age[lag:] < lag)
        further[young] = out[lag:][young]
        out[lag:] = further
        reach += lag
    return out


def cross(a: Floats, b: Floats) -> Signs:
    """Return +1 where `a` has crossed above `b`, -1 below, 0 else; touches keep the side."""
    distance = a - b
    apart = np.abs(distance) > EPSILON
    return _crosses(np.sign(distance), _before(np.sign(distance), apart), strict=True)


def crossover(a: Floats, b: Floats) -> Signs:
    """Return +1 where `a` has crossed above `b`, -1 below, 0 else; a touch is the other side."""
    side = np.sign(a - b)
    return _crosses(side, _before(side, ~np.isnan(side)), strict=False)


def _before(side: Floats, counts: Flags) -> Floats:
    """Return for each row the side on the newest row before it that counts, NaN before any."""
    before = shift(side, 1)
    late = np.flatnonzero(~counts[:-1]) + 1
    if len(late):
        rows = np.flatnonzero(counts)
        older = np.searchsorted(rows, late)
        before[late] = np.concatenate(([np.nan], side[rows]))[older]
    return before


def _crosses(side: Floats, before: Floats, *, strict: bool) -> Signs:
    up = (before < 0.0 if strict else before <= 0.0) & (side > 0.0)
    down = (before > 0.0 if strict else before >= 0.0) & (side < 0.0)
    return up.astype(np.int8) - down.astype(np.int8)


def _recursive(x: Floats, length: int, step: Step) -> Floats:
    """Seed with the plain mean of the first `length` values that exist, then step."""
    rows = np.flatnonzero(~np.isnan(x))
    out = np.full(len(x), np.nan)
    if len(rows) >= length:
        first, last = rows[0], rows[-1] + 1
        # Looked up by slices where there are no holes, which is the rule and takes half the time.
        at = slice(first, last) if last - first == len(rows) else rows
        values = x[at]
        means = np.full(len(values), np.nan)
        means[length - 1] = seed = reduce(add, values[:length].tolist(), 0.0) / length
        means[length:] = scan(step, seed, values[length:])
        out[at] = means
    return out
