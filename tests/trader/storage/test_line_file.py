"""A file of lines: each there at once, bounded, and never in anybody's way."""

import os
from pathlib import Path

import pytest

from trader.storage.line_file import LineFile


def test_a_line_is_there_at_once_and_stays(tmp_path: Path) -> None:
    """The next file of that name goes on after it, for its owner's eyes only."""
    path = tmp_path / "lines"
    path.touch(0o644)
    for text in ("one\n", b"two\n", "\udcffthree\n"):
        file = LineFile(path, 100, kept=1)
        file.write(text)
        file.stop()

    assert path.read_text() == "one\ntwo\n\\udcffthree\n"
    assert path.stat().st_mode & 0o777 == 0o600


def test_a_line_that_was_cut_off_spoils_no_other(tmp_path: Path) -> None:
    """The next one begins on a line of its own."""
    path = tmp_path / "lines"
    path.write_bytes(b"one\ntw")
    file = LineFile(path, 100, kept=1)
    file.write("three\n")
    file.write("four\n")
    file.stop()

    assert path.read_text().splitlines() == ["one", "tw", "three", "four"]


@pytest.mark.parametrize("kept", [1, 3])
def test_files_are_bounded(tmp_path: Path, kept: int) -> None:
    """A full one is set aside, the oldest goes, and the newest lines are always there."""
    file = LineFile(tmp_path / "lines", 30, kept)
    for number in range(100, 200):
        file.write(f"line {number}\n")
    file.stop()

    names = [*(f"lines.{number}" for number in range(kept, 0, -1)), "lines"]
    lines = [line for name in names for line in (tmp_path / name).read_text().splitlines()]
    assert {each.name for each in tmp_path.iterdir()} == set(names)
    assert lines == [f"line {number}" for number in range(200 - len(lines), 200)]
    assert all(each.stat().st_size <= 39 for each in tmp_path.iterdir())


def test_a_pipe_in_its_place_holds_nobody_up(tmp_path: Path) -> None:
    """Once it is full, what is written is lost."""
    os.mkfifo(tmp_path / "lines")
    file = LineFile(tmp_path / "lines", 1_000_000, kept=1)
    for _ in range(2_000):
        file.write("x" * 99 + "\n")
    file.stop()

    assert 0 < file.lost < 2_000


def test_what_a_full_disk_refuses_is_counted() -> None:
    """It raises nothing, and says how much was let go and why."""
    file = LineFile(Path("/dev/full"), 100, kept=1)
    file.write("one\n")
    file.write("two\n")
    file.stop()

    assert (file.lost, file.why) == (2, "No space left on device")
