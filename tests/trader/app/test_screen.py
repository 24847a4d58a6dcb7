"""Whether a run has a panel, and that it follows its terminal."""

import fcntl
import os
import select
import struct
import termios
from collections.abc import Iterator
from pathlib import Path
from typing import TextIO

import pytest

from tests.trader.ui.test_panel import STATUS
from trader.app.screen import Screen, open_screen
from trader.app.terminal import Terminal

HERE = {"TERM": "xterm"}


class Tty:
    """A terminal of a size; what is written to it can be read."""

    def __init__(self) -> None:
        self.ours, theirs = os.openpty()
        self.stream = os.fdopen(theirs, "w")
        self.resize(80, 24)

    def resize(self, columns: int, rows: int) -> None:
        """Give it another size."""
        size = struct.pack("HHHH", rows, columns, 0, 0)
        fcntl.ioctl(self.ours, termios.TIOCSWINSZ, size)

    def read(self) -> str:
        """Return what was written since the last time, once there is any."""
        ready, _, _ = select.select([self.ours], [], [], 10.0)
        assert ready, "nothing was written"
        return os.read(self.ours, 65_536).decode()

    def read_until(self, text: str) -> str:
        """Return what was written, once it has a text."""
        seen = ""
        while text not in seen:
            seen += self.read()
        return seen


@pytest.fixture
def tty() -> Iterator[Tty]:
    """Offer a terminal."""
    made = Tty()
    yield made
    made.stream.close()
    os.close(made.ours)


@pytest.fixture
def terminal(tty: Tty) -> Iterator[Terminal]:
    """Offer a terminal that is written to."""
    opened = Terminal(tty.stream)
    yield opened
    opened.close()


def screen_of(tty: Tty, terminal: Terminal) -> Screen:
    """Return a screen without colours."""
    screen = open_screen(terminal, tty.stream, {**HERE, "NO_COLOR": "1"})
    assert screen is not None
    return screen


def test_a_person_at_a_terminal_has_a_panel(tty: Tty, terminal: Terminal) -> None:
    """With or without colours."""
    assert open_screen(terminal, tty.stream, HERE) is not None
    assert open_screen(terminal, tty.stream, {**HERE, "NO_COLOR": "1"}) is not None


@pytest.mark.parametrize("environ", [{}, {"TERM": "dumb"}, {"TERM": "unknown"}])
def test_a_terminal_that_cannot_move_its_cursor_has_none(
    environ: dict[str, str], tty: Tty, terminal: Terminal
) -> None:
    """A log and nothing else is what it can show."""
    assert open_screen(terminal, tty.stream, environ) is None


@pytest.mark.parametrize("which", ["stdout", "stderr"])
def test_a_pipe_has_none(which: str, tty: Tty, tmp_path: Path) -> None:
    """Whichever of the two streams it is: a program reads it, or a file keeps it."""
    with (tmp_path / "file").open("w") as pipe:
        streams: dict[str, TextIO] = {"stdout": tty.stream, "stderr": tty.stream, which: pipe}
        terminal = Terminal(streams["stderr"])
        assert open_screen(terminal, streams["stdout"], HERE) is None
        terminal.close()


def test_the_panel_stands_below_the_log(tty: Tty, terminal: Terminal) -> None:
    """A line is written over the panel, and the panel below it; nothing but text and positions."""
    screen = screen_of(tty, terminal)
    screen.show(STATUS)
    first = tty.read_until("decisions")
    terminal.write("a line\n")
    second = tty.read_until("\x1b[J")

    assert "SIMULATED" in first
    assert second.startswith("\r\x1b[14A")
    assert second.index("a line") < second.index("SIMULATED")
    assert "\x1b[3" not in first


def test_the_panel_goes_with_the_terminal(tty: Tty, terminal: Terminal) -> None:
    """What is printed after the run stands where it stood."""
    screen_of(tty, terminal).show(STATUS)
    tty.read_until("\x1b[J")
    terminal.close()

    assert tty.read() == "\r\x1b[14A\x1b[J"


def test_a_panel_follows_the_size(tty: Tty, terminal: Terminal) -> None:
    """Larger, it shows more; too small, it makes room for the log."""
    screen = screen_of(tty, terminal)
    screen.show(STATUS)
    tty.read_until("\x1b[J")
    tty.resize(200, 50)
    screen.fit()
    assert "last message" in tty.read_until("\x1b[J")
    tty.resize(30, 10)
    screen.fit()
    assert "SIMULATED" not in tty.read_until("\x1b[J")


def test_a_line_without_its_end_waits_for_it(tty: Tty, terminal: Terminal) -> None:
    """A panel must not be drawn amid a line; at the end whatever there is is written."""
    screen_of(tty, terminal).show(STATUS)
    tty.read_until("\x1b[J")
    terminal.write("half ")
    terminal.write("a line\n")
    seen = tty.read_until("a line")
    while not seen.endswith("\x1b[J"):
        seen += tty.read()
    assert "half a line\x1b[K\r\n" in seen
    terminal.write("rest")
    terminal.close()
    assert tty.read_until("rest").endswith("\x1b[Jrest")
