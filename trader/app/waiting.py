"""Waiting for a venue before a run begins: until its time is up, or somebody ends it."""

import math
import queue
import threading
import time
from collections.abc import Callable
from typing import Any, TypeVar

from trader.model.errors import TraderError

T = TypeVar("T")


class NothingCame(TraderError):
    """The run was ended before its venue had answered."""


class Waiting:
    """Asks and sleeps on the main thread, for `seconds` from the first question on."""

    def __init__(self, seconds: float | None = None) -> None:
        self._seconds = seconds
        self._began: float | None = None
        self._news: queue.SimpleQueue[tuple[object, Any, BaseException | None]] = (
            queue.SimpleQueue()
        )

    @property
    def left(self) -> float | None:
        """Return the seconds that are left of the run; None where nobody set any."""
        if self._seconds is None or self._began is None:
            return self._seconds
        return max(self._began + self._seconds - time.monotonic(), 0.0)

    def end(self, why: str) -> bool:
        """End the waiting, from any thread; tell whether there is any."""
        self._news.put((self, None, NothingCame(why)))
        return self._began is not None

    def sleep(self, seconds: float) -> None:
        """Let time pass; raise NothingCame where the run ends meanwhile."""
        self._wait(object(), seconds)

    def ask(self, function: Callable[[], T]) -> T:
        """Return what a function returns, or raise what it raises, or NothingCame.

        It runs on a thread that is left alone once the run ends.
        """
        mine = object()

        def work() -> None:
            try:
                self._news.put((mine, function(), None))
            except BaseException as error:  # noqa: BLE001 - raised where it was asked for
                self._news.put((mine, None, error))

        if self._began is None:
            self._began = time.monotonic()
        threading.Thread(target=work, name="waiting", daemon=True).start()
        answer: T = self._wait(mine, math.inf)
        return answer

    def _wait(self, wanted: object, seconds: float) -> Any:
        until = time.monotonic() + seconds
        while True:
            left = min(until - time.monotonic(), math.inf if self.left is None else self.left)
            try:
                whose, value, error = self._news.get(
                    timeout=None if left == math.inf else max(left, 0.0)
                )
            except queue.Empty:
                if self.left == 0.0:
                    raise NothingCame(f"--for {self._seconds:g}s") from None
                return None
            if error is not None and whose in (wanted, self):
                raise error
            if whose is wanted:
                return value
