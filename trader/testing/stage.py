"""One actor alone on a kernel: tell it messages, let time pass, see what it sends."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import trio

from trader.model.market import SECOND
from trader.model.messages import Message
from trader.runtime import Actor
from trader.runtime.faults import Fault, FaultPlan
from trader.runtime.kernel import OUTSIDE, Kernel
from trader.testing.pace import Pace
from trader.topology import EDGES, KERNEL


class Stage:
    """Runs one actor under the `virtual` or the `live` driver; the rest of the house is absent.

    `sent` holds what the actor sent, in order, commands to the kernel included.
    """

    def __init__(self, driver: str, nursery: trio.Nursery, *faults: Fault) -> None:
        taps = dict.fromkeys((edge.message for edge in EDGES), (self._see,))
        self.sent: list[Message] = []
        self.kernel = Kernel(faults=FaultPlan(faults), taps=taps)
        self._nursery = nursery
        self._pace = Pace(driver, self.kernel)

    async def start(self, actor: type[Actor], *args: Any) -> None:
        """Start the actor with its constructor's arguments."""
        self._role = self.kernel.add(actor.role, lambda: actor.start(*args))
        self.kernel.start()
        await self._pace.begin(self._nursery)

    async def tell(self, *messages: Message) -> list[Message]:
        """Deliver messages; return what the actor sent on them."""
        before = len(self.sent)
        for message in messages:
            self.kernel.arrive(self._role.name, message, OUTSIDE)
        await self._pace.settle()
        return self.sent[before:]

    async def advance(self, seconds: float) -> list[Message]:
        """Let time pass; return what the actor sent meanwhile."""
        before = len(self.sent)
        await self._pace.advance(round(seconds * SECOND))
        return self.sent[before:]

    @property
    def now(self) -> int:
        """The time on this stage, in ns."""
        return self._pace.now

    @property
    def actor(self) -> Any:
        """The actor now serving the role."""
        return self._role.actor

    @property
    def state(self) -> Any:
        """The memory of the actor."""
        return self.actor.state

    def close(self) -> None:
        """Stop the driver, the actor and what its ports have under way."""
        self._pace.stop()
        self.kernel.close()

    def _see(self, sender: str, message: Message, _time: int) -> None:
        if sender != KERNEL:
            self.sent.append(message)


@contextmanager
def open_stage(driver: str, nursery: trio.Nursery, *faults: Fault) -> Iterator[Stage]:
    """Open a stage and close it again."""
    stage = Stage(driver, nursery, *faults)
    try:
        yield stage
    finally:
        stage.close()
