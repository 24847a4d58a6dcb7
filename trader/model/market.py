"""Candles, quotes and intervals: market observations, in float64."""

import re
from collections.abc import Sequence
from enum import StrEnum

import msgspec

SECOND = 1_000_000_000
"""Nanoseconds in a second; every time in the engine is integer nanoseconds, UTC."""

_INFINITY = float("inf")
_UNITS = {"s": SECOND, "m": 60 * SECOND, "h": 3_600 * SECOND, "d": 86_400 * SECOND}
_UNITS["w"] = WEEK = 7 * _UNITS["d"]
_MONDAY = 4 * _UNITS["d"]
"""The first one: time begins on a Thursday, and weeks on Mondays."""


class Candle(msgspec.Struct, frozen=True, gc=False):
    """The closed OHLCV of one interval: `ts_open` inclusive to `ts_event` (its close) exclusive."""

    ts_open: int
    ts_event: int
    open: float
    high: float
    low: float
    close: float
    volume: float

    def fault(self, interval: int, closed: int = 0) -> str | None:
        """Say what about this cannot be a candle of an interval; None if it can.

        It can follow a sound one that `closed` when it opens (ns).
        """
        low, high = self.low, self.high
        # NaN fails every comparison.
        if (
            0.0 < low <= self.open <= high < _INFINITY
            and low <= self.close <= high
            and 0.0 <= self.volume < _INFINITY
        ):
            opened = self.ts_open
            on_grid = opened == closed or is_on_grid(opened, interval)
            return None if on_grid and self.ts_event - opened == interval else "wrong interval"
        return "impossible values"


class Quote(msgspec.Struct, frozen=True, gc=False):
    """The best bid and ask at `ts_event`."""

    ts_event: int
    bid: float
    ask: float

    def fault(self) -> str | None:
        """Say what about this cannot be a quote; None if it can."""
        return None if 0.0 < self.bid <= self.ask < _INFINITY else "impossible values"


class FeedCondition(StrEnum):
    """What a symbol's feed is good for; entries pass while it is LIVE, exits always."""

    CONNECTING = "connecting"
    LIVE = "live"
    STALE = "stale"
    RECOVERING = "recovering"
    HELD = "held"


class Series(msgspec.Struct, frozen=True):
    """Candles of one interval in columns, oldest first; `gaps` counts the intervals missing."""

    interval: int
    ts_open: Sequence[int]
    open: Sequence[float]
    high: Sequence[float]
    low: Sequence[float]
    close: Sequence[float]
    volume: Sequence[float]
    gaps: int = 0

    def __len__(self) -> int:
        return len(self.ts_open)


def interval_ns(interval: str) -> int:
    """Return the length of an interval such as `1m`, `15m`, `4h`, `1d` or `1w` in nanoseconds.

    Raises ValueError with the accepted form.
    """
    match = re.fullmatch(r"([1-9]\d{0,3})([smhdw])", interval)
    if match is None:
        raise ValueError(f"interval {interval!r} is not of the form 1m, 15m, 4h, 1d or 1w")
    return int(match[1]) * _UNITS[match[2]]


def is_on_grid(ts_open: int, interval: int) -> bool:
    """Tell whether a candle of an interval may open at a time (ns)."""
    if ts_open % interval == 0:
        return True
    return interval % WEEK == 0 and (ts_open - _MONDAY) % interval == 0


def interval_name(interval: int) -> str:
    """Name a length in nanoseconds as `interval_ns` reads it; parts of a second as `0.5s`."""
    for unit, size in reversed(_UNITS.items()):
        if interval % size == 0:
            return f"{interval // size}{unit}"
    return f"{interval / SECOND:g}s"
