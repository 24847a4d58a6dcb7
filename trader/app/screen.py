"""Whether a run has a panel, and what stands on it now."""

import os
from collections.abc import Mapping
from typing import TextIO

from trader.app.terminal import Terminal
from trader.ui.render import has_colours
from trader.ui.status import StatusDump


class Screen:
    """Draws the newest status below the log, as the terminal's size allows.

    A terminal that is too small, or that another job has in its foreground, shows none.
    """

    def __init__(self, terminal: Terminal, *, colours: bool) -> None:
        self._terminal = terminal
        self._colours = colours
        self._status: StatusDump | None = None
        self._size: os.terminal_size | None = None

    def show(self, status: StatusDump) -> None:
        """Draw a status."""
        self._status = status
        self._size = self._terminal.size()
        self._draw()

    def fit(self) -> None:
        """Draw anew if the terminal's size has changed."""
        size = self._terminal.size()
        if size != self._size:
            self._size = size
            self._draw()

    def clear(self) -> None:
        """Take the panel away."""
        self._terminal.hold(())

    def _draw(self) -> None:
        # Rich is imported by the thread that draws, once the engine runs.
        from trader.ui import panel
        from trader.ui.paint import paint

        size, status = self._size, self._status
        if status is None:
            return
        if size is None or size.columns < panel.LEAST_WIDTH or size.lines < panel.LEAST_HEIGHT:
            self._terminal.hold(())
            return
        # A row that fills the last column would leave the cursor where terminals differ.
        rows = panel.compose(status, size.columns - 1, panel.rows_for(size.lines))
        self._terminal.hold(paint(rows, colours=self._colours, encoding=self._terminal.encoding))


def open_screen(terminal: Terminal, stdout: TextIO, environ: Mapping[str, str]) -> Screen | None:
    """Return a screen, if a person looks on at a terminal that can move its cursor."""
    if not (terminal.isatty() and stdout.isatty()):
        return None
    if environ.get("TERM", "dumb") in {"dumb", "unknown"}:
        return None
    return Screen(terminal, colours=has_colours(True, environ))
