"""The journal of one run: what was flushed is there again, and a failed flush loses nothing."""

import os
import signal
import sqlite3
import stat
import subprocess
import sys
from functools import partial
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.trader.storage.samples import DAY, STARTED, append, content, info, read, record
from trader.model.errors import JournalError
from trader.storage.archive import Archive, open_archive, open_journal
from trader.storage.database import connect_to_write, create
from trader.storage.journal import Journal
from trader.storage.schema import GENESIS, Cell, Run, link, run_id

WRITER = """
import sys
from pathlib import Path
from tests.trader.storage.samples import append, info, record
from trader.storage.archive import open_journal
from trader.storage.journal import Journal
with open_journal(Path(sys.argv[1])) as archive:
    journal = Journal.start(archive, info())
    seq = 0
    while True:
        for durable in (False, False, True):
            for seq in range(seq + 1, seq + 8):
                append(journal, record(seq))
            journal.checkpoint("risk_guard", seq, str(seq).encode())
            journal.flush(durable=durable)
        print(seq, journal.audit_digest, flush=True)
"""


@pytest.fixture
def journal(archive: Archive) -> Journal:
    """Start a run."""
    return Journal.start(archive, info())


def fill_disk(archive: Archive) -> None:
    """Let the journal grow no more."""
    archive.connection.execute("PRAGMA max_page_count = 1")


def empty_disk(archive: Archive) -> None:
    """Let the journal grow again."""
    archive.connection.execute("PRAGMA max_page_count = 1000000")


def test_files_are_private(path: Path, journal: Journal) -> None:
    """Nobody but their owner may read the journal and the files beside it."""
    files = {file.name: stat.S_IMODE(file.stat().st_mode) for file in path.parent.iterdir()}

    assert files == dict.fromkeys(
        ["journal.db", "journal.db-shm", "journal.db-wal", "journal.head"], 0o600
    )


def test_a_new_journal_is_whole_without_its_log(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A disk too full to empty the log as it is closed leaves no half of a journal behind."""
    bystanders = []

    class Watched(sqlite3.Connection):
        def close(self) -> None:
            # The last to close a database empties its log: now that is not this one.
            bystanders.append(sqlite3.Connection(path.with_name("journal.db.new")))
            bystanders[-1].execute("SELECT * FROM sqlite_master").fetchall()
            super().close()

    monkeypatch.setattr(sqlite3, "connect", partial(sqlite3.connect, factory=Watched))
    create(path)
    for bystander in bystanders:
        bystander.close()
    monkeypatch.undo()

    with open_archive(path) as archive:
        assert archive.runs() == []


def test_run_is_there_from_its_start(archive: Archive, journal: Journal) -> None:
    """A run without an envelope is known, with all that describes it, and is not over."""
    (run,) = archive.runs()

    assert run == Run(
        account="paper",
        profile="moderate",
        fingerprint="f00d",
        settings="{}",
        versions="{}",
        mode="paper",
        started=STARTED,
        market_start=0,
        resumed_from=None,
        number=1,
        id="0001-20251122T165000",
        first=1,
    )
    assert not run.clean
    assert run.head == GENESIS


def test_run_ids_count_runs() -> None:
    """An id says how many runs there were and when this one began, and sorts by both."""
    assert run_id(7, STARTED + 61 * 10**9) == "0007-20251122T165101"


def test_appended_envelopes_are_read_back(path: Path, archive: Archive, journal: Journal) -> None:
    """Every field of every envelope comes back, in the order of the chain."""
    records = [record(seq) for seq in (3, 1, 2, 2, 300)]
    append(journal, *records[:2])
    journal.flush(durable=False)
    append(journal, *records[2:])
    journal.flush(durable=True)

    assert records == list(archive.envelopes(journal.run))
    assert (journal.run.rows, journal.run.seq, journal.run.time) == (5, 300, 3000)
    assert journal.run.audit_digest == journal.audit_digest
    assert read(path) == content(archive)


def test_unflushed_envelopes_are_not_there(archive: Archive, journal: Journal) -> None:
    """Nothing is on disk before a flush, though the digest knows it."""
    append(journal, record(1))

    assert archive.runs()[0].rows == 0
    assert journal.audit_digest != GENESIS.hex()


def test_flush_of_nothing_writes_nothing(path: Path, journal: Journal) -> None:
    """An idle engine does not wear its disk."""
    before = path.with_name("journal.db-wal").stat()

    journal.flush(durable=True)
    journal.flush(durable=False)

    assert path.with_name("journal.db-wal").stat().st_mtime_ns == before.st_mtime_ns


def test_durable_flush_covers_what_was_flushed_before(path: Path, journal: Journal) -> None:
    """Rows that were flushed without being synced are synced by the next durable flush."""
    append(journal, record(1))
    journal.flush(durable=False)
    head = path.with_name("journal.head").read_text()

    journal.flush(durable=True)

    assert path.with_name("journal.head").read_text() != head
    assert journal.audit_digest in path.with_name("journal.head").read_text()


@pytest.mark.parametrize("durable", [True, False])
def test_synchronous_follows_durable(archive: Archive, journal: Journal, durable: bool) -> None:
    """A durable flush syncs the log (FULL, 2); another leaves that to SQLite (NORMAL, 1)."""
    append(journal, record(1))

    journal.flush(durable=durable)

    assert archive.connection.execute("PRAGMA synchronous").fetchone() == (1 + durable,)


def test_finished_run_is_clean(path: Path, archive: Archive, journal: Journal) -> None:
    """The end of a run has an outcome, a time and a summary."""
    append(journal, record(1))
    journal.finish("stopped", STARTED + DAY, b'{"trades": 3}')

    (run,) = archive.runs()

    assert run.clean
    assert (run.outcome, run.ended, run.summary) == ("stopped", STARTED + DAY, b'{"trades": 3}')
    assert run.rows == 1


def test_equal_envelopes_have_equal_digests(archive: Archive) -> None:
    """The audit digest is a function of the envelopes: not of the run, nor of the flushes."""
    first = Journal.start(archive, info())
    append(first, record(1), record(2))
    first.finish("stopped", STARTED, b"")
    second = Journal.start(archive, info("other", STARTED + DAY))
    for seq in (1, 2):
        append(second, record(seq))
        second.flush(durable=False)

    assert first.audit_digest == second.audit_digest
    assert second.run.first == 3


FIELD = st.one_of(st.integers(-(2**63), 2**63 - 1), st.text(), st.binary(), st.none())
ROW = st.tuples(*[FIELD] * 9)


@given(ROW, ROW)
def test_chain_tells_rows_apart(one: tuple[Cell, ...], other: tuple[Cell, ...]) -> None:
    """Two rows have one hash only if each of their fields is equal, and of one type."""
    alike = [(type(value), value) for value in one] == [(type(value), value) for value in other]

    assert (link(*one) == link(*other)) is alike


@given(st.text(), st.text(), st.text())
def test_chain_keeps_fields_apart(sender: str, middle: str, receiver: str) -> None:
    """A character cannot move from one field to the next unseen."""
    one = link(GENESIS, 1, 1, sender + middle, receiver, 0, 0, "", b"")
    other = link(GENESIS, 1, 1, sender, middle + receiver, 0, 0, "", b"")

    assert (one == other) is (middle == "")


def test_two_newest_checkpoints_are_kept(archive: Archive, journal: Journal) -> None:
    """A role's older checkpoints go; other roles and other runs keep theirs."""
    journal.checkpoint("validator", 1, b"only")
    for seq in range(1, 6):
        append(journal, record(seq))
        journal.checkpoint("risk_guard", seq, bytes([seq]))
        journal.flush(durable=False)
    later = Journal.start(archive, info())
    later.checkpoint("risk_guard", 1, b"later")
    later.flush(durable=False)

    rows = archive.connection.execute("SELECT run, role, seq FROM checkpoints").fetchall()

    assert rows == [(1, "risk_guard", 4), (1, "risk_guard", 5), (1, "validator", 1),
                    (2, "risk_guard", 1)]  # fmt: skip
    assert archive.restore(journal.run) == {"risk_guard": (5, b"\5"), "validator": (1, b"only")}


def test_full_disk_keeps_what_it_could_not_write(archive: Archive, journal: Journal) -> None:
    """A flush that finds no room raises; the next that does writes all that passed, in order."""
    append(journal, *map(record, range(1, 100)))
    fill_disk(archive)
    journal.checkpoint("risk_guard", 99, b"old")
    with pytest.raises(JournalError, match=r"journal\.db: cannot be written .*full"):
        journal.flush(durable=True)
    append(journal, *map(record, range(100, 200)))
    journal.checkpoint("risk_guard", 199, b"new")
    with pytest.raises(JournalError, match="full"):
        journal.flush(durable=False)
    assert archive.runs()[0].rows == 0

    empty_disk(archive)
    journal.flush(durable=True)

    assert list(archive.envelopes(journal.run)) == [record(seq) for seq in range(1, 200)]
    assert archive.restore(journal.run) == {"risk_guard": (199, b"new")}
    assert archive.verify() == 199


def test_a_flush_that_fails_has_done_little_in_vain(archive: Archive, journal: Journal) -> None:
    """However much waits, it tries a few thousand rows; the first that succeeds writes them all."""
    archive.connection.execute(
        "CREATE TEMP TRIGGER full BEFORE INSERT ON runs BEGIN SELECT RAISE(ABORT, 'full'); END"
    )
    tried = []
    for start in range(1, 60_000, 2_000):
        append(journal, *map(record, range(start, start + 2_000)))
        before = archive.connection.total_changes
        with pytest.raises(JournalError, match="full"):
            journal.flush(durable=False)
        tried.append(archive.connection.total_changes - before)
    assert max(tried) <= 5_000

    archive.connection.execute("DROP TRIGGER full")
    journal.flush(durable=True)

    assert archive.verify() == 60_000


def test_what_waits_for_a_full_disk_is_bounded(archive: Archive, journal: Journal) -> None:
    """Market data that a checkpoint holds are let go; orders wait, and the chain stays whole."""
    fill_disk(archive)
    for seq in range(1, 200_001):
        append(journal, record(seq, "OrderFilled" if seq % 100 == 0 else "CandleClosed"))
        if seq % 2_000 == 0:
            journal.checkpoint("risk_guard", seq, str(seq).encode())
            with pytest.raises(JournalError, match="full"):
                journal.flush(durable=False)
    assert len(journal._rows) < 70_000

    empty_disk(archive)
    journal.flush(durable=True)

    kinds = [each.kind for each in archive.envelopes(journal.run)]
    assert kinds.count("OrderFilled") == 2_000
    assert archive.verify() == len(kinds)
    assert archive.restore(journal.run) == {"risk_guard": (200_000, b"200000")}
    assert journal.run.rows == 200_000


def test_what_no_checkpoint_holds_waits(archive: Archive, journal: Journal) -> None:
    """A role that could not be checkpointed is restored from its messages: each of them stays."""
    fill_disk(archive)
    append(journal, *(record(seq, "CandleClosed") for seq in range(1, 80_001)))
    journal.checkpoint("validator", 80_000, b"state")
    with pytest.raises(JournalError, match="full"):
        journal.flush(durable=False)

    empty_disk(archive)
    journal.flush(durable=True)

    assert archive.verify() == 80_000


def test_full_disk_cannot_end_a_run(archive: Archive, journal: Journal) -> None:
    """A run whose end could not be written is not over, and may be ended again."""
    append(journal, *map(record, range(1, 100)))
    fill_disk(archive)
    with pytest.raises(JournalError):
        journal.finish("stopped", STARTED, b"{}")
    assert not journal.run.clean

    empty_disk(archive)
    journal.finish("stopped", STARTED, b"{}")

    assert archive.runs()[0].clean
    assert archive.runs()[0].rows == 99


@pytest.mark.parametrize("name", ["journal.db", "journal.head"])
def test_a_file_that_may_not_be_written_is_named(
    name: str, path: Path, journal: Journal, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Before SQLite leaves an index of the log behind that nobody can write, ever after."""
    journal.finish("stopped", STARTED, b"{}")
    monkeypatch.setattr(os, "access", lambda file, _mode: Path(file).name != name)

    with pytest.raises(JournalError, match=rf"{name}: cannot be written; see to"):
        connect_to_write(path)


def test_locked_file_is_a_journal_error(path: Path, archive: Archive, journal: Journal) -> None:
    """Whatever SQLite raises while another program holds the file, the rows are kept."""
    append(journal, record(1))
    archive.connection.execute("PRAGMA busy_timeout = 0")
    intruder = sqlite3.connect(path, isolation_level=None)
    intruder.execute("BEGIN IMMEDIATE")
    with pytest.raises(JournalError, match="locked"):
        journal.flush(durable=True)
    intruder.close()

    journal.flush(durable=True)

    assert journal.run.rows == 1


def test_unwritable_head_is_a_journal_error(path: Path, journal: Journal) -> None:
    """A head that cannot be written is a failure of the journal; no row is written twice."""
    head = path.with_name("journal.head")
    head.unlink()
    head.mkdir()
    append(journal, record(1))
    with pytest.raises(JournalError, match="Is a directory"):
        journal.flush(durable=True)
    head.rmdir()

    append(journal, record(2))
    journal.flush(durable=True)

    assert read(path)[1] == [[record(1), record(2)]]  # type: ignore[index]


def test_a_head_that_was_not_written_is_not_forgotten(path: Path, journal: Journal) -> None:
    """Nothing more has come, and still what was to be durable is not known to be."""
    head = path.with_name("journal.head")
    head.unlink()
    head.mkdir()
    append(journal, record(1))
    for _ in range(2):
        with pytest.raises(JournalError, match="Is a directory"):
            journal.flush(durable=True)


@pytest.mark.parametrize("replaced", [False, True], ids=["deleted", "replaced"])
def test_a_journal_that_was_taken_away_is_a_journal_error(
    replaced: bool, path: Path, journal: Journal
) -> None:
    """SQLite would write on into a file without a name, of which nothing is left at the end."""
    path.unlink()
    if replaced:
        path.touch()
    append(journal, record(1))
    for _ in range(2):
        with pytest.raises(JournalError, match=r"another file|No such file"):
            journal.flush(durable=True)


def test_killed_writer_loses_nothing_it_flushed(path: Path) -> None:
    """After SIGKILL the run is known not to have ended, and every flushed row is there."""
    child = subprocess.Popen([sys.executable, "-c", WRITER, str(path)], stdout=subprocess.PIPE)
    with child:
        assert child.stdout is not None
        for _ in range(5):
            seq, digest = child.stdout.readline().split()
        child.send_signal(signal.SIGKILL)

    with open_journal(path) as archive:
        run = archive.last_run("paper")
        assert run is not None
        records = list(archive.envelopes(run))
        resumed = Journal.start(archive, info(resumed=run.id))
        append(resumed, record(1))
        resumed.finish("stopped", STARTED, b"{}")

    assert not run.clean
    assert records == [record(each) for each in range(1, run.rows + 1)]
    assert run.rows >= int(seq) == 105
    with open_archive(path) as archive:
        assert archive.verify() == run.rows + 1
        state_seq, state = archive.restore(run)["risk_guard"]
        assert (state_seq, state) == (run.rows, str(run.rows).encode())
    assert sorted(file.name for file in path.parent.iterdir()) == ["journal.db", "journal.head"]
    chain = GENESIS
    for each in records[:105]:
        chain = link(chain, each.seq, each.time, each.sender, each.receiver, each.cause,
                     each.correlation, each.kind, each.body)  # fmt: skip
    assert chain.hex().encode() == digest
