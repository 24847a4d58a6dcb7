"""The recorded market."""

from array import array
from typing import Any

import pytest

from tests.trader.venues.stepping import SinkLog, Stepper
from trader.model.market import SECOND, Candle, Series
from trader.model.messages import CandleReceived
from trader.venues.recorded import RecordedMarket
from trader.venues.sink import SETTLE

MINUTE = 60 * SECOND
START = 29_000_000 * MINUTE


def series(*minutes: int) -> Series:
    """Return candles that open so many minutes after the start, each at its minute + 1."""
    opens = array("d", [minute + 1.0 for minute in minutes])
    highs = array("d", [value + 0.5 for value in opens])
    times = array("q", [START + minute * MINUTE for minute in minutes])
    return Series(MINUTE, times, opens, highs, opens, highs, opens, 0)


def candle(minute: int) -> Candle:
    """Return the candle of a minute."""
    opened, price = START + minute * MINUTE, minute + 1.0
    return Candle(opened, opened + MINUTE, price, price + 0.5, price, price + 0.5, price)


def replay(data: Series, **options: Any) -> tuple[list[tuple[Any, ...]], Stepper]:
    """Run a market to its end; return what happened, with the time, and the stepper."""
    sink, stepper = SinkLog(), Stepper()
    market = RecordedMarket("BTC-USD", data, sink, **options)

    def post(message: object) -> None:
        sink.log.append((stepper.time, message))

    stepper.run(market.stream(post))
    return sink.log, stepper


def test_a_candle_is_shown_then_posted_then_the_next_opens() -> None:
    """At each close the venue comes first, then the feed, then the price that follows."""
    log, _ = replay(series(0, 1))

    assert log == [
        ("open", "BTC-USD", 1.0, START),
        ("candle", "BTC-USD", candle(0)),
        (START + MINUTE, CandleReceived("BTC-USD", candle(0))),
        ("open", "BTC-USD", 2.0, START + MINUTE),
        ("candle", "BTC-USD", candle(1)),
        (START + 2 * MINUTE, CandleReceived("BTC-USD", candle(1))),
    ]


def test_one_sleep_a_candle_and_two_across_a_gap() -> None:
    """After a gap the next opens when it does; after the last, what is under way comes home."""
    log, stepper = replay(series(0, 1, 4))

    closes = [START + minute * MINUTE for minute in (0, 1, 2, 4, 5)]
    assert stepper.sleeps == [*closes, closes[-1] + SETTLE]
    assert ("open", "BTC-USD", 5.0, START + 4 * MINUTE) in log


def test_a_limit_ends_the_stream_without_opening_the_next() -> None:
    """The limit counts candles; what comes after it stays unseen."""
    log, _ = replay(series(0, 1, 2), limit=2)

    assert log[-1] == (START + 2 * MINUTE, CandleReceived("BTC-USD", candle(1)))


@pytest.mark.parametrize("cut", [0, 1, 2, 5])
def test_a_resumed_market_leaves_out_what_was_seen(cut: int) -> None:
    """What closed by `resume_at` is left out, and the rest comes as it would have."""
    data = series(0, 1, 4, 5)
    whole, _ = replay(data)
    resumed, _ = replay(data, resume_at=START + cut * MINUTE)

    left_out = sum(minute + 1 <= cut for minute in (0, 1, 4, 5))
    assert resumed == whole[3 * left_out :]


def test_the_stream_begins_at_the_first_candle_or_where_it_was_left() -> None:
    """`start` is the time that the clock has when the stream begins."""
    fresh = RecordedMarket("BTC-USD", series(3, 4), SinkLog())
    resumed = RecordedMarket("BTC-USD", series(3, 4), SinkLog(), resume_at=START + 4 * MINUTE)

    assert [fresh.start, resumed.start] == [START + 3 * MINUTE, START + 4 * MINUTE]


def test_there_is_no_history() -> None:
    """Every recorded candle belongs to the stream."""
    market = RecordedMarket("BTC-USD", series(0), SinkLog())

    assert Stepper().run(market.history("BTC-USD", 100)) == ()


def test_a_stream_that_is_opened_again_goes_on() -> None:
    """A stream that broke repeats no candle when it is opened again."""
    sink, stepper = SinkLog(), Stepper()
    posted: list[Any] = []
    market = RecordedMarket("BTC-USD", series(0, 1, 2), sink)
    broken = market.stream(posted.append)
    for _ in range(3):
        stepper.step(broken)
    broken.close()

    stepper.run(market.stream(posted.append))

    assert [candle(i) for i in range(3)] == [message.candle for message in posted]
