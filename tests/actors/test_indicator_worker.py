"""The IndicatorWorker: warm-up, snapshots, and a memory of either form."""

import msgspec
import pytest

from actors.indicator_worker import IndicatorWorker
from tests.trader.indicators.candles import random_candles, to_series
from trader.indicators.columns import ColumnIndicators
from trader.indicators.settings import IndicatorSettings
from trader.indicators.stream import StreamIndicators
from trader.model.messages import CandleClosed, HistoryLoaded, Message, SnapshotTaken
from trader.ports import Indicators
from trader.testing.stage import Stage

SYMBOL = "BTC-USD"
CANDLES = random_candles(7, 90, 0.0)
WARM = 59
"""Row of the first candle on which every indicator has a value."""


@pytest.fixture(params=["stream", "columns"])
def indicators(request: pytest.FixtureRequest) -> Indicators:
    """Offer both forms in turn."""
    settings = IndicatorSettings()
    if request.param == "stream":
        return StreamIndicators(settings)
    return ColumnIndicators(settings, to_series(CANDLES))


def closed(first: int, last: int) -> list[Message]:
    """Return the candles of these rows as the feed sends them."""
    return [CandleClosed(SYMBOL, candle, 0) for candle in CANDLES[first:last]]


async def test_silent_until_warm(stage: Stage, indicators: Indicators) -> None:
    """No snapshot before every indicator has its history, and one a candle from there on."""
    await stage.start(IndicatorWorker, SYMBOL, indicators)

    assert await stage.tell(*closed(0, WARM)) == []
    taken = await stage.tell(*closed(WARM, 90))

    assert [type(message) for message in taken] == [SnapshotTaken] * (90 - WARM)
    assert [m.snapshot.ts_event for m in taken] == [c.ts_event for c in CANDLES[WARM:]]


async def test_history_warms_and_says_nothing(stage: Stage, indicators: Indicators) -> None:
    """After a history the first live candle has its snapshot, the same as without one."""
    memory = indicators.start()
    alone = [indicators.take(memory, candle) for candle in CANDLES[: WARM + 1]][-1]
    await stage.start(IndicatorWorker, SYMBOL, indicators)

    assert await stage.tell(HistoryLoaded(SYMBOL, tuple(CANDLES[:WARM]))) == []
    taken = SnapshotTaken(SYMBOL, alone, CANDLES[WARM])
    assert await stage.tell(*closed(WARM, WARM + 1)) == [taken]


async def test_memory_is_a_checkpoint(stage: Stage, indicators: Indicators) -> None:
    """The whole memory survives msgpack, and tells by itself which form it is of."""
    await stage.start(IndicatorWorker, SYMBOL, indicators)
    await stage.tell(*closed(0, 70))

    restored = msgspec.msgpack.decode(
        msgspec.msgpack.encode(stage.state), type=IndicatorWorker.State
    )

    assert restored == stage.state
