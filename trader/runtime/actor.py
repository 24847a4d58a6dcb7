"""The actor class, and the inbox and future that tie pykka's references to a kernel."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, ClassVar, cast

import msgspec
import pykka
from pykka import ActorRegistry
from pykka._envelope import Envelope as PykkaEnvelope
from pykka.messages import _ActorStop

from trader.model.messages import Message
from trader.ports import Post
from trader.runtime.role import Forwarded
from trader.runtime.schedule import Answer, Call, Timer, Work

if TYPE_CHECKING:
    from trader.runtime.kernel import Kernel
    from trader.runtime.role import Role


class TopologyError(Exception):
    """An actor sent what the topology has no edge for: a bug, and a crash of that handler."""


class Inbox:
    """Pykka's mailbox of an actor: everything put into it is posted to the actor's role.

    It holds its actor, since pykka's references are weak and the kernel must own its actors.
    """

    def __init__(self) -> None:
        self.actor: Actor | None = None

    def put(self, envelope: PykkaEnvelope[Any], /) -> None:
        """Post a typed message, or pykka's request to stop."""
        actor = self.actor
        if actor is None or actor.kernel is None:
            raise RuntimeError("this actor has no kernel: start it with Kernel.add")
        message = envelope.message
        if not isinstance(message, Message | _ActorStop):
            raise TypeError(f"{actor.role} takes typed messages only, not {type(message).__name__}")
        actor.kernel.tell(actor.address, message, envelope.reply_to)

    def get(self) -> PykkaEnvelope[Any]:
        """Refuse: the kernel delivers, nobody takes."""
        raise RuntimeError("the kernel delivers; an inbox of its actors is never read")

    def empty(self) -> bool:
        """Return True: what is queued is queued in the kernel."""
        return True


class _Thread(threading.local):
    """How many drivers, one inside the other, run on this thread."""

    drivers = 0


_here = _Thread()


@contextmanager
def driving(*kernels: "Kernel") -> Iterator[None]:
    """Make this thread that of the kernels; until the end, nothing may block it on an answer."""
    for kernel in kernels:
        kernel.thread = threading.get_ident()
    _here.drivers += 1
    try:
        yield
    finally:
        _here.drivers -= 1


class Future(pykka.ThreadingFuture[Any]):
    """A pykka future that refuses to block a thread on which a kernel runs."""

    def get(self, *, timeout: float | None = None) -> Any:
        """Return the answer; raise RuntimeError where waiting for it would wait for itself."""
        if _here.drivers:
            raise RuntimeError("a blocking ask or stop on a kernel's thread waits for itself")
        return super().get(timeout=timeout)


class Actor(pykka.Actor):
    """A synchronous, deterministic decision maker: memory in one Struct, one method a message.

    Subclasses name their `role`, their `State` and have a method `on_<message>` for every message
    that the topology lets the role receive. A handler is a transaction: what it sends, arms and
    calls takes effect when it returns, and not at all if it raises.
    """

    role: ClassVar[str]
    State: ClassVar[type[msgspec.Struct]]
    state: Any
    send: Callable[[Any], None]
    """Send a message to every role that the topology names for it: the kernel's own `append`."""
    kernel: "Kernel | None" = None
    address: "Role"

    def initial_state(self) -> msgspec.Struct:
        """Return the memory of an actor that has seen nothing."""
        return self.State()

    @property
    def now(self) -> int:
        """The time of the message being handled, in ns; it never goes back."""
        return self._kernel.now

    @property
    def correlation(self) -> int:
        """The seq of the arrival that began the chain of the message being handled."""
        return self._kernel.current.correlation

    @property
    def post(self) -> Post:
        """What a streaming port posts to this role with."""
        return self._kernel.poster(self.address)

    def send_for(self, correlation: int, message: Message) -> None:
        """Send on behalf of an earlier chain: a fill belongs to the candle that began it."""
        self.send(Forwarded(correlation, message))

    def after(self, key: str, delay: int, message: Message) -> None:
        """Have `message` come to this role `delay` ns from now; re-arming a key replaces it."""
        self.send(Timer(key, delay, message))

    def call(
        self,
        key: str,
        work: Work,
        *args: Any,
        done: Answer,
        failed: Answer,
        durable: bool = False,
        required: bool = True,
    ) -> None:
        """Run a port coroutine; its answer comes as `done(key, result)` or `failed(key, failure)`.

        A `durable` call waits until the journal holds its cause on disk; where the journal cannot
        be written it fails as not sent, or goes all the same if that is not `required`.
        """
        self.send(Call(key, work, args, done, failed, durable, required))

    def bind(self, kernel: "Kernel", address: "Role") -> None:
        """Tie the actor to its role; the kernel does, before the first message."""
        self.kernel = self._kernel = kernel
        self.address = address
        self.send = kernel.out.append

    # -- pykka's hooks for a new kind of actor -----------------------------------------------------

    @staticmethod
    def _create_actor_inbox() -> Any:
        return Inbox()

    @staticmethod
    def _create_future() -> Any:
        return Future()

    def _start_actor_loop(self) -> None:
        # Pykka's own loop is not used: it only logs an exception of on_start, and its
        # `except BaseException` stops every actor of the process.
        cast("Inbox", self.actor_inbox).actor = self
        try:
            self.on_start()
        except BaseException:
            self.retire()
            raise

    def retire(self) -> None:
        """Leave pykka's registry and be known as dead, without a word to the actor itself."""
        ActorRegistry.unregister(self.actor_ref)
        self.actor_stopped.set()
