"""Cipher B over columns: what it says candle by candle, to the last bit, and nothing repainted."""

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.trader.indicators.candles import expected, first, rough, synthetic, synthetic_series
from tests.trader.indicators.comparison import Columns, against_synthetic, differing
from tests.trader.indicators.test_cipher_b import fold
from trader.indicators.rules_b import COLUMNS_B, LEAKY
from trader.indicators.settings import CipherBSettings
from trader.indicators.whole.cipher_b import cipher_b, leaky_diamonds
from trader.model.market import Series

DEFAULTS = CipherBSettings()
OTHERWISE = CipherBSettings(
    wt_source="hl2",
    textbook_fractals=True,
    wt_hidden=True,
    wt_hidden_unlimited=False,
    rsi_regular=True,
    rsi_hidden=True,
    stoch_log=False,
    stoch_average=True,
    stoch_regular=True,
    stoch_hidden=True,
    flag_minutes=15,
    diamond_minutes1=5,
    diamond_minutes2=35,
    diamond_candles="closed",
    macd_minutes=7,
)
SHORT = CipherBSettings(
    wt_channel=3,
    wt_average=2,
    wt_signal=1,
    wt_bear_min=0.0,
    wt_bull_min=0.0,
    oversold3=0.0,
    money_flow_length=1,
    rsi_length=2,
    stoch_length=2,
    stoch_k=1,
    schaff_length=1,
    schaff_fast=1,
    schaff_slow=2,
    flag_minutes=60,
    macd_minutes=60,
    macd_fast=2,
    macd_slow=3,
    macd_signal=1,
)


def whole(series: Series, s: CipherBSettings = DEFAULTS) -> Columns:
    """Compute every column."""
    return {name: column.tolist() for name, column in cipher_b(s, series).items()}


@pytest.mark.parametrize("s", [DEFAULTS, OTHERWISE, SHORT], ids=["defaults", "otherwise", "short"])
@settings(max_examples=25, deadline=None)
@given(series=rough(missing=0.01))
def test_both_forms_agree(s: CipherBSettings, series: Series) -> None:
    """Every number to the last bit, every mark, every blank; the columns have the same names."""
    with np.errstate(all="raise"):
        found = whole(series, s)

    assert tuple(found) == COLUMNS_B
    assert [
        name for name, column in _rows(series, s).items() if str(list(column)) != str(found[name])
    ] == []


def _rows(series: Series, s: CipherBSettings) -> Columns:
    return fold(series, s) if len(series) else dict.fromkeys(COLUMNS_B, ())


@settings(max_examples=15, deadline=None)
@given(rough(missing=0.01), st.integers(0, 700))
def test_no_past_value_changes(series: Series, cut: int) -> None:
    """Of any prefix the columns are the prefix of the columns."""
    found, before = whole(series), whole(first(series, cut))

    assert [n for n in COLUMNS_B if str(found[n][:cut]) != str(before[n])] == []


def test_every_column_of_our_own_candles() -> None:
    """The diamonds that know the future among them."""
    wanted, series = synthetic(), synthetic_series()
    leaky = leaky_diamonds(DEFAULTS, series)
    found = {**whole(series), **{name: leaky[name].tolist() for name in LEAKY}}

    assert against_synthetic(found, wanted["cipher_b"], wanted["step"]) == {}


@pytest.mark.parametrize("name", ["btcusdtp_1d", "btcusdtp_1h", "synthetic_1h"])
def test_every_column_is_as_expected(shared: Path, name: str) -> None:
    """Marks exact, numbers within 1e-8, blanks where there is no value."""
    path = shared / f"cipher/expected/{name}_cipher_b.csv.gz"
    series, columns = expected(path, (*COLUMNS_B, *LEAKY))
    leaky = leaky_diamonds(DEFAULTS, series)
    found = {**whole(series), **{name: leaky[name].tolist() for name in LEAKY}}

    assert differing(found, columns) == {}
