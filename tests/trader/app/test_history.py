"""Past runs, read from the journal of a data directory."""

import json
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from tests.e2e.inside import play
from tests.trader.storage.samples import info
from trader.app.history import find_run, list_runs, summary_of, verify_run
from trader.model.errors import JournalError, UsageError
from trader.storage.archive import open_journal
from trader.storage.data_dir import open_data_dir
from trader.storage.journal import Journal
from trader.ui.summary import SessionSummary


@pytest.fixture(scope="module")
def played(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, SessionSummary]:
    """Offer a directory of two runs that ended and one that did not, with the second's summary."""
    directory = tmp_path_factory.mktemp("data")
    play(directory, "market.candles=5")
    summary = play(directory, "market.candles=60")
    with open_journal(directory / "journal.db") as archive:
        Journal.start(archive, info())
    return directory, summary


def test_every_run_is_listed(played: tuple[Path, SessionSummary]) -> None:
    """With its result, and whether it ended, goes on or died."""
    directory, summary = played
    runs = list_runs(directory).runs

    assert [run.number for run in runs] == [1, 2, 3]
    assert [run.state for run in runs] == ["ended", "ended", "died"]
    assert (runs[1].candles, runs[1].net) == (60, summary.pnl.net)
    assert (runs[2].exit_code, runs[2].trades, runs[2].net) == (None, None, None)
    with open_data_dir(directory):
        assert [run.state for run in list_runs(directory).runs] == ["ended", "ended", "running"]


@pytest.mark.parametrize("wanted", ["2", "0002", "id"])
def test_a_run_is_found_by_its_names(wanted: str, played: tuple[Path, SessionSummary]) -> None:
    """And its summary is the one that was printed when it ended."""
    directory, summary = played
    found = find_run(directory, summary.run if wanted == "id" else wanted)

    assert summary_of(found, directory) == summary


def test_the_last_run_is_the_newest(played: tuple[Path, SessionSummary]) -> None:
    """Whether it has ended or not."""
    assert find_run(played[0], "last").number == 3


@pytest.mark.parametrize(
    ("wanted", "nearest"), [("0", "0001-"), ("17", "0003-"), ("-1", "00"), ("0002-2", "0002-")]
)
def test_an_unknown_run_is_refused_with_the_nearest(
    wanted: str, nearest: str, played: tuple[Path, SessionSummary]
) -> None:
    """In one line."""
    with pytest.raises(UsageError, match=f"run {wanted}: there is none; the nearest is {nearest}"):
        find_run(played[0], wanted)


def test_a_run_that_died_is_counted_again(played: tuple[Path, SessionSummary]) -> None:
    """While it goes on it is not; its status is what there is to see."""
    run = find_run(played[0], "3")
    with open_data_dir(played[0]), pytest.raises(UsageError, match=r"not ended; .* status"):
        summary_of(run, played[0])

    assert (summary_of(run, played[0]).candles, summary_of(run, played[0]).digest) == (0, "")


def test_a_resumed_run_that_died_is_refused(tmp_path: Path) -> None:
    """Where it began is not in its envelopes: no result is better than a wrong one."""
    with open_journal(tmp_path / "journal.db") as archive:
        Journal.start(archive, info(resumed="0001-x"))
    with pytest.raises(UsageError, match="died, and what 0001-x left it with is not known"):
        summary_of(find_run(tmp_path, "1"), tmp_path)


def test_every_row_of_a_run_can_be_verified(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A start checks the newest rows alone: this finds a bit that was flipped long ago."""
    play(tmp_path, "market.candles=5")
    monkeypatch.setattr("trader.storage.archive.OPEN_ROWS", 10)
    run = find_run(tmp_path, "last")
    sound = verify_run(run, tmp_path, as_json=False)
    assert f"{run.rows} rows are as they were written" in sound
    assert json.loads(verify_run(run, tmp_path, as_json=True))["verified"] == run.rows > 50

    with closing(sqlite3.connect(tmp_path / "journal.db")) as connection, connection:
        connection.execute("UPDATE envelopes SET time = time + 1 WHERE row = 7")
    with pytest.raises(JournalError, match=rf"row 7 \(run {run.id}, seq \d+\) is damaged"):
        verify_run(find_run(tmp_path, "last"), tmp_path, as_json=False)


def test_a_directory_without_a_journal_is_refused(tmp_path: Path) -> None:
    """And so is one whose journal has no run yet."""
    with pytest.raises(UsageError, match="there is no journal"):
        list_runs(tmp_path)
    with open_journal(tmp_path / "journal.db"):
        pass
    with pytest.raises(UsageError, match="has no runs yet"):
        find_run(tmp_path, "last")
