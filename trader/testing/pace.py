"""A kernel on either driver, in time that a test moves by hand."""

import math

import trio
import trio.testing

from trader.runtime.kernel import Kernel
from trader.runtime.live import LiveDriver
from trader.runtime.virtual import VirtualDriver


class HandClock:
    """Time that a test moves by hand."""

    def __init__(self) -> None:
        self.time = 0

    def now(self) -> int:
        """Return the time in ns."""
        return self.time

    def seconds_until(self, due: int) -> float:
        """Return no time at all for what is due, for ever for what is not."""
        return 0.0 if due <= self.time else math.inf


class Pace:
    """Drives one kernel under the `virtual` or the `live` driver; its time costs none."""

    def __init__(self, driver: str, kernel: Kernel) -> None:
        self._kernel = kernel
        self._clock = HandClock()
        self._virtual = VirtualDriver(kernel) if driver == "virtual" else None
        self._live = LiveDriver(kernel, self._clock) if driver == "live" else None

    @property
    def now(self) -> int:
        """The time, in ns."""
        return self._clock.time

    async def begin(self, nursery: trio.Nursery) -> None:
        """Begin to drive, and do what there is to do."""
        if self._live is not None:
            nursery.start_soon(self._live.run)
        await self.settle()

    async def settle(self) -> None:
        """Do what there is to do now."""
        if self._virtual is not None:
            self._virtual.run(until=self._clock.time)
        else:
            self._kernel.wake()
            await trio.testing.wait_all_tasks_blocked()

    async def advance(self, delay: int) -> None:
        """Let `delay` ns pass, and everything happen that falls due meanwhile."""
        if self._kernel.arrivals:
            await self.settle()  # what has arrived by now, arrived now
        end = self._clock.time + delay
        while self._live is not None:
            due = self._kernel.schedule.next_due()
            if due is None or due > end:
                break
            self._clock.time = max(self._clock.time, due)
            await self.settle()
        self._clock.time = end
        await self.settle()

    def stop(self) -> None:
        """Stop driving."""
        if self._live is not None:
            self._live.stop()
