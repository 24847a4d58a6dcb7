"""What is told of a feed, without an actor around it."""

from trader.feed import conditions
from trader.feed.conditions import FeedState
from trader.feed.lanes import BAD_ROWS, Lane, take_bad
from trader.model.market import SECOND, Candle, FeedCondition
from trader.model.messages import CandleClosed, DataQuarantined, FeedStalled

BTC, MINUTE = "BTC-USD", 60 * SECOND


def candle(minute: int, high: float = 11.0) -> Candle:
    """Make the candle that opens at a minute."""
    return Candle(minute * MINUTE, (minute + 1) * MINUTE, 10.0, high, 9.0, 10.0, 1.0)


def opened() -> FeedState:
    """Return the memory of a feed that has seen candle 5."""
    state = FeedState(lanes={BTC: Lane()})
    conditions.load(state, BTC, [candle(5)], MINUTE, 10 * MINUTE)
    return state


def test_what_is_bad_of_a_history_is_quarantined_and_the_rest_loaded():
    """Warm-up sees good candles only."""
    state = FeedState(lanes={BTC: Lane()})
    told = conditions.load(
        state, BTC, [candle(5), candle(6, high=1.0), candle(7)], MINUTE, 10 * MINUTE
    )

    assert [type(message).__name__ for message in told] == ["HistoryLoaded", "DataQuarantined"]
    assert state.lanes[BTC].closed == 8 * MINUTE


def test_a_bad_candle_behind_a_hole_asks_nobody():
    """Garbage does not make the engine ask the venue for history."""
    told, count = conditions.wait(opened(), BTC, candle(9, high=1.0), MINUTE, 10 * MINUTE)

    assert count == 0
    assert told == [DataQuarantined(BTC, "impossible values", candle(9, high=1.0), "")]


def test_the_first_candle_behind_a_hole_asks_for_all_since_the_last_and_one_more():
    """Histories count back from now, and venues count the candle that is not closed yet."""
    state = opened()
    told, count = conditions.wait(state, BTC, candle(8), MINUTE, 10 * MINUTE)

    why = "120 s of candles are missing"
    assert told == [FeedStalled(BTC, 10 * MINUTE, FeedCondition.RECOVERING, why)]
    assert count == 5
    assert conditions.wait(state, BTC, candle(9), MINUTE, 10 * MINUTE) == ([], 0)


def test_a_bad_candle_that_waited_is_quarantined_and_the_others_pass():
    """Only those that pass are counted."""
    state = opened()
    waiting = candle(8), candle(9, high=1.0), candle(10)
    for each in waiting:
        conditions.wait(state, BTC, each, MINUTE, 11 * MINUTE)
    told = conditions.let_go(state, BTC, MINUTE, 11 * MINUTE)

    assert [m.candle for m in told if isinstance(m, CandleClosed)] == [candle(8), candle(10)]
    assert [m.candle for m in told if isinstance(m, DataQuarantined)] == [candle(9, high=1.0)]
    assert state.candles == 2


def test_a_stream_that_opens_again_is_no_good_candle():
    """Bad rows are outweighed by good ones alone, however often the stream is opened."""
    state = opened()
    lane = state.lanes[BTC]
    while not lane.barred:
        take_bad(lane)

    assert [conditions.confirm_stream(state, BTC, MINUTE, 7 * MINUTE) for _ in range(9)] == [[]] * 9
    assert lane.bad == BAD_ROWS


def test_candles_do_not_wait_without_end():
    """A history that never answers becomes a gap."""
    state = opened()
    told = [
        message
        for minute in range(8, 508)
        for message in conditions.wait(state, BTC, candle(minute), MINUTE, 600 * MINUTE)[0]
    ]

    assert [m.gap for m in told if isinstance(m, CandleClosed)] == [2] + [0] * 499
    assert state.lanes[BTC].waiting == []


def test_a_stream_is_live_at_once_where_no_candle_is_missing():
    """The next may be a day away; but one that should have come by now is missed."""
    for after, live in ((0, False), (1, True), (2 * MINUTE - 1, True), (2 * MINUTE, False)):
        state = opened()
        conditions.confirm_stream(state, BTC, MINUTE, 6 * MINUTE + after)
        assert state.lanes[BTC].live is live
