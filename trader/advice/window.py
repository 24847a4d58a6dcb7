"""The newest candles and readings of a symbol: what a brief shows and claims are held against."""

from collections.abc import Sequence

import msgspec

from trader.model.market import Candle
from trader.model.opinions import Reading
from trader.model.views import Snapshot

ROWS = 24
"""Candles kept of each symbol."""
_COUNTS = frozenset({"ts_event", "gap"})
_CROSS = "cross"
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
    """Return the measured values of a snapshot by name, whatever it has; None is no reading.

    Those of a tuple are numbered from 1.
    """
    found: dict[str, float] = {}
    for name, value in msgspec.structs.asdict(snapshot).items():
        if isinstance(value, float):
            found[name] = value
        elif isinstance(value, tuple):
            numbered = enumerate(value, 1)
            found |= {f"{name}_{place}": v for place, v in numbered if isinstance(v, float)}
    return found


def events(snapshot: msgspec.Struct) -> dict[str, int]:
    """Return what happened on a candle: crosses by name with their sign, and marks."""
    found: dict[str, int] = {}
    for name, value in msgspec.structs.asdict(snapshot).items():
        if isinstance(value, tuple):
            found |= {mark: 1 for mark in value if isinstance(mark, str)}
        elif name.endswith(_CROSS) and value:
            found[name] = value
    return found


def states(snapshot: msgspec.Struct) -> dict[str, int]:
    """Return what holds from candle to candle, such as a zone, by name."""
    return {
        name: int(value)
        for name, value in msgspec.structs.asdict(snapshot).items()
        if isinstance(value, int) and not name.endswith(_CROSS) and name not in _COUNTS
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
    newest = rows[-1].snapshot
    for name, mark in {**states(newest), **events(newest)}.items():
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
