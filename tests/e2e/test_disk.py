"""What a run makes of a disk that is full, and of files that are not what they were."""

import resource
import signal
from pathlib import Path

import pytest

from tests.e2e.inside import last_run, play
from tests.e2e.process import launched
from trader.model.errors import JournalError, UsageError
from trader.runtime.faults import Fault
from trader.storage.archive import open_archive

LARGEST = 60 * 1024
"""Bytes after which no file of the run can grow: the journal fails within the first trades."""
NO_LIMIT = resource.RLIM_INFINITY


def limit_files() -> None:
    """Keep every file of the process small."""
    resource.setrlimit(resource.RLIMIT_FSIZE, (LARGEST, NO_LIMIT))


def test_a_full_disk_stops_entries_and_nothing_else(tmp_path: Path) -> None:
    """Nothing is opened that cannot be recorded; the run ends, tells what it did, and says so."""
    options = ("--candles", "600", "--speed", "max", "--json", "--log-level", "DEBUG")
    with launched(tmp_path, *options, preexec_fn=limit_files) as run:
        assert run.end() == 1
    run.wait_for("journal_failed .*cannot be written")
    run.wait_for("reason=HALT_JOURNAL")
    run.wait_for("journal_not_closed")
    run.wait_for(r"error: \S+trader.jsonl: \d+ lines could not be written: File too large")
    assert "Traceback" not in run.log
    assert (run.summary["exit_code"], run.summary["candles"]) == (1, 600)
    assert not last_run(tmp_path).clean
    with open_archive(tmp_path / "journal.db") as archive:
        archive.verify()
    assert play(tmp_path, "market.candles=1", profile="moderate").exit_code == 0


def test_entries_come_back_with_the_disk(tmp_path: Path) -> None:
    """Once there is room again, all that was done meanwhile is in the journal, in a whole chain."""
    options = ("--profile", "aggressive", "--speed", "2000", "--json")
    with launched(tmp_path, *options, preexec_fn=limit_files) as run:
        run.wait_for("journal_failed")
        run.wait_for("reason=HALT_JOURNAL")
        resource.prlimit(run.child.pid, resource.RLIMIT_FSIZE, (NO_LIMIT, NO_LIMIT))
        run.wait_for("journal_recovered")
        run.wait_for("state=active")
        run.send(signal.SIGINT)
        assert run.end() == 0
    with open_archive(tmp_path / "journal.db") as archive:
        assert archive.verify() == archive.runs()[-1].rows
    assert last_run(tmp_path).audit_digest == run.summary["audit_digest"]


def test_a_status_that_cannot_be_written_fells_nobody(tmp_path: Path) -> None:
    """The run goes on without, and ends as it would have ended."""
    (tmp_path / "status.json").mkdir()

    assert play(tmp_path, faults=[Fault("risk_guard", 1, always=True)]).exit_code == 3


@pytest.mark.parametrize("what", [b"SQLite format", b"CREATE TABLE", b"SubmitOrder", b"paper/"])
def test_a_damaged_journal_is_refused_and_left_alone(what: bytes, tmp_path: Path) -> None:
    """One flipped bit keeps the engine from starting, and nothing is overwritten."""
    play(tmp_path, "market.candles=60")
    journal = tmp_path / "journal.db"
    content = bytearray(journal.read_bytes())
    content[content.index(what)] ^= 0x10
    journal.write_bytes(content)

    with pytest.raises(JournalError, match=r"^\S+journal.db: .*; nothing was changed"):
        play(tmp_path, "market.candles=1")

    assert journal.read_bytes() == content


@pytest.mark.parametrize("name", ["trader.log", "kill_switch.jsonl", "journal.db", "engine.lock"])
def test_what_is_in_the_way_is_named(name: str, tmp_path: Path) -> None:
    """A directory where a file should be is one line."""
    (tmp_path / name).mkdir()

    with pytest.raises((UsageError, JournalError)) as refused:
        play(tmp_path, "market.candles=1")

    assert str(tmp_path) in str(refused.value)
    assert len(str(refused.value).splitlines()) == 1
