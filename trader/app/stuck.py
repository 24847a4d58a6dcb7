"""What becomes of a handler that does not return although the run is to end."""

import threading
import time
from collections.abc import Callable

from trader.model.messages import MessageLost
from trader.runtime.kernel import Kernel
from trader.runtime.role import Envelope
from trader.topology import KERNEL

_LOOKS = 5
_HURRY = 0.5
"""Wall seconds that are left to a handler, and to the drivers, once the end is cut short."""
_KNOCKS = 3
_ALL_KNOCKS = 8


class Bailiff:
    """A thread that gets the engine's thread out of a handler that takes longer than `limit` s.

    It only looks on until `arm`. `interrupt` raises KeyboardInterrupt in the engine's thread; if
    even that changes nothing, `force` is called, which ends the process. After `hurry`, so it is
    if the engine's thread does not return at all.
    """

    def __init__(
        self,
        kernel: Kernel,
        limit: float,
        interrupt: Callable[[], None],
        force: Callable[[], None],
    ) -> None:
        self.stuck: Envelope | None = None
        """What the engine's thread was interrupted at."""
        self._kernel = kernel
        self._limit = limit
        self._interrupt = interrupt
        self._force = force
        self._over = threading.Event()
        self._armed = False
        self._hurried: float | None = None
        self._thread = threading.Thread(target=self._run, name="bailiff", daemon=True)

    def start(self) -> None:
        """Begin to look on."""
        self._thread.start()

    def arm(self) -> None:
        """Act from here on."""
        self._armed = True

    def hurry(self) -> None:
        """Act at once: the end is cut short."""
        self._armed, self._hurried = True, self._hurried or time.monotonic()

    def dismiss(self) -> None:
        """Do nothing more: the engine's thread has returned."""
        self._over.set()

    def _run(self) -> None:
        kernel, seen, since = self._kernel, self._kernel.idle, time.monotonic()
        knocks = all_knocks = 0
        while not self._over.wait(min(self._limit, _HURRY) / _LOOKS):
            now, current = time.monotonic(), kernel.current
            if current is not seen:
                seen, since, knocks = current, now, 0
            limit = self._limit if self._hurried is None else min(self._limit, _HURRY)
            if not self._armed or now - since < limit:
                continue
            if current is not kernel.idle and knocks < _KNOCKS and all_knocks < _ALL_KNOCKS:
                self.stuck, since = current, now
                knocks, all_knocks = knocks + 1, all_knocks + 1
                self._interrupt()
            elif current is not kernel.idle or self._is_late(now):
                self._force()

    def _is_late(self, now: float) -> bool:
        return self._hurried is not None and now - self._hurried > self._limit + _HURRY


def abandon(kernel: Kernel, stuck: Envelope | None) -> None:
    """Give up the message whose handler was interrupted; the kernel has put it back in its queue.

    The journal holds that it was lost, so that a resumed run does not run into it once more.
    """
    if stuck is None or stuck not in kernel.queue:
        return
    kernel.queue.remove(stuck)
    role = stuck.role
    role.quarantined += 1
    role.failures += 1
    role.last_failure = f"its handler of {type(stuck.message).__name__} did not return"
    if kernel.recorder is not None:
        lost = MessageLost(role.name, type(stuck.message).__name__, stuck.seq)
        note = Envelope(kernel.number(), kernel.now, KERNEL, stuck.seq, 0, kernel.own, lost)
        kernel.recorder.write(note)
