"""Candles for the tests of the indicators: random ones, ours with what is expected, recorded."""

import csv
import gzip
import json
from collections.abc import Iterator, Sequence
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import strategies as st

from trader.model.market import SECOND, Candle, Series

MINUTE = 60 * SECOND
HOUR = 60 * MINUTE
COLUMNS = ("ts_open", "open", "high", "low", "close", "volume")


def random_candles(seed: int, count: int, stillness: float) -> list[Candle]:
    """Draw candles on a coarse grid; `stillness` is the share of those that do not move at all."""
    draw = np.random.default_rng(seed)
    still = draw.random(count) < stillness
    rises = np.where(still, 0, draw.integers(-3, 4, count))
    wicks = np.where(still, 0, draw.integers(0, 3, (2, count)))
    closes = 100.0 + 0.1 * np.cumsum(rises)
    opens = np.concatenate(([100.0], closes))[:count]
    highs = np.maximum(opens, closes) + 0.1 * wicks[0]
    lows = np.minimum(opens, closes) - 0.1 * wicks[1]
    columns = (column.tolist() for column in (opens, highs, lows, closes))
    return [
        Candle(row * MINUTE, (row + 1) * MINUTE, *values, 1.0)
        for row, values in enumerate(zip(*columns, strict=True))
    ]


def candle_lists(longest: int = 250) -> st.SearchStrategy[list[Candle]]:
    """Draw a series, from one that never moves to one that never rests."""
    return st.builds(
        random_candles,
        st.integers(0, 2**32 - 1),
        st.integers(0, longest),
        st.sampled_from((0.0, 0.2, 0.9, 1.0)),
    )


def rough_series(seed: int, count: int, interval: int, missing: float) -> Series:
    """Draw a series with still stretches, holes and a scale of its own, tiny to huge.

    `missing` is the share of candles that lack a price.
    """
    draw = np.random.default_rng(seed)
    still = np.repeat(draw.random(count // 10 + 1) < draw.choice([0.0, 0.2, 0.9]), 10)[:count]
    wild = draw.choice([0.0005, 0.02, 1.0])
    steps = np.where(still, 0.0, draw.normal(0.0, wild, count))
    steps = np.cumsum(np.round(steps, 4)) if wild < 1.0 else steps
    closes = np.exp(steps) * 10.0 ** draw.integers(-9, 12)
    opens = np.concatenate((closes[:1], closes[:-1]))
    wicks = np.where(still, 0.0, draw.random((2, count)) * wild / 4)
    highs = np.maximum(opens, closes) * (1.0 + wicks[0])
    lows = np.minimum(opens, closes) * (1.0 - wicks[1])
    lows[draw.random(count) < missing] = np.nan
    times = np.cumsum(np.where(draw.random(count) < 0.03, draw.integers(1, 200, count), 1))
    columns = (column.tolist() for column in (opens, highs, lows, closes))
    return Series(interval, (times * interval).tolist(), *columns, [1.0] * count)


def rough(missing: float, longest: int = 700) -> st.SearchStrategy[Series]:
    """Draw rough series on candles from a minute to four hours."""
    return st.builds(
        rough_series,
        st.integers(0, 2**32 - 1),
        st.sampled_from((0, 1, 4, 10, 60, longest)),
        st.sampled_from([MINUTE * minutes for minutes in (1, 5, 7, 15, 60, 240)]),
        st.just(missing),
    )


def to_series(candles: Sequence[Candle]) -> Series:
    """Turn candles into columns."""
    return Series(
        candles[0].ts_event - candles[0].ts_open if candles else 1,
        *([getattr(candle, name) for candle in candles] for name in COLUMNS),
    )


def to_candles(series: Series) -> list[Candle]:
    """Turn columns into candles."""
    columns = (getattr(series, name) for name in COLUMNS)
    return [
        Candle(opened, opened + series.interval, *prices)
        for opened, *prices in zip(*columns, strict=True)
    ]


def first(series: Series, count: int) -> Series:
    """Return the oldest candles of a series."""
    return Series(series.interval, *(getattr(series, name)[:count] for name in COLUMNS))


@cache
def synthetic() -> dict[str, Any]:
    """Read our own candles of an hour, some still, rangeless or missing, and the columns expected.

    `marks` are the rows on which a column holds; `values` are of every `step`th row.
    """
    path = Path(__file__).parent / "synthetic_1h.json.gz"
    return json.loads(gzip.decompress(path.read_bytes()))


def synthetic_series() -> Series:
    """Return those candles as columns."""
    candles = synthetic()["candles"]
    times = [time * SECOND for time in candles["time"]]
    prices = (candles[name] for name in ("open", "high", "low", "close"))
    return Series(HOUR, times, *prices, [1.0] * len(times))


def expected(path: Path, names: Sequence[str]) -> tuple[Series, dict[str, list[str]]]:
    """Read candles and columns of a file as they are written; skip without the file."""
    if not path.exists():
        pytest.skip(f"no {path.name} in the shared data")
    with gzip.open(path, "rt", newline="") as file:
        rows = list(csv.DictReader(file))
    times = [int(row["time"]) * SECOND for row in rows]
    prices = ([float(row[name]) for row in rows] for name in ("open", "high", "low", "close"))
    interval = min(times[1] - times[0], times[2] - times[1])
    series = Series(interval, times, *prices, [1.0] * len(rows))
    return series, {name: [row[name] for row in rows] for name in names}


def recorded(path: Path, *columns: str) -> Iterator[dict[str, float]]:
    """Read candles and columns of numbers, NaN where there is none; skip without the file."""
    if not path.exists():
        pytest.skip(f"no {path.name} in the shared data")
    names = ("time", "open", "high", "low", "close", *columns)
    with gzip.open(path, "rt", newline="") as file:
        for row in csv.DictReader(file):
            yield {name: float(row[name] or "nan") for name in names}
