"""Run the two kernels of an engine to their end, on virtual time or on real."""

import sys
import threading
from collections.abc import Callable
from functools import partial
from typing import Protocol

import trio

from trader.app.compose import Engine
from trader.app.ending import Ending
from trader.app.reports import state_of
from trader.app.stuck import abandon
from trader.model.market import SECOND
from trader.model.messages import ProgressStalled
from trader.runtime import recovery
from trader.runtime.live import DriverClock, LiveDriver, ScaledClock
from trader.runtime.virtual import VirtualDriver
from trader.runtime.watch import Watch
from trader.topology import KILL_SWITCH, OPERATOR, RISK_GUARD
from trader.ui.log import log_event

_SETTLE = 5 * SECOND
"""Market time that orders under way have, once nothing else can end the run."""
_LOOK = SECOND // 10
"""Market time between two looks at whether they have arrived."""
_FLUSH = 1.0
"""Wall seconds between two writes of the journal, where no order asks for one."""
_SWITCH = 0.001
"""Wall seconds that a handler stuck in Python code keeps the other threads waiting each time."""


class Drive(Protocol):
    """Drives both kernels."""

    def now(self) -> int:
        """Return the market's time in ns, also while a handler does not return."""
        ...

    def stop(self) -> None:
        """Have `run` return after what is queued; safe from any thread."""
        ...

    def run(self, ending: Ending) -> None:
        """Drive until stopped, or until nothing is left to happen."""
        ...


class VirtualDrive:
    """From event to event, both kernels on one thread: nobody halts the one that is stuck."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._driver = VirtualDriver(engine.main, engine.kill)

    def now(self) -> int:
        """Return the market's time in ns."""
        return self._engine.main.now

    def stop(self) -> None:
        """Have `run` return after what is queued; safe from any thread."""
        self._driver.stop()

    def run(self, ending: Ending) -> None:
        """Drive until stopped, or until nothing is left to happen."""
        main, kill = self._engine.main, self._engine.kill
        patience = round(self._engine.settings.shutdown.deadline_seconds * SECOND)
        if not _carry_on(self._engine, ending, self._driver.run):
            self._driver = VirtualDriver(kill)  # main can do no more
            until = kill.now + patience
            _carry_on(self._engine, ending, lambda: self._driver.run(until))
        elif not ending.decided:
            ending.request("nothing is left to happen")
            until = main.now + _SETTLE + patience
            _carry_on(self._engine, ending, lambda: self._driver.run(until))


class LiveDrive:
    """At a multiple of real time, each kernel on a thread of its own; one watches the other."""

    def __init__(self, engine: Engine, clock: DriverClock) -> None:
        self._engine = engine
        self._stopped = threading.Event()
        self._clock = clock
        self._main = LiveDriver(engine.main, self._clock)
        self._kill = LiveDriver(engine.kill, self._clock)

    def now(self) -> int:
        """Return the market's time in ns, also while a handler does not return."""
        clock, main = self._clock.now(), self._engine.main
        if self._engine.world.real:
            return clock
        # It waits for an engine that cannot keep pace; another thread may be changing the heap.
        due, *_ = next(iter(main.schedule.heap), (main.now,))
        return max(main.now, min(clock, due))

    def stop(self) -> None:
        """Have `run` return after what is queued; safe from any thread."""
        self._stopped.set()
        self._main.stop()
        self._kill.stop()

    def run(self, ending: Ending) -> None:
        """Drive until stopped."""
        limit = self._engine.settings.system.handler_limit_seconds
        watch = Watch(self._engine.main, limit, self._on_stalled)
        threads = [
            threading.Thread(target=self._run_kill_switch, name=KILL_SWITCH, daemon=True),
            threading.Thread(target=self._flush_now_and_then, name="flush", daemon=True),
        ]
        earlier = sys.getswitchinterval()
        sys.setswitchinterval(_SWITCH)
        watch.start()
        for thread in threads:
            thread.start()
        try:
            if not _carry_on(self._engine, ending, self._run_main):
                ending.wait()
        finally:
            watch.stop()
            self.stop()
            for thread in threads:
                thread.join()
            sys.setswitchinterval(earlier)

    def _run_main(self) -> None:
        # A driver that was interrupted cannot be run again.
        self._main = LiveDriver(self._engine.main, self._clock)
        if self._stopped.is_set():
            self._main.stop()
        trio.run(self._main.run)

    def _run_kill_switch(self) -> None:
        try:
            trio.run(self._kill.run)
        except Exception as error:  # noqa: BLE001 - then main has to end without it
            log_event("CRITICAL", KILL_SWITCH, None, "crashed", None, exception=error)
            self._engine.kill.last_resort(KILL_SWITCH, f"its thread failed: {error}")

    def _flush_now_and_then(self) -> None:
        # It bounds what a sudden death costs: what is buffered is not on disk.
        while not self._stopped.wait(_FLUSH):
            self._engine.main.soon(self._flush)

    def _flush(self) -> None:
        self._engine.main.flush(durable=False)

    def _on_stalled(self, role: str, message: str, seconds: float) -> None:
        stalled = ProgressStalled(role, message, seconds)
        self._engine.kill.arrive(KILL_SWITCH, stalled, OPERATOR)
        log_event("CRITICAL", role, None, "handler_stalled", None, message=message, s=seconds)


def open_drive(engine: Engine) -> Drive:
    """Return what drives an engine at its speed."""
    world, speed = engine.world, engine.settings.market.speed
    if world.clock is not None:
        return LiveDrive(engine, world.clock)
    if speed == "max":
        return VirtualDrive(engine)
    return LiveDrive(engine, ScaledClock(world.market.start, speed))


def settle(engine: Engine, ending: Ending) -> None:
    """Deliver what was sent before the drivers returned, such as the last halt.

    Each kernel at its own time: the KillSwitch's is ahead of an engine that could not keep pace,
    and it may have seen a stop that main is about to replace by an exit. What main has begun with
    a position is ended therefore. Then rebuild the roles that are down, so that their memory can
    be read.
    """
    main, failed = engine.main, ending.crashed
    for kernel in (main, engine.kill):
        _carry_on(engine, ending, partial(VirtualDriver(kernel).run, until=0))
    due = main.now + _SETTLE
    sound = _carry_on(engine, ending, partial(VirtualDriver(main).run, until=0)) and not failed
    while sound and main.now < due and _is_at_work(engine):
        sound = _carry_on(engine, ending, partial(VirtualDriver(main).run, main.now + _LOOK))
    for kernel in (main, engine.kill):
        _carry_on(engine, ending, partial(recovery.revive, kernel))


def _is_at_work(engine: Engine) -> bool:
    """Tell whether RiskGuard waits for the venue's word on how a position is protected."""
    state = state_of(engine.main, RISK_GUARD)
    return state is not None and any(campaign.watched for campaign in state.campaigns.values())


def _carry_on(engine: Engine, ending: Ending, run: Callable[[], None]) -> bool:
    """Run, and go on after each handler that had to be interrupted; False if the engine crashed."""
    while True:
        interrupted = crashed = False
        try:
            run()
        except* KeyboardInterrupt:
            interrupted = True
        except* Exception as error:  # noqa: BLE001 - whatever it is, the run must end in order
            crashed = True
            log_event("CRITICAL", "app", None, "crashed", engine.main.now, exception=error)
        if crashed:
            ending.crash()
            return False
        if not interrupted:
            return True
        stuck = ending.bailiff.stuck
        if stuck is not None:
            name = type(stuck.message).__name__
            log_event("CRITICAL", stuck.role.name, None, "handler_abandoned", None, message=name)
        abandon(engine.main, stuck)
