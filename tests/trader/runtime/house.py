"""A small house of four actors, a journal in memory, and ports, for the tests of the runtime."""

import threading
from collections import defaultdict
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from functools import partial
from typing import Any, ClassVar

import msgspec
import trio

from trader.model.errors import JournalError, NotSent, OutcomeUnknown, Rejected
from trader.model.messages import (
    ActorFailed,
    ActorStarted,
    CallFailure,
    JournalFailed,
    JournalRecovered,
    MailboxOverflowed,
    Message,
    MessageLost,
    RestartActor,
)
from trader.model.reasons import Reason
from trader.ports import Post, blocking, forever, native, sleep_until
from trader.runtime import Actor
from trader.runtime.faults import Fault, FaultPlan
from trader.runtime.kernel import Kernel
from trader.runtime.live import LiveDriver, ScaledClock
from trader.runtime.virtual import VirtualDriver
from trader.testing.pace import Pace
from trader.topology import Edge, Loss, Overflow

FEED, GUARD, CHECK, BOSS = "market_feed", "risk_guard", "validator", "supervisor"
ROLES = (FEED, GUARD, CHECK, BOSS)


class Counted(Message, frozen=True):
    """A number arrives."""

    number: int


class Added(Message, frozen=True):
    """A sum so far."""

    total: int


class Kept(Message, frozen=True):
    """A sum was kept."""

    total: int


class Ticked(Message, frozen=True):
    """The newest of a symbol counts."""

    symbol: str
    value: int


class Armed(Message, frozen=True):
    """Ring in `delay` ns."""

    key: str
    delay: int


class Rang(Message, frozen=True):
    """A timer ran out."""

    key: str


class Asked(Message, frozen=True):
    """Call the port of that name."""

    key: str
    port: str


class Answered(Message, frozen=True):
    """A port call ended."""

    key: str
    result: int


class Refused(Message, frozen=True):
    """A port call failed."""

    key: str
    failure: CallFailure


class Waited(Message, frozen=True):
    """The Boss has waited long enough."""

    role: str


class Stray(Message, frozen=True):
    """Nobody may send or receive this."""

    number: int = 0


EDGES = (
    Edge("market", Counted, FEED, Loss.RECONCILE),
    *(Edge("market", kind, FEED, Loss.GAP) for kind in (Armed, Asked, Answered, Refused)),
    Edge("market", Ticked, FEED, Loss.GAP, Overflow.NEWEST),
    Edge(FEED, Rang, FEED, Loss.GAP),
    Edge(FEED, Added, GUARD, Loss.GAP),
    Edge(FEED, Added, CHECK, Loss.GAP),
    Edge(GUARD, Kept, CHECK, Loss.HALT),
    Edge("kernel", ActorStarted, BOSS, Loss.REPEATED),
    Edge("kernel", ActorFailed, BOSS, Loss.HALT),
    *(
        Edge("kernel", kind, GUARD, Loss.HALT)
        for kind in (MessageLost, MailboxOverflowed, JournalFailed, JournalRecovered)
    ),
    Edge(BOSS, RestartActor, "kernel", Loss.HALT),
    Edge(BOSS, Waited, BOSS, Loss.HALT),
)
OF_CRASHES = (ActorStarted, ActorFailed, RestartActor, MessageLost, Waited)
"""What only a crash makes pass, or makes pass more often."""


class Seen(msgspec.Struct):
    """What an actor was told, when, in order."""

    log: list[tuple[int, str]] = []
    total: int = 0


class Noting(Actor):
    """Notes all that it is told; crashes as its ports tell it to, at the very end of its work."""

    State = Seen
    state: Seen

    def __init__(self, ports: "Ports") -> None:
        super().__init__()
        self.ports = ports

    def note(self, message: Message) -> Any:
        """Note a message; return how many there are."""
        self.state.log.append((self.now, str(message)))
        self.ports.noted.release()
        for key in (self.role, str(message)):
            if self.ports.strikes[key]:
                raise self.ports.strikes[key].pop()
        return len(self.state.log)


class Feed(Noting):
    """Adds what arrives, and does everything else that an actor can do."""

    role: ClassVar[str] = FEED

    def on_counted(self, message: Counted) -> Any:
        """Add, and say the sum."""
        self.state.total += message.number
        self.send(Added(self.state.total))
        return self.note(message)

    def on_armed(self, message: Armed) -> Any:
        """Arm a timer."""
        self.after(message.key, message.delay, Rang(message.key))
        return self.note(message)

    def on_rang(self, message: Rang) -> Any:
        """Say the sum again, on behalf of the first chain."""
        self.send_for(1, Added(self.state.total))
        return self.note(message)

    def on_asked(self, message: Asked) -> Any:
        """Call a port: `fast` never waits for the disk, `must` goes even if that fails."""
        port = getattr(self.ports, message.port)
        durable, required = message.key != "fast", message.key != "must"
        options = {"durable": durable, "required": required}
        self.call(message.key, port, self.now, done=Answered, failed=Refused, **options)
        return self.note(message)

    def on_answered(self, message: Answered) -> Any:
        """Add the answer."""
        self.state.total += message.result
        return self.note(message)

    on_refused = on_ticked = Noting.note


class Guard(Noting):
    """Keeps every sum, and says so."""

    role: ClassVar[str] = GUARD

    def on_added(self, message: Added) -> Any:
        """Keep it."""
        self.send(Kept(message.total))
        return self.note(message)

    on_message_lost = on_mailbox_overflowed = Noting.note
    on_journal_failed = on_journal_recovered = Noting.note


class Check(Noting):
    """The end of the chain."""

    role: ClassVar[str] = CHECK
    on_added = on_kept = Noting.note


class Boss(Noting):
    """Restarts what fails, at once or after a while."""

    role: ClassVar[str] = BOSS

    def on_actor_failed(self, message: ActorFailed) -> Any:
        """Have it restarted."""
        if self.ports.patience:
            self.after(message.role, self.ports.patience, Waited(message.role))
        else:
            self.send(RestartActor(message.role))
        return self.note(message)

    def on_waited(self, message: Waited) -> Any:
        """Have it restarted now."""
        self.send(RestartActor(message.role))
        return self.note(message)

    on_actor_started = Noting.note


class Ports:
    """Port coroutines, each another way to answer; and what the actors do beside their work.

    `strikes` are errors to be raised, by role or by message; `patience` is how long (ns) the Boss
    waits before it restarts a role; `script` is what `stream` posts, each with the time before it;
    `refs` find the actors that serve a role now, as pykka knows them; `noted` counts the notes.
    """

    def __init__(self) -> None:
        self.begun: list[str] = []
        self.strikes: dict[str, list[BaseException]] = defaultdict(list)
        self.patience = 0
        self.script: list[tuple[int, Message]] = []
        self.post: Post = lambda _message: None
        self.function: Callable[[], Any] = lambda: 3
        self.timeout = 5.0
        self.task: Callable[[], Awaitable[Any]] = trio.sleep_forever
        self.noted = threading.Semaphore(0)
        self.refs: dict[str, Callable[[], Any]] = {}

    async def at_once(self, _now: int) -> int:
        """Answer without waiting."""
        self.begun.append("at_once")
        return 1

    async def late(self, now: int) -> int:
        """Sleep twice, then answer."""
        self.begun.append("late")
        await sleep_until(now + 7)
        await sleep_until(now + 7)
        await sleep_until(now + 30)
        return 2

    async def stream(self, now: int) -> int:
        """Post what the script says."""
        for delay, message in self.script:
            now += delay
            await sleep_until(now)
            self.post(message)
        return 0

    async def elsewhere(self, _now: int) -> int:
        """Have `function` run on another thread, within `timeout` seconds."""
        return await blocking(self.function, self.timeout)

    async def natively(self, _now: int) -> int:
        """Have `task` run in the event loop."""
        return await native(self.task)

    async def never(self, _now: int) -> int:
        """Never answer."""
        self.begun.append("never")
        await forever()
        return 0

    async def not_sent(self, now: int) -> int:
        """Prove that nothing left."""
        await sleep_until(now + 5)
        raise NotSent("no route")

    async def rejected(self, _now: int) -> int:
        """Prove that it was refused."""
        raise Rejected("too small", Reason.VENUE_MINIMUM)

    async def unknown(self, _now: int) -> int:
        """Prove nothing."""
        raise OutcomeUnknown("timed out")

    async def broken(self, _now: int) -> int:
        """Raise what nobody translated."""
        raise KeyError("broken")

    async def fatal(self, _now: int) -> int:
        """Try to end the process."""
        raise SystemExit(3)

    async def foreign(self, _now: int) -> int:
        """Await something of another library."""
        await _Foreign()
        return 0


class _Foreign:
    def __await__(self) -> Iterator[str]:
        yield "a trap of another library"


class Ledger:
    """A journal in memory, which fails while it is `broken`."""

    def __init__(self) -> None:
        self.broken = False
        self.rows: list[tuple[Any, ...]] = []
        self.safe = 0
        self.checkpoints: dict[str, tuple[int, bytes]] = {}

    def append(self, *row: Any) -> None:
        """Buffer one envelope."""
        self.rows.append(row)

    def flush(self, *, durable: bool) -> None:
        """Write what is buffered."""
        if self.broken:
            raise JournalError("the disk is full")
        self.safe = len(self.rows)

    def checkpoint(self, role: str, seq: int, state: bytes) -> None:
        """Keep the memory of a role."""
        self.checkpoints[role] = (seq, state)

    def kinds(self, role: str) -> list[str]:
        """Name what was journaled for a role."""
        return [row[6] for row in self.rows if row[3] == role]


class House:
    """The four of them on a kernel, and all that passes between them.

    A tap sees some kinds in `sent`; the others take the plain way. `lost` is the last resort.
    """

    def __init__(
        self,
        *faults: Fault,
        journaled: bool = True,
        edges: tuple[Edge, ...] = EDGES,
        **actors: type[Actor],
    ) -> None:
        self.sent: list[tuple[int, str, Message]] = []
        self.lost: list[tuple[str, str]] = []
        self.ledger = Ledger()
        self.ports = Ports()
        self.kernel = Kernel(
            journal=self.ledger if journaled else None,
            faults=FaultPlan(faults),
            taps=dict.fromkeys((Kept, ActorStarted, ActorFailed, RestartActor), (self._see,)),
            edges=edges,
        )
        self.kernel.last_resort = lambda role, why: self.lost.append((role, why))
        for usual in (Feed, Guard, Check, Boss):
            actor = actors.get(usual.role, usual)
            self.kernel.add(usual.role, partial(actor.start, self.ports))
        self.ports.post = self.kernel.poster(self.kernel.roles[FEED])

    def open(self) -> "House":
        """Start the actors."""
        self.kernel.start()
        self.kernel.drain()
        self.ports.noted = threading.Semaphore(0)
        return self

    def post(self, *messages: Message) -> None:
        """Have messages arrive from the market."""
        for message in messages:
            self.kernel.arrive(FEED, message, "market")

    def tell(self, *messages: Message) -> None:
        """Have messages arrive, and all come of them that does so now."""
        self.post(*messages)
        self.run(self.kernel.now)

    def run(self, until: int | None = None) -> None:
        """Let time pass, up to `until` (ns) or as long as there is something to do."""
        VirtualDriver(self.kernel).run(until=until)

    async def perform(self, driver: str, *script: tuple[int, Message]) -> None:
        """Have messages arrive, each after a delay (ns), and time pass, on either driver."""
        async with trio.open_nursery() as nursery:
            pace = Pace(driver, self.kernel)
            await pace.begin(nursery)
            for delay, message in script:
                await pace.advance(delay)
                self.post(message)
                await pace.settle()
            await pace.advance(1_000)
            pace.stop()

    @contextmanager
    def running(self) -> Iterator[LiveDriver]:
        """Run the live driver, in real time, on a thread of its own."""
        driver = LiveDriver(self.kernel, ScaledClock(0))
        thread = threading.Thread(target=trio.run, args=(driver.run,))
        thread.start()
        try:
            yield driver
        finally:
            driver.stop()
            thread.join(5)
            assert not thread.is_alive(), "the driver does not stop"

    def state(self, role: str) -> Any:
        """Return the memory of a role."""
        actor = self.kernel.roles[role].actor
        assert actor is not None, f"{role} is down"
        return actor.state

    def log(self, role: str) -> list[str]:
        """Return what a role was told."""
        return [text for _, text in self.state(role).log]

    def trace(self) -> Any:
        """Return all that a crash must not change: memory, calls, and what passed, in its order."""
        states = {role: self.state(role) for role in (FEED, GUARD, CHECK)}
        passed = [
            (time, sender, receiver, kind, body)
            for _, time, sender, receiver, _, _, kind, body in self.ledger.rows
            if receiver not in (BOSS, "kernel")
        ]
        sent = [row for row in self.sent if not isinstance(row[2], OF_CRASHES)]
        return states, passed, sent, self.ports.begun

    def close(self) -> None:
        """Stop the actors and what their ports have under way."""
        self.kernel.close()

    def _see(self, sender: str, message: Message, time: int) -> None:
        self.sent.append((time, sender, message))


@contextmanager
def open_house(*faults: Fault, **options: Any) -> Iterator[House]:
    """Open a house, and close it again."""
    house = House(*faults, **options)
    try:
        yield house.open()
    finally:
        house.close()
