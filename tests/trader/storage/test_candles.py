"""The candle store: each candle once, gaps, and how far a download has come."""

import tempfile
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from trader.model.errors import UsageError
from trader.model.market import SECOND, Candle
from trader.storage.candles import CandleStore, Holding, Key

MINUTE = 60 * SECOND
KEY = Key("kraken", "BTC-USD", MINUTE)


def candle(minute: int, close: float = 10.0) -> Candle:
    """Make the candle that opens at a minute."""
    return Candle(minute * MINUTE, (minute + 1) * MINUTE, 10.0, 11.0, 9.0, close, 0.1)


def candles(*minutes: int) -> list[Candle]:
    """Make several."""
    return [candle(minute) for minute in minutes]


@pytest.fixture
def store(tmp_path: Path) -> CandleStore:
    """Return an empty store."""
    return CandleStore(tmp_path / "data" / "candles.db")


def test_what_is_kept_is_read_as_it_was(store: CandleStore):
    """In order, from the first wanted to before the last."""
    store.add(KEY, candles(3, 1, 2))
    assert store.read(KEY, MINUTE, 3 * MINUTE) == (candle(1), candle(2))


def test_a_candle_is_kept_once_and_never_altered(store: CandleStore):
    """What a venue says later of the past changes nothing."""
    assert store.add(KEY, candles(1, 2)) == 2
    assert store.add(KEY, [candle(2, close=10.5), candle(3)]) == 1
    assert store.read(KEY, 0, 9 * MINUTE) == tuple(candles(1, 2, 3))


def test_series_do_not_mix(store: CandleStore):
    """Venue, symbol and interval tell them apart."""
    other = Key("coinbase", "BTC-USD", MINUTE)
    store.add(KEY, candles(1))
    store.add(other, candles(2))
    assert store.read(other, 0, 9 * MINUTE) == (candle(2),)


def test_spans_that_touch_are_one(store: CandleStore):
    """In whatever order they come."""
    for since, until in ((1, 3), (5, 7), (3, 5), (9, 10)):
        store.add(KEY, (), (since * MINUTE, until * MINUTE))
    assert store.spans(KEY) == ((MINUTE, 7 * MINUTE), (9 * MINUTE, 10 * MINUTE))


@settings(max_examples=30, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 30), st.integers(1, 8)), max_size=12))
def test_spans_cover_exactly_what_was_asked(parts: list[tuple[int, int]]):
    """No minute more or less, and never two that touch."""
    with tempfile.TemporaryDirectory() as folder:
        store = CandleStore(Path(folder) / "candles.db")
        for since, length in parts:
            store.add(KEY, (), (since, since + length))
        spans = store.spans(KEY)
    covered = {minute for since, until in spans for minute in range(since, until)}
    assert covered == {m for since, length in parts for m in range(since, since + length)}
    assert all(a[1] < b[0] for a, b in pairwise(spans))


def test_gaps_are_what_is_missing_in_spans(store: CandleStore):
    """At their ends as well; what nobody asked for is no gap."""
    store.add(KEY, candles(2, 3, 6), (MINUTE, 8 * MINUTE))
    store.add(KEY, candles(20, 25))
    assert store.gaps(KEY) == [
        (MINUTE, 2 * MINUTE),
        (4 * MINUTE, 6 * MINUTE),
        (7 * MINUTE, 8 * MINUTE),
    ]


def test_holdings_say_what_there_is(store: CandleStore):
    """Series by series."""
    assert store.holdings() == []
    span = MINUTE, 5 * MINUTE
    store.add(KEY, candles(1, 4), span)
    assert store.holdings() == [Holding(KEY, 2, MINUTE, 4 * MINUTE, 2, (span,))]


def test_a_file_that_is_no_store_is_one_clear_line(tmp_path: Path):
    """It is left as it is."""
    path = tmp_path / "candles.db"
    path.write_bytes(b"something else, and long enough to be looked at" * 99)
    with pytest.raises(UsageError, match="candles cannot be kept here"):
        CandleStore(path).holdings()
    assert path.read_bytes().startswith(b"something else")
