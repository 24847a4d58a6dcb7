"""A function in a thread of its own, which is left behind where it takes too long."""

import threading
import time
from collections.abc import Callable
from contextlib import suppress
from queue import Empty, SimpleQueue
from typing import Any, TypeVar

from trader.model.errors import NotSent, OutcomeUnknown

T = TypeVar("T")

_SLICE = 0.05
"""Wall seconds between two looks at whether all is about to end."""


class Deadline:
    """Bounds functions by wall time, and how many of those left behind there may be.

    A client's own timeout is by read: a server that sends a byte now and then holds it for ever.
    """

    def __init__(
        self, seconds: float, most: int, ending: Callable[[], bool] = lambda: False
    ) -> None:
        self._ending = ending
        self._seconds = seconds
        self._most = most
        self._slots = threading.BoundedSemaphore(most)

    def run(self, function: Callable[[], T]) -> T:
        """Return what a function returns, or raise what it raises.

        Raise OutcomeUnknown past the deadline or when all is about to end, and NotSent where that
        is so already, or where too many still hang.
        """
        if self._ending():
            raise NotSent("the run is about to end")
        if not self._slots.acquire(blocking=False):
            raise NotSent(f"{self._most} earlier questions still hang")
        answers: SimpleQueue[tuple[Any, BaseException | None]] = SimpleQueue()

        def work() -> None:
            try:
                answers.put((function(), None))
            except BaseException as error:  # noqa: BLE001 - raised where it is waited for
                answers.put((None, error))
            finally:
                self._slots.release()

        threading.Thread(target=work, name="model", daemon=True).start()
        value, error = self._wait(answers)
        if error is not None:
            raise error
        result: T = value
        return result

    def _wait(
        self, answers: SimpleQueue[tuple[Any, BaseException | None]]
    ) -> tuple[Any, BaseException | None]:
        until = time.monotonic() + self._seconds
        while (left := until - time.monotonic()) > 0:
            # In slices: at full speed it is the engine's own thread that waits here.
            with suppress(Empty):
                return answers.get(timeout=min(left, _SLICE))
            if self._ending():
                raise OutcomeUnknown("the run is about to end")
        raise OutcomeUnknown(f"no answer within {self._seconds:g} s")
