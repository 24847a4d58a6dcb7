"""Cipher A over columns: what it says candle by candle, to the last bit."""

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.trader.indicators.candles import expected, first, rough
from tests.trader.indicators.comparison import Columns, differing
from tests.trader.indicators.test_cipher_a import fold
from trader.indicators.rules_a import COLUMNS_A
from trader.indicators.settings import CipherASettings
from trader.indicators.whole.cipher_a import cipher_a
from trader.model.market import Series

DEFAULTS = CipherASettings()
OTHERWISE = CipherASettings(
    extended=False,
    yellow_cross_flow=False,
    ema1=1,
    ema2=2,
    wt_source="ohlc4",
    wt_average=2,
    rsi_source="hl2",
    rsi_length=3,
    money_flow_length=2,
)


def whole(series: Series, s: CipherASettings = DEFAULTS) -> Columns:
    """Compute every column."""
    return {name: column.tolist() for name, column in cipher_a(s, series).items()}


@pytest.mark.parametrize("s", [DEFAULTS, OTHERWISE], ids=["defaults", "otherwise"])
@settings(max_examples=25, deadline=None)
@given(series=rough(missing=0.01))
def test_both_forms_agree(s: CipherASettings, series: Series) -> None:
    """Every number to the last bit, every mark, every blank."""
    with np.errstate(all="raise"):
        found = whole(series, s)

    rows = fold(series, s) if len(series) else dict.fromkeys(found, ())
    assert list(rows) == list(found)
    assert [name for name in rows if str(list(rows[name])) != str(found[name])] == []


@settings(max_examples=15, deadline=None)
@given(rough(missing=0.01), st.integers(0, 700))
def test_no_past_value_changes(series: Series, cut: int) -> None:
    """Of any prefix the columns are the prefix of the columns."""
    found, before = whole(series), whole(first(series, cut))

    assert [n for n in COLUMNS_A if str(found[n][:cut]) != str(before[n])] == []


@pytest.mark.parametrize("name", ["btcusdtp_1d", "btcusdtp_1h", "synthetic_1h"])
def test_every_column_is_as_expected(shared: Path, name: str) -> None:
    """Marks exact, numbers within 1e-8, blanks where there is no value."""
    path = shared / f"cipher/expected/{name}_cipher_a.csv.gz"
    series, columns = expected(path, COLUMNS_A)

    assert differing(whole(series), columns) == {}
