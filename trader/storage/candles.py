"""The local candle store: candles by venue, symbol and interval, each once, and what was asked for.

A span is a stretch of time of which the venue has given all it has: a candle that is missing in
one is a gap at the venue, and a download goes on where the spans end.
"""

import sqlite3
from collections.abc import Iterable, Iterator
from contextlib import closing, contextmanager
from itertools import pairwise
from pathlib import Path

import msgspec

from trader.model.errors import UsageError
from trader.model.market import Candle

_CURE = "nothing was changed; move the file aside, or choose another --data-dir"
_SECONDS = 10.0
"""How long one process waits for another that writes."""
_TABLES = """
CREATE TABLE IF NOT EXISTS series (
    id INTEGER PRIMARY KEY, venue TEXT NOT NULL, symbol TEXT NOT NULL, interval INTEGER NOT NULL,
    UNIQUE (venue, symbol, interval)
) STRICT;
CREATE TABLE IF NOT EXISTS candles (
    series INTEGER NOT NULL, ts_open INTEGER NOT NULL, open REAL NOT NULL, high REAL NOT NULL,
    low REAL NOT NULL, close REAL NOT NULL, volume REAL NOT NULL, PRIMARY KEY (series, ts_open)
) STRICT, WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS spans (
    series INTEGER NOT NULL, since INTEGER NOT NULL, until INTEGER NOT NULL,
    PRIMARY KEY (series, since)
) STRICT, WITHOUT ROWID;
"""

Span = tuple[int, int]
"""From `since` inclusive to `until` exclusive (ns)."""


class Key(msgspec.Struct, frozen=True):
    """What a series of candles is of; `interval` in ns."""

    venue: str
    symbol: str
    interval: int


class Holding(msgspec.Struct, frozen=True):
    """What the store has of a series; `first` and `last` are opening times (ns)."""

    key: Key
    count: int
    first: int
    last: int
    missing: int
    spans: tuple[Span, ...]


class CandleStore:
    """A SQLite file; safe from any thread and process, for each call opens it anew."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def add(self, key: Key, candles: Iterable[Candle], span: Span | None = None) -> int:
        """Keep candles that are not there yet, and the span they are all of; return how many."""
        with self._open(write=True) as db:
            series = _series(db, key)
            before = db.total_changes
            db.executemany(
                "INSERT OR IGNORE INTO candles VALUES (?, ?, ?, ?, ?, ?, ?)",
                [(series, c.ts_open, c.open, c.high, c.low, c.close, c.volume) for c in candles],
            )
            added = db.total_changes - before
            if span is not None and span[0] < span[1]:
                _cover(db, series, span)
        return added

    def read(self, key: Key, since: int, until: int) -> tuple[Candle, ...]:
        """Return the candles that open from `since` on and before `until`, oldest first."""
        with self._open() as db:
            rows = db.execute(
                "SELECT ts_open, open, high, low, close, volume FROM candles"
                " JOIN series ON series.id = series WHERE venue = ? AND symbol = ?"
                " AND interval = ? AND ts_open >= ? AND ts_open < ? ORDER BY ts_open",
                (key.venue, key.symbol, key.interval, since, until),
            )
            return tuple(Candle(row[0], row[0] + key.interval, *row[1:]) for row in rows)

    def spans(self, key: Key) -> tuple[Span, ...]:
        """Return what was asked for, in order; spans never touch."""
        with self._open() as db:
            return _spans(db, _find(db, key))

    def gaps(self, key: Key) -> list[Span]:
        """Return the stretches within spans for which the venue has no candles."""
        with self._open() as db:
            series = _find(db, key)
            found: list[Span] = []
            for since, until in _spans(db, series):
                rows = db.execute(
                    "SELECT ts_open FROM candles WHERE series = ? AND ts_open >= ? AND ts_open < ?"
                    " ORDER BY ts_open",
                    (series, since, until),
                )
                edges = [since - key.interval, *(row[0] for row in rows), until]
                found += [(a + key.interval, b) for a, b in pairwise(edges) if b - a > key.interval]
            return found

    def holdings(self) -> list[Holding]:
        """Return what there is, series by series."""
        with self._open() as db:
            rows = db.execute("SELECT id, venue, symbol, interval FROM series ORDER BY 2, 3, 4")
            keys = [(row[0], Key(*row[1:])) for row in rows]
            counted = [(key, _count(db, series), _spans(db, series)) for series, key in keys]
        return [
            Holding(key, count, first, last, _missing(self.gaps(key), key.interval), spans)
            for key, (count, first, last), spans in counted
        ]

    @contextmanager
    def _open(self, *, write: bool = False) -> Iterator[sqlite3.Connection]:
        try:
            self.path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            with closing(sqlite3.connect(self.path, timeout=_SECONDS, isolation_level=None)) as db:
                db.executescript(_TABLES)
                if write:
                    db.execute("BEGIN IMMEDIATE")
                yield db
                if write:
                    db.execute("COMMIT")
        except (sqlite3.Error, OSError) as error:
            raise UsageError(
                f"{self.path}: candles cannot be kept here ({error}); {_CURE}"
            ) from None


def _series(db: sqlite3.Connection, key: Key) -> int:
    names = key.venue, key.symbol, key.interval
    db.execute("INSERT OR IGNORE INTO series (venue, symbol, interval) VALUES (?, ?, ?)", names)
    return _find(db, key)


def _find(db: sqlite3.Connection, key: Key) -> int:
    """Return the number of a series, 0 where there is none."""
    row = db.execute(
        "SELECT id FROM series WHERE venue = ? AND symbol = ? AND interval = ?",
        (key.venue, key.symbol, key.interval),
    ).fetchone()
    return int(row[0]) if row else 0


def _spans(db: sqlite3.Connection, series: int) -> tuple[Span, ...]:
    rows = db.execute("SELECT since, until FROM spans WHERE series = ? ORDER BY since", (series,))
    return tuple((int(since), int(until)) for since, until in rows)


def _cover(db: sqlite3.Connection, series: int, span: Span) -> None:
    """Add a span, joined with those it touches."""
    since, until = span
    touching = [s for s in _spans(db, series) if s[0] <= until and since <= s[1]]
    since = min([since, *(s[0] for s in touching)])
    until = max([until, *(s[1] for s in touching)])
    db.executemany(
        "DELETE FROM spans WHERE series = ? AND since = ?", [(series, s[0]) for s in touching]
    )
    db.execute("INSERT INTO spans VALUES (?, ?, ?)", (series, since, until))


def _count(db: sqlite3.Connection, series: int) -> tuple[int, int, int]:
    row = db.execute(
        "SELECT count(*), coalesce(min(ts_open), 0), coalesce(max(ts_open), 0)"
        " FROM candles WHERE series = ?",
        (series,),
    ).fetchone()
    return int(row[0]), int(row[1]), int(row[2])


def _missing(gaps: Iterable[Span], interval: int) -> int:
    return sum((until - since) // interval for since, until in gaps)
