"""The window of a symbol: what can be read off it, and how wrong a claim on that may be."""

import msgspec
import pytest

from tests.trader.advice.samples import DIP, row, window
from trader.advice.window import (
    RECENT,
    SPAN,
    STRIDE,
    Window,
    all_readings,
    events,
    readings,
    shown,
    states,
)


@pytest.mark.parametrize("count", [1, RECENT, RECENT + STRIDE, SPAN, 3 * SPAN, 3 * SPAN + 5])
def test_memory_has_a_bound_and_a_reach(count: int) -> None:
    """The newest candles are whole, those before them eight in one, two hundred in all."""
    seen = window(count)

    assert len(seen.recent) < RECENT + STRIDE
    assert min(count, RECENT) <= len(seen.recent)
    reach = len(seen.recent) + STRIDE * len(seen.past)
    assert min(count, SPAN) <= reach <= SPAN + STRIDE
    assert list(seen.recent) == [row(count - back) for back in range(len(seen.recent), 0, -1)]


def test_several_candles_are_one() -> None:
    """It opens with the first, closes with the last and spans all; its readings are the last's."""
    (past,) = window(RECENT + STRIDE).past

    assert (past.open, past.high, past.low, past.close) == (99.0, 108.0, 98.0, 107.0)
    assert past.volume == sum(range(STRIDE))
    assert (past.wt1, past.wt2, past.rsi, past.money_flow) == (-58.0, -60.0, 40.0, 5.0)


def test_the_same_candles_make_the_same_window_wherever_it_is_stored() -> None:
    """A checkpoint between any two of them changes nothing."""
    seen = Window()
    for number in range(2 * SPAN):
        seen.add(row(number).snapshot, row(number).candle)
        if number % 7 == 0:
            seen = msgspec.msgpack.decode(msgspec.msgpack.encode(seen), type=Window)

    assert seen == window(2 * SPAN)


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
    """The newest candle's, and the highest and lowest of the whole window."""
    found = all_readings(window(100))

    assert (found["open"], found["high"], found["volume"]) == (198.0, 200.0, 99.0)
    assert (found["window_high"], found["window_low"]) == (200.0, 98.0)


def test_without_candles_there_are_the_readings_alone() -> None:
    """A run that asked nobody has none, and one that goes on with it asks."""
    seen = Window()
    for _ in range(2 * SPAN):
        seen.add(DIP, None)

    assert seen.past == []
    assert all_readings(seen) == readings(DIP)


def test_a_claim_may_be_off_by_a_share_of_the_range() -> None:
    """The close rose by 9 over ten candles: 5 % of that."""
    assert shown(window(10), 5.0)["close"].tolerance == pytest.approx(0.45)


def test_a_claim_may_always_be_rounded() -> None:
    """A reading that did not move may be told to a thousandth; a mark may not be off at all."""
    found = shown(window(10), 5.0)

    assert found["rsi"].tolerance == pytest.approx(0.04)
    assert found["cross"].tolerance == 0.0
