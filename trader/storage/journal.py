"""Write one run: append, flush, checkpoint, finish."""

from typing import Self

from msgspec.structs import asdict, astuple, replace

from trader.storage.archive import Archive
from trader.storage.database import transaction, writing
from trader.storage.head import Head, head_path, write_head
from trader.storage.pruning import drop, old_quotes
from trader.storage.schema import GENESIS, Run, RunInfo, link, run_id, seal

_Row = tuple[int, int, int, str, str, int, int, str, bytes, bytes]

_INSERT = "INSERT INTO envelopes VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, NULL)"
_PUT_RUN = (
    "INSERT OR REPLACE INTO runs"
    " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
)
_PUT_CHECKPOINT = "INSERT OR REPLACE INTO checkpoints VALUES (?, ?, ?, ?, ?, ?)"
_COUNT_CHECKPOINTS = "SELECT count(*) FROM checkpoints WHERE run = ?"
_DROP_CHECKPOINTS = (
    "DELETE FROM checkpoints WHERE run = ?1 AND role = ?2 AND seq NOT IN"
    " (SELECT seq FROM checkpoints WHERE run = ?1 AND role = ?2 ORDER BY row DESC, seq DESC"
    " LIMIT 2)"
)


class Journal:
    """The journal of the run that is under way.

    What a flush could not write stays in memory, in order, for the next one: every row, and each
    role's newest checkpoint. Whoever appends bounds it, by halting.
    """

    def __init__(self, archive: Archive, run: Run) -> None:
        self.run = run
        """The run as it is on disk."""
        self._archive = archive
        self._row = run.first - 1
        self._chain = GENESIS
        self._rows: list[_Row] = []
        self._checkpoints: dict[str, tuple[int, int, bytes]] = {}
        self._durable = False
        self._synchronous = ""
        self._thinned = run.first

    @classmethod
    def start(cls, archive: Archive, info: RunInfo) -> Self:
        """Begin a run; it is on disk when this returns."""
        runs = archive.runs()
        number, first = len(runs) + 1, runs[-1].end if runs else 1
        name = run_id(number, info.started)
        run = Run(**asdict(info), number=number, id=name, first=first)
        journal = cls(archive, run)
        journal._write(run, durable=True)
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
        self._rows.append((row, seq, time, sender, receiver, cause, correlation, kind, body, chain))

    def checkpoint(self, role: str, seq: int, state: bytes) -> None:
        """Keep a role's state, with the next flush.

        The state must hold all that was appended for the role so far, up to `seq`.
        """
        self._checkpoints[role] = (seq, self._row, state)

    def flush(self, *, durable: bool) -> None:
        """Write what waits, in one transaction; raise JournalError and keep it if that fails.

        With `durable`, everything appended so far outlasts a loss of power when this returns;
        without, it outlasts the death of the process.
        """
        if self._rows or self._checkpoints or (durable and not self._durable):
            self._write(self._reached(), durable)

    def finish(self, outcome: str, ended: int, summary: bytes) -> None:
        """Flush, and mark the run's clean end at wall time `ended` (ns) with its summary (JSON)."""
        run = replace(self._reached(), outcome=outcome, ended=ended, summary=summary)
        self._write(run, durable=True)

    def prune_quotes(self, before: int, limit: int = 10_000) -> int:
        """Drop this run's quotes older than `before` (ns, market time) that no restore needs.

        Return how many of at most `limit` rows it went past; when fewer, it is done for now.
        """
        rows, passed = old_quotes(self._archive, self.run, self._thinned, before, limit)
        if rows:
            with transaction(self._archive.path, self._archive.connection):
                drop(self._archive.connection, rows)
        passed_before, self._thinned = self._thinned, passed
        return passed - passed_before

    def _reached(self) -> Run:
        if not self._rows:
            return self.run
        row, seq, time, *_, chain = self._rows[-1]
        return replace(self.run, rows=row + 1 - self.run.first, seq=seq, time=time, head=chain)

    def _write(self, run: Run, durable: bool) -> None:
        path, connection = self._archive.path, self._archive.connection
        self._synchronize("FULL" if durable else "NORMAL")
        with transaction(path, connection):
            connection.executemany(_INSERT, self._rows)
            if self._checkpoints:
                run = replace(run, checkpoints=self._put_checkpoints())
            row = astuple(run)
            connection.execute(_PUT_RUN, (*row, seal(row)))
        self.run, self._rows, self._checkpoints, self._durable = run, [], {}, durable
        if durable:
            with writing(path):
                write_head(head_path(path), Head(run.number, run.end - 1, run.head))

    def _put_checkpoints(self) -> int:
        """Write the checkpoints that wait, drop the oldest, and return how many the run has."""
        for role, checkpoint in self._checkpoints.items():
            row = (self.run.number, role, *checkpoint)
            self._archive.connection.execute(_PUT_CHECKPOINT, (*row, seal(row)))
            self._archive.connection.execute(_DROP_CHECKPOINTS, row[:2])
        counted = self._archive.connection.execute(_COUNT_CHECKPOINTS, (self.run.number,))
        return int(counted.fetchone()[0])

    def _synchronize(self, mode: str) -> None:
        if mode != self._synchronous:
            with writing(self._archive.path):
                self._archive.connection.execute(f"PRAGMA synchronous = {mode}")
            self._synchronous = mode
