"""The snapshots of a series, made of columns, a stretch at a time."""

from collections.abc import Callable, Collection, Iterable
from functools import cache
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

from trader.indicators.rules_a import RIBBON
from trader.indicators.settings import CipherASettings, CipherBSettings, IndicatorSettings
from trader.indicators.snapshots import (
    DIAMONDS,
    FLAGS,
    HIGHER_VALUES,
    MARKS_OF_A,
    MARKS_OF_B,
    VALUES,
    higher_needs,
    progress,
)
from trader.indicators.whole.candles import Candles, Columns
from trader.indicators.whole.cipher_a import cipher_a
from trader.indicators.whole.cipher_b import cipher_b
from trader.indicators.whole.higher import join
from trader.indicators.whole.oscillators import atr
from trader.indicators.whole.primitives import cross, ema
from trader.indicators.whole.scan import Flags, Rows
from trader.model.market import Series
from trader.model.views import MARKS, Higher, Snapshot

_snapshot: Callable[..., Snapshot] = Snapshot


class Snapshots:
    """Holds the columns that snapshots of a series are made of; its prices are finite."""

    def __init__(
        self,
        s: IndicatorSettings,
        a: CipherASettings,
        b: CipherBSettings,
        series: Series,
        early: int = 0,
    ) -> None:
        candles = Candles.of(series)
        columns_a, columns_b = cipher_a(a, series), cipher_b(b, series)
        self._needs = higher_needs(b)
        self._closed = [
            np.minimum(_closed(candles, minutes), needed) for _, minutes, needed in self._needs
        ]
        warm = [counts >= need[2] for counts, need in zip(self._closed, self._needs, strict=True)]
        self._ts_event = candles.ts_open + candles.interval
        with np.errstate(all="ignore"):
            self._plain = _plain(s, candles, columns_b)
        self._ribbon = [columns_a[name] for name in RIBBON]
        self._ribbon_up = columns_a["ribbon_up"]
        self._higher = [
            np.where(warm[0 if name == HIGHER_VALUES[0] else 3], columns_b[name], np.nan)
            for name in HIGHER_VALUES
        ]
        self._holes = np.flatnonzero(np.diff(candles.ts_open) != candles.interval) + 1
        self._look_back = s.gap_candles
        missing = [np.isnan(column) for column in (*self._plain, *self._ribbon)]
        cold = np.arange(len(candles.ts_open)) < s.history - early - 1
        self._there = ~np.logical_or.reduce([cold, *missing])
        flags = {mark: columns_b[mark] for mark in MARKS_OF_B}
        flags |= {mark: columns_a[mark] for mark in MARKS_OF_A if mark in columns_a}
        flags |= {name: flags[name] & warm[0] for name in FLAGS}
        flags |= {name: flags[name] & warm[1] & warm[2] for name in DIAMONDS}
        self._codes = _codes(flags.values())
        self._happened = [np.flatnonzero(flag) for flag in flags.values()]

    def rows(self, first: int, end: int) -> list[Snapshot | None]:
        """Return the snapshots of some rows, None where there is none."""
        stretch = slice(first, end)
        codes, times = self._codes[stretch].tolist(), self._ts_event[stretch].tolist()
        marks, last = map(_marks, codes), self._last(codes, times, first)
        made = map(_snapshot, times, *self._fields(stretch), marks, last)
        snapshots: list[Snapshot | None] = list(made)
        for row in np.flatnonzero(~self._there[stretch]).tolist():
            snapshots[row] = None
        return snapshots

    def _last(self, codes: list[int], times: list[int], first: int) -> list[tuple[int, ...]]:
        """Return for each row when each mark was seen last."""
        seen = [self._seen(rows, first) for rows in self._happened]
        seen += [0] * (len(MARKS) - len(seen))
        last, found = tuple(seen), []
        for code, ts_event in zip(codes, times, strict=True):
            if code:
                for place in _places(code):
                    seen[place] = ts_event
                last = tuple(seen)
            found.append(last)
        return found

    def _seen(self, rows: Rows, row: int) -> int:
        """Return the close of the last of some rows before a row, 0 where there is none."""
        before = np.searchsorted(rows, row)
        return int(self._ts_event[rows[before - 1]]) if before else 0

    def _fields(self, stretch: slice) -> tuple[Iterable[Any], ...]:
        """Return the fields of Snapshot from `close` to `gap`, each a column."""
        return (
            *(column[stretch].tolist() for column in self._plain),
            zip(*(column[stretch].tolist() for column in self._ribbon), strict=True),
            self._ribbon_up[stretch].tolist(),
            *(_or_none(column[stretch]) for column in self._higher),
            self._progress(stretch),
            self._gaps(stretch),
        )

    def _gaps(self, stretch: slice) -> list[int | None]:
        """Count the candles since the newest hole that lies within the look-back."""
        if not len(self._holes):
            return [None] * (stretch.stop - stretch.start)
        rows = np.arange(stretch.start, stretch.stop)
        before = np.searchsorted(self._holes, rows, side="right")
        since = rows + 1 - np.concatenate(([-self._look_back], self._holes))[before]
        return [gap if gap <= self._look_back else None for gap in since.tolist()]

    def _progress(self, stretch: slice) -> list[tuple[Higher, ...]]:
        counts = np.array([closed[stretch] for closed in self._closed]).T
        changes = np.flatnonzero(np.diff(counts, axis=0).any(axis=1)) + 1
        begins = [0, *changes.tolist(), len(counts)]
        return [
            higher
            for begin, end in pairwise(begins)
            for higher in [progress(self._needs, counts[begin].tolist())] * (end - begin)
        ]


def _plain(s: IndicatorSettings, candles: Candles, b: Columns) -> tuple[NDArray[Any], ...]:
    """Return the fields of Snapshot from `close` to `ema_cross`."""
    _, high, low, close = candles.bars
    fast, slow = ema(close, s.ema_fast), ema(close, s.ema_slow)
    up, down = (b[name].astype(np.int8) for name in ("wt_cross_up", "wt_cross_down"))
    wt1, wt2, *values = (b[name] for name in VALUES)
    return (
        close,
        wt1,
        wt2,
        np.where(b["wt_cross"], up - down, np.int8(0)),
        *values,
        atr(high, low, close, s.atr_length),
        fast,
        slow,
        cross(fast, slow),
    )


def _closed(candles: Candles, minutes: int) -> Rows:
    frame = join(candles.ts_open, candles.interval, candles.bars, minutes)
    return np.zeros(len(candles.ts_open), dtype=np.int64) if frame is None else frame.closed


def _codes(flags: Collection[Flags]) -> Rows:
    """Write the marks of each row as one number, a bit for each."""
    codes = np.zeros(len(next(iter(flags))), dtype=np.int64)
    for place, flag in enumerate(flags):
        codes[flag] |= 1 << place
    return codes


@cache
def _places(code: int) -> tuple[int, ...]:
    return tuple(place for place in range(len(MARKS)) if code >> place & 1)


@cache
def _marks(code: int) -> tuple[str, ...]:
    return tuple(MARKS[place] for place in _places(code))


def _or_none(column: NDArray[np.float64]) -> list[float | None]:
    missing = np.isnan(column)
    values: list[float | None] = column.tolist()
    if missing.all():
        return [None] * len(values)
    return [None if value != value else value for value in values] if missing.any() else values
