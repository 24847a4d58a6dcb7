"""Streaming primitives: TradingView's seeding, gaps and edge values."""

import math
from collections.abc import Callable, Iterable
from pathlib import Path

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.trader.indicators.candles import candle_lists, recorded
from trader.indicators.primitives import Atr, Cross, Ema, MoneyFlow, Rma, Rsi, Sma, WaveTrend

Numbers = list[float | None]


def fold(indicator: Ema | Rma | Rsi | Sma, values: Iterable[float | None]) -> Numbers:
    """Feed values in one after the other."""
    return [indicator.next(value) for value in values]


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


def test_rsi_weighs_gains_against_losses() -> None:
    """Gains of 2 and 1 against a loss of 1 in three changes: 100 - 100/(1 + 3)."""
    assert fold(Rsi.of(3), [10.0, 12.0, 11.0, 12.0]) == [None, None, None, 75.0]


@pytest.mark.parametrize(
    ("step", "expected"), [(1.0, 100.0), (0.0, 100.0), (1e-11, 100.0), (-1.0, 0.0)]
)
def test_rsi_of_one_direction(step: float, expected: float) -> None:
    """Without losses it is 100, tested first; without gains 0."""
    assert expected == fold(Rsi.of(3), [50.0 + step * i for i in range(9)])[-1]


def test_atr_counts_the_jump_from_the_close_before() -> None:
    """The true range reaches to the previous close; the first candle's is high less low."""
    atr = Atr.of(2)
    candles = [(11.0, 9.0, 10.0), (15.0, 14.0, 14.0), (13.0, 12.0, 12.0)]

    assert [atr.next(*candle) for candle in candles] == [None, 3.5, 2.75]


def test_wavetrend_needs_a_history() -> None:
    """With 9/12/3 the first wt1 is on candle 27 and the first wt2 on candle 29, from 0."""
    wavetrend = WaveTrend.of(9, 12, 3)

    lines = [wavetrend.next(100.0 + i % 5) for i in range(31)]

    assert [i for i, (wt1, _) in enumerate(lines) if wt1 is None] == list(range(27))
    assert [i for i, (_, wt2) in enumerate(lines) if wt2 is None] == list(range(29))


def test_wavetrend_of_a_still_market_does_not_exist() -> None:
    """0/0 is no value, and the first moves of the market end that."""
    wavetrend = WaveTrend.of(3, 3, 1)

    still = [wavetrend.next(1.0) for _ in range(20)]
    moving = [wavetrend.next(1.0 + i) for i in range(1, 4)]

    assert {(None, None)} == set(still)
    assert moving[-1][0] is not None


def test_money_flow_is_where_candles_close_in_their_range() -> None:
    """A close at the high counts +multiplier, at the low -multiplier; the offset is taken off."""
    flow = MoneyFlow(2, 150.0, 2.5)

    assert flow.next(1.0, 2.0, 1.0, 2.0) is None
    assert flow.next(2.0, 2.0, 1.0, 1.0) == -2.5
    assert flow.next(1.0, 2.0, 0.0, 2.0) == (75.0 - 150.0) / 2 - 2.5


def test_money_flow_skips_candles_without_a_range() -> None:
    """High = low repeats the last mean: the window is the last candles that had a range."""
    flow = MoneyFlow(1, 150.0, 0.0)

    assert flow.next(1.0, 1.0, 1.0, 1.0) is None
    assert flow.next(1.0, 2.0, 1.0, 2.0) == 150.0
    assert flow.next(5.0, 5.0, 5.0, 5.0) == 150.0


def test_money_flow_does_not_drift() -> None:
    """The running sum stays within 1e-10 of the exact mean over 20,000 candles."""
    flow, shares = MoneyFlow(60, 150.0, 0.0), []
    for i in range(20_000):
        close = 1.0 + math.sin(i * i)
        shares.append(150.0 * (close - 1.0) / 2.0)
        mean = flow.next(1.0, 2.0, 0.0, close)

    assert mean == pytest.approx(math.fsum(shares[-60:]) / 60, abs=1e-10)


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

    assert expected == [cross.next(a, 0.0) for a in lines]


@settings(max_examples=20)
@given(candle_lists(120), st.integers(0, 120))
def test_a_checkpoint_goes_on_as_if_nothing_had_happened(candles: list, cut: int) -> None:
    """What msgpack carries across gives the values that the original gives."""
    original = (Rsi.of(5), WaveTrend.of(4, 3, 2), MoneyFlow(7, 150.0, 2.5), Atr.of(4))

    def step(which: tuple, candle: object) -> tuple:
        rsi, wavetrend, flow, atr = which
        o, h, low, c = candle.open, candle.high, candle.low, candle.close
        return rsi.next(c), wavetrend.next(c), flow.next(o, h, low, c), atr.next(h, low, c)

    for candle in candles[:cut]:
        step(original, candle)
    restored = msgspec.msgpack.decode(msgspec.msgpack.encode(original), type=_FOUR)

    assert [step(original, c) for c in candles[cut:]] == [step(restored, c) for c in candles[cut:]]


_FOUR = tuple[Rsi, WaveTrend, MoneyFlow, Atr]


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


def test_rsi_is_that_of_tradingview(shared: Path) -> None:
    """Every value, and every candle without one, is as exported from the platform."""
    rsi, column = Rsi.of(14), "ta.rsi(close, 14)"
    for row in recorded(shared / "cipher/tradingview/pynecore_mfi+rsi+stoch.csv.gz", column):
        assert rsi.next(row["close"]) == _near(row[column])


def _near(value: float | None) -> object:
    return value if value is None else pytest.approx(value, rel=1e-8, abs=1e-8)
