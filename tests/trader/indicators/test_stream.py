"""The streaming form: warm-up, marks and their age, timeframes that are not warm, holes."""

import msgspec
import pytest

from tests.trader.indicators.candles import (
    HOUR,
    MINUTE,
    random_candles,
    synthetic,
    synthetic_series,
    to_candles,
)
from tests.trader.indicators.forms import stream_indicators
from trader.indicators.settings import CipherBSettings
from trader.indicators.stream import StreamIndicators
from trader.model.market import Candle
from trader.model.views import MARKS, Snapshot

OURS = to_candles(synthetic_series())


def fold(indicators: StreamIndicators, candles: list[Candle]) -> list[Snapshot | None]:
    """Feed candles in one after the other."""
    memory = indicators.start()
    return [indicators.take(memory, candle) for candle in candles]


@pytest.mark.parametrize(("history", "first"), [(0, 59), (60, 59), (75, 74)])
def test_the_first_snapshot_comes_with_the_last_indicator(history: int, first: int) -> None:
    """Money flow needs 60 candles, which is longest; before the history is whole there is none."""
    snapshots = fold(stream_indicators(history), random_candles(7, 90, 0.0))

    assert [i for i, snapshot in enumerate(snapshots) if snapshot is None] == list(range(first))


def test_it_says_how_far_it_is_along() -> None:
    """Candles taken, of those needed."""
    indicators = stream_indicators(75)
    memory = indicators.start()
    for candle in random_candles(7, 50, 0.0):
        indicators.take(memory, candle)

    assert (indicators.taken(memory), indicators.needed) == (50, 75)


def test_a_snapshot_is_of_its_candle() -> None:
    """It bears the candle's close, in price and time."""
    candles = random_candles(1, 60, 0.0)
    snapshot = fold(stream_indicators(0), candles)[-1]

    assert snapshot is not None
    assert (snapshot.ts_event, snapshot.close) == (candles[-1].ts_event, candles[-1].close)


def test_a_market_that_never_moved_has_no_snapshot() -> None:
    """Without WaveTrend there is nothing to advise on."""
    assert set(fold(stream_indicators(0), random_candles(1, 90, 1.0))) == {None}


def test_what_cannot_be_a_price_gives_no_snapshot() -> None:
    """The feed lets none through; if one came, nothing would be raised."""
    bad = Candle(0, MINUTE, float("nan"), 1.0, 1.0, 1.0, 1.0)

    assert fold(stream_indicators(0), [*random_candles(1, 60, 0.0), bad])[-1] is None


def test_a_snapshot_is_what_the_columns_say() -> None:
    """Values and marks are those expected of our own candles."""
    marks = {**synthetic()["cipher_a"]["marks"], **synthetic()["cipher_b"]["marks"]}
    snapshots = fold(stream_indicators(), OURS)

    named = [mark for mark in MARKS if not mark.startswith("sommi")]
    held = {mark: [i for i, s in enumerate(snapshots) if s and mark in s.marks] for mark in named}

    assert held == {mark: [row for row in marks[mark] if row >= 999] for mark in named}


def test_a_snapshot_says_when_each_mark_was_last_there() -> None:
    """Itself included; 0 for a mark that was never seen."""
    seen = dict.fromkeys(MARKS, 0)
    for snapshot in fold(stream_indicators(60), OURS):
        if snapshot is not None:
            seen |= dict.fromkeys(snapshot.marks, snapshot.ts_event)
            newer = zip(snapshot.last, seen.values(), strict=True)
            # Before the first snapshot, marks were seen as well.
            assert all(last == known or not known for last, known in newer)
    assert any(seen.values())


def test_timeframes_that_are_not_warm_are_left_out() -> None:
    """Each with its progress, and none of them holds the snapshot back."""
    snapshots = fold(stream_indicators(), OURS)
    first, last = snapshots[999], snapshots[-1]
    assert first is not None
    assert last is not None

    assert {part.part: (part.candles, part.needed) for part in first.higher} == {
        "sommi_flag": (83, 100),
        "sommi_diamond1": (20, 20),
        "sommi_diamond2": (20, 20),
        "macd": (100, 100),
    }
    assert first.flag_wave is None
    assert last.flag_wave is not None
    assert first.macd is not None
    flagged = {i for i, s in enumerate(snapshots) if s and "sommi_flag_bear" in s.marks}
    expected = synthetic()["cipher_b"]["marks"]["sommi_flag_bear"]
    warm = next(i for i, s in enumerate(snapshots) if s and s.flag_wave is not None)
    assert flagged == {row for row in expected if row >= warm}


def test_a_timeframe_that_cannot_be_built_never_gets_warm() -> None:
    """A quarter of an hour cannot be had from hours."""
    s = CipherBSettings(flag_minutes=15)

    snapshot = fold(stream_indicators(1000, s), OURS)[-1]

    assert snapshot is not None
    assert snapshot.higher[0].candles == 0
    assert snapshot.flag_wave is None


def test_a_snapshot_says_that_a_hole_lies_within_its_look_back() -> None:
    """As the count of candles since; none is made up, and past the look-back it is forgotten."""
    candles = [*OURS[:100], *OURS[103:300]]

    gaps = [s.gap for s in fold(stream_indicators(90), candles) if s is not None]

    assert gaps == [None] * 11 + list(range(1, 101)) + [None] * 97


def test_it_round_trips() -> None:
    """Messages are journaled: what msgpack carries across is equal."""
    snapshot = fold(stream_indicators(), OURS)[-1]

    assert msgspec.msgpack.decode(msgspec.msgpack.encode(snapshot), type=Snapshot) == snapshot


def test_its_memory_is_bounded() -> None:
    """The memory of a run of any length fits in ten thousand bytes."""
    indicators = stream_indicators()
    memory, sizes = indicators.start(), []
    for candle in OURS:
        indicators.take(memory, candle)
        sizes.append(len(msgspec.msgpack.encode(memory)))

    assert max(sizes) < 10_000
    assert max(sizes[1_000:]) - max(sizes[:1_000]) < 100
    assert OURS[0].ts_event - OURS[0].ts_open == HOUR
