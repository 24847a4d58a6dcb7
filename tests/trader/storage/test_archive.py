"""The archive: what it returns is what was written, and damage is named, never overwritten."""

import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest
from msgspec.structs import replace

from tests.trader.storage.samples import (
    append,
    content,
    files,
    fresh_copy,
    info,
    read,
    record,
    write_run,
)
from trader.model.errors import JournalError, UsageError
from trader.storage.archive import open_archive, open_journal
from trader.storage.journal import Journal

CURE = (
    "nothing was changed; move journal.* aside to keep it,"
    " or choose another --data-dir (system.data_dir)"
)


@pytest.mark.parametrize("spot", range(0, 97, 3))
def test_a_damaged_head_is_refused(tmp_path: Path, closed: Path, spot: int) -> None:
    """A head that says what is not so is refused; without one the journal is read as it is."""
    path = fresh_copy(closed, tmp_path / "copy")
    head = path.with_name("journal.head")
    line = bytearray(head.read_bytes())
    line[spot] ^= 1
    head.write_bytes(line)
    with pytest.raises(JournalError), open_archive(path):
        pass

    head.unlink()

    assert read(path) == read(closed)


def test_lost_tail_is_told(tmp_path: Path, crashed: Path) -> None:
    """Where rows that were on disk are gone, the error says which, and what can be done."""
    path = fresh_copy(crashed, tmp_path / "copy")
    path.with_name("journal.db-wal").unlink()

    with pytest.raises(JournalError) as caught, open_journal(path):
        pass

    assert str(caught.value) == (
        f"{path}: ends before row 28 of run 2, which was on disk;"
        " put the newer file back, or remove journal.head to do without"
    )


@pytest.mark.parametrize("relic", ["journal.head", "journal.db-wal"])
def test_lost_journal_is_told(tmp_path: Path, relic: str) -> None:
    """A journal that is gone is not begun anew in silence: the limits it held would be gone."""
    (tmp_path / relic).touch()

    match = f"is missing, but {relic} is there"
    with pytest.raises(JournalError, match=match), open_journal(tmp_path / "journal.db"):
        pass
    assert [relic] == [file.name for file in tmp_path.iterdir()]


def test_missing_journal_cannot_be_read(tmp_path: Path) -> None:
    """To read what was never written is a mistake of whoever asked; nothing is created."""
    with pytest.raises(UsageError, match="no journal"), open_archive(tmp_path / "journal.db"):
        pass
    assert list(tmp_path.iterdir()) == []


def other_program(path: Path) -> None:
    """Write a database of another program."""
    connection = sqlite3.connect(path)
    connection.execute("CREATE TABLE runs (number INTEGER PRIMARY KEY)")
    connection.close()


def newer_format(path: Path) -> None:
    """Write a journal of an engine that is not out yet."""
    write_run(path, [record(1)])
    connection = sqlite3.connect(path)
    connection.execute("PRAGMA user_version = 2")
    connection.close()


def other_tables(path: Path) -> None:
    """Write a journal, and something into it that would change what is written."""
    write_run(path, [record(1)])
    connection = sqlite3.connect(path)
    connection.execute("CREATE TRIGGER t AFTER INSERT ON envelopes BEGIN DELETE FROM runs; END")
    connection.close()


@pytest.mark.parametrize(
    ("write", "text"),
    [
        (Path.mkdir, "is not a file"),
        (Path.touch, "is empty"),
        (lambda path: path.write_bytes(b"# notes\n" * 1000), "is not a journal"),
        (lambda path: path.write_bytes(b"SQLite format 3\0"), "is not a journal"),
        (other_program, "is a database of another program"),
        (newer_format, "has format 2, and this engine reads format 1"),
        (other_tables, "its tables are not those of a journal"),
    ],
)
def test_what_is_no_journal_is_refused(tmp_path: Path, write: object, text: str) -> None:
    """In one line, with the cure."""
    path = tmp_path / "journal.db"
    write(path)  # type: ignore[operator]
    with pytest.raises(JournalError) as caught, open_journal(path):
        pass

    assert str(caught.value) == f"{path}: {text}; {CURE}"


ALTERED = {
    "seq": "7",
    "time": "time + 1",
    "sender": "'validator'",
    "receiver": "'validator'",
    "cause": "cause + 1",
    "correlation": "NULL",
    "kind": "'OrderFilled'",
    "body": "substr(body, 2)",
    "chain": "zeroblob(32)",
    "prior": "zeroblob(32)",
}


@pytest.fixture
def altered(tmp_path: Path, closed: Path) -> Iterator[sqlite3.Connection]:
    """Open a journal behind the engine's back."""
    path = fresh_copy(closed, tmp_path / "copy")
    connection = sqlite3.connect(path, isolation_level=None)
    yield connection
    connection.close()


@pytest.mark.parametrize(("column", "value"), ALTERED.items())
def test_first_damaged_row_is_named(
    tmp_path: Path, altered: sqlite3.Connection, column: str, value: str
) -> None:
    """Whichever field of a row is not what was written, that row is named."""
    altered.execute(f"UPDATE envelopes SET {column} = {value} WHERE row = 50")
    altered.close()

    seq = 7 if column == "seq" else 11
    match = rf"row 50 \(run 0002-20251123T165000, seq {seq}\) is damaged; nothing was changed"
    with pytest.raises(JournalError, match=match), open_archive(tmp_path / "copy" / "journal.db"):
        pass


@pytest.mark.parametrize(
    ("statement", "text"),
    [
        ("DELETE FROM envelopes WHERE row = 50", r"row 50 \(run 0002-\S+\) is missing"),
        ("DELETE FROM envelopes WHERE row = 40", r"row 40 \(run 0002-\S+\) is missing"),
        ("DELETE FROM envelopes WHERE row = 78", r"breaks off after row 77, .* in row 78"),
        ("DELETE FROM envelopes", "run 0002-.* breaks off after row 39"),
        ("UPDATE runs SET account = 'live' WHERE number = 1", "the record of run 1 is damaged"),
        ("UPDATE runs SET rows = 38 WHERE number = 2", "the record of run 2 is damaged"),
        ("DELETE FROM runs WHERE number = 1", "the record of run 1 is damaged"),
        ("DELETE FROM runs WHERE number = 2", "ends before row 78 of run 2"),
        ("DELETE FROM checkpoints WHERE run = 2", "a checkpoint of run 0002-.* is missing"),
        ("UPDATE checkpoints SET run = 0 WHERE run = 1", "a checkpoint of run 0001-.* is missing"),
        ("UPDATE checkpoints SET state = x''", "a checkpoint of risk_guard in run 0002-"),
        ("UPDATE checkpoints SET row = 0", "a checkpoint of risk_guard in run 0002-"),
    ],
)
def test_what_is_gone_is_named(
    tmp_path: Path, altered: sqlite3.Connection, statement: str, text: str
) -> None:
    """Rows, runs and checkpoints that are gone or altered are named."""
    altered.execute(statement)
    altered.close()

    with pytest.raises(JournalError, match=text), open_archive(tmp_path / "copy" / "journal.db"):
        pass


def test_old_rows_are_checked_when_read(
    tmp_path: Path, altered: sqlite3.Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A large journal opens with its newest rows checked; no row is returned unchecked."""
    monkeypatch.setattr("trader.storage.archive.OPEN_ROWS", 45)
    altered.execute("UPDATE envelopes SET time = 0 WHERE row = 20")
    altered.close()
    with open_archive(tmp_path / "copy" / "journal.db") as archive:
        first, second = archive.runs()
        damaged = r"row 20 \(run 0001-20251122T165000, seq 20\) is damaged"

        assert archive.verify(second) == 39
        assert len(list(archive.messages_after(first, "risk_guard", 39))) == 0
        with pytest.raises(JournalError, match=damaged):
            list(archive.envelopes(first))
        with pytest.raises(JournalError, match=damaged):
            next(archive.messages_after(first, "risk_guard", 0))
        with pytest.raises(JournalError, match=damaged):
            archive.verify()


def test_an_account_has_a_newest_run_of_its_own(tmp_path: Path) -> None:
    """Each account has its own newest run that did anything; one that never ran has none."""
    with open_journal(tmp_path / "journal.db") as archive:
        for account in ("a", "b", "a", "c"):
            journal = Journal.start(archive, info(account))
            append(journal, record(1))
            journal.flush(durable=False)
        Journal.start(archive, info("b"))

        last = [archive.last_run(account) for account in ("a", "b", "c", "d")]

    assert [run and run.number for run in last] == [3, 2, 4, None]


def test_what_a_role_must_fold_again_is_found(tmp_path: Path) -> None:
    """What a role must fold again: its own envelopes, by seq, that its checkpoint does not hold.

    Quotes are journaled once they count, later than their seq says. An envelope whose handler
    raised is delivered, and journaled, again; its second time counts.
    """
    with open_journal(tmp_path / "journal.db") as archive:
        journal = Journal.start(archive, info())
        append(journal, record(1), record(2, receiver="validator"), record(3), record(5))
        journal.checkpoint("risk_guard", 5, b"state")
        append(journal, record(4), record(9), record(6), record(7, receiver="validator"))
        append(journal, record(8), replace(record(8), time=100))
        journal.flush(durable=True)
        (run,) = archive.runs()

        after = list(archive.messages_after(run, "risk_guard", 5))
        everything = list(archive.messages_after(run, "risk_guard", 0))
        other = list(archive.messages_after(run, "validator", 0))

    assert after == [record(6), replace(record(8), time=100), record(9)]
    assert [each.seq for each in everything] == [1, 3, 4, 5, 6, 8, 9]
    assert other == [record(seq, receiver="validator") for seq in (2, 7)]


def test_archive_can_be_read_while_it_is_written(tmp_path: Path) -> None:
    """A command may look into the journal of an engine that runs."""
    path = tmp_path / "journal.db"
    with open_journal(path) as archive:
        journal = Journal.start(archive, info())
        for seq in range(1, 20):
            append(journal, record(seq))
            journal.flush(durable=seq % 2 == 0)

            assert read(path) == content(archive)


def test_archive_is_only_read(closed: Path) -> None:
    """Nothing is written, and nothing left beside the file, by whoever only reads."""
    before = files(closed)
    with open_archive(closed) as archive:
        archive.verify()
        with pytest.raises(JournalError, match="readonly"):
            Journal.start(archive, info())

    assert files(closed) == before
    assert sorted(before) == ["journal.db", "journal.head"]
