"""The oscillators of Cipher A and B, and the average true range, over columns."""

from math import log

import numpy as np

from trader.indicators.primitives import EPSILON
from trader.indicators.whole.primitives import ema, extremes, newest, rma, sma
from trader.indicators.whole.scan import Floats, scan


def rsi(x: Floats, length: int) -> Floats:
    """Return the relative strength index, 0 to 100."""
    change = np.diff(x, prepend=np.nan)
    gain = rma(np.maximum(change, 0.0), length)
    loss = rma(np.maximum(-change, 0.0), length)
    with np.errstate(all="ignore"):
        strength = 100.0 - 100.0 / (1.0 + gain / loss)
    strength[gain <= EPSILON] = 0.0
    strength[loss <= EPSILON] = 100.0
    return strength


def logarithm(x: Floats) -> Floats:
    """Return natural logarithms as `math.log` rounds them; numpy's differ in the last bit."""
    with np.errstate(invalid="ignore"):
        prices = np.where(x > 0.0, x, np.nan)
    return np.fromiter(map(log, prices.tolist()), np.float64, len(x))


def atr(high: Floats, low: Floats, close: Floats, length: int) -> Floats:
    """Return Wilder's mean of the true range, in price units."""
    previous = np.concatenate((low[:1], close[:-1]))
    return rma(np.maximum(high, previous) - np.minimum(low, previous), length)


def wavetrend(
    price: Floats, channel: int, average: int, signal: int
) -> tuple[Floats, Floats, Floats, Floats, Floats]:
    """Return the price's mean, the mean distance from that, ci, wt1 and wt2."""
    mean = ema(price, channel)
    distance = price - mean
    deviation = ema(np.abs(distance), channel)
    scale = 0.015 * deviation
    scale[scale == 0.0] = np.nan
    with np.errstate(all="ignore"):
        index = distance / scale
    wt1 = ema(index, average)
    return mean, deviation, index, wt1, sma(wt1, signal)


def money_flow(
    bars: tuple[Floats, Floats, Floats, Floats], length: int, multiplier: float, offset: float
) -> Floats:
    """Return the mean of `multiplier` (close-open)/(high-low), candles without range skipped."""
    open_, high, low, close = bars
    height = high - low
    height[height == 0.0] = np.nan
    with np.errstate(all="ignore"):
        shares = multiplier * (close - open_) / height
    rows = np.flatnonzero(~np.isnan(shares))
    change = shares[rows]
    change[length:] -= shares[rows[:-length]]
    means = np.cumsum(change)[length - 1 :] / length - offset
    return newest(rows[length - 1 :], means, len(shares))


def stochastic(x: Floats, length: int) -> Floats:
    """Return where a value lies between the lowest and the highest, 0 to 100."""
    low, high = extremes(x, length)
    with np.errstate(all="ignore"):
        return 100.0 * (x - low) / (high - low)


def schaff(x: Floats, length: int, fast: int, slow: int, factor: float) -> Floats:
    """Return the Schaff trend cycle, 0 to 100; 0 before it begins."""
    stage = ema(x, fast) - ema(x, slow)
    for _ in range(2):
        stage = _schaff_stage(stage, length, factor)
    return stage


def _schaff_stage(x: Floats, length: int, factor: float) -> Floats:
    low, high = extremes(x, length)
    moves = high - low > EPSILON
    rows = np.flatnonzero(moves)
    raw = newest(rows, 100.0 * (x[rows] - low[rows]) / (high - low)[rows], len(x))
    raw[: rows[0] if len(rows) else len(x)] = 0.0
    return scan(lambda smooth, value: smooth + factor * (value - smooth), 0.0, raw)
