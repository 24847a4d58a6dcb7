"""Standard error as a place that never holds the engine up, and that a panel may stand on."""

import os
import queue
import sys
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from typing import TextIO

from trader.ui.rows import Row, above

_ROOM = 10_000
"""Lines that may wait for a reader who has stopped reading: about 2 MB."""
_AT_ONCE = 500
"""Lines that are written together, so that a panel is drawn once for all of them."""
_PAUSE = 0.02
"""Seconds in which lines gather: a thread that wakes for each takes turns with the engine."""
_PATIENCE = 1.0


class Terminal:
    """Writes to a stream from a thread of its own, lines above and a panel below them.

    A pipe that nobody reads fills up, and writing to it then blocks: the log would stop the trading
    it tells of. Lines that find no room are dropped; the log files have them all. The terminal's
    modes are left as they are, so that no way to end has any to restore.
    """

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream
        self._lines: queue.Queue[str | None] = queue.Queue(_ROOM)
        self._panel: Sequence[Row] = ()
        self._shown: Sequence[Row] = ()
        self._rest = ""
        self._closed = threading.Event()
        self._thread = threading.Thread(target=self._run, name="terminal", daemon=True)
        self._thread.start()

    @property
    def encoding(self) -> str:
        """The encoding of what is written."""
        return self._stream.encoding or "utf-8"

    def write(self, text: str) -> int:
        """Have a text written; drop it if there is no room."""
        try:
            self._lines.put_nowait(text)
        except queue.Full:
            return 0
        return len(text)

    def flush(self) -> None:
        """Do nothing: every text is written as soon as it can be."""

    def hold(self, panel: Sequence[Row]) -> None:
        """Have a panel stand below the lines in the place of the one before; without rows, none."""
        self._panel = panel
        self.write("")

    def isatty(self) -> bool:
        """Tell whether a person looks on."""
        return self._stream.isatty()

    def size(self) -> os.terminal_size | None:
        """Return the terminal's size; None where there is none, or where others have it now."""
        try:
            descriptor = self._stream.fileno()
            size = os.get_terminal_size(descriptor)
        except (OSError, ValueError):
            return None
        with suppress(OSError):  # a terminal that does not control us has no foreground
            if os.tcgetpgrp(descriptor) != os.getpgrp():
                return None
        return size

    def close(self) -> None:
        """Remove the panel and wait a moment for what is still to be written, not for a reader."""
        self._panel = ()
        self._closed.set()
        while self._lines.full():
            with suppress(queue.Empty):
                self._lines.get_nowait()
        self._lines.put(None)
        self._thread.join(_PATIENCE)

    def _run(self) -> None:
        write = _writer(self._stream)
        over = False
        while not over:
            text, over = self._take()
            if self._panel or self._shown:
                text = self._with_panel(text)
            # The terminal may be gone; the run goes on without it.
            with suppress(OSError, ValueError):
                write(text)
            if self._lines.empty():
                self._closed.wait(_PAUSE)

    def _take(self) -> tuple[str, bool]:
        """Return what waits, and whether it is the last."""
        texts = []
        item = self._lines.get()
        while item is not None:
            texts.append(item)
            if len(texts) == _AT_ONCE or self._lines.empty():
                return "".join(texts), False
            item = self._lines.get_nowait()
        return "".join(texts), True

    def _with_panel(self, text: str) -> str:
        """Write over the panel that is shown: the lines first, then the panel of now."""
        panel, text = self._panel, self._rest + text
        lines, newline, self._rest = text.rpartition("\n")
        size = self.size()
        written = above(self._shown, lines + newline, panel, size.columns if size else 0)
        self._shown = panel
        if not panel:
            written, self._rest = written + self._rest, ""
        return written


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
