"""The time of real markets: the venue's, as far as it tells, and monotonic whatever is set here."""

import threading
import time
from collections.abc import Callable

from loguru import logger

from trader.feed.lanes import SKEW
from trader.model.errors import NotSent
from trader.model.market import SECOND

AGREED = 60 * SECOND
"""Time (ns) for which nobody asks again whether this clock and the venue's agree."""


class RealClock:
    """The time of day when it was made (ns), monotonic from then on; a venue corrects it once.

    Safe from any thread. It is what `trader.runtime.live.LiveDriver` asks of a clock.
    """

    def __init__(self) -> None:
        self._origin = time.time_ns() - time.monotonic_ns()
        self._lock = threading.Lock()
        self._agreed: int | None = None
        self._corrected = False

    def now(self) -> int:
        """Return the time in ns."""
        return self._origin + time.monotonic_ns()

    def seconds_until(self, due: int) -> float:
        """Return the wall seconds until `due`."""
        return (due - self.now()) / SECOND

    def doubt(self) -> None:
        """Have the venue asked again at the next opportunity."""
        self._agreed = None

    def agree(self, ask: Callable[[], int | None], *, begun: bool = True) -> None:
        """Compare with the venue's time (ns, None where it has none), and log what is corrected.

        More than a second is corrected once, and never back once a run has `begun`: its timers
        would stand still. Raise NotSent where it may not be, and what `ask` raises.
        """
        with self._lock:
            sent = time.monotonic_ns()
            if self._agreed is not None and sent - self._agreed < AGREED:
                return
            theirs = ask()
            took = time.monotonic_ns() - sent
            off = 0 if theirs is None else theirs - self._origin - sent - took // 2
            right = abs(off) <= SKEW + took // 2
            if not right and (self._corrected or (begun and off < 0)):
                again = "again " if self._corrected else ""
                where = "behind" if off > 0 else "ahead of"
                raise NotSent(
                    f"the clock of this machine is {again}{abs(off) / SECOND:.1f} s {where} the"
                    " venue's; have it set by NTP, and start again"
                )
            if not right:
                self._origin += off
                self._corrected = True
                logger.bind(actor="app", by_s=off / SECOND).warning("clock_corrected")
            self._agreed = sent
