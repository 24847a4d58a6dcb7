"""Candles and quotes are taken in order, whole and once."""

import math
from pathlib import Path

import pytest

from tests.trader.indicators.candles import to_candles
from trader.feed.lanes import BAD_ROWS, SKEW, Lane, clear, take_bad, take_candle, take_quote
from trader.model.market import SECOND, Candle, Quote, interval_ns
from trader.venues.candle_file import load_candles

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


# -- spikes ----------------------------------------------------------------------------------------


def spikes(lane: Lane, *prices: float, gap: int = 0) -> list[bool]:
    """Take flat candles at prices, `gap` intervals apart; tell which spiked."""
    told = []
    for price in prices:
        opens = lane.closed + gap * MINUTE
        flat = Candle(opens, opens + MINUTE, price, price * 1.001, price * 0.999, price, 1.0)
        take_candle(lane, flat, MINUTE, flat.ts_event)
        told.append(lane.spiked == flat.ts_event)
    return told


def usual() -> Lane:
    """Return a lane that has seen a hundred quiet candles at 100."""
    lane = Lane()
    assert not any(spikes(lane, *[100.0] * 100))
    return lane


@pytest.mark.parametrize(
    ("price", "spiked"), [(102.0, False), (98.0, False), (110.0, True), (90.0, True), (1e3, True)]
)
def test_a_candle_out_of_the_band_spikes(price: float, spiked: bool):
    """The band is some per cent around the close before it, and wider where candles are."""
    assert spikes(usual(), price) == [spiked]


def test_a_new_level_is_no_spike_twice():
    """The band moves along: the candle after a spike is judged by the spike's close."""
    assert spikes(usual(), 1_000.0, 1_001.0) == [True, False]


def test_a_hole_widens_the_band():
    """Prices move while nobody looks; but not tenfold."""
    assert spikes(usual(), 108.0, gap=1_000) == [False]
    assert spikes(usual(), 1_000.0, gap=1_000) == [True]


@pytest.mark.parametrize(
    ("name", "interval", "most"),
    [
        ("bitfinex_BTCUSD_1m_2018.csv.gz", "1m", 10),
        ("binance_BTCUSDT_1h_2018-01-01_2026-04-29.csv.gz", "1h", 2),
        ("binance_SOLUSDT_1h_2020-08-11_2026-04-29.csv.gz", "1h", 2),
    ],
)
def test_real_markets_spike_a_few_times_in_years(shared: Path, name: str, interval: str, most: int):
    """Crashes of eight years are in the data: holding entries for a candle is rare."""
    series = load_candles(shared / "data" / "ohlcv" / name, interval_ns(interval))
    lane, count = Lane(), 0
    for candle in to_candles(series):
        take_candle(lane, candle, series.interval, candle.ts_event)
        count += lane.spiked == candle.ts_event
    assert count <= most


# -- bad rows --------------------------------------------------------------------------------------


def test_three_bad_rows_bar_and_as_many_good_candles_clear():
    """One that is bad now and then bars nobody."""
    lane = Lane(closed=5)
    told = [take_bad(lane) for _ in range(BAD_ROWS + 1)]
    assert told == [False] * (BAD_ROWS - 1) + [True, False]
    assert [clear(lane) for _ in range(BAD_ROWS + 1)] == [False] * BAD_ROWS + [True]


def test_bad_rows_among_good_candles_bar_nobody():
    """They wear off."""
    lane = Lane(closed=5)
    assert not any(take_bad(lane) or not clear(lane) for _ in range(100))
