"""Candles and quotes are taken in order, whole and once."""

import math

import pytest

from trader.feed.lanes import SKEW, Lane, take_candle, take_quote
from trader.model.market import SECOND, Candle, Quote

MINUTE = 60 * SECOND


def candle(minute: int, close: float = 10.0) -> Candle:
    """Make the candle that opens at a minute."""
    return Candle(minute * MINUTE, (minute + 1) * MINUTE, 10.0, 11.0, 9.0, close, 1.0)


def test_a_candle_follows_with_the_gap_before_it():
    """The first has no gap; later ones count the intervals that are missing."""
    lane = Lane()
    gaps = [take_candle(lane, candle(n), MINUTE, (n + 1) * MINUTE) for n in (5, 6, 9)]
    assert gaps == [0, 0, 2]


@pytest.mark.parametrize(
    ("late", "reason"),
    [
        (candle(7), "duplicate"),
        (candle(7, close=10.5), "revised"),
        (candle(6), "out of order"),
        (candle(9), "not closed yet"),
    ],
)
def test_what_is_out_of_turn_is_dropped_and_changes_nothing(late: Candle, reason: str):
    """The lane stays as the newest good candle left it."""
    lane = Lane()
    take_candle(lane, candle(7), MINUTE, 8 * MINUTE)
    assert take_candle(lane, late, MINUTE, 8 * MINUTE) == reason
    assert lane.newest == candle(7)


def test_a_venue_clock_may_be_a_little_ahead():
    """A candle that closes within the skew counts as closed."""
    assert take_candle(Lane(), candle(3), MINUTE, 4 * MINUTE - SKEW) == 0
    assert take_candle(Lane(), candle(3), MINUTE, 4 * MINUTE - SKEW - 1) == "not closed yet"


@pytest.mark.parametrize("bid", [math.nan, 0.0, -1.0, 10.5, math.inf])
def test_an_impossible_quote_is_dropped(bid: float):
    """Not a number, not positive, or bid above ask."""
    assert take_quote(Lane(), Quote(5, bid, 10.0), 5) == "impossible quote"


def test_quotes_only_move_forward():
    """The same or an older time is dropped."""
    lane = Lane()
    assert take_quote(lane, Quote(5, 9.0, 10.0), 5) is None
    assert take_quote(lane, Quote(5, 9.0, 10.0), 6) == "quote out of order"
