"""The run queue: one FIFO of envelopes, each delivered as a transaction."""

import threading
from collections import deque
from collections.abc import Callable, Iterable
from itertools import count
from typing import Any

from pykka.messages import _ActorStop

from trader.model.messages import JournalFailed, JournalRecovered, Message
from trader.ports import Post
from trader.runtime import mailbox, recovery
from trader.runtime.actor import TopologyError, driving
from trader.runtime.faults import FaultPlan
from trader.runtime.recorder import Journal, Recorder
from trader.runtime.role import Detour, Envelope, Forwarded, Role, Told
from trader.runtime.schedule import Call, Schedule, Timer
from trader.runtime.wiring import Taps, route_all
from trader.topology import EDGES, KERNEL, Edge, Overflow

CHECKPOINT_EVERY = 4_096
"""Deliveries between two checkpoints of all roles: bounds what a restart has to fold again.

Few enough that what is remembered stays near the processor: four times as many cost 6 % more.
"""
OUTSIDE = "outside"
"""The sender of what a pykka reference tells."""

Deferred = tuple[Callable[..., object], tuple[Any, ...]]
"""A function to be called, and its arguments."""


class Kernel:
    """Delivers one message at a time, in one order, on one thread.

    `last_resort(role, why)` is called when a role fails that no Supervisor can restart any more,
    and when a message is lost that must not be: whoever has a KillSwitch sets it. `wake` is called,
    from any thread, when something arrived from outside; a driver sets it. `redact` takes secrets
    out of what an error says, before a message carries it. `now` moves only while nothing is
    queued. `away` is set by a driver that lets other tasks of its thread run: what they post
    arrives from outside.
    """

    def __init__(
        self,
        *,
        journal: Journal | None = None,
        faults: FaultPlan | None = None,
        taps: Taps | None = None,
        redact: Callable[[str], str] = str,
        edges: Iterable[Edge] = EDGES,
    ) -> None:
        self.now = 0
        self.queue: deque[Envelope] = deque()
        self.out: deque[Any] = deque()
        self.roles: dict[str, Role] = {}
        self.history: list[Envelope] = []
        # Bound once: a drain is often as short as the four messages of a candle.
        self._hot = (
            self.queue.popleft,
            self.queue.append,
            self.out.popleft,
            self.history.append,
        )
        self.schedule = Schedule(self)
        self.faults = faults or FaultPlan()
        self.taps = taps or {}
        self.edges = tuple(edges)
        self.sampled = frozenset(e.message for e in self.edges if e.overflow is Overflow.NEWEST)
        self.recount = 0
        self.recorder = None if journal is None else Recorder(journal, self.sampled)
        self.last_resort: Callable[[str, str], None] = lambda _role, _why: None
        self.redact = redact
        self.wake: Callable[[], None] = lambda: None
        self.thread = threading.get_ident()
        self.away = False
        self.own = Role(KERNEL, recovery.no_actor)
        self.idle = Envelope(0, 0, KERNEL, 0, 0, self.own, JournalRecovered())
        self.current = self.idle
        self._numbers = count(1)
        self._requests: list[Deferred] = []
        self.arrivals: deque[Deferred] = deque()
        self._journal_failed = False

    # -- roles -------------------------------------------------------------------------------------

    def add(self, name: str, start: Callable[[], Any]) -> Role:
        """Add a role; `start` starts an actor for it as pykka does and returns its reference."""
        role = self.roles[name] = Role(name, recovery.owner_of(start))
        return role

    def add_gateway(self, name: str, forward: Callable[[str, Message], None]) -> None:
        """Add a role that lives elsewhere: what is sent to it is journaled and forwarded."""
        role = self.roles[name] = Role(name, recovery.no_actor)
        role.handlers = recovery.Gateway(lambda message: forward(self.current.sender, message))
        role.special = role.down = False

    def start(self, restored: dict[str, recovery.Memory] | None = None) -> None:
        """Wire the roles and start their actors, each from its earlier memory if given."""
        route_all([*self.roles.values(), self.own], self.edges, self.taps)
        with driving(self):
            for role in self.roles.values():
                if role.down:
                    recovery.start(self, role, (restored or {}).get(role.name))

    # -- sending -----------------------------------------------------------------------------------

    def announce(self, message: Message) -> None:
        """Send a message of the kernel's own to the roles that the topology names, if any."""
        detour = self.own.detours.get(type(message))
        if detour is None:
            targets = self.own.routes.get(type(message), ())
        else:
            targets = detour.to(message)
            self._tap(detour, message, self.own)
        for target in targets:
            self.enqueue(target, message, KERNEL)

    def arrive(self, name: str, message: Message, sender: str) -> None:
        """Post a message from outside to a role; safe from any thread."""
        self.soon(self._arrived, self.roles[name], message, sender, None)

    def tell(self, role: Role, message: Any, reply_to: Any) -> None:
        """Post what a pykka reference tells; its request to stop ends the actor in its turn."""
        if self.current is self.idle or threading.get_ident() != self.thread:
            self.soon(self._arrived, role, message, OUTSIDE, reply_to)
        elif reply_to is None:
            self.out.append(Told(role, message))
        else:
            raise RuntimeError("a handler that asks waits for itself: let it send, or tell")

    def poster(self, role: Role) -> Post:
        """Return the function with which a port posts to a role, from whatever thread."""
        sources = role.sources

        def post(message: Message) -> None:
            if threading.get_ident() == self.thread and not self.away:
                self.enqueue(role, message, sources[type(message)])
            else:
                self.soon(self._arrived, role, message, sources[type(message)], None)

        return post

    def soon(self, function: Callable[..., object], *args: Any) -> None:
        """Have a function called on the kernel's thread; safe from any thread."""
        self.arrivals.append((function, args))
        self.wake()

    def take_arrivals(self) -> None:
        """Let in what came from outside."""
        while self.arrivals:
            function, args = self.arrivals.popleft()
            function(*args)

    def enqueue(
        self, role: Role, message: Message, sender: str, cause: int = 0, correlation: int = 0
    ) -> Envelope:
        """Append one envelope to the queue; without a correlation it begins one."""
        seq, queue = next(self._numbers), self.queue
        envelope = Envelope(seq, self.now, sender, cause, correlation or seq, role, message)
        if len(queue) < mailbox.MAILBOX_BOUND:
            queue.append(envelope)
        else:
            mailbox.admit(self, envelope)
        return envelope

    def depth(self, role: Role) -> int:
        """Count what waits for a role; safe from any thread."""
        return sum(envelope.role is role for envelope in self.queue.copy()) + len(role.held)

    def _arrived(
        self,
        role: Role,
        message: Any,
        sender: str,
        reply_to: Any,
        cause: int = 0,
        correlation: int = 0,
    ) -> None:
        stop = isinstance(message, _ActorStop)
        if not stop and type(message) not in role.handlers:
            refusal = TypeError(f"{role.name} takes no {type(message).__name__}: see topology.py")
            if reply_to is None:
                recovery.report(role, refusal)
            else:
                reply_to.set_exception((TypeError, refusal, None))
            return
        envelope = self.enqueue(role, message, sender, cause, correlation)
        if stop or reply_to is not None:
            role.replies[envelope.seq] = reply_to
            role.special = True

    # -- delivery ----------------------------------------------------------------------------------

    def drain(self) -> None:
        """Deliver all that is queued and all that comes of it, then release durable calls."""
        while self.queue:
            self._deliver_all()
            if len(self.history) >= CHECKPOINT_EVERY:
                recovery.checkpoint(self)
            if self.recorder is not None:
                self._tell_of_journal()
            if self.schedule.held:
                self.schedule.release()

    def _deliver_all(self) -> None:
        # The hot path: what is rare is behind `special`, Detour or an exception.
        queue, out = self.queue, self.out
        record = None if self.recorder is None else self.recorder.record
        numbers, bound = self._numbers, mailbox.MAILBOX_BOUND
        popleft, append, take, remember = self._hot
        while queue:
            envelope = popleft()
            role = envelope.role
            if role.special and not self._prepare(role, envelope):
                continue
            self.current = envelope
            message = envelope.message
            try:
                if record is not None:
                    record(envelope)
                answer = role.handlers[type(message)](message)
                if out:
                    if record is not None and role.quotes:
                        self._consume(role)
                    routes = role.routes
                    while out:
                        item = take()
                        targets = routes.get(type(item))
                        if targets is not None:
                            for target in targets:
                                append(
                                    Envelope(
                                        next(numbers),
                                        envelope.time,
                                        role.name,
                                        envelope.seq,
                                        envelope.correlation,
                                        target,
                                        item,
                                    )
                                )
                        else:
                            self._detour(item, role, envelope)
                    if len(queue) > bound:
                        mailbox.readmit(self, envelope)
            except BaseException as error:  # noqa: BLE001 - pykka would stop every actor there is
                self._abort(role, envelope, error)
                continue
            remember(envelope)
            if role.special:
                self._finish(role, envelope, answer)
        self.current = self.idle

    def _detour(self, item: Any, role: Role, envelope: Envelope) -> None:
        """Send what does not go plainly to a list of roles; keep requests until all is sent."""
        if isinstance(item, Timer):
            if type(item.message) not in role.routes and type(item.message) not in role.detours:
                raise no_edge(role, item.message)
            self._request(role, self.schedule.arm, role, envelope, item)
        elif isinstance(item, Forwarded):
            self._send(item.message, role, envelope, item.correlation)
        elif isinstance(item, Told):
            chain = envelope.seq, envelope.correlation
            self._request(role, self._arrived, item.role, item.message, role.name, None, *chain)
        elif isinstance(item, Call):
            if item.done not in role.sources or item.failed not in role.sources:
                raise TopologyError(f"{role.base} takes no such answers to {item.key}")
            self._request(role, self.schedule.call, role, envelope, item)
        else:
            self._send(item, role, envelope, envelope.correlation)

    def _send(self, message: Message, role: Role, cause: Envelope, correlation: int) -> None:
        detour = role.detours.get(type(message))
        if detour is None:
            targets = role.routes.get(type(message))
            if targets is None:
                raise no_edge(role, message)
        else:
            targets = detour.to(message)
            if detour.taps:
                self._request(role, self._tap, detour, message, role)
            if detour.command:
                self._request(role, recovery.obey, self, role, cause, message)
        for target in targets:
            seq = next(self._numbers)
            self.queue.append(
                Envelope(seq, cause.time, role.name, cause.seq, correlation, target, message)
            )

    def _request(self, role: Role, function: Callable[..., object], *args: Any) -> None:
        """Keep for `_finish` what may be done only once the handler has returned."""
        self._requests.append((function, args))
        role.special = True

    def _tap(self, detour: Detour, message: Message, role: Role) -> None:
        for tap in detour.taps:
            try:
                tap(role.name, message, self.now)
            except Exception as error:  # noqa: BLE001 - who looks on must not fell who acts
                recovery.report(role, error)

    def _consume(self, role: Role) -> None:
        """Journal the quotes that a handler acted on."""
        assert self.recorder is not None, "quotes are kept for a recorder alone"
        if any(type(item) not in self.sampled for item in self.out):
            self.recorder.write_consumed(role)

    def _prepare(self, role: Role, envelope: Envelope) -> bool:
        """Do what is not plain about a delivery; tell whether it is to be made now."""
        if role.gave_up:
            recovery.refuse(role, envelope)
        elif role.down:
            mailbox.hold(self, role, envelope)
        elif isinstance(envelope.message, _ActorStop):
            recovery.stop(role, envelope)
        else:
            key = mailbox.key_of(envelope.message)
            if role.newest.get(key) is envelope:
                del role.newest[key]
            if envelope is role.recorded and self.recorder is not None:
                self.recorder.known = envelope
            return True
        return False

    def _abort(self, role: Role, envelope: Envelope, error: BaseException) -> None:
        """Undo a handler that raised, or sent what it may not."""
        self.current = self.idle
        self.out.clear()
        self._requests.clear()
        while self.queue and self.queue[-1].cause == envelope.seq:
            self.queue.pop()
        if isinstance(error, KeyboardInterrupt):
            recovery.interrupt(self, role, envelope, error)
            raise error
        recovery.fail(self, role, envelope, error)

    def _finish(self, role: Role, envelope: Envelope, answer: Any) -> None:
        """Answer an ask, and carry out what a handler requested."""
        self.current = self.idle
        role.retry = role.recorded = None
        role.streak = 0
        if role.replies:
            reply_to = role.replies.pop(envelope.seq, None)
            if reply_to is not None:
                reply_to.set(answer)
        role.special = bool(role.replies or role.newest)
        requests, self._requests = self._requests, []
        for function, args in requests:
            function(*args)

    # -- the journal, and the end ------------------------------------------------------------------

    def flush(self, *, durable: bool) -> bool:
        """Write the journal; on the way down and up again say so to those who must know."""
        if self.recorder is None:
            return True
        written = self.recorder.flush(durable=durable)
        self._tell_of_journal()
        return written

    def _tell_of_journal(self) -> None:
        assert self.recorder is not None
        error = self.recorder.error
        if (error is not None) != self._journal_failed:
            self._journal_failed = error is not None
            self.announce(JournalRecovered() if error is None else JournalFailed(error))

    def number(self) -> int:
        """Return the next seq."""
        return next(self._numbers)

    def close(self) -> None:
        """Close what ports have under way, stop the actors, and answer who still waits for them."""
        self.schedule.close()
        self.take_arrivals()
        for role in self.roles.values():
            recovery.give_up(role)


def no_edge(role: Role, message: Message) -> TopologyError:
    """Return the error of sending what the topology has no edge for."""
    return TopologyError(f"{role.base} may not send {type(message).__name__}: see topology.py")
