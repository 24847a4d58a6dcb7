"""The data directory: made where there is none, private, and one engine's at a time."""

import os
import signal
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from trader.model.errors import UsageError
from trader.storage.data_dir import holder_of, open_data_dir

HOLD = """
import sys, time
from pathlib import Path
from trader.storage.data_dir import open_data_dir
with open_data_dir(Path(sys.argv[1])):
    print("held", flush=True)
    sys.stdin.read()
"""


def test_is_created_for_its_owner_alone(tmp_path: Path) -> None:
    """A directory that is not there is made, parents too, and nobody else may read it."""
    path = tmp_path / "deep" / "data"

    with open_data_dir(path) as data:
        assert data == path

    assert stat.S_IMODE(path.stat().st_mode) == 0o700
    assert stat.S_IMODE((path / "engine.lock").stat().st_mode) == 0o600


def test_second_engine_is_refused(tmp_path: Path) -> None:
    """Who comes second is told who holds the directory, and what to do."""
    with open_data_dir(tmp_path), pytest.raises(UsageError) as caught, open_data_dir(tmp_path):
        pass

    assert str(caught.value) == (
        f"data directory {tmp_path} is in use by process {os.getpid()};"
        " choose another with --data-dir (system.data_dir)"
    )


def test_anybody_can_ask_who_holds_it(tmp_path: Path) -> None:
    """Without taking it, and without leaving anything behind."""
    assert holder_of(tmp_path) is None
    with open_data_dir(tmp_path):
        assert holder_of(tmp_path) == os.getpid()
    assert holder_of(tmp_path) is None
    assert holder_of(tmp_path / "missing") is None
    with open_data_dir(tmp_path):
        pass


def test_a_pipe_in_place_of_its_lock_is_nobodys(tmp_path: Path) -> None:
    """It holds nobody up who asks."""
    os.mkfifo(tmp_path / "engine.lock")

    assert holder_of(tmp_path) is None


def test_can_be_opened_again(tmp_path: Path) -> None:
    """The lock ends with the block; what is in the directory stays."""
    with open_data_dir(tmp_path) as data:
        (data / "journal.db").write_bytes(b"kept")
    with open_data_dir(tmp_path) as data:
        assert (data / "journal.db").read_bytes() == b"kept"


def test_lock_dies_with_its_process(tmp_path: Path) -> None:
    """A killed engine leaves no stale lock."""
    child = subprocess.Popen(
        [sys.executable, "-c", HOLD, str(tmp_path)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    )
    with child:
        assert child.stdout is not None
        assert child.stdout.readline() == b"held\n"
        with (
            pytest.raises(UsageError, match=f"in use by process {child.pid};"),
            open_data_dir(tmp_path),
        ):
            pass
        child.send_signal(signal.SIGKILL)
        child.wait()

        with open_data_dir(tmp_path) as data:
            assert (data / "engine.lock").read_text() == f"{os.getpid()}\n"


@pytest.mark.parametrize("name", ["file", "file/below", "x" * 300])
def test_a_file_in_its_place_is_named(tmp_path: Path, name: str) -> None:
    """What cannot be a directory is one line that says which, and what to do."""
    (tmp_path / "file").touch()

    with pytest.raises(UsageError) as caught, open_data_dir(tmp_path / name):
        pass

    assert str(caught.value).startswith(f"data directory {tmp_path / name}: ")
    assert str(caught.value).endswith("; choose another with --data-dir (system.data_dir)")


def test_a_place_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    """A place where nothing can be written is one line, too."""
    (tmp_path / "engine.lock").mkdir()

    with pytest.raises(UsageError, match="Is a directory"), open_data_dir(tmp_path):
        pass
