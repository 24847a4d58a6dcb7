"""The driver on trio, in real time or a multiple of it."""

import math
import threading
import time
from contextlib import suppress
from functools import partial
from typing import Any, Protocol

import trio

from trader.model.errors import OutcomeUnknown
from trader.model.market import SECOND
from trader.ports import Blocking, Native
from trader.runtime.actor import driving
from trader.runtime.kernel import Kernel
from trader.runtime.schedule import Task

_THREADS = 8
"""Blocking port calls of a lane under way at once; the next waits for its turn."""
_RUSH = 32, 16_000_000
"""So many turns with arrivals in so short a time (ns) are a rush."""
_GATHER, _FEW = 0.001, 2
"""Seconds for which arrivals of a rush gather, and how few of them end it."""
_BURST = 64
"""Events carried out before trio's other tasks, and arrivals, have their turn."""


class DriverClock(Protocol):
    """What a driver asks of time."""

    def now(self) -> int:
        """Return the time in ns."""
        ...

    def seconds_until(self, due: int) -> float:
        """Return the wall seconds until `due`."""
        ...


class ScaledClock:
    """Time that starts at `start` (ns) when made and runs at `speed` times the monotonic clock."""

    def __init__(self, start: int, speed: float = 1.0) -> None:
        self._start = start
        self._speed = speed
        self._origin = time.monotonic_ns()

    def now(self) -> int:
        """Return the time in ns."""
        return self._start + int((time.monotonic_ns() - self._origin) * self._speed)

    def seconds_until(self, due: int) -> float:
        """Return the wall seconds until `due`."""
        return (due - self.now()) / (SECOND * self._speed)


class LiveDriver:
    """Drains one kernel inside trio and sleeps until the next timer or arrival.

    What falls due carries the time it was due at, not the time it was carried out at, so that a
    run on simulated inputs is the same at every speed.
    """

    def __init__(self, kernel: Kernel, clock: DriverClock) -> None:
        self._kernel = kernel
        self._clock = clock
        self._stopped = False
        self._woken = False
        self._rush = False
        self._turns = self._since = 0
        self._token: trio.lowlevel.TrioToken | None = None
        self._awake = trio.Event()
        self._limiters: dict[str, trio.CapacityLimiter] = {}
        kernel.wake = self._wake

    def stop(self) -> None:
        """Have `run` return after what is queued; safe from any thread."""
        self._stopped = True
        self._woken = False
        self._wake()

    async def run(self) -> None:
        """Drive the kernel until `stop`."""
        schedule = self._kernel.schedule
        with driving(self._kernel):
            try:
                async with trio.open_nursery() as nursery:
                    self._token = trio.lowlevel.current_trio_token()
                    schedule.offload = partial(self._offload, nursery)
                    while not self._stopped:
                        if self._rush:
                            await trio.sleep(_GATHER)
                        await self._turn()
                    nursery.cancel_scope.cancel()
            finally:
                self._token = None
                self._kernel.away = False
                schedule.offload = schedule.refuse

    async def _turn(self) -> None:
        kernel = self._kernel
        self._woken = kernel.away = False
        kernel.drain()
        if kernel.arrivals:
            due = kernel.schedule.next_due()
            clock = self._clock.now()
            # An arrival never overtakes what is due: a late driver must not shift simulated time.
            # Nor does it share its instant with what comes after: a recording tells them apart.
            kernel.now = max(kernel.now, clock if due is None else min(clock, due - 1))
            self._rush = self._in_a_rush(len(kernel.arrivals))
            kernel.take_arrivals()
            kernel.drain()
        for _ in range(_BURST):
            if self._stopped or not kernel.schedule.fire(self._clock.now()):
                await self._sleep(kernel.schedule.next_due())
                return
            kernel.drain()
        kernel.away = True
        await trio.lowlevel.checkpoint()

    def _in_a_rush(self, count: int) -> bool:
        """Tell whether arrivals had better gather: a turn of trio's costs more than a message."""
        if self._rush:
            return count >= _FEW
        self._turns += 1
        turns, within = _RUSH
        if self._turns < turns:
            return False
        now = time.monotonic_ns()
        self._turns, since, self._since = 0, self._since, now
        return now - since < within

    async def _sleep(self, due: int | None) -> None:
        self._awake = trio.Event()
        self._kernel.away = True
        # Whoever posts from here on sets the new event: nobody's wake-up is lost.
        if self._woken or self._stopped or self._kernel.arrivals:
            await trio.lowlevel.checkpoint()
            return
        seconds = math.inf if due is None else max(self._clock.seconds_until(due), 0.0)
        with trio.move_on_after(seconds):
            await self._awake.wait()

    def _wake(self) -> None:
        if self._woken:
            return
        self._woken = True
        token = self._token
        if threading.get_ident() == self._kernel.thread:
            self._awake.set()
        elif token is not None:
            # The run may end as we speak: then nobody is left to be woken.
            with suppress(trio.RunFinishedError):
                token.run_sync_soon(self._set_awake, idempotent=True)

    def _set_awake(self) -> None:
        self._awake.set()

    def _offload(self, nursery: trio.Nursery, task: Task, trap: Blocking | Native) -> None:
        if isinstance(trap, Native):
            nursery.start_soon(self._run_native, task, trap)
        else:
            nursery.start_soon(self._run_blocking, task, trap)

    async def _run_native(self, task: Task, trap: Native) -> None:
        value: Any = None
        failure: BaseException | None = None
        try:
            value = await trap.function()
        except (trio.Cancelled, KeyboardInterrupt):
            raise
        except BaseException as error:  # noqa: BLE001 - handed to the coroutine that asked
            failure = error
        self._kernel.soon(self._resume, task, value, failure)

    async def _run_blocking(self, task: Task, trap: Blocking) -> None:
        value: Any = None
        failure: BaseException | None = None
        limiter = self._limiters.setdefault(trap.lane, trio.CapacityLimiter(_THREADS))
        try:
            with trio.fail_after(trap.timeout):
                value = await trio.to_thread.run_sync(
                    trap.function, abandon_on_cancel=True, limiter=limiter
                )
        except trio.TooSlowError:
            failure = OutcomeUnknown(f"no answer within {trap.timeout:g} s")
        except (trio.Cancelled, KeyboardInterrupt):
            raise
        except BaseException as error:  # noqa: BLE001 - handed to the coroutine that asked
            failure = error
        self._kernel.soon(self._resume, task, value, failure)

    def _resume(self, task: Task, value: Any, failure: BaseException | None) -> None:
        """Let one answer in after the other, as what is due: so a recording plays them back."""
        if not self._stopped:
            self._kernel.drain()
        self._kernel.schedule.resume(task, value, failure)
