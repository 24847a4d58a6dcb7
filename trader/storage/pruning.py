"""Drop old rows so that the chain of those that stay can still be checked."""

import sqlite3

from trader.model import messages as m
from trader.storage.archive import Archive
from trader.storage.database import reading, transaction
from trader.storage.schema import Row, Run
from trader.topology import KILL_SWITCH

PASSING = frozenset(
    kind.__name__
    for kind in (
        m.AccountReceived,
        m.AccountReconciled,
        m.CandleClosed,
        m.CandleReceived,
        m.ExecutionReported,
        m.Heartbeat,
        m.HeartbeatDue,
        m.PositionChanged,
        m.QuoteReceived,
        m.QuoteUpdated,
        m.ReconcileDue,
        m.SnapshotTaken,
        m.StaleCheckDue,
    )
)
"""What the market repeats, and what others say again: most of the rows, the least of the audit."""

_OLDEST = "SELECT row, chain FROM envelopes WHERE row >= ? AND row < ? ORDER BY row LIMIT ?"
_CANDIDATES = (
    "SELECT row, seq, time, receiver, kind, chain FROM envelopes"
    " WHERE row >= ? AND row < ? ORDER BY row"
)
_FLOORS = "SELECT role, min(seq) FROM checkpoints WHERE run = ? GROUP BY role"


def prune_runs(archive: Archive, now: int, retention: int, limit: int = 10_000) -> int:
    """Drop envelopes of runs older than `retention` (ns) at wall time `now`; return how many.

    Each call drops at most `limit`. What is left of a run is its record, its checkpoints and its
    last row. An account's newest run, and the one that it was resumed from, stay whole.
    """
    for run in _older_than(archive.runs(), now, retention):
        with reading(archive.path):
            rows = dict(archive.connection.execute(_OLDEST, (run.first, run.end - 1, limit)))
        if rows:
            with transaction(archive.path, archive.connection):
                drop(archive.connection, rows)
            return len(rows)
    return 0


def passing_before(
    archive: Archive, run: Run, start: int, before: int, limit: int
) -> tuple[dict[int, bytes], int]:
    """Return rows that may go, each with its chain, and the row where the next search starts.

    What only passes, and came before every checkpoint of its receiver, is never needed again; the
    KillSwitch always starts afresh.
    """
    rows: dict[int, bytes] = {}
    end = min(start + limit, run.end - 1)
    with reading(archive.path):
        floors = dict(archive.connection.execute(_FLOORS, (run.number,)))
        floors[KILL_SWITCH] = run.seq
        for row, seq, time, receiver, kind, chain in archive.connection.execute(
            _CANDIDATES, (start, end)
        ):
            if time >= before or (kind in PASSING and seq > floors.get(receiver, 0)):
                return rows, row
            if kind in PASSING:
                rows[row] = chain
    return rows, end


def without_passing(rows: list[Row], held: dict[str, int]) -> list[Row]:
    """Leave out what only passes and is in its receiver's checkpoint; the last row stays."""
    held = {KILL_SWITCH: rows[-1][0], **held}
    kept: list[Row] = []
    prior = None
    for row in rows:
        number, _, _, _, receiver, _, _, kind, _, chain, before = row
        if kind in PASSING and number <= held.get(receiver, 0) and row is not rows[-1]:
            prior = chain
        else:
            kept.append((*row[:-1], before if prior is None else prior))
            prior = None
    return kept


def drop(connection: sqlite3.Connection, rows: dict[int, bytes]) -> None:
    """Delete rows, given with their chains; the row after each gap keeps the chain before it."""
    connection.executemany("DELETE FROM envelopes WHERE row = ?", [(row,) for row in rows])
    connection.executemany(
        "UPDATE envelopes SET prior = ? WHERE row = ?",
        [(chain, row + 1) for row, chain in rows.items() if row + 1 not in rows],
    )


def _older_than(runs: list[Run], now: int, retention: int) -> list[Run]:
    """Return the runs that may go, whatever the wall clock was set to as they came and went.

    A run is as old as the starts after it are apart. No pause counts for more than three quarters
    of the retention, and none for less than nothing, so that no single jump makes a run old.
    """
    newest = {run.account: run for run in runs if run.rows}.values()
    kept = {run.id for run in newest} | {run.resumed_from for run in newest}
    old, age, later = [], 0, now
    for run in reversed(runs):
        if age > retention and run.id not in kept:
            old.append(run)
        age += min(max(later - run.started, 0), retention * 3 // 4)
        later = run.started
    return old[::-1]
