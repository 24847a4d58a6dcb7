"""Candles for the tests of the indicators: random ones, and recorded ones where they are."""

import csv
import gzip
from collections.abc import Iterator, Sequence
from itertools import islice
from pathlib import Path

import numpy as np
import pytest
from hypothesis import strategies as st

from trader.model.market import SECOND, Candle, Series

MINUTE = 60 * SECOND


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


def to_series(candles: Sequence[Candle]) -> Series:
    """Turn candles into columns."""
    names = ("ts_open", "open", "high", "low", "close", "volume")
    return Series(
        candles[0].ts_event - candles[0].ts_open if candles else 1,
        *([getattr(candle, name) for candle in candles] for name in names),
    )


def recorded(path: Path, *columns: str) -> Iterator[dict[str, float | None]]:
    """Read candles and columns of numbers, None where there is none; skip without the file."""
    if not path.exists():
        pytest.skip(f"no {path.name} in the shared data")
    names = ("time", "open", "high", "low", "close", *columns)
    with gzip.open(path, "rt", newline="") as file:
        for row in csv.DictReader(file):
            yield {name: _number(row[name]) for name in names}


def _number(text: str) -> float | None:
    return None if text in ("", "NaN") else float(text)


def to_candle(row: dict[str, float | None]) -> Candle:
    """Turn a row with `time` in seconds into a candle."""
    opened = int(row["time"]) * SECOND
    prices = (row[name] for name in ("open", "high", "low", "close"))
    return Candle(opened, opened + MINUTE, *prices, 0.0)


def recorded_minutes(path: Path) -> Iterator[Candle]:
    """Read recorded candles of a minute; skip without the file."""
    if not path.exists():
        pytest.skip(f"no {path.name} in the shared data")
    with gzip.open(path, "rt", newline="") as file:
        for row in islice(csv.reader(file), 1, None):
            opened = int(row[0]) * 1_000_000
            yield Candle(opened, opened + MINUTE, *map(float, row[1:6]))
