"""The driver that jumps from event to event: backtests, tests, `--speed max`."""

from functools import partial
from typing import Any

from trader.model.errors import NotSent, OutcomeUnknown
from trader.ports import Blocking, Native
from trader.runtime.actor import driving
from trader.runtime.kernel import Kernel
from trader.runtime.schedule import Task

_NEVER = 1 << 63


class VirtualDriver:
    """Steps kernels in one thread: what is queued, then the next that is due, whatever the hour.

    A blocking function of a port runs where it is asked for; virtual time stands still meanwhile.
    """

    def __init__(self, *kernels: Kernel) -> None:
        self._kernels = kernels
        self._stopped = False
        self._woken = False
        for kernel in kernels:
            kernel.schedule.offload = partial(_run, kernel)
            kernel.wake = self._wake

    def stop(self) -> None:
        """Have `run` return after what is queued; safe from any thread."""
        self._stopped = True
        self._wake()

    def run(self, until: int | None = None) -> None:
        """Run until stopped, until nothing is left to happen, or until `until` (ns)."""
        with driving(*self._kernels):
            self._settle()
            while not self._stopped and self._advance(_NEVER if until is None else until):
                self._settle()
            if until is not None and not self._stopped:
                self._set_time(until)

    def _wake(self) -> None:
        self._woken = True

    def _settle(self) -> None:
        """Deliver what is queued and what has arrived, in every kernel."""
        self._woken = False
        for kernel in self._kernels:
            self._set_time(kernel.now)
        first, settled = self._kernels[0], False
        while not settled:
            settled = True
            for kernel in self._kernels:
                while kernel.queue or kernel.arrivals:
                    kernel.take_arrivals()
                    kernel.drain()
                    # It may have sent something to one that had its turn before.
                    settled = kernel is first or self._stopped

    def _advance(self, until: int) -> bool:
        """Carry out what is due, until another kernel has its turn; False if nothing is."""
        chosen, soonest = None, until + 1
        for kernel in self._kernels:
            due = kernel.schedule.next_due()
            if due is None:
                continue
            if due < soonest:
                # Of what is due at one time, an earlier kernel's comes first.
                chosen, soonest, until = kernel, due, soonest - 1
            elif due < until:
                until = due
        if chosen is None:
            return False
        while not self._woken and chosen.schedule.fire(until):
            chosen.drain()
        return True

    def _set_time(self, time: int) -> None:
        for kernel in self._kernels:
            if kernel.now < time:
                kernel.now = time


def _run(kernel: Kernel, task: Task, trap: Blocking | Native) -> None:
    if isinstance(trap, Native):
        error = NotSent("a real connection needs real time: leave --speed out")
        kernel.soon(kernel.schedule.resume, task, None, error)
    else:
        _run_blocking(kernel, task, trap)


def _run_blocking(kernel: Kernel, task: Task, trap: Blocking) -> None:
    value: Any = None
    failure: BaseException | None = None
    try:
        value = trap.function()
    except KeyboardInterrupt:
        failure = OutcomeUnknown("interrupted")
        raise
    except BaseException as error:  # noqa: BLE001 - handed to the coroutine that asked
        failure = error
    finally:
        kernel.soon(kernel.schedule.resume, task, value, failure)
