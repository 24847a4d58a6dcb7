"""Cipher B candle by candle: every column as the platform has it, and nothing repainted."""

from pathlib import Path

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.trader.indicators.candles import (
    expected,
    first,
    rough,
    synthetic,
    synthetic_series,
    to_candles,
)
from tests.trader.indicators.comparison import Columns, against_synthetic, differing, to_columns
from trader.indicators.cipher_b import CipherB
from trader.indicators.rules_b import COLUMNS_B, LEAKY
from trader.indicators.settings import CipherBSettings
from trader.model.market import Series

DEFAULTS = CipherBSettings()
CHART = ("Lt Blue Wave", "Blue Wave", "Blue Wave Crossing UP", "Blue Wave Crossing Down")


def fold(series: Series, s: CipherBSettings = DEFAULTS) -> Columns:
    """Feed candles in one after the other."""
    cipher = CipherB.of(s)
    return to_columns(COLUMNS_B, (cipher.next(s, candle) for candle in to_candles(series)))


def test_every_column_of_our_own_candles() -> None:
    """Still, rangeless and missing candles among them; see the design notes, section 9."""
    wanted = synthetic()
    columns = {
        kind: {name: column for name, column in named.items() if name not in LEAKY}
        for kind, named in wanted["cipher_b"].items()
    }

    assert against_synthetic(fold(synthetic_series()), columns, wanted["step"]) == {}


@pytest.mark.parametrize("name", ["btcusdtp_1d", "btcusdtp_1h", "synthetic_1h"])
def test_every_column_is_as_expected(shared: Path, name: str) -> None:
    """Marks exact, numbers within 1e-8, blanks where there is no value."""
    path = shared / f"cipher/expected/{name}_cipher_b.csv.gz"
    series, columns = expected(path, COLUMNS_B)

    assert differing(fold(series), columns) == {}


@pytest.mark.parametrize("name", ["tv_btcusdtp_1D", "tv_btcusdtp_1W", "tv_btcusdtp_60_1"])
def test_wavetrend_is_that_of_tradingview(shared: Path, name: str) -> None:
    """Both lines agree with a chart's own export, and so does every cross."""
    series, chart = expected(shared / f"cipher/tradingview/{name}.csv.gz", CHART)
    found = fold(series)
    crosses = [
        (on and wt1 > wt2, on and wt1 < wt2)
        for on, wt1, wt2 in zip(found["wt_cross"], found["wt1"], found["wt2"], strict=True)
    ]

    assert differing(found, {"wt1": chart[CHART[0]], "wt2": chart[CHART[1]]}) == {}
    marked = zip(chart[CHART[2]], chart[CHART[3]], strict=True)
    assert crosses == [(up != "", down != "") for up, down in marked]


@settings(max_examples=15, deadline=None)
@given(rough(missing=0.02, longest=400), st.integers(0, 400))
def test_a_checkpoint_goes_on_as_if_nothing_had_happened(series: Series, cut: int) -> None:
    """What msgpack carries across gives the rows that the original gives."""
    original, candles = CipherB.of(DEFAULTS), to_candles(series)
    for candle in candles[:cut]:
        original.next(DEFAULTS, candle)
    restored = msgspec.msgpack.decode(msgspec.msgpack.encode(original), type=CipherB)

    # As text, in which NaN equals NaN.
    assert str([original.next(DEFAULTS, candle) for candle in candles[cut:]]) == str(
        [restored.next(DEFAULTS, candle) for candle in candles[cut:]]
    )


def test_its_memory_does_not_grow() -> None:
    """A run of any length needs what the longest window needs."""
    cipher, candles = CipherB.of(DEFAULTS), to_candles(synthetic_series())

    sizes = []
    for candle in candles:
        cipher.next(DEFAULTS, candle)
        sizes.append(len(msgspec.msgpack.encode(cipher)))

    assert max(sizes) < 8_000
    assert max(sizes[900:]) - max(sizes[400:900]) < 100


def test_textbook_fractals_change_bottoms_alone() -> None:
    """Every port mirrors tops; the platform does not, and bearish marks are the same in both."""
    series = synthetic_series()
    found, ported = fold(series), fold(series, CipherBSettings(textbook_fractals=True))

    changed = {name for name in COLUMNS_B if str(found[name]) != str(ported[name])}

    assert {"wtnl_bull", "rsinl_bull"} <= changed
    assert {name for name in changed if "bear" in name or "high" in name or "top" in name} == set()


def test_closed_candles_are_an_option_for_the_diamonds() -> None:
    """Then they are those of the column that always tells the confirmed ones."""
    series = synthetic_series()
    found = fold(series, CipherBSettings(diamond_candles="closed"))

    for side in ("bear", "bull"):
        assert found[f"sommi_diamond_{side}"] == found[f"sommi_diamond_{side}_confirmed"]
        assert found[f"sommi_diamond_{side}"] != fold(series)[f"sommi_diamond_{side}"]


def test_divergences_that_are_switched_off_make_no_dot() -> None:
    """Without WaveTrend's there are none; the RSI's and the stochastic's can take their place."""
    series = synthetic_series()
    without = fold(series, CipherBSettings(wt_regular=False))
    others = fold(
        series,
        CipherBSettings(wt_regular=False, rsi_regular=True, stoch_regular=True),
    )

    assert not any(without["buy_div"])
    assert not any(without["gold_buy"])
    either = zip(others["rsi_bull"], others["stoch_bull"], strict=True)
    assert list(others["buy_div"]) == [rsi or stoch for rsi, stoch in either]


def test_lines_are_drawn_of_what_is_shown() -> None:
    """Regular and hidden ones each by their switch; the second range by one of its own as well."""
    series = synthetic_series()
    found = fold(series, CipherBSettings(wt_hidden=True, wt_second_shown=False))

    pairs = zip(found["wt_bull"], found["wtnl_bull_hidden"], strict=True)
    assert list(found["wt_bull_line"]) == [regular or hidden for regular, hidden in pairs]
    assert any(found["wt2nd_bull"])
    assert not any(found["wt2nd_bull_line"])


def test_a_candle_without_a_price_is_not_there() -> None:
    """Its row is blank, and the rows after it are as if it had not come."""
    cut = first(synthetic_series(), 501)
    holed = msgspec.structs.replace(cut, high=[*cut.high[:500], float("nan")])

    row = {name: column[-1] for name, column in fold(holed).items()}

    assert {value for value in row.values() if value == value} == {False, ""}
