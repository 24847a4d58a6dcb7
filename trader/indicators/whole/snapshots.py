"""The snapshots of a series, made of columns, row by row."""

from bisect import bisect_right
from collections.abc import Collection
from functools import cache

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

Signs = NDArray[np.int8]

_STRETCH = 1_024
"""Rows whose numbers are laid side by side at once."""


class Snapshots:
    """Makes the snapshots of a series, each of its row of the columns; its prices are finite.

    `there` tells the rows that have one; `columns`, `cross`, `rsi_zone`, `ema_cross` hold what
    Snapshot has under their names.
    """

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
        count = len(candles.ts_open)
        self._needs = higher_needs(b)
        closed = [
            np.minimum(_closed(candles, minutes), needed) for _, minutes, needed in self._needs
        ]
        warm = [counts >= need[2] for counts, need in zip(closed, self._needs, strict=True)]
        self._closed = np.column_stack(closed)
        self._higher = [0] * len(closed), progress(self._needs, [0] * len(closed))
        self._ts_event = candles.ts_open + candles.interval
        with np.errstate(all="ignore"):
            numbers, signs = _plain(s, candles, columns_b)
        self.columns = {"ts_event": self._ts_event, **numbers}
        self._numbers = [*numbers.values(), *(columns_a[name] for name in RIBBON)]
        known = np.logical_and.reduce([~np.isnan(column) for column in self._numbers])
        self._numbers += [
            np.where(warm[0 if name == HIGHER_VALUES[0] else 3], columns_b[name], np.nan)
            for name in HIGHER_VALUES
        ]
        self._first, self._stretch = -1, np.empty((0, 0))
        self._ribbon_up = columns_a["ribbon_up"]
        self._holes = (np.flatnonzero(np.diff(candles.ts_open) != candles.interval) + 1).tolist()
        self._look_back = s.gap_candles
        self.there: list[bool] = (known & (np.arange(count) >= s.history - early - 1)).tolist()
        self.cross, self.rsi_zone, self.ema_cross = (sign.tolist() for sign in signs)
        flags = {mark: columns_b[mark] for mark in MARKS_OF_B}
        flags |= {mark: columns_a[mark] for mark in MARKS_OF_A if mark in columns_a}
        flags |= {name: flags[name] & warm[0] for name in FLAGS}
        flags |= {name: flags[name] & warm[1] & warm[2] for name in DIAMONDS}
        self._codes = _codes(flags.values())
        self._bases = np.arange(len(flags)) * count
        # Each as one number that grows with mark and row, and -1 before the first.
        self._happened = np.flatnonzero(np.concatenate([[True], *flags.values()])) - 1
        self._newest: tuple[int, Snapshot | None] = -1, None
        self._last = [0] * len(MARKS)

    def at(self, row: int) -> Snapshot:
        """Make the snapshot of a row that has one; the newest is kept."""
        newest, made = self._newest
        if row != newest or made is None:
            made = self._make(row, newest)
            self._newest = row, made
        return made

    def _make(self, row: int, newest: int) -> Snapshot:
        first = row - row % _STRETCH
        if first != self._first:
            stretch = slice(first, first + _STRETCH)
            self._stretch = np.column_stack([column[stretch] for column in self._numbers])
            self._first = first
        numbers = self._stretch[row - first].tolist()
        close, wt1, wt2, rsi, flow, k, d, schaff, atr, fast, slow, *ribbon = numbers[:-4]
        wave, macd, signal, macd_flow = map(_known, numbers[-4:])
        code: int = self._codes.item(row)
        return Snapshot(
            self._ts_event.item(row),
            close,
            wt1,
            wt2,
            self.cross[row],
            rsi,
            self.rsi_zone[row],
            flow,
            k,
            d,
            schaff,
            atr,
            fast,
            slow,
            self.ema_cross[row],
            tuple(ribbon),
            self._ribbon_up.item(row),
            wave,
            macd,
            signal,
            macd_flow,
            self._progress(row),
            self._gap(row),
            _marks(code),
            self._seen(row, code, newest),
        )

    def _progress(self, row: int) -> tuple[Higher, ...]:
        counts = self._closed[row].tolist()
        if counts != self._higher[0]:
            self._higher = counts, progress(self._needs, counts)
        return self._higher[1]

    def _gap(self, row: int) -> int | None:
        """Count the candles since the newest hole that lies within the look-back."""
        before = bisect_right(self._holes, row)
        since = row + 1 - self._holes[before - 1] if before else 0
        return since if 0 < since <= self._look_back else None

    def _seen(self, row: int, code: int, newest: int) -> tuple[int, ...]:
        """Tell when each mark was seen last; quick where the row follows the newest."""
        if row != newest + 1:
            at = self._happened[np.searchsorted(self._happened, self._bases + row) - 1]
            rows = np.maximum(at - self._bases, -1)
            seen = np.where(rows < 0, 0, self._ts_event[rows]).tolist()
            self._last = seen + [0] * (len(MARKS) - len(seen))
        for place in _places(code):
            self._last[place] = self._ts_event.item(row)
        return tuple(self._last)


def _plain(
    s: IndicatorSettings, candles: Candles, b: Columns
) -> tuple[Columns, tuple[Signs, Signs, Signs]]:
    """Return the numbers of Snapshot from `close` to `ema_slow`, in its order, and its signs."""
    _, high, low, close = candles.bars
    wt1, wt2, rsi, zone, flow, k, d, schaff = (b[name] for name in VALUES)
    up, down = (b[name].astype(np.int8) for name in ("wt_cross_up", "wt_cross_down"))
    turns = np.where(b["wt_cross"], up - down, np.int8(0))
    numbers = {
        "close": close,
        "wt1": wt1,
        "wt2": wt2,
        "rsi": rsi,
        "money_flow": flow,
        "stoch_k": k,
        "stoch_d": d,
        "schaff": schaff,
        "atr": atr(high, low, close, s.atr_length),
        "ema_fast": ema(close, s.ema_fast),
        "ema_slow": ema(close, s.ema_slow),
    }
    return numbers, (turns, zone, cross(numbers["ema_fast"], numbers["ema_slow"]))


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


def _known(value: float) -> float | None:
    return value if value == value else None
