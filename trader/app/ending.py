"""The ways a run ends: the orderly one, the one cut short, and the exit code of each."""

import os
import sys
import threading
from collections.abc import Callable

from trader.app.compose import Engine
from trader.app.stuck import Bailiff
from trader.model.ids import leg_of
from trader.model.messages import HaltRequested, ShutdownCompleted, StopRequested
from trader.model.orders import Leg
from trader.runtime.signals import interrupt
from trader.topology import KILL_SWITCH, OPERATOR

CLEAN, CRASHED, USAGE, HALTED, ORDERS_REMAIN = range(5)
"""Exit codes; the highest that applies wins."""

_MARGIN = 2.0
"""Wall seconds that the KillSwitch has beyond its own deadline."""


class Ending:
    """Asks the KillSwitch for the end, and cuts it short where that takes too long.

    `stop` tells the drivers to return; `last_words` is called before the process is ended by force.
    Safe from any thread.
    """

    def __init__(
        self, engine: Engine, stop: Callable[[], None], last_words: Callable[[], None]
    ) -> None:
        settings = engine.settings
        self.completed: ShutdownCompleted | None = None
        self.cut_short = False
        self.crashed = False
        self.kill_switch_lost = False
        limit = settings.system.handler_limit_seconds
        self.bailiff = Bailiff(engine.main, limit, interrupt, self._end_process)
        self._engine = engine
        self._stop = stop
        self._last_words = last_words
        self._lock = threading.Lock()
        self._expected = False
        self._decided = threading.Event()
        self._patience = settings.shutdown.deadline_seconds + _MARGIN
        self._timer = threading.Timer(self._patience, self._give_up)
        self._timer.daemon = True

    @property
    def decided(self) -> bool:
        """True once the drivers were told to return."""
        return self._decided.is_set()

    @property
    def expected(self) -> bool:
        """True once the end was asked for, here or by the market."""
        return self._expected

    def request(self, source: str, *, alone: bool = False) -> None:
        """Ask for the orderly end, of the KillSwitch `alone` if need be; the deadline runs now."""
        self.expect()
        if self.kill_switch_lost:
            self._decide()
        else:
            self._engine.kill.arrive(KILL_SWITCH, StopRequested(source, alone), OPERATOR)

    def expect(self) -> None:
        """Start the deadline: the end was asked for, here or by the market."""
        with self._lock:
            if self._expected:
                return
            self._expected = True
        self.bailiff.arm()
        self._timer.start()

    def halt(self, source: str) -> None:
        """Ask for a halt without an end."""
        self._engine.kill.arrive(KILL_SWITCH, HaltRequested(source), OPERATOR)

    def complete(self, message: ShutdownCompleted) -> None:
        """Take the KillSwitch's word that all is done; a wedged handler does not hold it up."""
        self.completed = message
        self._decide()

    def crash(self) -> None:
        """Ask for the orderly end of an engine that has failed itself."""
        self.crashed = True
        self.request("the engine crashed", alone=True)

    def cut(self, why: str) -> None:
        """End now: name what is open, and end the process if the drivers do not return."""
        self.cut_short = True
        self.say(f"cut short: {why}; {self.describe_open()}")
        self.bailiff.hurry()
        self._decide()

    def wait(self) -> None:
        """Wait until the drivers are told to return; the deadline sees to it that they are."""
        self._decided.wait(self._patience + _MARGIN)

    def over(self) -> None:
        """Say that the drivers have returned: nobody needs to insist any more."""
        self.bailiff.dismiss()
        self._timer.cancel()

    def entries_left(self) -> tuple[str, ...]:
        """Return our entry orders that the venue lists, or that nobody could verify."""
        if self.completed is not None:
            return self.completed.remaining
        orders = self._engine.world.exchange.account().open_orders
        ids = (order.order.client_order_id for order in orders)
        return tuple(each for each in ids if leg_of(each) is Leg.ENTRY)

    def describe_open(self) -> str:
        """Name every order that is still open at the venue."""
        orders = self._engine.world.exchange.account().open_orders
        named = ", ".join(
            f"{o.order.leg.name.lower()} {o.order.side} {o.order.quantity - o.filled}"
            f" {o.order.symbol} ({o.order.client_order_id})"
            for o in orders
        )
        return f"open at the simulated venue: {named or 'nothing'}"

    def exit_code(self) -> int:
        """Return the exit code of the run."""
        if self.cut_short or self.entries_left():
            return ORDERS_REMAIN
        halted = self._engine.tally.halted is not None or self.bailiff.stuck is not None
        if halted or self.kill_switch_lost:
            return HALTED
        return CRASHED if self.crashed else CLEAN

    def say(self, text: str) -> None:
        """Tell the operator past the log: its lock may be held by a thread that does not return."""
        sys.stderr.write(f"SIMULATED {text}\n")

    def _give_up(self) -> None:
        if self.decided:
            self.bailiff.hurry()
        else:
            self.cut("the deadline is over")

    def _decide(self) -> None:
        self._decided.set()
        self._stop()

    def _end_process(self) -> None:
        # The engine's own thread is stuck where no exception reaches it: nothing less ends it.
        # What it was about to protect is the KillSwitch's to close first.
        self.request("the engine does not return", alone=True)
        self.wait()
        self.say(f"ended by force: the engine does not return; {self.describe_open()}")
        code = max(self.exit_code(), HALTED)
        # Even the last words may wait for a lock that the stuck thread holds.
        last = threading.Timer(1.0, os._exit, (code,))
        last.daemon = True
        last.start()
        self._last_words()
        os._exit(code)
