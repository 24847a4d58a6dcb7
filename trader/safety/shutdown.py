"""What trips the KillSwitch, and when the venue's own list proves that it is done.

A halt is verified once the venue's list of open orders shows no entry order of ours, twice, the
second time after the last submit that may have been under way has ended. Protection of positions
and foreign orders are left alone.
"""

import msgspec

from trader.model.ids import leg_of
from trader.model.instrument import Instrument
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


class Trip(msgspec.Struct, frozen=True):
    """A reason to halt; `ends_run` where the run is to end as well."""

    reason: Reason
    detail: str
    ends_run: bool = False


def trip_of(message: Message) -> Trip | None:
    """Return the trip that a message asks for, None where it asks for none."""
    match message:
        case LimitBreached(limit=limit, hard=True, value=value, bound=bound):
            return Trip(Reason.HALT_LIMIT, f"{limit.value}: {value:.2f} % against {bound:.2f} %")
        case ActorGaveUp(role=role, detail=detail):
            return Trip(Reason.HALT_ACTOR, f"{role}: {detail}")
        case MailboxOverflowed(role=role, depth=depth):
            return Trip(Reason.HALT_OVERFLOW, f"{depth} messages wait for {role}")
        case ProgressStalled(role=role, message=name, seconds=seconds):
            return Trip(Reason.HALT_WEDGED, f"{role} has handled {name} for {seconds:.1f} s")
        case HaltRequested(source=source):
            return Trip(Reason.HALT_OPERATOR, source)
        case StopRequested(source=source):
            return Trip(Reason.HALT_SHUTDOWN, source, ends_run=True)
        case FeedEnded(text=text):
            return Trip(Reason.HALT_SHUTDOWN, text, ends_run=True)
    return None


class Halt(msgspec.Struct):
    """How far a halt is verified; times in ns.

    `settled_at`: when every submit that was under way has ended. `deadline`: when an orderly end
    gives up. `clear_at`: when the list was first seen without entry orders.
    """

    settled_at: int
    deadline: int
    ends_run: bool = False
    clear_at: int | None = None
    verified: bool = False

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
        return _PACE if now < self.deadline else _SLOW_PACE


def entry_orders(account: Account) -> tuple[Order, ...]:
    """Return the entry orders of ours that the venue lists."""
    return tuple(
        state.order
        for state in account.open_orders
        if leg_of(state.order.client_order_id) is Leg.ENTRY
    )


def is_flat(account: Account, instruments: tuple[Instrument, ...]) -> bool:
    """Tell whether nothing is held that could be sold, and no order of ours rests."""
    ours = any(leg_of(state.order.client_order_id) for state in account.open_orders)
    return not ours and not any(_held(account, instrument) for instrument in instruments)


def describe(account: Account | None, instruments: tuple[Instrument, ...]) -> str:
    """Say what is held, and whether a stop of ours rests for it."""
    if account is None:
        return "the account could not be read"
    stops = {
        state.order.symbol
        for state in account.open_orders
        if leg_of(state.order.client_order_id) is Leg.STOP
    }
    held = [
        f"{account.held(i)} {i.symbol if i.terms else i.base}"
        f" {'with' if i.symbol in stops else 'WITHOUT'} a stop"
        for i in instruments
        if _held(account, i)
    ]
    return f"held: {', '.join(held)}" if held else "nothing is held"


def remaining(halt: Halt, account: Account | None) -> tuple[str, ...]:
    """Name the entry orders that the venue still lists, or may have."""
    if halt.verified:
        return ()
    listed = () if account is None else entry_orders(account)
    return tuple(order.client_order_id for order in listed) or (UNVERIFIED,)


def _held(account: Account, instrument: Instrument) -> bool:
    least = max(instrument.lot, instrument.min_quantity)
    return abs(account.held(instrument)) >= least
