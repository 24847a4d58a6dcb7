"""The whole-series form: the same snapshots as the streaming form, looked up."""

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.trader.indicators.candles import (
    MINUTE,
    candle_lists,
    random_candles,
    rough,
    synthetic_series,
    to_candles,
    to_series,
)
from tests.trader.indicators.forms import column_indicators, stream_indicators
from trader.indicators.columns import ColumnCursor
from trader.indicators.settings import CipherBSettings
from trader.model.market import Candle, Series
from trader.model.views import Snapshot

SOON_WARM = CipherBSettings(
    flag_minutes=15, diamond_minutes1=5, diamond_minutes2=30, macd_minutes=5
)


def both(
    series: Series, history: int, b: CipherBSettings | None, early: int = 0
) -> tuple[list[Snapshot | None], list[Snapshot | None]]:
    """Take every candle with both forms."""
    stream = stream_indicators(history, b, early)
    columns = column_indicators(series, history, b, early)
    folded, cursor, candles = stream.start(), columns.start(), to_candles(series)
    return (
        [stream.take(folded, candle) for candle in candles],
        [columns.take(cursor, candle) for candle in candles],
    )


def written(snapshots: list[Snapshot | None]) -> bytes:
    """Write snapshots as the journal has them."""
    return msgspec.msgpack.encode(snapshots)


@pytest.mark.parametrize("b", [None, SOON_WARM], ids=["defaults", "soon warm"])
@settings(max_examples=25, deadline=None)
@given(series=rough(missing=0.0, longest=1_500), history=st.sampled_from((0, 1, 60, 400)))
def test_both_forms_agree(b: CipherBSettings | None, series: Series, history: int) -> None:
    """Every value, every None and every mark, to the last bit and to the last byte."""
    stream, columns = both(series, history, b)

    assert stream == columns
    assert written(stream) == written(columns)


def test_both_forms_may_begin_early() -> None:
    """By as many candles; those that come anyway are the same."""
    series = to_series(random_candles(7, 300, 0.0))
    early, late = both(series, 200, None, 50), both(series, 200, None)

    assert early[0] == early[1]
    assert [row for row, snapshot in enumerate(early[0]) if snapshot is None] == list(range(149))
    assert early[0][199:] == late[0][199:]


@settings(max_examples=25, deadline=None)
@given(candles=candle_lists(400))
def test_both_forms_agree_on_a_coarse_grid(candles: list[Candle]) -> None:
    """Where prices repeat, crosses hang on the last bit."""
    stream, columns = both(to_series(candles), 60, None)

    assert stream == columns


def test_both_forms_agree_on_our_own_candles() -> None:
    """Past the stretch of rows that is made at once, and with holes."""
    stream, columns = both(synthetic_series(), 1_000, None)

    assert written(stream) == written(columns)
    assert sum(snapshot is not None for snapshot in stream) == 788


@settings(max_examples=25, deadline=None)
@given(series=rough(missing=0.0, longest=600), data=st.data())
def test_a_glance_reads_as_the_snapshot(series: Series, data: st.DataObject) -> None:
    """Of whichever row, in whatever order rows are asked about."""
    snapshots, _ = both(series, 60, SOON_WARM)
    columns = column_indicators(series, 60, SOON_WARM, glances=True)
    candles = to_candles(series)
    for row in data.draw(st.permutations(range(len(series))))[:30]:
        glance, snapshot = columns.take(ColumnCursor(row), candles[row]), snapshots[row]
        if snapshot is None:
            assert glance is None
        else:
            values = {name: getattr(glance, name) for name in Snapshot.__struct_fields__}
            assert values == msgspec.structs.asdict(snapshot)


def test_a_cursor_can_begin_anywhere() -> None:
    """A candle that is not the next row is found by its time."""
    candles = random_candles(2, 100, 0.2)
    columns = column_indicators(to_series(candles), 0)
    cursor = columns.start()
    in_order = [columns.take(cursor, candle) for candle in candles]

    assert columns.take(columns.start(), candles[80]) == in_order[80]
    assert columns.take(cursor, candles[70]) == in_order[70]
    assert cursor == ColumnCursor(71)
    assert columns.taken(cursor) == 71


def test_a_cursor_survives_a_checkpoint() -> None:
    """It round-trips through msgpack and goes on at its row."""
    candles = random_candles(3, 100, 0.2)
    columns = column_indicators(to_series(candles), 0)
    cursor = columns.start()
    for candle in candles[:80]:
        columns.take(cursor, candle)

    restored = msgspec.msgpack.decode(msgspec.msgpack.encode(cursor), type=ColumnCursor)

    assert columns.take(restored, candles[80]) == columns.take(cursor, candles[80])


@pytest.mark.parametrize("opened", [-MINUTE, MINUTE // 2, 10 * MINUTE])
def test_a_candle_that_was_not_recorded_is_refused(opened: int) -> None:
    """Before, between and after the rows."""
    candles = random_candles(4, 10, 0.0)
    columns = column_indicators(to_series(candles))
    cursor = columns.start()
    for candle in candles:
        columns.take(cursor, candle)
    stranger = Candle(opened, opened + MINUTE, 1.0, 1.0, 1.0, 1.0, 1.0)

    with pytest.raises(ValueError, match="no candle opens at"):
        columns.take(cursor, stranger)
