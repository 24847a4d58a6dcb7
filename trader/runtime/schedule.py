"""Timers and port coroutines, ordered by (due, seq)."""

from collections.abc import Callable, Coroutine
from heapq import heappop, heappush
from itertools import count
from typing import TYPE_CHECKING, Any, final

import msgspec
from loguru import logger

from trader.model.errors import NotSent, OutcomeUnknown, Rejected
from trader.model.messages import CallFailure, Failure, Message
from trader.model.reasons import Reason
from trader.ports import Blocking, Native, SleepUntil

if TYPE_CHECKING:
    from trader.runtime.kernel import Kernel
    from trader.runtime.role import Envelope, Role

Work = Callable[..., Coroutine[Any, Any, Any]]
Answer = Callable[[str, Any], Message]
"""The type of the message that answers a call: its fields are the key, and a result or failure."""


class Timer(msgspec.Struct, frozen=True):
    """A role's request to be sent `message` after `delay` ns."""

    key: str
    delay: int
    message: Message


class Call(msgspec.Struct, frozen=True):
    """A role's request to run a port coroutine."""

    key: str
    work: Work
    args: tuple[Any, ...]
    done: Answer
    failed: Answer
    durable: bool
    required: bool


@final
class Alarm:
    """A timer that runs; void once its role armed the key anew."""

    __slots__ = ("cause", "correlation", "role", "timer")

    def __init__(self, role: "Role", envelope: "Envelope", timer: Timer) -> None:
        self.role = role
        self.timer = timer
        self.cause = envelope.seq
        self.correlation = envelope.correlation


@final
class Task:
    """A port coroutine under way for a role."""

    __slots__ = ("call", "cause", "coroutine", "correlation", "role")

    coroutine: Coroutine[Any, Any, Any]

    def __init__(self, role: "Role", envelope: "Envelope", call: Call) -> None:
        self.role = role
        self.call = call
        self.cause = envelope.seq
        self.correlation = envelope.correlation

    def close(self) -> None:
        """Close the coroutine, wherever it is."""
        try:
            self.coroutine.close()
        except Exception as error:  # noqa: BLE001 - the others are to be closed all the same
            logger.bind(actor=self.role.name).opt(exception=error).error(
                "closing {}", self.call.key
            )


class Schedule:
    """What a kernel will do later: one heap of alarms and sleeping tasks.

    A driver sets `offload`, which runs a function elsewhere and has the task resumed.
    """

    def __init__(self, kernel: "Kernel") -> None:
        self.heap: list[tuple[int, int, Alarm | Task]] = []
        self.offload: Callable[[Task, Blocking | Native], None] = self.refuse
        self._kernel = kernel
        self._numbers = count(1)
        self._held: list[Task] = []
        self._parked: dict[Task, None] = {}

    def next_due(self) -> int | None:
        """Return when the next timer or task is due, None if there is none."""
        heap = self.heap
        while heap:
            due, number, item = heap[0]
            if type(item) is Task or item.role.timers.get(item.timer.key) == number:
                return due
            heappop(heap)
        return None

    def fire(self, until: int) -> bool:
        """Carry out what is due next, at the time it was due; False if nothing is by `until`."""
        heap, kernel = self.heap, self._kernel
        while heap and heap[0][0] <= until:
            due, number, item = heappop(heap)
            if type(item) is Task:
                if due > kernel.now:
                    kernel.now = due
                self._step(item, None, None)
                return True
            role, timer = item.role, item.timer
            if role.timers.get(timer.key) == number:
                if due > kernel.now:
                    kernel.now = due
                if role.down:
                    role.overdue.append((number, item))
                else:
                    del role.timers[timer.key]
                    kernel.enqueue(role, timer.message, role.name, item.cause, item.correlation)
                return True
        return False

    def arm(self, role: "Role", envelope: "Envelope", timer: Timer) -> None:
        """Start a timer; one of the same key becomes void."""
        due = self._kernel.now + max(timer.delay, 0)
        role.timers[timer.key] = self._push(due, Alarm(role, envelope, timer))

    def catch_up(self, role: "Role") -> None:
        """Have the timers ring that ran out while a role was down, unless it arms them anew."""
        for number, alarm in role.overdue:
            heappush(self.heap, (self._kernel.now, number, alarm))
        role.overdue.clear()

    def call(self, role: "Role", envelope: "Envelope", call: Call) -> None:
        """Start a port coroutine, or hold it until the journal has its cause."""
        task = Task(role, envelope, call)
        try:
            task.coroutine = call.work(*call.args)
        except Exception as error:  # noqa: BLE001 - as if it had been raised a line later
            self._fail(task, self._to_failure(error))
            return
        if call.durable:
            self._held.append(task)
        else:
            self._step(task, None, None)

    def release(self) -> None:
        """Start the calls that waited for the journal."""
        if not self._held:
            return
        tasks, self._held = self._held, []
        durable = self._kernel.flush(durable=True)
        for task in tasks:
            if durable or not task.call.required:
                self._step(task, None, None)
            else:
                task.close()
                text = "the intent could not be journaled"
                self._fail(task, CallFailure(Failure.NOT_SENT, text, Reason.INTENT_NOT_DURABLE))

    def resume(self, task: Task, value: Any, error: BaseException | None) -> None:
        """Give a coroutine what it waited for, unless it was closed meanwhile."""
        if task in self._parked:
            del self._parked[task]
            self._step(task, value, error)

    def refuse(self, task: Task, _trap: Blocking | Native) -> None:
        """Tell a coroutine that nobody can run its function: no driver is at work."""
        error = NotSent("no driver is there to run it")
        self._kernel.soon(self.resume, task, None, error)

    def close(self) -> None:
        """Close every coroutine that is still under way."""
        sleeping = [item for _, _, item in self.heap if isinstance(item, Task)]
        for task in [*sleeping, *self._parked, *self._held]:
            task.close()
        self.heap.clear()
        self._parked.clear()
        self._held.clear()

    def _step(self, task: Task, value: Any, error: BaseException | None) -> None:
        """Run a port coroutine to what it awaits next, or to its end."""
        try:
            trap = task.coroutine.send(value) if error is None else task.coroutine.throw(error)
        except StopIteration as end:
            self._answer(task, task.call.done(task.call.key, end.value))
        except BaseException as failure:
            self._fail(task, self._to_failure(failure))
            if isinstance(failure, KeyboardInterrupt):
                raise
        else:
            if type(trap) is SleepUntil:
                due, now = trap.due, self._kernel.now
                heappush(self.heap, (due if due > now else now, next(self._numbers), task))
            elif trap is None:
                self._parked[task] = None
            elif isinstance(trap, Blocking | Native):
                self._parked[task] = None
                self.offload(task, trap)
            else:
                what = "a port awaits sleep_until, blocking, native and forever, nothing else"
                self._step(task, None, TypeError(what))

    def _push(self, due: int, item: Alarm | Task) -> int:
        number = next(self._numbers)
        heappush(self.heap, (due, number, item))
        return number

    def _fail(self, task: Task, failure: CallFailure) -> None:
        self._answer(task, task.call.failed(task.call.key, failure))

    def _to_failure(self, error: BaseException) -> CallFailure:
        failure = to_failure(error)
        return msgspec.structs.replace(failure, text=self._kernel.redact(failure.text))

    def _answer(self, task: Task, message: Message) -> None:
        sender = task.role.sources[type(message)]
        self._kernel.enqueue(task.role, message, sender, task.cause, task.correlation)


def to_failure(error: BaseException) -> CallFailure:
    """Say what an error of a port proves: not sent, rejected, or nothing at all."""
    name, text = type(error).__name__, str(error)
    if isinstance(error, NotSent):
        return CallFailure(Failure.NOT_SENT, text or name)
    if isinstance(error, Rejected):
        return CallFailure(Failure.REJECTED, text or name, error.reason)
    if isinstance(error, OutcomeUnknown):
        return CallFailure(Failure.UNKNOWN, text or name)
    return CallFailure(Failure.UNKNOWN, f"{name}: {text}" if text else name)
