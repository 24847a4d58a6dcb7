"""Candles out of trades and of candles that still change: whole, in order, once."""

from collections.abc import Sequence

from hypothesis import given
from hypothesis import strategies as st

from tests.trader.venues.streams.samples import MINUTE, bar
from trader.model.market import SECOND, Candle
from trader.venues.streams.bars import GRACE, Bars, resample
from trader.venues.streams.events import Barred, Fault, Trade

BTC = "BTC-USD"


def trades(*rows: tuple[int, float, float]) -> list[Trade]:
    """Return numbered trades at `(second, price, size)`."""
    return [Trade(BTC, at * SECOND, price, size, i) for i, (at, price, size) in enumerate(rows)]


def built(*rows: tuple[int, float, float]) -> list[object]:
    """Return what comes of trades."""
    bars = Bars(BTC, MINUTE)
    return [item for trade in trades(*rows) for item in bars.on_trade(trade)]


def test_a_candle_is_built_of_its_trades_and_closed_by_the_next():
    """The first minute is left out: what was traded before we listened is missing in it."""
    assert built(
        (30, 9.0, 1.0), (61, 10.0, 1.0), (70, 12.0, 2.0), (90, 8.0, 1.0), (120, 9.0, 1.0)
    ) == [Candle(MINUTE, 2 * MINUTE, 10.0, 12.0, 8.0, 8.0, 4.0)]


def test_a_late_trade_is_told_and_changes_nothing():
    """The past is never altered."""
    rows = [(30, 9.0, 1.0), (61, 10.0, 1.0), (121, 9.0, 1.0), (119, 99.0, 1.0), (181, 9.0, 1.0)]
    first, late, second = built(*rows)

    assert isinstance(late, Fault)
    assert (late.reason, late.fatal) == ("late trade", False)
    assert isinstance(first, Candle)
    assert isinstance(second, Candle)
    assert max(first.high, second.high) == 10.0


def test_a_trade_counts_once():
    """Venues send the newest again after a reconnection."""
    bars, rows = Bars(BTC, MINUTE), trades((30, 9.0, 1.0), (61, 10.0, 1.0), (121, 9.0, 1.0))
    closed = [
        item for trade in (rows[0], rows[1], rows[1], rows[2]) for item in bars.on_trade(trade)
    ]

    assert [candle.volume for candle in closed if isinstance(candle, Candle)] == [1.0]


def test_the_clock_closes_a_candle_after_a_grace():
    """Nothing follows on a quiet market; a trade for it that comes later still is late."""
    bars = Bars(BTC, MINUTE)
    for trade in trades((30, 9.0, 1.0), (61, 10.0, 1.0)):
        bars.on_trade(trade)

    assert bars.on_clock(2 * MINUTE + GRACE - 1) == ()
    assert [c.ts_event for c in bars.on_clock(2 * MINUTE + GRACE)] == [2 * MINUTE]
    assert bars.on_clock(9 * MINUTE) == ()
    [late] = bars.on_trade(Trade(BTC, 119 * SECOND, 9.0, 1.0, 99))
    assert isinstance(late, Fault)


def barred(*candles: Candle, closed: bool = False) -> list[Candle]:
    """Return what comes of a venue's candles."""
    bars = Bars(BTC, MINUTE)
    return [c for candle in candles for c in bars.on_bar(Barred(BTC, candle, closed))]


def test_a_venue_s_candle_is_closed_by_the_next_as_it_was_last():
    """What it was before is forgotten."""
    assert barred(bar(1), bar(1, close=10.5), bar(2)) == [bar(1, close=10.5)]


def test_a_candle_that_the_venue_calls_closed_is():
    """At once."""
    assert barred(bar(1), closed=True) == [bar(1)]


def test_a_candle_that_may_lack_something_is_left_out():
    """Unless the venue speaks of it again: what is not whole is repaired from its history."""
    bars = Bars(BTC, MINUTE)
    bars.on_bar(Barred(BTC, bar(1), closed=False))
    bars.doubt()
    assert bars.on_bar(Barred(BTC, bar(2), closed=False)) == ()
    bars.doubt()
    bars.on_bar(Barred(BTC, bar(2, close=10.5), closed=False))
    assert bars.on_bar(Barred(BTC, bar(3), closed=False)) == (bar(2, close=10.5),)


def test_a_doubted_candle_of_trades_stays_doubted():
    """No later trade brings back the one that was lost."""
    bars, rows = Bars(BTC, MINUTE, whole=True), trades((1, 9.0, 1.0), (2, 9.0, 1.0), (61, 9.0, 1.0))
    bars.on_trade(rows[0])
    bars.doubt()
    assert [item for trade in rows[1:] for item in bars.on_trade(trade)] == []
    assert bars.on_clock(2 * MINUTE + GRACE) != ()


def test_news_of_the_past_is_passed_on_for_the_feed_to_judge():
    """It knows a repetition from a revision; neither disturbs the candle under way."""
    assert barred(bar(1), bar(2), bar(1, close=10.5), bar(3)) == [
        bar(1),
        bar(1, close=10.5),
        bar(2),
    ]


@given(st.lists(st.integers(0, 300), min_size=1, max_size=80))
def test_whatever_the_order_of_trades_candles_come_in_order_and_once(seconds: list[int]):
    """Late trades and the clock never make two candles of one minute."""
    bars, closed = Bars(BTC, MINUTE), list[Candle]()

    def keep(items: Sequence[object]) -> None:
        closed.extend(item for item in items if isinstance(item, Candle))

    for number, second in enumerate(seconds):
        keep(bars.on_trade(Trade(BTC, second * SECOND, 10.0, 1.0, number)))
        keep(bars.on_clock(max(seconds[: number + 1]) * SECOND))
    opens = [candle.ts_open for candle in closed]
    assert opens == sorted(set(opens))
    assert all(candle.fault(MINUTE) is None for candle in closed)


def test_longer_candles_are_built_of_whole_sets_alone():
    """A missing part takes the whole with it; so do the ends that are not whole."""
    candles = [bar(minute, volume=minute) for minute in (1, 2, 3, 4, 5, 6, 8, 9, 10, 11)]
    longer = resample(candles, 3 * MINUTE)

    assert [(c.ts_open // MINUTE, c.volume) for c in longer] == [(3, 12.0), (9, 30.0)]
    assert resample(candles[:1], MINUTE) == (bar(1, volume=1),)
