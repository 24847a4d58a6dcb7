"""Six actors in a row: on our kernel, on pykka's threads, on trio's channels."""

import math
from collections.abc import Callable
from functools import partial
from itertools import pairwise
from threading import Event
from typing import Any, ClassVar

import msgspec
import pykka
import trio

from trader.model.messages import Message
from trader.runtime import Actor
from trader.runtime.kernel import Kernel
from trader.topology import Edge, Loss

ROLES = (
    "market_feed",
    "indicator_worker",
    "llm_advisor",
    "validator",
    "risk_guard",
    "execution_broker",
)


class Hop(Message, frozen=True):
    """What goes down the chain: a number, or the time (ns) it set out at."""

    number: int


Heard = Callable[[int], object]
"""Is called with the number of each message at the end of the chain."""


# -- on our kernel ---------------------------------------------------------------------------------


class Seen(msgspec.Struct):
    """How many messages came."""

    count: int = 0


class Link(Actor):
    """Counts a message, and sends another on."""

    State: ClassVar[type[msgspec.Struct]] = Seen
    state: Seen

    def on_hop(self, message: Hop) -> None:
        """Count it, and send another on."""
        self.state.count += 1
        self.send(Hop(message.number))


class End(Link):
    """Counts a message, and tells the benchmark."""

    def __init__(self, heard: Heard) -> None:
        super().__init__()
        self.heard = heard

    def on_hop(self, message: Hop) -> None:
        """Count it, and tell the benchmark."""
        self.state.count += 1
        self.heard(message.number)


def build_kernel(heard: Heard) -> Kernel:
    """Build a kernel with six actors in a row, started."""
    pairs = zip(("market", *ROLES), ROLES, strict=False)
    kernel = Kernel(edges=[Edge(sender, Hop, receiver, Loss.GAP) for sender, receiver in pairs])
    for role in ROLES[:-1]:
        kernel.add(role, type(role, (Link,), {"role": role}).start)
    kernel.add(ROLES[-1], partial(type(ROLES[-1], (End,), {"role": ROLES[-1]}).start, heard))
    kernel.start()
    return kernel


# -- on pykka's threads ----------------------------------------------------------------------------


class ThreadedLink(pykka.ThreadingActor):
    """Counts a message, and tells the next actor or the benchmark of another."""

    use_daemon_thread = True

    def __init__(self, following: "pykka.ActorRef[ThreadedLink] | None", heard: Heard) -> None:
        super().__init__()
        self.following = following
        self.heard = heard
        self.count = 0

    def on_receive(self, message: Hop) -> None:
        """Count it, and pass another on."""
        self.count += 1
        if self.following is None:
            self.heard(message.number)
        else:
            self.following.tell(Hop(message.number))


def start_threads(heard: Heard) -> "list[pykka.ActorRef[ThreadedLink]]":
    """Start six threads in a row; the first is the head of the chain."""
    refs: list[pykka.ActorRef[ThreadedLink]] = []
    for _ in ROLES:
        refs.insert(0, ThreadedLink.start(refs[0] if refs else None, heard))
    return refs


def flood_threads(count: int) -> None:
    """Send messages down a chain of threads, and wait for the last."""
    done = Event()
    refs = start_threads(lambda number: done.set() if number == count - 1 else None)
    for number in range(count):
        refs[0].tell(Hop(number))
    done.wait()
    for ref in refs:
        ref.stop()


# -- on trio's channels ----------------------------------------------------------------------------


async def flood_channels(count: int) -> None:
    """Send messages down a chain of tasks, and wait for the last."""
    opened = [trio.open_memory_channel[Hop](math.inf) for _ in range(len(ROLES) + 1)]
    async with trio.open_nursery() as nursery:
        for (_, source), (target, _) in pairwise(opened):
            nursery.start_soon(_pass_on, source, target)
        first, last = opened[0][0], opened[-1][1]
        with first:
            for number in range(count):
                first.send_nowait(Hop(number))
        seen = 0
        async for _ in last:
            seen += 1
    assert seen == count


async def _pass_on(source: Any, target: Any) -> None:
    with source, target:
        async for message in source:
            await target.send(Hop(message.number))
