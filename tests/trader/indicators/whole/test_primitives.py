"""The primitives over whole columns: each equals its streaming form to the last bit."""

from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from trader.indicators import primitives as p
from trader.indicators.whole import primitives as v
from trader.indicators.whole.scan import Floats

Numbers = list[float]

numbers = st.lists(
    st.sampled_from((np.nan, 0.0, 0.1, 0.3, 1e-11, -2.5, 1e9)) | st.floats(-1e6, 1e6), max_size=60
)


def same(column: Floats, values: Numbers) -> bool:
    """Compare a column with values one by one, NaN with NaN."""
    return np.array_equal(column, np.array(values, dtype=np.float64), equal_nan=True)


@pytest.mark.parametrize(
    ("whole", "streaming"), [(v.sma, p.Sma), (v.ema, p.Ema.of), (v.rma, p.Rma.of)]
)
@given(values=numbers, length=st.integers(1, 20))
def test_means(whole: Callable, streaming: Callable, values: Numbers, length: int) -> None:
    """The means agree on every value and on every candle without one."""
    one = streaming(length)

    assert same(whole(np.array(values), length), [one.next(value) for value in values])


@given(numbers, st.integers(1, 20))
def test_extremes(values: Numbers, length: int) -> None:
    """They reach back as far, and to what does not exist."""
    one = p.Extremes.of(length)
    pairs = [one.next(value) for value in values]

    low, high = v.extremes(np.array(values, dtype=np.float64), length)

    assert same(low, [pair[0] for pair in pairs])
    assert same(high, [pair[1] for pair in pairs])


@pytest.mark.parametrize(("whole", "one"), [(v.cross, p.Cross), (v.crossover, p.Crossover)])
@given(values=numbers, data=st.data())
def test_crosses(whole: Callable, one: Callable, values: Numbers, data: st.DataObject) -> None:
    """The crosses agree, through touches and candles without a value."""
    other = data.draw(st.permutations(values))
    cross = one()

    crosses = whole(np.array(values, dtype=np.float64), np.array(other, dtype=np.float64))

    assert crosses.tolist() == [cross.next(a, b) for a, b in zip(values, other, strict=True)]


def test_shift_looks_back() -> None:
    """Nothing is there before the first candle."""
    assert same(v.shift(np.array([1.0, 2.0, 3.0]), 2), [np.nan, np.nan, 1.0])
    assert same(v.shift(np.array([1.0]), 2), [np.nan])
