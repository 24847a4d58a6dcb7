"""A series as float64 columns, without the candles that have no price."""

from collections.abc import Mapping
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from trader.indicators.whole.scan import Flags, Floats, Rows
from trader.model.market import Series

Columns = dict[str, NDArray[Any]]


class Candles(NamedTuple):
    """The candles of a series that are there, and which of its rows they are."""

    ts_open: Rows
    interval: int
    bars: tuple[Floats, Floats, Floats, Floats]
    """Open, high, low, close."""
    there: Flags

    @classmethod
    def of(cls, series: Series) -> "Candles":
        """Read a series; a candle with a price that is not finite is not there."""
        bars = tuple(
            np.array(column, dtype=np.float64)
            for column in (series.open, series.high, series.low, series.close)
        )
        ts_open = np.array(series.ts_open, dtype=np.int64)
        there = np.logical_and.reduce([np.isfinite(column) for column in bars])
        open_, high, low, close = (column[there] for column in bars)
        return cls(ts_open[there], series.interval, (open_, high, low, close), there)

    def spread(self, columns: Mapping[str, Any], blank: Mapping[str, Any]) -> Columns:
        """Give every row of the series its values, and the blank ones where no candle is."""
        if self.there.all():
            return dict(columns)
        spread = {}
        for name, column in columns.items():
            spread[name] = np.full(len(self.there), blank[name], dtype=column.dtype)
            spread[name][self.there] = column
        return spread
