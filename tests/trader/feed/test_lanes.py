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
    assert take_quote(lane, Quote(7 + SKEW, 9.0, 10.0), 6) == "quote out of order"
    assert take_quote(lane, Quote(6 + SKEW, 9.0, 10.0), 6) is None


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
    ("price", "spiked"), [(107.8, False), (92.2, False), (108.0, True), (92.0, True), (1e3, True)]
)
def test_a_candle_out_of_the_band_spikes_and_is_live_no_more(price: float, spiked: bool):
    """The band of candles of 0.2 around 100 is 25 times that and 3 %: from 92 to 108."""
    lane = usual()
    lane.live = True
    assert spikes(lane, price) == [spiked]
    assert lane.live is not spiked


def test_what_spikes_is_a_matter_of_shares():
    """A coin of a cent has its band, too, and is looked at as often."""
    for price in (0.0108, 0.0092):
        lane = Lane()
        assert not any(spikes(lane, *[0.01] * 100))
        assert spikes(lane, price) == [True]


def test_the_band_is_half_of_the_price_at_most():
    """However wide candles are."""
    for price, spiked in ((149.0, False), (151.0, True)):
        lane = Lane()
        take_candle(lane, Candle(0, MINUTE, 100.0, 120.0, 80.0, 100.0, 1.0), MINUTE, MINUTE)
        assert spikes(lane, price) == [spiked]


def test_the_candle_after_a_spike_confirms_it():
    """Not the spike itself."""
    lane = usual()
    spikes(lane, 1_000.0)
    assert not clear(lane)
    spikes(lane, 1_001.0)
    assert clear(lane)


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
    lane = Lane(closed=5, live=True)
    told = [take_bad(lane) for _ in range(BAD_ROWS + 1)]
    assert told == [False] * (BAD_ROWS - 1) + [True, False]
    assert not lane.live
    assert [clear(lane) for _ in range(BAD_ROWS + 1)] == [False] * BAD_ROWS + [True]


def test_neither_good_nor_bad_rows_add_up_without_end():
    """Many good ones excuse no three bad ones, and six good ones make up for any number."""
    lane = Lane(closed=5)
    assert all(clear(lane) for _ in range(100))
    assert [take_bad(lane) for _ in range(100)].index(True) == BAD_ROWS - 1
    assert [clear(lane) for _ in range(2 * BAD_ROWS)].index(True) == 2 * BAD_ROWS - 1


def test_bad_rows_among_good_candles_bar_nobody():
    """They wear off."""
    lane = Lane(closed=5)
    assert not any(take_bad(lane) or not clear(lane) for _ in range(100))
