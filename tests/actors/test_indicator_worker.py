"""The IndicatorWorker: warm-up, snapshots, and a memory of either form."""

import msgspec
import pytest

from actors.indicator_worker import IndicatorWorker
from tests.trader.indicators.candles import random_candles, to_series
from tests.trader.indicators.forms import column_indicators, stream_indicators
from trader.model.messages import (
    CandleClosed,
    HistoryLoaded,
    Message,
    SnapshotTaken,
    WarmupAdvanced,
)
from trader.ports import Indicators
from trader.testing.stage import Stage

SYMBOL = "BTC-USD"
CANDLES = random_candles(7, 90, 0.0)
NEEDED = 70
WARM = NEEDED - 1
"""Row of the first candle with a snapshot."""


@pytest.fixture(params=["stream", "columns"])
def indicators(request: pytest.FixtureRequest) -> Indicators:
    """Offer both forms in turn."""
    if request.param == "stream":
        return stream_indicators(NEEDED)
    return column_indicators(to_series(CANDLES), NEEDED)


def closed(first: int, last: int) -> list[Message]:
    """Return the candles of these rows as the feed sends them."""
    return [CandleClosed(SYMBOL, candle, 0) for candle in CANDLES[first:last]]


async def test_it_is_silent_until_warm(stage: Stage, indicators: Indicators) -> None:
    """No snapshot before every indicator has its history, and one a candle from there on.

    On the way it says ten times how far it is along.
    """
    await stage.start(IndicatorWorker, SYMBOL, indicators)

    assert await stage.tell(*closed(0, WARM)) == [
        WarmupAdvanced(SYMBOL, candles, NEEDED) for candles in range(7, NEEDED, 7)
    ]
    taken = await stage.tell(*closed(WARM, 90))

    assert [type(message) for message in taken] == [SnapshotTaken] * (90 - WARM)
    assert [m.snapshot.ts_event for m in taken] == [c.ts_event for c in CANDLES[WARM:]]


async def test_a_history_warms_it(stage: Stage, indicators: Indicators) -> None:
    """After it the first live candle has its snapshot, the same as without one.

    What is still missing is said once; nobody trades on a history.
    """
    memory = indicators.start()
    alone = [indicators.take(memory, candle) for candle in CANDLES[: WARM + 1]][-1]
    await stage.start(IndicatorWorker, SYMBOL, indicators)

    assert await stage.tell(HistoryLoaded(SYMBOL, tuple(CANDLES[:WARM]))) == [
        WarmupAdvanced(SYMBOL, WARM, NEEDED)
    ]
    assert await stage.tell(*closed(WARM, WARM + 1)) == [SnapshotTaken(SYMBOL, alone)]


async def test_a_candle_comes_along_where_it_is_wanted(
    stage: Stage, indicators: Indicators
) -> None:
    """It is the one that the snapshot was taken at."""
    await stage.start(IndicatorWorker, SYMBOL, indicators, 10)
    taken = [m for m in await stage.tell(*closed(0, 90)) if isinstance(m, SnapshotTaken)]

    assert [m.candle.ts_event for m in taken] == [m.snapshot.ts_event for m in taken]


EARLY = 5


@pytest.fixture(params=["stream", "columns"])
def early(request: pytest.FixtureRequest) -> Indicators:
    """Offer both forms in turn, each with snapshots from five candles before it is warm."""
    if request.param == "stream":
        return stream_indicators(NEEDED, early=EARLY)
    return column_indicators(to_series(CANDLES), NEEDED, early=EARLY)


@pytest.mark.parametrize("loaded", [0, WARM - 2, WARM, 85])
async def test_what_is_past_is_shown_too(stage: Stage, early: Indicators, loaded: int) -> None:
    """Candles before the warm one, and those of a history: by the same snapshots, each said to be.

    However much of it came as history and however much as candles.
    """
    await stage.start(IndicatorWorker, SYMBOL, early, len(CANDLES))
    sent = await stage.tell(HistoryLoaded(SYMBOL, tuple(CANDLES[:loaded])), *closed(loaded, 90))
    taken = [m for m in sent if isinstance(m, SnapshotTaken)]
    last = max(loaded, WARM)

    assert [m.candle for m in taken] == CANDLES[WARM - EARLY :]
    assert [m.past for m in taken] == [row < last for row in range(WARM - EARLY, 90)]
    memory = early.start()
    assert [early.take(memory, c) for c in CANDLES][WARM - EARLY :] == [m.snapshot for m in taken]


async def test_of_a_long_history_what_a_window_holds_is_shown(
    stage: Stage, early: Indicators
) -> None:
    """Such as what an engine missed that goes on after a day."""
    await stage.start(IndicatorWorker, SYMBOL, early, 10)
    taken = await stage.tell(HistoryLoaded(SYMBOL, tuple(CANDLES)))

    assert [m.candle for m in taken] == CANDLES[-10:]


async def test_memory_is_a_checkpoint(stage: Stage, indicators: Indicators) -> None:
    """The whole memory survives msgpack, and tells by itself which form it is of."""
    await stage.start(IndicatorWorker, SYMBOL, indicators)
    await stage.tell(*closed(0, 70))

    memory = msgspec.msgpack.encode(stage.state)
    restored = msgspec.msgpack.decode(memory, type=IndicatorWorker.State)

    assert type(restored.memory) is type(stage.state.memory)
    # As bytes: values that do not exist yet are NaN, which does not equal itself.
    assert msgspec.msgpack.encode(restored) == memory
