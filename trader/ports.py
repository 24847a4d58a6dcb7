"""What the core asks of the world, and the four things a port coroutine may await.

A port method is a coroutine function. It may await `sleep_until`, `blocking` and `forever` of this
module, and other port coroutines; nothing else. That is why the virtual and the live driver can
both run it, and why simulated ports behave alike under either. A port that lives on a network
connection awaits `native` as well, and runs on the live driver alone.
"""

from collections.abc import Awaitable, Callable, Coroutine, Generator
from types import coroutine
from typing import Any, NoReturn, Protocol, TypeVar

import msgspec

from trader.model.market import Candle
from trader.model.messages import Message
from trader.model.opinions import Answer, Question
from trader.model.orders import Approval, Fill, Order, OrderState
from trader.model.reasons import Reason
from trader.model.views import Account, Snapshot

T = TypeVar("T")
M = TypeVar("M", bound=msgspec.Struct)
Work = Coroutine[Any, Any, T]
Post = Callable[[Message], None]
"""Puts a message into the mailbox of the role that made the call; safe from any thread."""


class SleepUntil(msgspec.Struct, frozen=True):
    """Asks the driver to go on at `due` (ns, the run's clock)."""

    due: int


class Blocking(msgspec.Struct, frozen=True):
    """Asks the driver to run a function off the kernel's thread, within `timeout` wall seconds.

    Functions of a `lane` wait for one another alone: what hangs in one holds up no other.
    """

    function: Callable[[], Any]
    timeout: float
    lane: str = ""


class Native(msgspec.Struct, frozen=True):
    """Asks the live driver to run an async function as a task of its own event loop."""

    function: Callable[[], Awaitable[Any]]


@coroutine
def sleep_until(due: int) -> Generator[SleepUntil, None, None]:
    """Sleep until `due`; a time that has passed still lets everything queued go first."""
    yield SleepUntil(due)


@coroutine
def blocking(
    function: Callable[[], T], timeout: float, lane: str = ""
) -> Generator[Blocking, T, T]:
    """Return what a blocking function returns; raise OutcomeUnknown after `timeout` seconds."""
    return (yield Blocking(function, timeout, lane))


@coroutine
def native(function: Callable[[], Awaitable[T]]) -> Generator[Native, T, T]:
    """Return what a trio function returns; raise NotSent where no event loop is at work.

    The function is canceled when the run ends.
    """
    return (yield Native(function))


@coroutine
def forever() -> Generator[None, None, NoReturn]:
    """Never return; the driver closes the coroutine when the run ends."""
    while True:
        yield None


class Clock(Protocol):
    """The run's time."""

    def now(self) -> int:
        """Return the time of the event being carried out (ns); it never goes back."""
        ...


class Market(Protocol):
    """A source of candles and quotes."""

    async def history(self, symbol: str, count: int) -> tuple[Candle, ...]:
        """Return up to `count` closed candles before the stream's first, oldest first."""
        ...

    async def stream(self, post: Post) -> None:
        """Post CandleReceived and QuoteReceived as they come; return when the data end."""
        ...


class Venue(Protocol):
    """A connection to where orders are filled."""

    @property
    def arrives_within(self) -> int:
        """The time (ns) after which an order that was sent, and is not found, will not arrive."""
        ...

    async def submit(self, order: Order, approval: Approval) -> OrderState:
        """Place an order, after the interlock has passed its approval; raise VenueError."""
        ...

    async def cancel(self, order: Order) -> OrderState:
        """Cancel an order and return its state after it; a final order is returned as it is."""
        ...

    async def query(self, order: Order) -> tuple[OrderState, tuple[Fill, ...]] | None:
        """Return an order and its fills by client order id; None where the venue knows none."""
        ...

    async def account(self) -> Account:
        """Return balances, every open order, and of perpetuals positions and leverage in force."""
        ...

    async def executions(self, post: Post) -> None:
        """Post ExecutionReported for every change of an order, until the run ends."""
        ...


class Indicators(Protocol[M]):
    """Where the IndicatorWorker reads: the stream, or columns computed once over a series."""

    needed: int
    """Candles before the first snapshot."""

    def start(self) -> M:
        """Return the memory of a worker that has seen no candle."""
        ...

    def take(self, memory: M, candle: Candle) -> Snapshot | None:
        """Fold one closed candle into `memory`; None until every indicator has its history."""
        ...

    def taken(self, memory: M) -> int:
        """Return how many candles were taken."""
        ...


class Model(Protocol):
    """Where the LLMAdvisor asks: a model, or what one said in an earlier run."""

    async def ask(self, question: Question) -> Answer:
        """Return what the model named in the question says; raise Rejected or OutcomeUnknown."""
        ...


class Gate(Protocol):
    """The last check before a venue; the interlock of `trader.runtime` is one."""

    def admit(self, order: Order, approval: Approval) -> Reason | None:
        """Use up an approval: None lets the order pass, a reason stops it.

        A reduce-only order passes whatever the epoch; its approval must still fit and be unused.
        """
        ...


class Epoch(Protocol):
    """What voids every approval given so far; the interlock of `trader.runtime` is one."""

    def advance(self) -> int:
        """Begin a new epoch, and return it."""
        ...
