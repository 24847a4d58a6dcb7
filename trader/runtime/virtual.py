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
        for kernel in kernels:
            kernel.schedule.offload = partial(_run, kernel)

    def stop(self) -> None:
        """Have `run` return after what is queued; safe from any thread."""
        self._stopped = True

    def run(self, until: int | None = None) -> None:
        """Run until stopped, until nothing is left to happen, or until `until` (ns)."""
        kernels = self._kernels
        with driving(*kernels):
            while not self._stopped:
                soonest, chosen, settled = _NEVER, None, True
                for kernel in kernels:
                    while kernel.queue or kernel.arrivals:
                        if kernel.arrivals:
                            kernel.take_arrivals()
                        kernel.drain()
                        # It may have sent something to one that had its turn before.
                        settled = kernel is kernels[0]
                    due = kernel.schedule.next_due()
                    if due is not None and due < soonest:
                        soonest, chosen = due, kernel
                if settled and not self._stopped:
                    if chosen is None or (until is not None and soonest > until):
                        break
                    self._set_time(soonest)
                    chosen.schedule.fire()
            if until is not None and not self._stopped:
                self._set_time(until)

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
