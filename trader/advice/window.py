"""The newest candles and readings of a symbol: what a brief shows and claims are held against."""

from collections.abc import Sequence

import msgspec

from trader.model.market import Candle
from trader.model.opinions import Reading
from trader.model.views import Snapshot

RECENT = 16
"""Candles of which each is kept with all its readings, at least."""
STRIDE = 8
"""Candles before them that are kept as one, with the newest of their readings."""
_PAST = 23
SPAN = RECENT + STRIDE * _PAST
"""Candles that a window reaches back over, at least, once there were as many."""
_COUNTS = frozenset({"ts_event", "gap"})
_CROSS = "cross"
_LEAST_TOLERANCE = 0.001
"""Of a reading's size: what a reader may round away."""


class Row(msgspec.Struct, frozen=True):
    """A closed candle and the snapshot taken at it; `candle` is None where none was sent."""

    snapshot: Snapshot
    candle: Candle | None


class Past(msgspec.Struct, frozen=True):
    """Several candles as one, and what Cipher B read at its close."""

    open: float
    high: float
    low: float
    close: float
    volume: float
    wt1: float
    wt2: float
    rsi: float
    money_flow: float


class Window(msgspec.Struct):
    """The newest rows of a symbol, and what came before them in fewer; oldest first."""

    recent: list[Row] = []
    past: list[Past] = []

    @property
    def newest(self) -> Snapshot:
        """The snapshot of the newest row."""
        return self.recent[-1].snapshot

    def add(self, snapshot: Snapshot, candle: Candle | None) -> None:
        """Add the newest row; make one of the oldest, once there are enough, and let one go."""
        recent = self.recent
        recent.append(Row(snapshot, candle))
        if len(recent) >= RECENT + STRIDE:
            self.past += _merged(recent[:STRIDE])
            del recent[:STRIDE], self.past[:-_PAST]


def _merged(rows: Sequence[Row]) -> list[Past]:
    """Return the one candle that rows come to; none where none was sent with them."""
    candles = [row.candle for row in rows if row.candle is not None]
    if not candles:
        return []
    newest = rows[-1].snapshot
    return [
        Past(
            candles[0].open,
            max(candle.high for candle in candles),
            min(candle.low for candle in candles),
            candles[-1].close,
            sum(candle.volume for candle in candles),
            newest.wt1,
            newest.wt2,
            newest.rsi,
            newest.money_flow,
        )
    ]


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


def shown(window: Window, tolerance_pct: float) -> dict[str, Reading]:
    """Return all that a brief shows of the newest row, and how far off a claim on each may be.

    That is a share of the range it had over the recent rows, and at least what rounding takes.
    """
    history = [_of_row(row) for row in window.recent]
    found = {}
    for name, value in all_readings(window).items():
        # The extremes of the window are levels of price: what the close ranged over bounds them.
        past = [each.get(name, each["close"]) for each in history]
        spread = (max(past) - min(past)) * tolerance_pct / 100.0
        found[name] = Reading(value, max(spread, abs(value) * _LEAST_TOLERANCE))
    newest = window.newest
    for name, mark in {**states(newest), **events(newest)}.items():
        found[name] = Reading(float(mark), 0.0)
    return found


def all_readings(window: Window) -> dict[str, float]:
    """Return the readings of the newest row, and the extremes of the whole window."""
    found = _of_row(window.recent[-1])
    candles: list[Past | Candle] = list(window.past)
    candles += (row.candle for row in window.recent if row.candle is not None)
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
