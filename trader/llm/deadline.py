"""A function in a thread of its own, which is left behind where it takes too long."""

import threading
from collections.abc import Callable
from queue import Empty, SimpleQueue
from typing import Any, TypeVar

from trader.model.errors import NotSent, OutcomeUnknown

T = TypeVar("T")


class Deadline:
    """Bounds functions by wall time, and how many of those left behind there may be.

    A client's own timeout is by read: a server that sends a byte now and then holds it for ever.
    """

    def __init__(self, seconds: float, most: int) -> None:
        self._seconds = seconds
        self._most = most
        self._slots = threading.BoundedSemaphore(most)

    def run(self, function: Callable[[], T]) -> T:
        """Return what a function returns, or raise what it raises.

        Raise OutcomeUnknown past the deadline, and NotSent where too many still hang.
        """
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
        try:
            value, error = answers.get(timeout=self._seconds)
        except Empty:
            raise OutcomeUnknown(f"no answer within {self._seconds:g} s") from None
        if error is not None:
            raise error
        result: T = value
        return result
