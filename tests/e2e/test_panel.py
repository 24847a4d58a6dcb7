"""A run at a terminal: the panel is there, and no way to end leaves anything of it behind."""

import fcntl
import os
import re
import select
import struct
import subprocess
import sys
import termios
import time
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from pathlib import Path
from signal import SIGINT, SIGTERM, Signals

import pytest

from tests.e2e.process import DEADLINE, ROOT, clean_environ

RUN = ("run.py", "--profile", "aggressive", "--speed", "3000")
WEDGED = ("-m", "tests.e2e.wedged", "25", *RUN[1:])
MODES = re.compile(r"\x1b\[\?")
"""What switches a terminal's modes, the cursor and the other screen among them."""


class Person:
    """Somebody at a terminal of 80 columns and 24 rows, where a run was started."""

    def __init__(self, arguments: Sequence[str], environ: dict[str, str]) -> None:
        self.ours, theirs = os.openpty()
        fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 24, 80, 0, 0))
        self.before = termios.tcgetattr(theirs)
        self.child = subprocess.Popen(
            [sys.executable, *arguments],
            cwd=ROOT,
            env={**clean_environ(), "TERM": "xterm", **environ},
            stdin=theirs,
            stdout=theirs,
            stderr=theirs,
        )
        self._theirs = theirs
        self.seen = ""
        self._until = time.monotonic() + DEADLINE

    def wait_for(self, text: str) -> None:
        """Read until a text has been written."""
        while text not in self.seen:
            assert self._read(), f"the run ended without {text!r}:\n{self.seen}"

    def end(self) -> int:
        """Read to the end, and return the exit code."""
        while self._read():
            pass
        return self.child.wait()

    def modes(self) -> object:
        """Return the modes that the terminal is in."""
        return termios.tcgetattr(self._theirs)

    def close(self) -> None:
        """Go away."""
        self.child.kill()
        self.child.wait()
        os.close(self._theirs)
        os.close(self.ours)

    def _read(self) -> bool:
        over = self.child.poll() is not None
        assert time.monotonic() < self._until, f"no end within {DEADLINE:g} s:\n{self.seen}"
        while select.select([self.ours], [], [], 0.0 if over else 0.05)[0]:
            self.seen += os.read(self.ours, 65_536).decode(errors="replace")
            over = False
        return not over


@contextmanager
def person_at(arguments: Sequence[str], data_dir: Path, **environ: str) -> Iterator[Person]:
    """Start a run at a terminal."""
    person = Person((*arguments, "--data-dir", str(data_dir)), environ)
    try:
        yield person
    finally:
        person.close()


@pytest.mark.parametrize("number", [SIGINT, SIGTERM])
def test_a_signal_takes_the_panel_away(number: Signals, tmp_path: Path) -> None:
    """The results stand where it stood, and the terminal is as it was: it was never changed."""
    with person_at(RUN, tmp_path, NO_COLOR="1") as person:
        person.wait_for("── SIMULATED")
        person.wait_for("decisions")
        person.child.send_signal(number)

        assert person.end() == 0
        assert person.modes() == person.before
    after = person.seen.rpartition("\x1b[J")[2]
    assert after.startswith("SIMULATED: market or fills are not real")
    assert "\r\nlimits     none came near" in after
    assert not MODES.search(person.seen)


def test_an_end_that_is_cut_short_takes_the_panel_away(tmp_path: Path) -> None:
    """Also where the second signal comes amid a handler that does not return."""
    with person_at(WEDGED, tmp_path, WEDGE="sleep", NO_COLOR="1") as person:
        person.wait_for("── SIMULATED")
        person.wait_for("wedged")
        person.child.send_signal(SIGINT)
        person.wait_for("signal=SIGINT")
        person.child.send_signal(SIGINT)

        assert person.end() == 4
        assert person.modes() == person.before
    assert "── SIMULATED" not in person.seen.rpartition("\x1b[J")[2]
    assert not MODES.search(person.seen)


def test_a_person_who_has_stopped_reading_stops_nothing(tmp_path: Path) -> None:
    """Ctrl-S at a terminal, or a connection that hangs: the run trades on, and ends."""
    with person_at((*RUN[:-1], "TRACE", "--candles", "400", "--speed", "max"), tmp_path) as person:
        deadline = time.monotonic() + DEADLINE
        while not (tmp_path / "status.json").exists() or (
            b'"exit_code":0' not in (tmp_path / "status.json").read_bytes()
        ):
            assert time.monotonic() < deadline
            time.sleep(0.01)

        assert person.end() == 0


@pytest.mark.parametrize(
    ("options", "environ"), [(("--no-panel",), {}), ((), {"TERM": "dumb"})], ids=["option", "dumb"]
)
def test_a_log_can_stand_alone(
    options: tuple[str, ...], environ: dict[str, str], tmp_path: Path
) -> None:
    """Whoever does not want a panel, or cannot have one, gets lines and nothing else."""
    with person_at((*RUN, "--for", "1.5s", *options), tmp_path, **environ) as person:
        assert person.end() == 0
    assert "START_RECONCILED" in person.seen
    assert "decisions none yet" not in person.seen
    assert "\x1b[J" not in person.seen


def test_without_colours_there_is_a_panel_still(tmp_path: Path) -> None:
    """NO_COLOR is about colours alone."""
    with person_at((*RUN, "--for", "2s"), tmp_path, NO_COLOR="1") as person:
        assert person.end() == 0
    assert "── SIMULATED" in person.seen
    assert not re.search(r"\x1b\[[\d;]*m", person.seen)


def test_the_flow_of_messages_fits_a_terminal() -> None:
    """Its rows are wrapped in their last column; in a pipe they are whole."""
    with closing(Person(("run.py", "topology"), {})) as person:
        assert person.end() == 0
    table, _, _ = person.seen.partition("flowchart TD")
    assert max(map(len, table.splitlines())) <= 80
    assert "entries off until\r\n" in table
