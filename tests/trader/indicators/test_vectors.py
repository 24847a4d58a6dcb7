"""The primitives over whole columns: each equals its streaming form to the last bit."""

from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.trader.indicators.candles import candle_lists
from trader.indicators import primitives as p
from trader.indicators import vectors as v
from trader.model.market import Candle

Numbers = list[float | None]

numbers = st.lists(
    st.none() | st.sampled_from((0.0, 0.1, 0.3, 1e-11, -2.5, 1e9)) | st.floats(-1e6, 1e6),
    max_size=60,
)


def to_array(values: Numbers) -> v.Floats:
    """Turn None into NaN."""
    return np.array([np.nan if value is None else value for value in values], dtype=np.float64)


def to_numbers(array: v.Floats) -> Numbers:
    """Turn NaN into None."""
    return [None if value != value else value for value in array.tolist()]


@pytest.mark.parametrize(
    ("whole", "streaming"), [(v.sma, p.Sma), (v.ema, p.Ema.of), (v.rma, p.Rma.of)]
)
@given(values=numbers, length=st.integers(1, 20))
def test_means(whole: Callable, streaming: Callable, values: Numbers, length: int) -> None:
    """The means agree on every value and on every candle without one."""
    one = streaming(length)

    assert to_numbers(whole(to_array(values), length)) == [one.next(value) for value in values]


@given(numbers, st.data())
def test_cross(values: Numbers, data: st.DataObject) -> None:
    """The crosses agree, through touches and candles without a value."""
    other = data.draw(st.permutations(values))
    one = p.Cross()

    crosses = v.cross(to_array(values), to_array(other)).tolist()

    assert crosses == [one.next(a, b) for a, b in zip(values, other, strict=True)]


@settings(max_examples=40)
@given(candle_lists(120), st.integers(1, 15))
def test_oscillators(candles: list[Candle], length: int) -> None:
    """RSI, ATR, WaveTrend and money flow agree on every value and every candle without one."""
    rsi, atr = p.Rsi.of(length), p.Atr.of(length)
    wavetrend, flow = p.WaveTrend.of(length, 4, 3), p.MoneyFlow(length, 150.0, 2.5)
    open_, high, low, close = (
        np.array([getattr(candle, name) for candle in candles], dtype=np.float64)
        for name in ("open", "high", "low", "close")
    )

    whole = (
        v.rsi(close, length),
        v.atr(high, low, close, length),
        *v.wavetrend(close, length, 4, 3),
        v.money_flow(open_, high, low, close, length, 150.0, 2.5),
    )

    assert list(zip(*(to_numbers(column) for column in whole), strict=True)) == [
        (
            rsi.next(c.close),
            atr.next(c.high, c.low, c.close),
            *wavetrend.next(c.close),
            flow.next(c.open, c.high, c.low, c.close),
        )
        for c in candles
    ]
