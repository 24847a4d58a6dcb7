"""Standard error that never holds the engine up."""

import io
import os
import sys
import threading

import pytest

from trader.app.terminal import Terminal, open_terminal


def test_lines_come_out_in_their_order(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever is written while it stands in is there when it has gone."""
    stream = io.StringIO()
    monkeypatch.setattr(sys, "stderr", stream)
    with open_terminal() as terminal:
        assert sys.stderr is terminal
        assert not terminal.isatty()
        for number in range(100):
            sys.stderr.write(f"{number}\n")
        sys.stderr.flush()

    assert sys.stderr is stream
    assert stream.getvalue().split() == [str(number) for number in range(100)]


def test_lines_that_come_soon_after_are_written_together(monkeypatch: pytest.MonkeyPatch) -> None:
    """A thread that woke for each of them would take turns with the engine; the end wakes it."""
    monkeypatch.setattr("trader.app.terminal._PAUSE", 60.0)
    written: list[str] = []
    begun = threading.Event()

    class Stream(io.StringIO):
        def write(self, text: str) -> int:
            written.append(text)
            begun.set()
            return len(text)

    terminal = Terminal(Stream())
    terminal.write("first\n")
    begun.wait()
    for _ in range(100):
        terminal.write("line\n")
        os.sched_yield()
    terminal.close()

    assert written == ["first\n", "line\n" * 100]


def test_a_full_pipe_holds_nobody_up(monkeypatch: pytest.MonkeyPatch) -> None:
    """Two megabytes that nobody reads are written by somebody else, or not at all."""
    monkeypatch.setattr("trader.app.terminal._PATIENCE", 0.01)
    reading, writing = os.pipe()
    with os.fdopen(writing, "w") as stream:
        terminal = Terminal(stream)
        written = [terminal.write("x" * 100) for _ in range(20_000)]
        terminal.close()

        assert (written[0], written[-1]) == (100, 0)
        assert terminal._thread.is_alive()
        os.close(reading)
        terminal._thread.join()


def test_a_reader_who_has_left_is_no_failure() -> None:
    """What cannot be written any more is let go, and so is what comes after."""
    reading, writing = os.pipe()
    os.close(reading)
    with os.fdopen(writing, "w") as stream:
        terminal = Terminal(stream)
        for _ in range(3):
            assert terminal.write("gone\n") == 5
        terminal.close()

        assert not terminal._thread.is_alive()


def test_what_the_terminal_cannot_show_is_escaped() -> None:
    """A line with other characters than the terminal's is a line all the same."""
    reading, writing = os.pipe()
    with os.fdopen(writing, "w", encoding="ascii") as stream:
        terminal = Terminal(stream)
        terminal.write("5 €\n")
        terminal.close()
        shown = os.read(reading, 100)
    os.close(reading)

    assert shown == b"5 \\u20ac\n"
