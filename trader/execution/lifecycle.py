"""The life cycle of an order, as a table: (status, event) -> status.

Rule 1: everything that changes the status of an order is a row here. A move without a row is
illegal: it raises and changes nothing.

Three things may tell of one order (the answer to its submit, the venue's stream, a query), in any
order and more than once; most of the rows are about that. An end proves that the venue had the
order: ACCEPTED is folded before it.
"""

from enum import StrEnum

from trader.model.orders import OrderStatus

SUBMITTING = OrderStatus.SUBMITTING
OPEN = OrderStatus.OPEN
PARTIALLY_FILLED = OrderStatus.PARTIALLY_FILLED
CANCELING = OrderStatus.CANCELING
UNKNOWN = OrderStatus.UNKNOWN
FILLED = OrderStatus.FILLED
CANCELED = OrderStatus.CANCELED
REJECTED = OrderStatus.REJECTED
EXPIRED = OrderStatus.EXPIRED

NOT_THERE = frozenset({SUBMITTING, UNKNOWN, REJECTED})
"""The venue is not known to have had the order."""

RESTING = frozenset({OPEN, PARTIALLY_FILLED})
"""The venue has the order and nobody asked it to cancel."""


class OrderEvent(StrEnum):
    """What can be learnt of an order, whoever says it."""

    DOUBTED = "doubted"
    """The submit ended without a known outcome."""
    REFUSED = "refused"
    """Proven: the venue will not have it, or it never left."""
    ACCEPTED = "accepted"
    CANCEL_ASKED = "cancel asked"
    PART_FILLED = "part filled"
    """A fill that does not complete the order."""
    FILLED = "filled"
    """A fill that completes the order."""
    CANCELED = "canceled"
    EXPIRED = "expired"


class IllegalMove(ValueError):
    """An order cannot have this happen to it in its status."""


_DOUBTED = OrderEvent.DOUBTED
_REFUSED = OrderEvent.REFUSED
_ACCEPTED = OrderEvent.ACCEPTED
_ASKED = OrderEvent.CANCEL_ASKED
_PART = OrderEvent.PART_FILLED
_FULL = OrderEvent.FILLED
_CANCELED = OrderEvent.CANCELED
_EXPIRED = OrderEvent.EXPIRED

TABLE: dict[tuple[OrderStatus, OrderEvent], OrderStatus] = {
    (SUBMITTING, _DOUBTED): UNKNOWN,
    (SUBMITTING, _REFUSED): REJECTED,
    (SUBMITTING, _ACCEPTED): OPEN,
    (SUBMITTING, _PART): PARTIALLY_FILLED,  # a fill before the ack
    (SUBMITTING, _FULL): FILLED,  # a fill before the ack
    #
    (UNKNOWN, _DOUBTED): UNKNOWN,
    (UNKNOWN, _REFUSED): REJECTED,  # no query found it for long enough
    (UNKNOWN, _ACCEPTED): OPEN,
    (UNKNOWN, _PART): PARTIALLY_FILLED,
    (UNKNOWN, _FULL): FILLED,
    #
    (OPEN, _DOUBTED): OPEN,  # the stream told before the call gave up
    (OPEN, _REFUSED): EXPIRED,  # a stop that the venue refuses when it triggers
    (OPEN, _ACCEPTED): OPEN,
    (OPEN, _ASKED): CANCELING,
    (OPEN, _PART): PARTIALLY_FILLED,
    (OPEN, _FULL): FILLED,
    (OPEN, _CANCELED): CANCELED,
    (OPEN, _EXPIRED): EXPIRED,
    #
    (PARTIALLY_FILLED, _DOUBTED): PARTIALLY_FILLED,  # the stream told before the call gave up
    (PARTIALLY_FILLED, _REFUSED): EXPIRED,  # the rest is refused, the fills stand
    (PARTIALLY_FILLED, _ACCEPTED): PARTIALLY_FILLED,  # the ack, after the fill
    (PARTIALLY_FILLED, _ASKED): CANCELING,
    (PARTIALLY_FILLED, _PART): PARTIALLY_FILLED,
    (PARTIALLY_FILLED, _FULL): FILLED,
    (PARTIALLY_FILLED, _CANCELED): CANCELED,
    (PARTIALLY_FILLED, _EXPIRED): EXPIRED,
    #
    (CANCELING, _DOUBTED): CANCELING,
    (CANCELING, _REFUSED): EXPIRED,
    (CANCELING, _ACCEPTED): CANCELING,  # a report older than the cancel
    (CANCELING, _ASKED): CANCELING,  # asked again: the first request may be lost
    (CANCELING, _PART): CANCELING,
    (CANCELING, _FULL): FILLED,  # the fill won the race
    (CANCELING, _CANCELED): CANCELED,
    (CANCELING, _EXPIRED): EXPIRED,
    #
    (FILLED, _DOUBTED): FILLED,
    (FILLED, _ACCEPTED): FILLED,  # the ack, after the last fill
    (FILLED, _FULL): FILLED,  # more than was asked: the position comes from fills all the same
    (FILLED, _CANCELED): FILLED,  # a cancel of the nothing that was left
    (FILLED, _EXPIRED): FILLED,
    #
    (CANCELED, _DOUBTED): CANCELED,
    (CANCELED, _ACCEPTED): CANCELED,  # a report older than the cancel
    (CANCELED, _PART): CANCELED,  # a fill that raced the cancel
    (CANCELED, _FULL): FILLED,  # a fill that raced the cancel
    (CANCELED, _CANCELED): CANCELED,
    (CANCELED, _EXPIRED): CANCELED,  # one end under two names: the first stands
    #
    (EXPIRED, _DOUBTED): EXPIRED,
    (EXPIRED, _REFUSED): EXPIRED,
    (EXPIRED, _ACCEPTED): EXPIRED,  # a report older than the end
    (EXPIRED, _PART): EXPIRED,  # a fill that raced the end
    (EXPIRED, _FULL): FILLED,  # a fill that raced the end
    (EXPIRED, _CANCELED): EXPIRED,
    (EXPIRED, _EXPIRED): EXPIRED,
    #
    (REJECTED, _DOUBTED): REJECTED,
    (REJECTED, _ACCEPTED): OPEN,  # it came after we had given it up
    (REJECTED, _PART): PARTIALLY_FILLED,  # it came after we had given it up
    (REJECTED, _FULL): FILLED,
}
"""Missing rows are illegal: asking to cancel what is not there or over, refusing what has ended."""


def move(status: OrderStatus, event: OrderEvent) -> OrderStatus:
    """Return the status after an event; raise IllegalMove where the table has no row."""
    try:
        return TABLE[status, event]
    except KeyError:
        raise IllegalMove(f"an order that is {status.value} cannot be {event.value}") from None
