"""Intervals and the grid that candles open on."""

import pytest

from trader.model.market import SECOND, Candle, interval_name, interval_ns, is_on_grid

WEEK = interval_ns("1w")
MONDAY = 1_567_382_400 * SECOND
"""2019-09-02, the first week of a well-known perpetual."""


@pytest.mark.parametrize(
    ("text", "seconds"),
    [("1s", 1), ("15m", 900), ("4h", 14_400), ("1d", 86_400), ("1w", 604_800)],
)
def test_an_interval_is_read_and_named(text: str, seconds: int) -> None:
    """One is the other's opposite."""
    assert interval_ns(text) == seconds * SECOND
    assert interval_name(seconds * SECOND) == text


@pytest.mark.parametrize("text", ["", "0m", "1", "m", "1y", "1.5h", "-1m", "1M"])
def test_what_is_no_interval_is_refused(text: str) -> None:
    """The error shows what one looks like."""
    with pytest.raises(ValueError, match="not of the form 1m, 15m, 4h"):
        interval_ns(text)


def test_weeks_begin_on_mondays() -> None:
    """As every exchange has them; multiples of a day begin with time itself."""
    assert is_on_grid(MONDAY, WEEK)
    assert not is_on_grid(MONDAY + interval_ns("1d"), WEEK)
    assert is_on_grid(MONDAY, interval_ns("1d"))
    assert not is_on_grid(MONDAY + SECOND, interval_ns("1m"))


def test_a_candle_of_a_week_has_no_fault() -> None:
    """Its open lies on a Monday."""
    candle = Candle(MONDAY, MONDAY + WEEK, 1.0, 2.0, 0.5, 1.5, 0.0)

    assert candle.fault(WEEK) is None
    assert candle.fault(2 * WEEK) == "wrong interval"
