"""Figures that tell one market from another, and what recorded minutes of real ones show."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from trader.model.market import Candle

Floats = npt.NDArray[np.float64]

RECORDED = (
    "binanceus_BTCUSD_1m_2023-03-01_2023-03-21.csv.gz",
    "bybit-linear_BTCUSDT_1m_2025-05-29_2025-06-29.csv.gz",
    "bybit-linear_ETHUSDT_1m_2025-05-29_2025-06-29.csv.gz",
    "bybit-linear_SOLUSDT_1m_2025-05-29_2025-06-29.csv.gz",
)
"""Months of minutes in which candles without a trade are few."""


class Figures(NamedTuple):
    """What candles are like, whichever way they go.

    `deviation` is that of a return. `tails` is the kurtosis of returns over a candle, `tails_5` and
    `tails_60` that over so many; 3 is a normal distribution's. `memory` is the correlation of the
    size of a return with that of the next, `memory_60` with that of the sixtieth next. `wicks` is
    the mean range over the mean distance of open and close, `volume` how far range and volume go
    together, `flat` the share of candles that close where they opened.
    """

    deviation: float
    tails: float
    tails_5: float
    tails_60: float
    memory: float
    memory_60: float
    wicks: float
    volume: float
    flat: float


BOUNDS = {
    "deviation": (0.00045, 0.00105),
    "tails": (12, 125),
    "tails_5": (9, 27),
    "tails_60": (7, 18),
    "memory": (0.25, 0.36),
    "memory_60": (0.09, 0.19),
    "wicks": (1.5, 2.05),
    "volume": (0.7, 0.82),
    "flat": (0.005, 0.04),
}
"""Between which numbers each figure of the recorded months lies."""


def figures_of(columns: Floats) -> Figures:
    """Return the figures of opens, highs, lows, closes and volumes, a row each."""
    open_, high, low, close, volume = columns
    changes = np.diff(np.log(close))
    return Figures(
        deviation=float(changes.std()),
        tails=_kurtosis(changes),
        tails_5=_kurtosis(np.diff(np.log(close[::5]))),
        tails_60=_kurtosis(np.diff(np.log(close[::60]))),
        memory=_correlation(abs(changes), 1),
        memory_60=_correlation(abs(changes), 60),
        wicks=float((high - low).mean() / abs(close - open_).mean()),
        volume=float(np.corrcoef((high - low) / close, volume)[0, 1]),
        flat=float((open_ == close).mean()),
    )


def columns_of(candles: Sequence[Candle]) -> Floats:
    """Return the columns of candles that follow one another, as `figures_of` takes them."""
    return np.array([(c.open, c.high, c.low, c.close, c.volume) for c in candles]).T


def surprise(products: Floats) -> float:
    """Return how far a sum is from zero, in the deviations that it has where no product tells.

    It holds for products that are not alike: a normal number as long as each is a fair bet.
    """
    return float(products.sum() / np.sqrt((products**2).sum()))


def _kurtosis(changes: Floats) -> float:
    centered = changes - changes.mean()
    return float((centered**4).mean() / (centered**2).mean() ** 2)


def _correlation(sizes: Floats, lag: int) -> float:
    return float(np.corrcoef(sizes[lag:], sizes[:-lag])[0, 1])
