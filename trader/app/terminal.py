"""Standard error as a place that never holds the engine up."""

import os
import queue
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import TextIO

_ROOM = 10_000
"""Lines that may wait for a reader who has stopped reading: about 2 MB."""
_PATIENCE = 1.0


class Terminal:
    """Writes to a stream from a thread of its own.

    A pipe that nobody reads fills up, and writing to it then blocks: the log would stop the trading
    it tells of. Lines that find no room are dropped; the log files have them all.
    """

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream
        self._lines: queue.Queue[str | None] = queue.Queue(_ROOM)
        self._thread = threading.Thread(target=self._run, name="terminal", daemon=True)
        self._thread.start()

    def write(self, text: str) -> int:
        """Have a text written; drop it if there is no room."""
        try:
            self._lines.put_nowait(text)
        except queue.Full:
            return 0
        return len(text)

    def flush(self) -> None:
        """Do nothing: every text is written as soon as it can be."""

    def isatty(self) -> bool:
        """Tell whether a person looks on."""
        return self._stream.isatty()

    def close(self) -> None:
        """Wait a moment for what is still to be written, and not for a reader who has stopped."""
        while self._lines.full():
            with suppress(queue.Empty):
                self._lines.get_nowait()
        self._lines.put(None)
        self._thread.join(_PATIENCE)

    def _run(self) -> None:
        write = _writer(self._stream)
        while (text := self._lines.get()) is not None:
            try:
                write(text)
            except (OSError, ValueError):  # the terminal is gone, and the run goes on without it
                continue


@contextmanager
def open_terminal() -> Iterator[Terminal]:
    """Put a Terminal in the place of standard error until the block ends."""
    stream = sys.stderr
    terminal = Terminal(stream)
    sys.stderr = terminal
    try:
        yield terminal
    finally:
        sys.stderr = stream
        terminal.close()


def _writer(stream: TextIO) -> Callable[[str], object]:
    try:
        descriptor = stream.fileno()
    except OSError:
        return stream.write
    encoding = stream.encoding or "utf-8"

    def write(text: str) -> None:
        # Past the stream's buffer: whoever blocks amid that holds its lock, for which the end of
        # the process would wait in vain.
        rest = text.encode(encoding, "backslashreplace")
        while rest:
            rest = rest[os.write(descriptor, rest) :]

    return write
