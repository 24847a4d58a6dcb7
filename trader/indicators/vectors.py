"""The primitives over whole columns: what `primitives` computes candle by candle.

Each function takes and returns float64 arrays of one length, NaN where a value does not exist. What
is recursive runs over Python floats, and sums are taken in the order of the streaming form, so that
the two agree to the last bit: on a still market WaveTrend divides one rounding error by another,
and crosses would differ there otherwise.
"""

from collections.abc import Callable
from functools import reduce
from itertools import accumulate
from operator import add

import numpy as np
from numpy.typing import NDArray

from trader.indicators.primitives import EPSILON

Floats = NDArray[np.float64]
Step = Callable[[float, float], float]


def sma(x: Floats, length: int) -> Floats:
    """Return the mean of the last `length` values that exist, repeated where `x` has none."""
    values, newest = _existing(x)
    count = max(len(values) - length + 1, 0)
    total = np.zeros(count)
    for lag in range(length):
        total += values[lag : lag + count]
    return _spread(total / length, length, newest)


def ema(x: Floats, length: int) -> Floats:
    """Return the exponential mean with weight 2/(length + 1)."""
    weight = 2.0 / (length + 1)
    return _recursive(x, length, lambda mean, value: mean + weight * (value - mean))


def rma(x: Floats, length: int) -> Floats:
    """Return Wilder's mean, of weight 1/length."""
    return _recursive(x, length, lambda mean, value: ((length - 1) * mean + value) / length)


def rsi(close: Floats, length: int) -> Floats:
    """Return the relative strength index, 0 to 100."""
    change = np.diff(close, prepend=np.nan)
    gain = rma(np.maximum(change, 0.0), length)
    loss = rma(np.maximum(-change, 0.0), length)
    with np.errstate(divide="ignore", invalid="ignore"):
        strength = 100.0 - 100.0 / (1.0 + gain / loss)
    strength[gain <= EPSILON] = 0.0
    strength[loss <= EPSILON] = 100.0
    return strength


def atr(high: Floats, low: Floats, close: Floats, length: int) -> Floats:
    """Return Wilder's mean of the true range, in price units."""
    previous = np.concatenate((close[:1], close[:-1]))
    previous[:1] = low[:1]
    return rma(np.maximum(high, previous) - np.minimum(low, previous), length)


def wavetrend(typical: Floats, channel: int, average: int, signal: int) -> tuple[Floats, Floats]:
    """Return wt1 and wt2 of the typical price."""
    distance = typical - ema(typical, channel)
    scale = 0.015 * ema(np.abs(distance), channel)
    scale[scale == 0.0] = np.nan
    wt1 = ema(distance / scale, average)
    return wt1, sma(wt1, signal)


def money_flow(
    open_: Floats,
    high: Floats,
    low: Floats,
    close: Floats,
    length: int,
    multiplier: float,
    offset: float,
) -> Floats:
    """Return the mean of `multiplier` (close-open)/(high-low), candles without range skipped."""
    ranged = high != low
    shares = multiplier * (close - open_)[ranged] / (high - low)[ranged]
    change = shares.copy()
    change[length:] -= shares[:-length]
    means = np.cumsum(change)[length - 1 :] / length - offset
    return _spread(means, length, np.cumsum(ranged))


def cross(a: Floats, b: Floats) -> NDArray[np.int8]:
    """Return +1 where `a` has crossed above `b`, -1 below, 0 else."""
    distance = a - b
    before = np.concatenate(([0], _sides(distance)[:-1]))
    up = (before < 0) & (distance > 0.0)
    down = (before > 0) & (distance < 0.0)
    return up.astype(np.int8) - down.astype(np.int8)


def _sides(distance: Floats) -> NDArray[np.int64]:
    """Return the side of the newest candle on which the lines were apart, 0 before any."""
    apart = np.abs(distance) > EPSILON
    sides = np.concatenate(([0], np.sign(distance[apart]).astype(np.int64)))
    return sides[np.cumsum(apart)]


def _recursive(x: Floats, length: int, step: Step) -> Floats:
    """Seed with the plain mean of the first `length` values that exist, then step."""
    rows = np.flatnonzero(~np.isnan(x))
    values = x[rows].tolist()
    out = np.full(len(x), np.nan)
    if len(values) >= length:
        seed = reduce(add, values[:length]) / length
        out[rows[length - 1 :]] = list(accumulate(values[length:], step, initial=seed))
    return out


def _existing(x: Floats) -> tuple[Floats, NDArray[np.int64]]:
    """Return the values that exist, and for each row how many there are up to it."""
    exists = ~np.isnan(x)
    return x[exists], np.cumsum(exists)


def _spread(means: Floats, length: int, newest: NDArray[np.int64]) -> Floats:
    """Give each row the mean that is the newest on it."""
    return np.concatenate((np.full(length, np.nan), means))[newest]
