"""The newest candles and readings of a symbol: what a brief shows and claims are held against."""

from collections.abc import Iterator, Sequence

import msgspec

from trader.model.market import Candle
from trader.model.opinions import Reading
from trader.model.views import Snapshot

ROWS = 24
"""Candles kept of each symbol."""
_OWN = frozenset({"ts_event"})
_LEAST_TOLERANCE = 0.001
"""Of a reading's size: what a reader may round away."""


class Row(msgspec.Struct, frozen=True):
    """A closed candle and the snapshot taken at it; `candle` is None where none was sent."""

    snapshot: Snapshot
    candle: Candle | None


def remember(rows: list[Row], snapshot: Snapshot, candle: Candle | None) -> None:
    """Add the newest row and let go of the oldest."""
    rows.append(Row(snapshot, candle))
    del rows[:-ROWS]


def readings(snapshot: msgspec.Struct) -> dict[str, float]:
    """Return the measured values of a snapshot by name, whatever it has; None is no reading."""
    return {name: value for name, value in _leaves(snapshot) if isinstance(value, float)}


def events(snapshot: msgspec.Struct) -> dict[str, int]:
    """Return what happened on a candle by name: crosses and other marks that are not 0."""
    return {
        name: int(value) for name, value in _leaves(snapshot) if isinstance(value, int) and value
    }


def shown(rows: Sequence[Row], tolerance_pct: float) -> dict[str, Reading]:
    """Return all that a brief shows of the newest row, and how far off a claim on each may be.

    That is a share of the range the reading had over the rows, and at least what rounding takes.
    """
    history = [_of_row(row) for row in rows]
    found = {}
    for name, value in all_readings(rows).items():
        # The extremes of the window are levels of price: what the close ranged over bounds them.
        past = [each.get(name, each["close"]) for each in history]
        spread = (max(past) - min(past)) * tolerance_pct / 100.0
        found[name] = Reading(value, max(spread, abs(value) * _LEAST_TOLERANCE))
    for name, mark in events(rows[-1].snapshot).items():
        found[name] = Reading(float(mark), 0.0)
    return found


def all_readings(rows: Sequence[Row]) -> dict[str, float]:
    """Return the readings of the newest row, and the extremes of all."""
    found = _of_row(rows[-1])
    candles = [row.candle for row in rows if row.candle is not None]
    if candles:
        found["window_high"] = max(candle.high for candle in candles)
        found["window_low"] = min(candle.low for candle in candles)
    return found


def _of_row(row: Row) -> dict[str, float]:
    found, candle = readings(row.snapshot), row.candle
    if candle is not None:
        found |= {"open": candle.open, "high": candle.high, "low": candle.low}
        found["volume"] = candle.volume
    return found


def _leaves(part: msgspec.Struct, prefix: str = "") -> Iterator[tuple[str, object]]:
    for name, value in msgspec.structs.asdict(part).items():
        if isinstance(value, msgspec.Struct):
            yield from _leaves(value, f"{prefix}{name}_")
        elif name not in _OWN:
            yield prefix + name, value
