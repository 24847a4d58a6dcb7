"""The journal's format: its tables, its rows, and the hashes that make damage show.

A run's envelopes have consecutive row numbers, and each row's `chain` is the hash of the row and of
the chain before it, from `GENESIS` on. Where rows were pruned, the next row keeps the chain of the
last of them in `prior`, so that it can still be checked. Runs and checkpoints are rewritten, and
therefore stand outside the chain: each has a `seal`, the hash of its own row.
"""

from datetime import UTC, datetime
from hashlib import sha256

import msgspec

APPLICATION_ID = 0x41435452
VERSION = 1
GENESIS = bytes(32)
"""The chain before a run's first row: equal runs of envelopes have equal heads."""

TABLES = {
    "runs": (
        "CREATE TABLE runs (account TEXT, profile TEXT, fingerprint TEXT, settings TEXT,"
        " versions TEXT, mode TEXT, started INTEGER, market_start INTEGER, resumed_from TEXT,"
        " number INTEGER PRIMARY KEY, id TEXT, first INTEGER, rows INTEGER, seq INTEGER,"
        " time INTEGER, head BLOB, checkpoints INTEGER, outcome TEXT, ended INTEGER, summary BLOB,"
        " seal BLOB)"
    ),
    "envelopes": (
        "CREATE TABLE envelopes (row INTEGER PRIMARY KEY, seq INTEGER, time INTEGER, sender TEXT,"
        " receiver TEXT, cause INTEGER, correlation INTEGER, kind TEXT, body BLOB,"
        " chain BLOB, prior BLOB)"
    ),
    "checkpoints": (
        "CREATE TABLE checkpoints (run INTEGER, role TEXT, seq INTEGER, row INTEGER, state BLOB,"
        " seal BLOB, PRIMARY KEY (run, role, seq)) WITHOUT ROWID"
    ),
}

Cell = int | str | bytes | None
Row = tuple[int, int, int, str, str, int, int, str, bytes, bytes, bytes | None]
"""A row of `envelopes`, in the order of its columns."""
_encode = msgspec.msgpack.Encoder().encode


class RunInfo(msgspec.Struct, frozen=True):
    """What a run is; `settings` and `versions` are JSON, the times ns (`started` is wall time)."""

    account: str
    profile: str
    fingerprint: str
    settings: str
    versions: str
    mode: str
    started: int
    market_start: int
    resumed_from: str | None


class Run(RunInfo, frozen=True):
    """A run and how far it came: `rows` rows from row `first` on, the last at `seq` and `time`.

    `checkpoints` counts those that are kept, so that none can be lost unseen.
    """

    number: int
    id: str
    first: int
    rows: int = 0
    seq: int = 0
    time: int = 0
    head: bytes = GENESIS
    checkpoints: int = 0
    outcome: str | None = None
    ended: int | None = None
    summary: bytes | None = None

    @property
    def end(self) -> int:
        """The row number after the run's last."""
        return self.first + self.rows

    @property
    def clean(self) -> bool:
        """Whether the run said that it was over; if not, its process died."""
        return self.outcome is not None

    @property
    def audit_digest(self) -> str:
        """The head of the run's chain: equal for runs whose every envelope is equal."""
        return self.head.hex()


class Record(msgspec.Struct, frozen=True, gc=False):
    """A journaled envelope; `kind` names the message type, `body` is its msgpack."""

    seq: int
    time: int
    sender: str
    receiver: str
    cause: int
    correlation: int
    kind: str
    body: bytes


def run_id(number: int, started: int) -> str:
    """Name the journal's `number`th run, started at wall time `started` (ns)."""
    return f"{number:04d}-{datetime.fromtimestamp(started // 10**9, UTC):%Y%m%dT%H%M%S}"


def link(
    chain: Cell,
    seq: Cell,
    time: Cell,
    sender: Cell,
    receiver: Cell,
    cause: Cell,
    correlation: Cell,
    kind: Cell,
    body: Cell,
) -> bytes:
    """Hash a row to the chain before it; msgpack keeps every value's type and length apart."""
    return sha256(
        _encode((chain, seq, time, sender, receiver, cause, correlation, kind, body))
    ).digest()


def seal(row: tuple[Cell, ...]) -> bytes:
    """Hash a row that stands alone."""
    return sha256(_encode(row)).digest()
