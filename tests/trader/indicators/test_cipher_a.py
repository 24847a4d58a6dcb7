"""Cipher A candle by candle: the ribbon and every mark as the platform has them."""

from pathlib import Path

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.trader.indicators.candles import (
    expected,
    rough,
    synthetic,
    synthetic_series,
    to_candles,
)
from tests.trader.indicators.comparison import Columns, against_synthetic, differing, to_columns
from trader.indicators.cipher_a import CipherA
from trader.indicators.rules_a import COLUMNS_A
from trader.indicators.settings import CipherASettings
from trader.model.market import Series
from trader.model.views import EXTENDED_A

DEFAULTS = CipherASettings()


def fold(series: Series, s: CipherASettings = DEFAULTS) -> Columns:
    """Feed candles in one after the other."""
    cipher = CipherA.of(s)
    names = COLUMNS_A if s.extended else COLUMNS_A[: -len(EXTENDED_A)]
    return to_columns(names, (cipher.next(s, candle) for candle in to_candles(series)))


def test_every_column_of_our_own_candles() -> None:
    """Still, rangeless and missing candles among them; see the design notes, section 9."""
    wanted = synthetic()

    assert against_synthetic(fold(synthetic_series()), wanted["cipher_a"], wanted["step"]) == {}


@pytest.mark.parametrize("name", ["btcusdtp_1d", "btcusdtp_1h", "synthetic_1h"])
def test_every_column_is_as_expected(shared: Path, name: str) -> None:
    """Marks exact, numbers within 1e-8, blanks where there is no value."""
    path = shared / f"cipher/expected/{name}_cipher_a.csv.gz"
    series, columns = expected(path, COLUMNS_A)

    assert differing(fold(series), columns) == {}


@settings(max_examples=15, deadline=None)
@given(rough(missing=0.02, longest=400), st.integers(0, 400))
def test_a_checkpoint_goes_on_as_if_nothing_had_happened(series: Series, cut: int) -> None:
    """What msgpack carries across gives the rows that the original gives."""
    original, candles = CipherA.of(DEFAULTS), to_candles(series)
    for candle in candles[:cut]:
        original.next(DEFAULTS, candle)
    restored = msgspec.msgpack.decode(msgspec.msgpack.encode(original), type=CipherA)

    # As text, in which NaN equals NaN.
    assert str([original.next(DEFAULTS, candle) for candle in candles[cut:]]) == str(
        [restored.next(DEFAULTS, candle) for candle in candles[cut:]]
    )


def test_the_extended_marks_can_be_left_out() -> None:
    """The other columns do not change by it."""
    series = synthetic_series()
    found, original = fold(series), fold(series, CipherASettings(extended=False))

    assert not any(name.startswith("x_") for name in original)
    assert {name for name in original if str(original[name]) != str(found[name])} == set()


def test_a_yellow_cross_may_do_without_the_money_flow() -> None:
    """Then it is the extended variant's."""
    found = fold(synthetic_series(), CipherASettings(yellow_cross_flow=False))

    assert found["yellow_cross"] == found["x_yellow_cross_up"]
    assert any(found["yellow_cross"])
