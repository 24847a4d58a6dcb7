"""The oscillators candle by candle: what they measure, where they begin, what they skip."""

from math import fsum, isnan, sin
from pathlib import Path

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.trader.indicators.candles import candle_lists, recorded
from tests.trader.indicators.test_primitives import fold, to_none
from trader.indicators.oscillators import Atr, MoneyFlow, Rsi, Schaff, Stochastic, WaveTrend
from trader.model.market import Candle


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

    assert [to_none(atr.next(*candle)) for candle in candles] == [None, 3.5, 2.75]


def test_wavetrend_needs_a_history() -> None:
    """With 9/12/3 its lines begin on candles 8, 16, 16, 27 (wt1) and 29 (wt2), from 0."""
    wavetrend = WaveTrend.of(9, 12, 3)

    lines = [wavetrend.next(100.0 + i % 5) for i in range(31)]

    missing = [
        [i for i, line in enumerate(column) if line != line] for column in zip(*lines, strict=True)
    ]
    assert missing == [list(range(count)) for count in (8, 16, 16, 27, 29)]


def test_wavetrend_of_a_still_market_does_not_exist() -> None:
    """0/0 is no value, and the first moves of the market end that."""
    wavetrend = WaveTrend.of(3, 3, 1)

    still = [to_none(wavetrend.next(1.0)[3]) for _ in range(20)]
    moving = [to_none(wavetrend.next(1.0 + i)[3]) for i in range(1, 4)]

    assert set(still) == {None}
    assert moving[-1] is not None


def test_money_flow_is_where_candles_close_in_their_range() -> None:
    """A close at the high counts +multiplier, at the low -multiplier; the offset is taken off."""
    flow = MoneyFlow(2, 150.0, 2.5)

    assert isnan(flow.next(1.0, 2.0, 1.0, 2.0))
    assert flow.next(2.0, 2.0, 1.0, 1.0) == -2.5
    assert flow.next(1.0, 2.0, 0.0, 2.0) == (75.0 - 150.0) / 2 - 2.5


def test_money_flow_skips_candles_without_a_range() -> None:
    """High = low repeats the last mean: the window is the last candles that had a range."""
    flow = MoneyFlow(1, 150.0, 0.0)

    assert isnan(flow.next(1.0, 1.0, 1.0, 1.0))
    assert flow.next(1.0, 2.0, 1.0, 2.0) == 150.0
    assert flow.next(5.0, 5.0, 5.0, 5.0) == 150.0


def test_money_flow_does_not_drift() -> None:
    """The running sum stays within 1e-10 of the exact mean over 20,000 candles."""
    flow, shares = MoneyFlow(60, 150.0, 0.0), []
    for i in range(20_000):
        close = 1.0 + sin(i * i)
        shares.append(150.0 * (close - 1.0) / 2.0)
        mean = flow.next(1.0, 2.0, 0.0, close)

    assert mean == pytest.approx(fsum(shares[-60:]) / 60, abs=1e-10)


def test_stochastic_is_where_a_value_lies() -> None:
    """Between the lowest and the highest, itself among them; nowhere in a flat window."""
    stochastic = Stochastic.of(3)

    values = [stochastic.next(x) for x in (1.0, 5.0, 2.0, 2.0, 2.0, 2.0)]

    assert list(map(to_none, values)) == [None, None, 25.0, 0.0, None, None]


def test_schaff_is_zero_before_it_begins() -> None:
    """Not missing: a chart draws it from the first candle; its averages begin on candle 49."""
    schaff = Schaff.of(10, 23, 50, 0.5)

    cycle = [schaff.next(100.0 + (i % 17)) for i in range(200)]

    assert cycle[:49] == [0.0] * 49
    assert 50.0 < max(cycle) <= 100.0


@settings(max_examples=20)
@given(candle_lists(120), st.integers(0, 120))
def test_a_checkpoint_goes_on_as_if_nothing_had_happened(candles: list, cut: int) -> None:
    """What msgpack carries across gives the values that the original gives."""
    original = (Rsi.of(5), WaveTrend.of(4, 3, 2), MoneyFlow(7, 150.0, 2.5), Atr.of(4))

    def step(which: tuple, candle: Candle) -> str:
        rsi, wavetrend, flow, atr = which
        o, h, low, c = candle.open, candle.high, candle.low, candle.close
        lines = wavetrend.next(c)
        return str((rsi.next(c), lines, flow.next(o, h, low, c), atr.next(h, low, c)))

    for candle in candles[:cut]:
        step(original, candle)
    restored = msgspec.msgpack.decode(msgspec.msgpack.encode(original), type=_FOUR)

    assert [step(original, c) for c in candles[cut:]] == [step(restored, c) for c in candles[cut:]]


_FOUR = tuple[Rsi, WaveTrend, MoneyFlow, Atr]


def test_rsi_is_that_of_tradingview(shared: Path) -> None:
    """Every value, and every candle without one, is as exported from the platform."""
    rsi, column = Rsi.of(14), "ta.rsi(close, 14)"
    for row in recorded(shared / "cipher/tradingview/pynecore_mfi+rsi+stoch.csv.gz", column):
        near = pytest.approx(row[column], rel=1e-8, nan_ok=True)
        assert rsi.next(row["close"]) == near
