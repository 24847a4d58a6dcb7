"""What trips the KillSwitch, and when the venue's own list proves that it is done.

A halt is verified once the venue's list of open orders shows no entry order of ours, twice, the
second time after the last submit that may have been under way has ended. What is held is settled
(see `holdings`) by the main kernel, and by the KillSwitch once that has had its time.
"""

import msgspec

from trader.model.ids import leg_of
from trader.model.market import SECOND
from trader.model.messages import (
    ActorGaveUp,
    FeedEnded,
    HaltRequested,
    LimitBreached,
    MailboxOverflowed,
    Message,
    ProgressStalled,
    StopRequested,
)
from trader.model.orders import Leg, Order
from trader.model.reasons import Reason
from trader.model.views import Account

UNVERIFIED = "unverified"
"""Stands for the orders that may remain where the venue's list could not be read often enough."""

_PACE = SECOND // 4
_SLOW_PACE = 5 * SECOND
_GROWTH = 8
"""The wait for what is held grows by so much of itself: where time flies, looks take main's."""

_PROTECTORS = frozenset({"risk_guard", "execution_broker"})
"""Roles without which the main kernel places no stop and closes no position."""


class Trip(msgspec.Struct, frozen=True):
    """A reason to halt; `ends_run` where the run is to end as well.

    `alone`: the main kernel is known to protect and close nothing any more.
    """

    reason: Reason
    detail: str
    ends_run: bool = False
    alone: bool = False


def trip_of(message: Message) -> Trip | None:
    """Return the trip that a message asks for, None where it asks for none."""
    match message:
        case LimitBreached(limit=limit, hard=True, value=value, bound=bound):
            return Trip(Reason.HALT_LIMIT, f"{limit.value}: {value:.2f} % against {bound:.2f} %")
        case ActorGaveUp(role=role, detail=detail):
            return Trip(Reason.HALT_ACTOR, f"{role}: {detail}", alone=role in _PROTECTORS)
        case MailboxOverflowed(role=role, depth=depth):
            return Trip(Reason.HALT_OVERFLOW, f"{depth} messages wait for {role}")
        case ProgressStalled(role=role, message=name, seconds=seconds):
            return Trip(Reason.HALT_WEDGED, f"{role} has handled {name} for {seconds:.1f} s")
        case HaltRequested(source=source):
            return Trip(Reason.HALT_OPERATOR, source)
        case StopRequested(source=source, alone=alone):
            return Trip(Reason.HALT_SHUTDOWN, source, ends_run=True, alone=alone)
        case FeedEnded(text=text):
            return Trip(Reason.HALT_SHUTDOWN, text, ends_run=True)
    return None


class Halt(msgspec.Struct):
    """How far a halt is verified, in its `epoch` of the interlock; times in ns.

    `settled_at`: when every submit that was under way has ended. `deadline`: when an orderly end
    gives up. `patience`: until when the main kernel is left to settle what is held, unless the
    KillSwitch is `alone`; it is waited for `since`. `clear_at`: when the list was first seen
    without entry orders.
    """

    epoch: int
    settled_at: int
    deadline: int = 0
    patience: int = 0
    since: int = 0
    ends_run: bool = False
    alone: bool = False
    clear_at: int | None = None
    verified: bool = False

    def allow(self, now: int, time: int) -> None:
        """Have the end come in `time` ns at the latest: one half for main, one for ourselves."""
        self.deadline, self.patience, self.since = now + time, now + time // 2, now

    def expect_nobody(self, now: int, submit: int) -> None:
        """Wait for the main kernel no longer, but for what it may have sent within `submit` ns."""
        if not self.alone:
            self.alone, self.since = True, now
            self.settled_at = max(self.settled_at, now + submit)

    def is_ours(self, now: int) -> bool:
        """Tell whether it is for the KillSwitch to settle what is held."""
        return now >= self.settled_at and (self.alone or now >= self.patience)

    def see(self, account: Account, now: int) -> tuple[Order, ...]:
        """Take in the venue's list; return the entry orders to cancel."""
        entries = entry_orders(account)
        if entries:
            self.clear_at, self.verified = None, False
        elif self.clear_at is None:
            self.clear_at = now
        elif now >= self.settled_at:
            self.verified = True
        return entries

    def wait(self, now: int) -> int:
        """Return how long to wait before the next look at the list."""
        if self.clear_at is not None and now < self.settled_at:
            return max(self.settled_at - now, _PACE)
        pace = _PACE if now < self.deadline else _SLOW_PACE
        if self.verified:
            pace = max(pace, (now - self.since) // _GROWTH)
        return min(pace, self.patience - now) if now < self.patience else pace


def entry_orders(account: Account) -> tuple[Order, ...]:
    """Return the entry orders of ours that the venue lists."""
    return tuple(
        state.order
        for state in account.open_orders
        if leg_of(state.order.client_order_id) is Leg.ENTRY
    )


def remaining(halt: Halt, account: Account | None) -> tuple[str, ...]:
    """Name the entry orders that the venue still lists, or may have."""
    if halt.verified:
        return ()
    listed = () if account is None else entry_orders(account)
    return tuple(order.client_order_id for order in listed) or (UNVERIFIED,)
