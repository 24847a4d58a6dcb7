"""The whole-series form: every row computed at once over a recorded series; backtests."""

from bisect import bisect_left
from collections.abc import Iterator

import msgspec

from trader.indicators.settings import IndicatorSettings
from trader.model.market import Candle, Series
from trader.model.views import Snapshot

Row = tuple[float, float, int, float, float, float, float, float, int]
"""The fields of a Snapshot from `wt1` on."""


class ColumnCursor(msgspec.Struct, tag=True):
    """All that the whole-series form remembers: the row it expects next."""

    row: int = 0


class ColumnIndicators:
    """Looks candles of a recorded series up (implements `trader.ports.Indicators`)."""

    def __init__(self, settings: IndicatorSettings, series: Series) -> None:
        # The end marker stands in for a bounds check on every candle.
        self._ts_open = [*series.ts_open, -1]
        self._rows = list(_rows(settings, series))

    def start(self) -> ColumnCursor:
        """Return the memory of a worker that has seen no candle."""
        return ColumnCursor()

    def take(self, memory: ColumnCursor, candle: Candle) -> Snapshot | None:
        """Look one closed candle up; raise ValueError where the series does not have it."""
        row = memory.row
        if self._ts_open[row] != candle.ts_open:
            row = self._find(candle)
        memory.row = row + 1
        values = self._rows[row]
        return values and Snapshot(candle.ts_event, candle.close, *values)

    def _find(self, candle: Candle) -> int:
        row = bisect_left(self._ts_open, candle.ts_open, hi=len(self._rows))
        if self._ts_open[row] != candle.ts_open:
            raise ValueError(f"no candle opens at {candle.ts_open} in the recorded series")
        return row


def _rows(settings: IndicatorSettings, series: Series) -> Iterator[Row | None]:
    """Compute every indicator; None for a candle on which not each of them has a value."""
    # numpy takes a tenth of a second to import, and a live run never needs it.
    import numpy as np

    from trader.indicators import vectors as v

    s = settings
    open_, high, low, close = (
        np.array(column, dtype=np.float64)
        for column in (series.open, series.high, series.low, series.close)
    )
    typical = (high + low + close) / 3.0
    wt1, wt2 = v.wavetrend(typical, s.wavetrend_channel, s.wavetrend_average, s.wavetrend_signal)
    flow = v.money_flow(
        open_,
        high,
        low,
        close,
        s.money_flow_length,
        s.money_flow_multiplier,
        s.money_flow_offset,
    )
    fast, slow = v.ema(close, s.ema_fast), v.ema(close, s.ema_slow)
    columns = (
        wt1,
        wt2,
        v.cross(wt1, wt2),
        v.rsi(close, s.rsi_length),
        flow,
        v.atr(high, low, close, s.atr_length),
        fast,
        slow,
        v.cross(fast, slow),
    )
    exists = np.logical_and.reduce([~np.isnan(column) for column in columns])
    rows = zip(*(column.tolist() for column in columns), strict=True)
    return (row if there else None for row, there in zip(rows, exists.tolist(), strict=True))
