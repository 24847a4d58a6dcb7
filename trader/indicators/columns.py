"""The whole-series form: every row computed at once over a recorded series; backtests."""

from bisect import bisect_left
from collections.abc import Callable
from typing import Any, cast

import msgspec

from trader.indicators.settings import CipherASettings, CipherBSettings, IndicatorSettings
from trader.model.market import Candle, Series
from trader.model.views import Snapshot


class ColumnCursor(msgspec.Struct, tag=True):
    """All that the whole-series form remembers: the row it expects next."""

    row: int = 0


class Glance(msgspec.Struct, frozen=True, gc=False):
    """Reads as the Snapshot of a row, which is made once more is asked of it than its numbers."""

    snapshots: Any
    row: int
    cross: int
    ema_cross: int

    def __getattr__(self, name: str) -> Any:
        if (column := self.snapshots.columns.get(name)) is not None:
            return column.item(self.row)
        return getattr(self.snapshots.at(self.row), name)


_glance = cast("Callable[..., Snapshot]", Glance)


class ColumnIndicators:
    """Looks candles of a recorded series up (implements `trader.ports.Indicators`).

    Snapshots begin so many candles `early`, as those of the streaming form. With `glances` a Glance
    stands for each: for rules, which look at most for a cross alone, and where nobody writes them.
    """

    def __init__(
        self,
        settings: IndicatorSettings,
        cipher_a: CipherASettings,
        cipher_b: CipherBSettings,
        series: Series,
        early: int = 0,
        *,
        glances: bool = False,
    ) -> None:
        # numpy takes a tenth of a second to import, and a live run never needs it.
        from trader.indicators.whole.snapshots import Snapshots

        self.needed = settings.history
        # The end marker stands in for a bounds check on every candle.
        self._ts_open = [*series.ts_open, -1]
        self._count = len(series)
        self._all = Snapshots(settings, cipher_a, cipher_b, series, early)
        self._glances = glances
        self._there = self._all.there
        self._cross, self._ema_cross = self._all.cross, self._all.ema_cross

    def start(self) -> ColumnCursor:
        """Return the memory of a worker that has seen no candle."""
        return ColumnCursor()

    def taken(self, memory: ColumnCursor) -> int:
        """Return how many candles were taken."""
        return memory.row

    def take(self, memory: ColumnCursor, candle: Candle) -> Snapshot | None:
        """Look one closed candle up; raise ValueError where the series does not have it."""
        row = memory.row
        if self._ts_open[row] != candle.ts_open:
            row = self._find(candle)
        memory.row = row + 1
        if not self._there[row]:
            return None
        if self._glances:
            return _glance(self._all, row, self._cross[row], self._ema_cross[row])
        return self._all.at(row)

    def _find(self, candle: Candle) -> int:
        row = bisect_left(self._ts_open, candle.ts_open, hi=self._count)
        if self._ts_open[row] != candle.ts_open:
            raise ValueError(f"no candle opens at {candle.ts_open} in the recorded series")
        return row
