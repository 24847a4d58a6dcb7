"""Envelopes and roles: an address with its mailbox and what is needed to rebuild its actor."""

from collections import deque
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import msgspec

from trader.model.messages import Message
from trader.topology import Loss

if TYPE_CHECKING:
    from trader.runtime.actor import Actor

Handler = Callable[[Any], Any]
Tap = Callable[[str, Message, int], None]
"""Sees what is sent: sender, message, time."""


class Envelope(msgspec.Struct, gc=False):
    """A message on its way to one role.

    `seq` numbers the kernel's envelopes, `time` is ns, `cause` the seq of the envelope whose
    handler sent it (0 for an arrival), `correlation` the seq of the arrival that began the chain.
    """

    seq: int
    time: int
    sender: str
    cause: int
    correlation: int
    role: Any
    message: Message


class Role:
    """A stable address: outlives the actors that serve it, one after the other.

    `special` is set while anything makes a delivery to it other than the plain one: it is `down`
    or has not handled a message since (`streak`), has an ask or a stop to answer in `replies`,
    conflated messages in `newest`, or a handler that made requests. `retry` is the message that
    crashed it once, `recorded` the one that is in the journal though its handler did not return,
    `last` the one that was delivered last before the newest checkpoint, where there is a journal.
    """

    __slots__ = (
        "actor",
        "base",
        "checkpoint",
        "conflated",
        "detours",
        "down",
        "failures",
        "fold",
        "gave_up",
        "handlers",
        "held",
        "last",
        "last_failure",
        "losses",
        "name",
        "newest",
        "overdue",
        "overflowed",
        "quarantined",
        "quotes",
        "recorded",
        "replies",
        "restarts",
        "retry",
        "routes",
        "sources",
        "special",
        "start",
        "state_type",
        "streak",
        "timers",
    )

    def __init__(self, name: str, start: Callable[[], "Actor"]) -> None:
        self.name = name
        self.base = name.partition("[")[0]
        self.start = start
        self.actor: Actor | None = None
        self.state_type: type[msgspec.Struct] | None = None
        self.handlers: dict[type[Message], Handler] = {}
        self.fold: dict[type[Message], Handler] = {}
        self.routes: dict[type[Message], Targets] = {}
        self.detours: dict[type[Message], Detour] = {}
        self.sources: dict[type[Message], str] = {}
        self.losses: dict[type[Message], Loss] = {}
        self.special = self.down = True
        self.gave_up = False
        self.held: deque[Envelope] = deque()
        self.retry: Envelope | None = None
        self.recorded: Envelope | None = None
        self.replies: dict[int, Any] = {}
        self.newest: dict[tuple[type[Message], str], Envelope] = {}
        self.quotes: dict[tuple[type[Message], str], Envelope] = {}
        self.overflowed = False
        self.checkpoint: bytes | None = None
        self.timers: dict[str, int] = {}
        self.overdue: list[tuple[int, Any]] = []
        self.failures = 0
        self.streak = 0
        self.restarts = 0
        self.quarantined = 0
        self.conflated = 0
        self.last: Message | None = None
        self.last_failure = ""


Targets = tuple[Role, ...]


class Detour(msgspec.Struct, frozen=True):
    """A way that is not a plain list of roles: seen by taps, by symbol, or to the kernel itself."""

    targets: Targets
    by_symbol: dict[str, Targets] | None
    taps: tuple[Tap, ...]
    command: bool

    def to(self, message: Any) -> Targets:
        """Return the roles that a message goes to."""
        return self.targets if self.by_symbol is None else self.by_symbol[message.symbol]


class Forwarded(msgspec.Struct, frozen=True, gc=False):
    """A message sent on behalf of an earlier chain than the one being handled."""

    correlation: int
    message: Message


class Told(msgspec.Struct, frozen=True, gc=False):
    """What a handler tells by a pykka reference, a request to stop included."""

    role: Role
    message: Any
