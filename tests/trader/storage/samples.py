"""Small journals to test with."""

import shutil
from pathlib import Path

from msgspec.structs import astuple

from trader.storage.archive import Archive, open_archive, open_journal
from trader.storage.journal import Journal
from trader.storage.schema import Record, Run, RunInfo

DAY = 86_400 * 10**9
STARTED = 1_763_830_200 * 10**9
"""2025-11-22T16:50:00Z"""


def info(account: str = "paper", started: int = STARTED, resumed: str | None = None) -> RunInfo:
    """Describe a run."""
    return RunInfo(account, "moderate", "f00d", "{}", "{}", "paper", started, 0, resumed)


def record(seq: int, kind: str = "CandleClosed", receiver: str = "risk_guard") -> Record:
    """Make an envelope whose every field differs from those beside it."""
    body = kind.encode() + bytes([seq % 256]) * (seq % 50)
    return Record(seq, seq * 10, "market_feed", receiver, seq - 1, seq // 3, kind, body)


def append(journal: Journal, *records: Record) -> None:
    """Append envelopes."""
    for each in records:
        journal.append(*astuple(each))


def write_run(path: Path, records: list[Record], started: int = STARTED) -> Run:
    """Write a whole run, with a checkpoint at its last envelope."""
    with open_journal(path) as archive:
        journal = Journal.start(archive, info(started=started))
        append(journal, *records)
        journal.checkpoint("risk_guard", records[-1].seq, b"state")
        journal.finish("stopped", started + DAY, b"{}")
        return journal.run


def content(archive: Archive) -> object:
    """Read everything there is."""
    runs = archive.runs()
    envelopes = [list(archive.envelopes(run)) for run in runs]
    return runs, envelopes, [archive.restore(run) for run in runs]


def read(path: Path) -> object:
    """Open a journal and read everything there is."""
    with open_archive(path) as archive:
        return content(archive)


def fresh_copy(path: Path, to: Path) -> Path:
    """Copy a journal into an emptied directory."""
    shutil.rmtree(to, ignore_errors=True)
    return shutil.copytree(path.parent, to) / path.name


def files(path: Path) -> dict[str, bytes]:
    """Read every file that belongs to a journal, but for SQLite's index of the log."""
    return {
        file.name: file.read_bytes()
        for file in path.parent.iterdir()
        if not file.name.endswith("-shm")
    }
