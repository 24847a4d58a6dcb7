"""Write one run: append, flush, checkpoint, finish."""

import os
from typing import Self

from msgspec.structs import asdict, astuple, replace

from trader.model.errors import JournalError
from trader.storage.archive import Archive
from trader.storage.database import transaction, writing
from trader.storage.head import Head, head_path, write_head
from trader.storage.pruning import drop, passing_before, without_passing
from trader.storage.schema import GENESIS, Row, Run, RunInfo, link, run_id, seal

_STEP = 4_096
"""Rows of one transaction: what a flush that fails has done in vain."""
_ROOM = 65_536
"""Rows that may wait for the disk before those that only pass are dropped from among them."""

_INSERT = "INSERT INTO envelopes VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
_PUT_RUN = (
    "INSERT OR REPLACE INTO runs"
    " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
)
_PUT_CHECKPOINT = "INSERT OR REPLACE INTO checkpoints VALUES (?, ?, ?, ?, ?, ?)"
_DROP_CHECKPOINT = "DELETE FROM checkpoints WHERE run = ? AND role = ? AND seq = ?"
_KEPT = 2
"""Checkpoints of a role that stay."""


class Journal:
    """The journal of the run that is under way.

    What a flush could not write stays in memory, in order, for the next one: each role's newest
    checkpoint, and every row; when too many wait, market data that a checkpoint holds are dropped.
    With `retention` (ns, market time), older market data are dropped from the disk as the run goes
    on.
    """

    def __init__(self, archive: Archive, run: Run, retention: int | None = None) -> None:
        self.run = run
        """The run as it is on disk."""
        self._archive = archive
        self._file = archive.path.stat()
        self._row = run.first - 1
        self._chain = GENESIS
        self._retention = retention
        self._rows: list[Row] = []
        self._room = _ROOM
        self._checkpoints: dict[str, tuple[int, int, bytes]] = {}
        self._kept: dict[str, tuple[int, ...]] = {}
        self._durable = False
        self._synchronous = ""
        self._pruned = run.first
        self._fresh = 0

    @classmethod
    def start(cls, archive: Archive, info: RunInfo, retention: int | None = None) -> Self:
        """Begin a run; it is on disk when this returns."""
        runs = archive.runs()
        number, first = len(runs) + 1, runs[-1].end if runs else 1
        name = run_id(number, info.started)
        run = Run(**asdict(info), number=number, id=name, first=first)
        journal = cls(archive, run, retention)
        journal._write_all(durable=True)
        return journal

    @property
    def audit_digest(self) -> str:
        """The head of the chain, of rows that were not flushed too: a hash of all that happened."""
        return self._chain.hex()

    def append(
        self,
        seq: int,
        time: int,
        sender: str,
        receiver: str,
        cause: int,
        correlation: int,
        kind: str,
        body: bytes,
    ) -> None:
        """Add an envelope to the chain, and to the next flush."""
        self._row = row = self._row + 1
        self._chain = chain = link(
            self._chain, seq, time, sender, receiver, cause, correlation, kind, body
        )
        self._rows.append(
            (row, seq, time, sender, receiver, cause, correlation, kind, body, chain, None)
        )

    def checkpoint(self, role: str, seq: int, state: bytes) -> None:
        """Keep a role's state, with the next flush.

        The state must hold all that was appended for the role so far, up to `seq`.
        """
        self._checkpoints[role] = (seq, self._row, state)

    def flush(self, *, durable: bool) -> None:
        """Write what waits; raise JournalError and keep what could not be written.

        With `durable`, everything appended so far outlasts a loss of power when this returns;
        without, it outlasts the death of the process.
        """
        if self._rows or self._checkpoints or (durable and not self._durable):
            self._write_all(durable)
        if not durable and self._fresh >= _STEP and self._retention is not None:
            self._fresh = 0
            self.prune(self.run.time - self._retention)

    def finish(self, outcome: str, ended: int, summary: bytes) -> None:
        """Flush, and mark the run's clean end at wall time `ended` (ns) with its summary (JSON)."""
        self._write_all(durable=True, outcome=outcome, ended=ended, summary=summary)

    def prune(self, before: int, limit: int = 2 * _STEP) -> int:
        """Drop this run's market data older than `before` (ns) that no restore needs.

        Return how many of at most `limit` rows it went past; when fewer, it is done for now.
        """
        start = self._pruned
        rows, passed = passing_before(self._archive, self.run, start, before, limit)
        if rows:
            with transaction(self._archive.path, self._archive.connection):
                drop(self._archive.connection, rows)
        self._pruned = passed
        return passed - start

    def _write_all(self, durable: bool, **end: object) -> None:
        """Write every row that waits, a step at a time; `end` goes with the last."""
        try:
            if durable:
                self._require_file()
            while len(self._rows) > _STEP:
                self._write(self._rows[:_STEP], durable=False)
            self._write(self._rows, durable, **end)
        except JournalError:
            self._make_room()
            raise
        if durable:
            with writing(self._archive.path):
                head = Head(self.run.number, self.run.end - 1, self.run.head)
                write_head(head_path(self._archive.path), head)
        self._durable = durable

    def _require_file(self) -> None:
        """Raise JournalError where the file was taken away: what is written then, nobody reads."""
        with writing(self._archive.path):
            if not os.path.samestat(self._file, self._archive.path.stat()):
                raise OSError("another file has its name")

    def _write(self, rows: list[Row], durable: bool, **end: object) -> None:
        """Write the first rows, and the checkpoints: those outlast the rows that wait for more."""
        connection = self._archive.connection
        self._synchronize("FULL" if durable else "NORMAL")
        with transaction(self._archive.path, connection):
            connection.executemany(_INSERT, rows)
            kept = self._put_checkpoints()
            count = sum(map(len, kept.values()))
            run = replace(self._reached(rows), checkpoints=count, **end)
            row = astuple(run)
            connection.execute(_PUT_RUN, (*row, seal(row)))
        self.run, self._durable, self._kept = run, False, kept
        self._rows, self._checkpoints = self._rows[len(rows) :], {}
        self._fresh += len(rows)

    def _reached(self, rows: list[Row]) -> Run:
        if not rows:
            return self.run
        row, seq, time, *_, chain, _ = rows[-1]
        return replace(self.run, rows=row + 1 - self.run.first, seq=seq, time=time, head=chain)

    def _make_room(self) -> None:
        """Drop what only passes from among too many rows; the next time at twice what is left."""
        if len(self._rows) > self._room:
            held = {role: row for role, (_, row, _) in self._checkpoints.items()}
            self._rows = without_passing(self._rows, held)
            self._room = max(_ROOM, 2 * len(self._rows))

    def _put_checkpoints(self) -> dict[str, tuple[int, ...]]:
        """Write the checkpoints that wait, drop the oldest; return the seqs kept of each role."""
        kept, execute = dict(self._kept), self._archive.connection.execute
        for role, checkpoint in self._checkpoints.items():
            row = (self.run.number, role, *checkpoint)
            execute(_PUT_CHECKPOINT, (*row, seal(row)))
            seq = checkpoint[0]
            seqs = (*(each for each in kept.get(role, ()) if each != seq), seq)
            for each in seqs[:-_KEPT]:
                execute(_DROP_CHECKPOINT, (self.run.number, role, each))
            kept[role] = seqs[-_KEPT:]
        return kept

    def _synchronize(self, mode: str) -> None:
        if mode != self._synchronous:
            with writing(self._archive.path):
                self._archive.connection.execute(f"PRAGMA synchronous = {mode}")
            self._synchronous = mode
