"""Past runs of one journal; every row is checked against its hash before it is returned."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from trader.storage.database import (
    FOREIGN,
    connect_to_read,
    connect_to_write,
    create,
    damaged,
    reading,
)
from trader.storage.head import Head, head_path, read_head
from trader.storage.schema import GENESIS, TABLES, Cell, Record, Run, link, seal

JOURNAL_FILE = "journal.db"
"""The journal's name in its data directory."""

OPEN_ROWS = 200_000
"""How many of the newest rows are checked on open; older ones are when they are read."""
OPEN_BYTES = 128 * 2**20
"""Up to this size SQLite's own structure is checked on open, too."""

_RECEIVED = (
    "SELECT seq, time, sender, receiver, cause, correlation, kind, body, max(row) FROM envelopes"
    " WHERE row >= ? AND row < ? AND receiver = ? AND seq > ? GROUP BY seq ORDER BY seq"
)
_CHECKPOINTS = (
    "SELECT runs.checkpoints, kept.* FROM runs LEFT JOIN checkpoints AS kept ON run = number"
    " WHERE number = ? ORDER BY kept.row, kept.seq"
)
_ROWS = (
    "SELECT row, seq, time, sender, receiver, cause, correlation, kind, body, chain, prior"
    " FROM envelopes WHERE row >= ? AND row < ? ORDER BY row"
)


class Archive:
    """The runs of a journal."""

    def __init__(
        self, path: Path, connection: sqlite3.Connection, checked: dict[int, int] | None = None
    ) -> None:
        self.path = path
        self.connection = connection
        self.checked = checked or {}
        """By run, the row from which on its rows have been checked."""

    def runs(self) -> list[Run]:
        """Return every run, oldest first."""
        with reading(self.path):
            rows = self.connection.execute("SELECT * FROM runs ORDER BY number").fetchall()
        runs = []
        for number, (*values, stored) in enumerate(rows, 1):
            if seal(tuple(values)) != stored or (run := Run(*values)).number != number:
                raise damaged(self.path, f"the record of run {number} is damaged")
            runs.append(run)
        return runs

    def last_run(self, account: str) -> Run | None:
        """Return the newest run of an account, None where there was none.

        One that died before its first row is passed over: it holds nothing, and nothing of it.
        """
        runs = reversed(self.runs())
        return next((run for run in runs if run.account == account and run.rows), None)

    def restore(self, run: Run) -> dict[str, tuple[int, bytes]]:
        """Return each role's newest checkpoint: the seq of its last envelope, and its state."""
        return {role: (seq, state) for role, seq, _, state in self._checkpoints(run)}

    def messages_after(self, run: Run, role: str, seq: int) -> Iterator[Record]:
        """Yield what a role received after its checkpoint at `seq` (or from the start), by seq.

        An envelope that was delivered twice, because its first handler raised, comes once.
        """
        checkpoints = self._checkpoints(run)
        taken = (row for owner, at, row, _ in checkpoints if owner == role and at == seq)
        start = next(taken, run.first - 1) + 1
        self._check(run, start)
        with reading(self.path):
            received = self.connection.execute(_RECEIVED, (start, run.end, role, seq))
            for row in received:
                yield Record(*row[:-1])

    def envelopes(self, run: Run) -> Iterator[Record]:
        """Yield a run's envelopes in the order of its chain, less those that were pruned."""
        return self._rows(run, run.first)

    def verify(self, run: Run | None = None) -> int:
        """Check all there is, or one run; return how many rows, or raise at the first damaged."""
        with reading(self.path):
            self._check_structure()
        runs = self.runs() if run is None else [run]
        for each in runs:
            self.restore(each)
        return sum(1 for each in runs for _ in self._rows(each, each.first))

    def check_newest(self) -> None:
        """Check what a start relies on, within a second or two however large the journal is."""
        with reading(self.path):
            head = self._head()
            self._check_schema()
            if self.path.stat().st_size <= OPEN_BYTES:
                self._check_structure()
        runs = self.runs()
        budget = OPEN_ROWS
        for run in reversed(runs):
            self.restore(run)
            self._check(run, max(run.first, run.end - budget))
            budget -= min(budget, run.rows)
            if not budget:
                break
        if head is not None:
            self._check_head(runs, head)

    def _head(self) -> Head | None:
        try:
            return read_head(head_path(self.path))
        except ValueError as error:
            cure = "remove it if the journal is known to be whole"
            raise damaged(self.path, str(error), cure) from error

    def _check_head(self, runs: list[Run], head: Head) -> None:
        run = runs[head.run - 1] if 1 <= head.run <= len(runs) else None
        if run is None or head.row >= run.end:
            cure = f"put the newer file back, or remove {head_path(self.path).name} to do without"
            text = f"ends before row {head.row} of run {head.run}, which was on disk"
            raise damaged(self.path, text, cure)
        if self._chain_at(run, head.row) not in {head.chain, None}:
            text = f"row {head.row} (run {run.id}) is not the one that was on disk"
            raise damaged(self.path, text)

    def _checkpoints(self, run: Run) -> list[tuple[str, int, int, bytes]]:
        with reading(self.path):
            rows = self.connection.execute(_CHECKPOINTS, (run.number,)).fetchall()
        kept = [values for _, *values in rows if values[0] is not None]
        if not rows or rows[0][0] != len(kept):
            raise damaged(self.path, f"a checkpoint of run {run.id} is missing")
        for *values, stored in kept:
            if seal(tuple(values)) != stored:
                text = f"a checkpoint of {values[1]} in run {run.id} is damaged"
                raise damaged(self.path, text)
        return [(role, seq, row, state) for _, role, seq, row, state, _ in kept]

    def _check_schema(self) -> None:
        tables = self.connection.execute(
            "SELECT name, sql FROM sqlite_master WHERE sql IS NOT NULL"
        ).fetchall()
        if dict(tables) != TABLES:
            raise damaged(self.path, "its tables are not those of a journal")

    def _check_structure(self) -> None:
        (answer,) = self.connection.execute("PRAGMA integrity_check(1)").fetchone()
        if answer != "ok":
            raise damaged(self.path, "is damaged (" + " ".join(str(answer).split()) + ")")

    def _check(self, run: Run, start: int) -> None:
        """Check a run from a row on, unless that has been done."""
        if start < self.checked.get(run.number, run.end + 1):
            for _ in self._rows(run, start):
                pass
            self.checked[run.number] = start

    def _rows(self, run: Run, start: int) -> Iterator[Record]:
        """Yield a run's envelopes from a row on, each checked against the chain before it."""
        last, chain = start - 1, self._chain_at(run, start - 1)
        try:
            for row, *fields, stored, prior in self.connection.execute(_ROWS, (start, run.end)):
                if prior is not None:
                    chain = prior
                elif row != last + 1:
                    raise damaged(self.path, f"row {last + 1} (run {run.id}) is missing")
                if link(chain, *fields) != stored:
                    text = f"row {row} (run {run.id}, seq {fields[0]}) is damaged"
                    raise damaged(self.path, text)
                last, chain = row, stored
                yield Record(*fields)
        except FOREIGN as error:
            text = f"cannot be read after row {last} (run {run.id}): {error}"
            raise damaged(self.path, text) from error
        if last + 1 != run.end or chain != run.head:
            text = f"run {run.id} breaks off after row {last}, before its head in row {run.end - 1}"
            raise damaged(self.path, text)

    def _chain_at(self, run: Run, row: int) -> Cell:
        if row < run.first:
            return GENESIS
        with reading(self.path):
            found: tuple[Cell] | None = self.connection.execute(
                "SELECT chain FROM envelopes WHERE row = ?", (row,)
            ).fetchone()
        return found and found[0]


@contextmanager
def open_archive(path: Path) -> Iterator[Archive]:
    """Check a journal and open it to read; an engine may be writing it meanwhile."""
    with closing(connect_to_read(path)) as connection:
        archive = Archive(path, connection)
        archive.check_newest()
        yield archive


@contextmanager
def open_journal(path: Path) -> Iterator[Archive]:
    """Check a journal, or create it, and open it to write; hold its data directory's lock."""
    if not path.exists():
        create(path)
    with open_archive(path) as checked:
        rows = checked.checked
    with closing(connect_to_write(path)) as connection:
        yield Archive(path, connection, rows)
