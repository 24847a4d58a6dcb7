"""What another shell sees of a run."""

import io
import json
import os
from itertools import islice
from pathlib import Path

import msgspec
import pytest

from tests.trader.ui.test_panel import STATUS
from trader.app import watching
from trader.app.watching import read_sight, watch_status
from trader.model.errors import UsageError
from trader.storage.data_dir import open_data_dir
from trader.ui.status import StatusDump, write_status

HERE = msgspec.structs.replace(STATUS, pid=os.getpid())


def wrote(directory: Path, status: StatusDump = HERE, age: float = 0.0) -> Path:
    """Write a status, some seconds old."""
    path = directory / "status.json"
    write_status(path, status, str)
    written = path.stat().st_mtime - age
    os.utime(path, (written, written))
    return directory


def test_a_run_that_is_under_way_is_alive(tmp_path: Path) -> None:
    """Its process holds the directory; that its news are fresh needs no saying."""
    with open_data_dir(wrote(tmp_path)):
        sight = read_sight(tmp_path)

    assert (sight.alive, sight.note) == (True, "")


def test_a_run_that_gives_no_news_is_told(tmp_path: Path) -> None:
    """Its process is there, but what is shown is old."""
    with open_data_dir(wrote(tmp_path, age=300)):
        assert read_sight(tmp_path).note == "NO NEWS FOR 5 min"


def test_a_run_that_has_died_is_not_taken_for_one_that_trades(tmp_path: Path) -> None:
    """Nobody holds the directory, or another run does."""
    wrote(tmp_path, age=7_200)
    assert read_sight(tmp_path).note == "DIED 2 h ago"
    wrote(tmp_path, msgspec.structs.replace(HERE, pid=1))
    with open_data_dir(tmp_path):
        assert not read_sight(tmp_path).alive


def test_a_run_that_has_ended_says_how(tmp_path: Path) -> None:
    """As its file says it."""
    wrote(tmp_path, msgspec.structs.replace(HERE, exit_code=3), age=120)

    assert read_sight(tmp_path).note == "ENDED 2 min ago, exit 3"


@pytest.mark.parametrize("text", ["", "{", "[]", '{"run": 1}', "\x00\xff"])
def test_a_file_of_others_is_refused(text: str, tmp_path: Path) -> None:
    """In one line, with the cure."""
    (tmp_path / "status.json").write_text(text)

    with pytest.raises(UsageError, match=r"status\.json: not a status .*start a run"):
        read_sight(tmp_path)


def test_a_pipe_in_its_place_is_refused(tmp_path: Path) -> None:
    """It holds nobody up."""
    os.mkfifo(tmp_path / "status.json")

    with pytest.raises(UsageError, match=r"status\.json: Is a pipe; give the --data-dir of a run"):
        read_sight(tmp_path)


def test_a_directory_without_one_is_refused(tmp_path: Path) -> None:
    """No run has been here."""
    with pytest.raises(UsageError, match="no run has written it yet"):
        read_sight(tmp_path)


def test_a_pipe_gets_a_text_of_80_columns(tmp_path: Path) -> None:
    """Without colours and without a cursor."""
    (text,) = watch_status(wrote(tmp_path), io.StringIO(), as_json=False, again=False)

    assert "DIED" in text.splitlines()[0]
    assert "\x1b" not in text
    assert max(map(len, text.splitlines())) <= 80
    assert text.count("01-01 00:15") == 8


def test_a_script_gets_an_object_a_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """With all that the file has, whether the run is alive, and how old it is."""
    monkeypatch.setattr(watching, "FRESH", 0.0)
    seen = watch_status(wrote(tmp_path, age=9), io.StringIO(), as_json=True, again=True)
    first, second = (json.loads(text) for text in islice(seen, 2))

    assert first.keys() == {*json.loads((tmp_path / "status.json").read_text()), "alive"} | {
        "age_seconds"
    }
    assert first["equity"] == "10012.50"
    assert (first["alive"], round(first["age_seconds"])) == (False, 9)
    assert second["run"] == first["run"]
