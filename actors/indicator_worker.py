"""Fold candles into indicator snapshots; one worker a symbol."""

from typing import Any

import msgspec

from trader.indicators.columns import ColumnCursor
from trader.indicators.stream import StreamMemory
from trader.model.messages import CandleClosed, HistoryLoaded, SnapshotTaken, WarmupAdvanced
from trader.ports import Indicators
from trader.runtime import Actor
from trader.topology import INDICATOR_WORKER

STEPS = 10
"""How often progress is told on the way to the first snapshot."""


class WorkerState(msgspec.Struct):
    """The memory of whichever indicators are read."""

    memory: StreamMemory | ColumnCursor


class IndicatorWorker(Actor):
    """Keeps the indicators of one symbol; no snapshot before all of them are warm.

    With a `span` each candle is sent along with its snapshot, since a brief shows so many to a
    model: those on which nobody trades too, as far as indicators that are `early` know them.
    """

    role = INDICATOR_WORKER
    State = WorkerState
    state: WorkerState

    def __init__(self, symbol: str, indicators: Indicators[Any], span: int = 0) -> None:
        super().__init__()
        self.symbol = symbol
        self.indicators = indicators
        self.span = span
        self.pace = max(indicators.needed // STEPS, 1)

    def initial_state(self) -> msgspec.Struct:
        """Return the memory of indicators that have seen no candle."""
        return WorkerState(self.indicators.start())

    def on_history_loaded(self, message: HistoryLoaded) -> None:
        """Fold candles on which nobody trades any more."""
        memory, take = self.state.memory, self.indicators.take
        taken = [(candle, take(memory, candle)) for candle in message.candles]
        if self.span:
            for candle, snapshot in taken[-self.span :]:
                if snapshot is not None:
                    self.send(SnapshotTaken(self.symbol, snapshot, candle, past=True))
        self._tell_warmup(self.indicators.taken(memory))

    def on_candle_closed(self, message: CandleClosed) -> None:
        """Fold the candle and tell the indicators at its close, or how far they are along."""
        snapshot = self.indicators.take(self.state.memory, message.candle)
        if snapshot is not None and not self.span:
            self.send(SnapshotTaken(self.symbol, snapshot))
            return
        taken = self.indicators.taken(self.state.memory)
        past = taken < self.indicators.needed
        if snapshot is not None:
            self.send(SnapshotTaken(self.symbol, snapshot, message.candle, past))
        if (snapshot is None or past) and taken % self.pace == 0:
            self._tell_warmup(taken)

    def _tell_warmup(self, taken: int) -> None:
        needed = self.indicators.needed
        if taken < needed:
            self.send(WarmupAdvanced(self.symbol, taken, needed))
