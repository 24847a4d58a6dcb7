"""Fold candles into indicator snapshots; one worker a symbol."""

from typing import Any, ClassVar

import msgspec

from trader.indicators.columns import ColumnCursor
from trader.indicators.stream import StreamMemory
from trader.model.messages import CandleClosed, HistoryLoaded, SnapshotTaken
from trader.ports import Indicators
from trader.runtime import Actor
from trader.topology import INDICATOR_WORKER


class WorkerState(msgspec.Struct):
    """The memory of whichever indicators are read."""

    memory: StreamMemory | ColumnCursor


class IndicatorWorker(Actor):
    """Keeps the indicators of one symbol; silent until all of them have their history."""

    role: ClassVar[str] = INDICATOR_WORKER
    State: ClassVar[type[msgspec.Struct]] = WorkerState
    state: WorkerState

    def __init__(self, symbol: str, indicators: Indicators[Any]) -> None:
        super().__init__()
        self.symbol = symbol
        self.indicators = indicators

    def initial_state(self) -> msgspec.Struct:
        """Return the memory of indicators that have seen no candle."""
        return WorkerState(self.indicators.start())

    def on_history_loaded(self, message: HistoryLoaded) -> None:
        """Fold candles on which nobody trades any more."""
        for candle in message.candles:
            self.indicators.take(self.state.memory, candle)

    def on_candle_closed(self, message: CandleClosed) -> None:
        """Fold the candle and tell the indicators at its close."""
        snapshot = self.indicators.take(self.state.memory, message.candle)
        if snapshot is not None:
            self.send(SnapshotTaken(self.symbol, snapshot, message.candle))
