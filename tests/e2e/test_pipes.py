"""What a run makes of readers that leave, stop reading, or were never there."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.e2e.process import DEADLINE, ROOT, clean_environ, launched

SHORT = ("--candles", "60", "--speed", "max", "--json", "--no-journal")


def test_a_reader_may_leave_before_the_summary(tmp_path: Path) -> None:
    """`| head -1` is no failure of the run."""
    with launched(tmp_path, *SHORT) as run:
        assert run.child.stdout is not None
        run.forget(run.child.stdout)

        assert run.end() == 0
    assert "Traceback" not in run.log


@pytest.mark.parametrize("command", ["topology", "config show", "limits", "data list"])
def test_a_reader_may_leave_before_a_table(tmp_path: Path, command: str) -> None:
    """Nor is it one of a command that prints."""
    (tmp_path / "data").mkdir()
    reading, writing = os.pipe()
    os.close(reading)
    child = subprocess.run(
        [sys.executable, ROOT / "run.py", *command.split()],
        cwd=tmp_path,
        env=clean_environ(),
        stdout=writing,
        stderr=subprocess.PIPE,
        timeout=DEADLINE,
        check=False,
    )
    os.close(writing)

    assert (child.returncode, child.stderr) == (0, b"")


def test_a_reader_who_stops_reading_the_log_stops_nothing(tmp_path: Path) -> None:
    """A full pipe must not hold the engine up: the log is for it, not it for the log."""
    command = [sys.executable, "run.py", *SHORT, "--log-level", "TRACE"]
    reading, writing = os.pipe()
    with subprocess.Popen(
        [*command, "--data-dir", str(tmp_path)],
        cwd=ROOT,
        env=clean_environ(),
        stdout=subprocess.PIPE,
        stderr=writing,
    ) as child:
        os.close(writing)
        output, _ = child.communicate(timeout=DEADLINE)
        os.close(reading)

    assert child.returncode == 0
    assert b'"candles":60' in output
    assert (tmp_path / "trader.log").stat().st_size > 65_536


def test_a_run_needs_no_streams_at_all(tmp_path: Path) -> None:
    """With stdin, stdout and stderr closed it runs, and its files have the log."""
    script = f'exec "$0" run.py {" ".join(SHORT)} --data-dir "$1" <&- >&- 2>&-'
    child = subprocess.run(
        ["/bin/sh", "-c", script, sys.executable, str(tmp_path)],
        cwd=ROOT,
        env=clean_environ(),
        timeout=DEADLINE,
        check=False,
    )

    assert child.returncode == 0
    assert "shutdown_completed" in (tmp_path / "trader.log").read_text()


def test_every_line_says_that_it_is_simulated(tmp_path: Path) -> None:
    """No line of a paper run can be taken for one of a real run, and none is written by others."""
    options = ("--profile", "conservative", "--for", "1s", "--log-level", "DEBUG")
    with launched(tmp_path, *options) as run:
        assert run.end() == 0
    assert run.log.splitlines()
    assert [line for line in run.log.splitlines() if " SIM " not in line] == []
    assert run.output.startswith("SIMULATED: ")
    assert "conservative" in run.output
