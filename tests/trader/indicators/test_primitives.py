"""Streaming primitives: TradingView's seeding, gaps and edge values."""

from collections.abc import Callable, Iterable
from math import nan
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.trader.indicators.candles import recorded
from trader.indicators.primitives import Cross, Crossover, Ema, Extremes, Rma, Sma

Numbers = list[float | None]


def fold(indicator: Ema | Rma | Sma, values: Iterable[float | None]) -> Numbers:
    """Feed values in one after the other, None for one that does not exist."""
    return [to_none(indicator.next(nan if value is None else value)) for value in values]


def to_none(value: float) -> float | None:
    """Turn NaN into None, which equals itself."""
    return None if value != value else value


def test_sma_is_the_mean_of_the_last_values() -> None:
    """Nothing until `length` values came, then their mean."""
    assert fold(Sma(3), [1.0, 2.0, 6.0, 10.0]) == [None, None, 3.0, 6.0]


def test_sma_repeats_itself_where_there_is_no_value() -> None:
    """A candle without a value neither enters the window nor interrupts the mean."""
    assert fold(Sma(2), [1.0, None, 3.0, None, 5.0]) == [None, None, 2.0, 2.0, 4.0]


def test_sma_of_a_still_line_is_that_line() -> None:
    """No rounding builds up that could make a line cross its own mean."""
    assert set(fold(Sma(3), [1e6 / 7] + [0.1 + 0.2] * 9)[3:]) == {0.1 + 0.2}


def test_ema_begins_with_a_plain_mean() -> None:
    """The first value is the mean of `length` values, not the first of them."""
    assert fold(Ema.of(3), [1.0, 2.0, 6.0, 11.0]) == [None, None, 3.0, 7.0]


def test_rma_begins_with_a_plain_mean() -> None:
    """Wilder's mean is seeded alike and moves by 1/length."""
    assert fold(Rma.of(4), [1.0, 2.0, 3.0, 6.0, 7.0]) == [None, None, None, 3.0, 4.0]


@pytest.mark.parametrize("kind", [Ema, Rma])
def test_recursive_means_skip_what_does_not_exist(kind: type[Ema] | type[Rma]) -> None:
    """A candle without a value has no mean, and leaves no trace in the next."""
    whole = [value for value in fold(kind.of(2), [1.0, 3.0, 5.0]) if value is not None]

    holed = fold(kind.of(2), [None, 1.0, None, 3.0, None, 5.0])

    assert [None, None, None, whole[0], None, whole[1]] == holed


@pytest.mark.parametrize(
    ("lines", "expected"),
    [
        ([-1.0, 1.0, -1.0], [0, 1, -1]),
        ([1.0, 2.0, 3.0], [0, 0, 0]),
        ([-1.0, 0.0, 0.0, 1.0], [0, 0, 0, 1]),
        ([1.0, 0.0, 1.0], [0, 0, 0]),
        ([-1.0, None, 1.0], [0, 0, 1]),
        ([0.0, 1.0], [0, 0]),
        # A touch within the tolerance fires and does not change the side, as the platform has it.
        ([-1.0, 1e-12, 1.0], [0, 1, 1]),
    ],
)
def test_cross(lines: Numbers, expected: list[int]) -> None:
    """A cross is a change of side; the side survives touches and candles without a value."""
    cross = Cross()

    assert expected == [cross.next(nan if a is None else a, 0.0) for a in lines]


@pytest.mark.parametrize(
    ("lines", "expected"),
    [
        ([-1.0, 1.0, -1.0], [0, 1, -1]),
        ([-1.0, 0.0, 0.0, 1.0], [0, 0, 0, 1]),
        ([1.0, 0.0, 1.0], [0, 0, 1]),
        ([1.0, 0.0, -1.0], [0, 0, -1]),
        ([-1.0, None, 1.0], [0, 0, 1]),
        ([-1.0, 1e-12, 1.0], [0, 1, 0]),
    ],
)
def test_crossover(lines: Numbers, expected: list[int]) -> None:
    """A crossover compares with the candle before alone: a touch is the other side."""
    cross = Crossover()

    assert expected == [cross.next(nan if a is None else a, 0.0) for a in lines]


@given(st.lists(st.none() | st.integers(-3, 3).map(float), max_size=40), st.integers(1, 9))
def test_extremes(values: Numbers, length: int) -> None:
    """They reach back so many values, or to one that does not exist; nothing before `length`."""
    extremes, found = Extremes.of(length), []
    for row, value in enumerate(values):
        low, high = extremes.next(nan if value is None else value)
        window = values[max(row - length + 1, 0) : row + 1]
        run = window[len(window) - [*window[::-1], None].index(None) :]
        there = run and row >= length - 1
        found.append((low, high) == (min(run), max(run)) if there else low != low and high != high)

    assert all(found)


@pytest.mark.parametrize(
    ("column", "indicator", "source"),
    [
        ("ta.sma(close, 10)", Sma(10), lambda r: r["close"]),
        ("ta.sma(hl2, 20)", Sma(20), lambda r: (r["high"] + r["low"]) / 2),
        ("ta.ema(close, 20)", Ema.of(20), lambda r: r["close"]),
        ("ta.rma(high, 15)", Rma.of(15), lambda r: r["high"]),
    ],
)
def test_means_are_those_of_tradingview(
    shared: Path, column: str, indicator: Sma | Ema | Rma, source: Callable[[dict], float]
) -> None:
    """Every value, and every candle without one, is as exported from the platform."""
    for row in recorded(shared / "cipher/tradingview/pynecore_ma.csv.gz", column):
        assert indicator.next(source(row)) == _near(row[column])


def test_extremes_are_those_of_tradingview(shared: Path) -> None:
    """Highest and lowest agree with the platform's on every candle."""
    extremes = Extremes.of(10)
    names = ("ta.highest(close, 10)", "ta.lowest(close, 10)")
    for row in recorded(shared / "cipher/tradingview/pynecore_highest+lowest.csv.gz", *names):
        low, high = extremes.next(row["close"])
        assert (high, low) == (_near(row[names[0]]), _near(row[names[1]]))


def test_crosses_are_those_of_tradingview(shared: Path) -> None:
    """Crossovers (1) and crossunders (-1) of two averages fall on the platform's candles."""
    fast, slow, crossover = Ema.of(5), Ema.of(11), Crossover()
    names = ("ta.crossover(ema1, ema2)", "ta.crossunder(ema1, ema2)")
    for row in recorded(shared / "cipher/tradingview/pynecore_cross.csv.gz", *names):
        marked = row[names[0]] + row[names[1]]
        assert crossover.next(fast.next(row["close"]), slow.next(row["close"])) == marked


def _near(value: float) -> object:
    return pytest.approx(value, rel=1e-8, abs=1e-8, nan_ok=True)
