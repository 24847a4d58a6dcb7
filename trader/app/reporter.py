"""Tell of a run while it goes on: the status line now and then, the status dump when asked."""

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from trader.app import reports
from trader.app.compose import Engine
from trader.ui.lines import log_line
from trader.ui.log import log_event
from trader.ui.status import to_lines, write_status

STATUS_FILE = "status.json"


class Reporter:
    """Reads a run from threads that no handler can hold up.

    `start` is where it stood first, `began` when it began on the monotonic clock, in seconds;
    `clock` tells the market's time in ns, also while a handler does not return.
    """

    def __init__(
        self,
        engine: Engine,
        run: str,
        began: float,
        clock: Callable[[], int],
        directory: Path,
        redact: Callable[[str], str],
    ) -> None:
        self.start = reports.Start(engine.settings.simulation.start_equity)
        self.began = began
        self._engine = engine
        self._clock = clock
        self._run = run
        self._path = directory / STATUS_FILE
        self._redact = redact
        reports.versions()  # read once: reading them takes longer than a dump may

    def dump(self) -> None:
        """Write the status to its file, then to the log."""
        now = self._clock()
        status = reports.status_of(self._engine, self._run, self.start, self.began, now)
        try:
            write_status(self._path, status, self._redact)
        except OSError as error:
            text = f"{self._path}: {error.strerror}"
            log_event("ERROR", "app", None, "status_not_written", now, error=text)
        for line in to_lines(status):
            log_line("app", line, now)

    @contextmanager
    def open(self, seconds: float) -> Iterator[None]:
        """Log a status line at once, and every so many wall seconds until the block ends."""
        ended = threading.Event()

        def report() -> None:
            began = time.monotonic()
            self._log_line(0.0)
            while not ended.wait(seconds):
                self._log_line(time.monotonic() - began)

        thread = threading.Thread(target=report, name="status", daemon=True)
        thread.start()
        try:
            yield
        finally:
            ended.set()
            thread.join(1.0)

    def _log_line(self, elapsed: float) -> None:
        speed = round(reports.candles_of(self._engine) / elapsed, 1) if elapsed else 0.0
        line = reports.line_of(self._engine, self.start, speed)
        log_line("app", line, self._clock())
