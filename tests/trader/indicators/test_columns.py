"""The whole-series form: the same snapshots as the streaming form, looked up."""

import msgspec
import pytest
from hypothesis import given, settings

from tests.trader.indicators.candles import MINUTE, candle_lists, random_candles, to_series
from trader.indicators.columns import ColumnCursor, ColumnIndicators
from trader.indicators.settings import IndicatorSettings
from trader.indicators.stream import StreamIndicators
from trader.model.market import Candle

SETTINGS = IndicatorSettings()
SHORT = IndicatorSettings(
    wavetrend_channel=3,
    wavetrend_average=2,
    wavetrend_signal=2,
    rsi_length=4,
    money_flow_length=5,
    atr_length=4,
    ema_fast=2,
    ema_slow=6,
)


@pytest.mark.parametrize("lengths", [SETTINGS, SHORT])
@settings(max_examples=40)
@given(candles=candle_lists(400))
def test_both_forms_agree(lengths: IndicatorSettings, candles: list[Candle]) -> None:
    """Every value, every None and every cross are equal to the last bit."""
    stream, columns = StreamIndicators(lengths), ColumnIndicators(lengths, to_series(candles))
    folded, cursor = stream.start(), columns.start()

    assert [stream.take(folded, candle) for candle in candles] == [
        columns.take(cursor, candle) for candle in candles
    ]


def test_a_cursor_can_begin_anywhere() -> None:
    """A candle that is not the next row is found by its time."""
    candles = random_candles(2, 100, 0.2)
    columns = ColumnIndicators(SETTINGS, to_series(candles))
    cursor = columns.start()
    in_order = [columns.take(cursor, candle) for candle in candles]

    assert columns.take(columns.start(), candles[80]) == in_order[80]
    assert columns.take(cursor, candles[70]) == in_order[70]
    assert cursor == ColumnCursor(71)


def test_a_cursor_survives_a_checkpoint() -> None:
    """It round-trips through msgpack and goes on at its row."""
    candles = random_candles(3, 100, 0.2)
    columns = ColumnIndicators(SETTINGS, to_series(candles))
    cursor = columns.start()
    for candle in candles[:80]:
        columns.take(cursor, candle)

    restored = msgspec.msgpack.decode(msgspec.msgpack.encode(cursor), type=ColumnCursor)

    assert columns.take(restored, candles[80]) == columns.take(cursor, candles[80])


@pytest.mark.parametrize("opened", [-MINUTE, MINUTE // 2, 10 * MINUTE])
def test_a_candle_that_was_not_recorded_is_refused(opened: int) -> None:
    """Before, between and after the rows."""
    candles = random_candles(4, 10, 0.0)
    columns = ColumnIndicators(SETTINGS, to_series(candles))
    cursor = columns.start()
    for candle in candles:
        columns.take(cursor, candle)
    stranger = Candle(opened, opened + MINUTE, 1.0, 1.0, 1.0, 1.0, 1.0)

    with pytest.raises(ValueError, match="no candle opens at"):
        columns.take(cursor, stranger)
