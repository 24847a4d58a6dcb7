"""Tell of a run while it goes on: the status line, the panel, the status file, the dump."""

import threading
import time
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import msgspec

from trader.app import reports
from trader.app.compose import Engine
from trader.app.highs import Highs
from trader.app.screen import Screen
from trader.ui.charts import Curve
from trader.ui.lines import log_line
from trader.ui.log import log_event
from trader.ui.status import FRESH, STATUS_FILE, StatusDump, redacted, to_lines, write_status

_FIT = 0.25
"""Wall seconds between two looks at the terminal's size."""
_PACE = 10
"""Looks over which the pace is measured."""


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
        profile: str = "",
        screen: Screen | None = None,
    ) -> None:
        self.start = reports.Start(engine.settings.simulation.start_equity)
        self.began = began
        self.exit_code: int | None = None
        self.highs = Highs()
        self._engine = engine
        self._clock = clock
        self._run = run
        self._path = directory / STATUS_FILE
        self._redact = redact
        self._profile = profile
        self._screen = screen
        self._curve = Curve()
        self._looks: deque[tuple[float, int]] = deque([(began, 0)], maxlen=_PACE)
        self._unwritten = ""
        reports.versions()  # read once: reading them takes longer than a dump may

    def dump(self) -> None:
        """Write the status to its file, then to the log."""
        status = self._picture()
        self._unwritten = ""
        self._write(status)
        for line in to_lines(status):
            log_line("app", line, self._clock())

    def finish(self, exit_code: int) -> None:
        """Say in the status file that the run is over."""
        self.exit_code = exit_code
        self._write(self._picture())

    @contextmanager
    def open(self, seconds: float) -> Iterator[None]:
        """Log a status line at once, and every so many wall seconds until the block ends.

        Meanwhile the panel and the status file are kept fresh.
        """
        ended = threading.Event()
        thread = threading.Thread(target=self._report, args=(ended, seconds), name="status")
        thread.daemon = True
        thread.start()
        try:
            yield
        finally:
            ended.set()
            thread.join(1.0)

    def _report(self, ended: threading.Event, seconds: float) -> None:
        tasks = {self._log_line: seconds, self._look: FRESH}
        if self._screen is not None:
            tasks[self._screen.fit] = _FIT
        due = dict.fromkeys(tasks, time.monotonic())
        try:
            while not ended.wait(max(min(due.values()) - time.monotonic(), 0.0)):
                for task, every in tasks.items():
                    if time.monotonic() >= due[task]:
                        task()
                        due[task] = time.monotonic() + every
        finally:
            # Also where a task has failed: better no panel than one that has stopped.
            if self._screen is not None:
                self._screen.clear()

    def _look(self) -> None:
        status = self._picture()
        self.highs.take(status.limits)
        self._curve.add(float(status.equity))
        status = msgspec.structs.replace(status, curve=self._curve.samples)
        self._looks.append((time.monotonic(), status.candles))
        self._write(status)
        if self._screen is not None:
            self._screen.show(redacted(status, self._redact))

    def _picture(self) -> StatusDump:
        status = reports.status_of(self._engine, self._run, self.start, self.began, self._clock())
        then, candles = self._looks[0]
        return msgspec.structs.replace(
            status,
            profile=self._profile,
            candles_per_second=round(
                (status.candles - candles) / max(time.monotonic() - then, 0.001), 1
            ),
            curve=self._curve.samples,
            exit_code=self.exit_code,
        )

    def _write(self, status: StatusDump) -> None:
        try:
            write_status(self._path, status, self._redact)
        except OSError as error:
            if self._unwritten != (text := f"{self._path}: {error.strerror}"):
                now = self._clock()
                log_event("ERROR", "app", None, "status_not_written", now, error=text)
            self._unwritten = text
        else:
            self._unwritten = ""

    def _log_line(self) -> None:
        candles, elapsed = reports.candles_of(self._engine), time.monotonic() - self.began
        line = reports.line_of(self._engine, self.start, round(candles / elapsed, 1))
        log_line("app", line, self._clock())
