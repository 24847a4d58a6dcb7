"""One order: what is known of it, and the events that each new fact is worth, each of them once.

The answer to a submit, the venue's stream and queries tell of the same order in any order, late and
twice. A record folds whatever comes; what it returns is what the others have not heard yet. One
thing is said again: that an order rests which was held for uncertain, since the word of it may have
been lost with the process that was killed before it was heard.

Position comes from fills, deduplicated by trade id. A fill known only by a total is not invented:
the order is doubtful until a query brings the fill itself, and its end is told after its fills.
"""

from decimal import Decimal

import msgspec

from trader.execution.doubt import is_gone
from trader.execution.lifecycle import (
    CANCELED,
    CANCELING,
    FILLED,
    NOT_THERE,
    RESTING,
    UNKNOWN,
    OrderEvent,
    move,
)
from trader.model.instrument import ZERO
from trader.model.messages import (
    Message,
    OrderAccepted,
    OrderCanceled,
    OrderExpired,
    OrderFilled,
    OrderPartiallyFilled,
    OrderRejected,
    OrderUnknown,
)
from trader.model.orders import ENTRY, Fill, Order, OrderState, OrderStatus
from trader.model.reasons import Reason

_THERE = frozenset(OrderStatus) - NOT_THERE
_IN_DOUBT = frozenset({UNKNOWN, CANCELING})
_CANCELABLE = RESTING | {CANCELING}

_ENDS = {
    # The venue took the last crumb for nothing: a rest, if there is one, will not be filled.
    OrderStatus.FILLED: OrderEvent.CANCELED,
    OrderStatus.CANCELED: OrderEvent.CANCELED,
    OrderStatus.EXPIRED: OrderEvent.EXPIRED,
    OrderStatus.REJECTED: OrderEvent.REFUSED,
}


class Record(msgspec.Struct):
    """What is known of one order.

    `correlation` is the seq of the arrival that began it, `filled` the sum of `trades` (quantity by
    trade id), `reported` the largest total the venue has told, `ending` how the venue says it
    ended. `unwanted`: cancel it as soon as the venue has it; `cancel_sent`: it was asked to.
    `suspect`: ask about it whatever its status. `asked` counts queries since it was last certain,
    `misses` those that found nothing.
    """

    order: Order
    correlation: int
    status: OrderStatus = OrderStatus.SUBMITTING
    venue_order_id: str = ""
    trades: dict[str, Decimal] = {}
    filled: Decimal = ZERO
    reported: Decimal = ZERO
    ending: OrderEvent | None = None
    unwanted: bool = False
    cancel_sent: bool = False
    suspect: bool = False
    asked: int = 0
    misses: int = 0
    first_miss: int = 0

    @property
    def id(self) -> str:
        """The client order id."""
        return self.order.client_order_id

    @property
    def doubtful(self) -> bool:
        """True while the venue has to be asked about the order."""
        return self.suspect or self.status in _IN_DOUBT or self.filled < self.reported

    @property
    def settled(self) -> bool:
        """True once the order is final and nothing about it is in doubt."""
        return self.status.final and not self.doubtful

    # -- what calls prove --------------------------------------------------------------------------

    def doubt(self, detail: str) -> list[Message]:
        """Fold a submit without a known outcome; what the venue has told outranks it."""
        before = self.status
        self._move(OrderEvent.DOUBTED)
        return [] if self.status is before else [OrderUnknown(self.id, detail)]

    def refuse(self, reason: Reason, detail: str) -> list[Message]:
        """Fold a submit that never left or proved refused; what the venue has told outranks it."""
        if self.status not in (OrderStatus.SUBMITTING, OrderStatus.UNKNOWN):
            return []
        self.suspect = False
        return [*self._move(OrderEvent.REFUSED), OrderRejected(self.id, reason, detail)]

    def miss(self, now: int, within: int) -> list[Message]:
        """Fold a query that found no such order; conclude something only after enough of them.

        `within` is the time (ns) within which an order arrives that was sent.
        """
        if not self.doubtful:
            return []  # asked before the venue told of it
        self.first_miss = self.first_miss if self.misses else now
        self.misses += 1
        gone = is_gone(self.misses, self.first_miss, now, within)
        if not gone or self.status.final or self.filled < self.reported:
            return []
        if self.status in NOT_THERE:
            return self.refuse(Reason.VENUE_REJECTED, "never reached the venue")
        self.suspect = False
        self.ending = self.ending or OrderEvent.EXPIRED
        return self._end(self.ending)

    def begin_cancel(self) -> bool:
        """Tell whether to ask the venue to cancel now: what is unwanted, once it is there."""
        if not self.unwanted or self.cancel_sent or self.status not in _CANCELABLE:
            return False
        self._move(OrderEvent.CANCEL_ASKED)
        self.cancel_sent = True
        return True

    # -- what the venue tells ----------------------------------------------------------------------

    def take(self, state: OrderState, fills: tuple[Fill, ...]) -> list[Message]:
        """Fold what the venue says of the order, and fills of it."""
        suspected, self.suspect = self.suspect, False
        self.misses = 0
        self.venue_order_id = self.venue_order_id or state.venue_order_id
        self.reported = max(self.reported, _total(state))
        self.ending = self.ending or _ENDS.get(state.status)
        events: list[Message] = []
        if self.status in NOT_THERE and state.status in _THERE:
            events += self._move(OrderEvent.ACCEPTED)
        for fill in fills:
            events += self._fill(fill)
        if self.ending is not None:
            events += self._end(self.ending)
        if suspected and not events and self.status in RESTING:
            events.append(OrderAccepted(self.id, self.venue_order_id))
        return events

    def _fill(self, fill: Fill) -> list[Message]:
        if fill.trade_id in self.trades:
            return []
        self.trades[fill.trade_id] = fill.quantity
        self.filled += fill.quantity
        if self.filled < self.order.quantity:
            return [*self._move(OrderEvent.PART_FILLED), OrderPartiallyFilled(fill)]
        return [*self._move(OrderEvent.FILLED), OrderFilled(fill)]

    def _end(self, ending: OrderEvent) -> list[Message]:
        if self.filled < self.reported:
            return []
        before = self.status
        if before in NOT_THERE and ending is OrderEvent.REFUSED:
            return self.refuse(Reason.VENUE_REJECTED, "the venue lists it as rejected")
        self._move(ending)
        if before.final:
            return []
        return [OrderCanceled(self.id) if self.status is CANCELED else OrderExpired(self.id)]

    def _move(self, event: OrderEvent) -> list[Message]:
        before = self.status
        self.status = move(before, event)
        if before in NOT_THERE and self.status not in NOT_THERE:
            # Given up, and there after all: nobody counts on an entry any more.
            late = before is OrderStatus.REJECTED and self.order.leg is ENTRY
            self.unwanted = self.unwanted or late
            return [OrderAccepted(self.id, self.venue_order_id)]
        return []


def _total(state: OrderState) -> Decimal:
    # A venue that says "filled" without a total means all of it.
    return state.filled or (state.order.quantity if state.status is FILLED else ZERO)
