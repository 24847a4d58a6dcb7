"""The watch over a handler that does not return."""

import threading
import time
from collections.abc import Callable

from trader.runtime.kernel import Kernel

_LOOKS = 20
"""Looks within the limit: a stall is seen at most a twentieth of the limit late."""


class Watch:
    """A thread that reads a kernel's progress and reports a handler that is past its limit, once.

    The kernel only publishes what it is delivering; since when is measured here, so that the hot
    path reads no clock.
    """

    def __init__(
        self, kernel: Kernel, limit: float, report: Callable[[str, str, float], None]
    ) -> None:
        self._kernel = kernel
        self._limit = limit
        self._report = report
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._run, name="watch", daemon=True)

    def start(self) -> None:
        """Begin to watch."""
        self._thread.start()

    def stop(self) -> None:
        """Stop watching."""
        self._ended.set()
        self._thread.join()

    def _run(self) -> None:
        seen, since, reported = self._kernel.idle, time.monotonic(), False
        while not self._ended.wait(self._limit / _LOOKS):
            current = self._kernel.current
            if current is not seen:
                seen, since, reported = current, time.monotonic(), False
            elif current is not self._kernel.idle and not reported:
                seconds = time.monotonic() - since
                if seconds > self._limit:
                    reported = True
                    self._report(current.role.name, type(current.message).__name__, seconds)
