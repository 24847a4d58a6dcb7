"""The rows of a symbol: what can be read off them, and how wrong a claim on that may be."""

import msgspec
import pytest

from tests.trader.advice.samples import DIP, rows
from trader.advice.window import (
    ROWS,
    Row,
    all_readings,
    events,
    readings,
    remember,
    shown,
    states,
)


def test_the_oldest_rows_are_let_go() -> None:
    """Memory has a bound."""
    kept: list[Row] = []
    for row in rows(ROWS + 5):
        remember(kept, row.snapshot, row.candle)

    assert kept == list(rows(ROWS + 5)[5:])


def test_readings_are_the_measured_values_that_exist() -> None:
    """Names are those of the snapshot, whatever it has; marks and times are none."""
    found = readings(DIP)

    assert (found["close"], found["wt2"], found["rsi"], found["atr"]) == (100.0, -60.0, 40.0, 0.2)
    assert (found["ribbon_1"], found["ribbon_8"]) == (99.0, 99.7)
    assert not {"macd", "cross", "ts_event", "gap", "rsi_zone"} & set(found)


def test_events_are_the_marks_that_are_set() -> None:
    """Crosses and what the indicators mark on the candle; no cross is none."""
    assert events(DIP) == {"cross": 1, "small_dot_up": 1, "wt_oversold": 1, "buy": 1}
    assert events(msgspec.structs.replace(DIP, cross=0, marks=())) == {}


def test_states_are_what_goes_on() -> None:
    """Zones and sides; how long ago something was is none."""
    assert states(msgspec.structs.replace(DIP, gap=7)) == {"rsi_zone": 0, "ribbon_up": 0}


def test_candles_add_their_own_and_the_extremes() -> None:
    """The newest candle's, and the highest and lowest of the window."""
    found = all_readings(rows(10))

    assert (found["open"], found["high"], found["volume"]) == (108.0, 110.0, 9.0)
    assert (found["window_high"], found["window_low"]) == (110.0, 98.0)


def test_without_candles_there_are_the_readings_alone() -> None:
    """An earlier journal has none."""
    assert all_readings([Row(DIP, None)]) == readings(DIP)


def test_a_claim_may_be_off_by_a_share_of_the_range() -> None:
    """The close rose by 9 over ten candles: 5 % of that."""
    assert shown(rows(10), 5.0)["close"].tolerance == pytest.approx(0.45)


def test_a_claim_may_always_be_rounded() -> None:
    """A reading that did not move may be told to a thousandth; a mark may not be off at all."""
    found = shown(rows(10), 5.0)

    assert found["rsi"].tolerance == pytest.approx(0.04)
    assert found["cross"].tolerance == 0.0
