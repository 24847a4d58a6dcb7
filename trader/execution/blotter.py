"""Every order of ours: the book that reports and answers are folded into."""

import msgspec

from trader.execution.doubt import backoff
from trader.execution.record import Record
from trader.model.ids import leg_of
from trader.model.messages import (
    CallFailure,
    CashMoved,
    Failure,
    FlowReported,
    LiquidationReported,
    Message,
    OrderSubmitted,
    PositionLiquidated,
)
from trader.model.orders import ENTRY, Fill, Order, OrderState, OrderStatus
from trader.model.reasons import Reason

KEPT = 250
"""Settled orders that are remembered, the newest: late reports of them are still understood.

Those of minutes at the highest rate that entries may come; what is told later still, the account
lists. They are most of what every checkpoint writes.
"""


class Change(msgspec.Struct, frozen=True):
    """What follows from what was learnt of an order.

    The `events` are to be sent; then the order is to be canceled at the venue, or the venue asked
    about it in `ask_in` ns, or neither.
    """

    record: Record
    events: list[Message]
    cancel: bool
    ask_in: int | None


class Blotter(msgspec.Struct):
    """The book of orders, oldest first; `changes` counts what was ever learnt.

    `working` are the ids of which something may still come, `settled` the others, oldest first.
    """

    records: dict[str, Record] = {}
    working: dict[str, None] = {}
    settled: dict[str, None] = {}
    changes: int = 0

    def open_orders(self) -> list[Record]:
        """Return every order of which something may still come."""
        return [self.records[client_order_id] for client_order_id in self.working]

    # -- what we ask -------------------------------------------------------------------------------

    def submit(self, order: Order, correlation: int, *, halted: bool) -> Change:
        """Book an order that is about to be sent; after a halt, refuse one that adds risk.

        Raises ValueError for an order that was booked before: it is never sent again.
        """
        if order.client_order_id in self.records:
            raise ValueError(f"{order.client_order_id} was sent before and is never sent again")
        record = self.records[order.client_order_id] = Record(order, correlation)
        if halted and not order.reduce_only:
            detail = "it waited behind the halt"
            return self._change(record, record.refuse(Reason.STATE_HALTED, detail))
        return self._change(record, [OrderSubmitted(record.id)])

    def cancel(self, client_order_id: str) -> list[Change]:
        """Have an order canceled, now or as soon as the venue is known to have it.

        Asked for again it is under way already; what is due for the order must not be put off.
        """
        record = self.records.get(client_order_id)
        if record is None or record.unwanted:
            return []
        record.unwanted = True
        return [self._change(record, [])]

    def ask(self, client_order_id: str) -> Order | None:
        """Return the order to ask about, None where it is in doubt no more."""
        record = self.records.get(client_order_id)
        if record is None or not record.doubtful:
            return None
        record.asked += 1
        return record.order

    # -- what calls end in -------------------------------------------------------------------------

    def fail(self, client_order_id: str, failure: CallFailure) -> Change:
        """Fold a submit that did not end in an ack: refused if that is proven, else in doubt."""
        record = self.records[client_order_id]
        # A duplicate id proves that an earlier request arrived.
        if failure.failure is Failure.UNKNOWN or failure.reason is Reason.VENUE_DUPLICATE_ID:
            return self._change(record, record.doubt(failure.text))
        reason = failure.reason or Reason.VENUE_REJECTED
        return self._change(record, record.refuse(reason, failure.text))

    def keep(self, client_order_id: str) -> Change:
        """Fold a cancel or a query without an outcome: nothing was learnt."""
        return self._change(self.records[client_order_id], [])

    def answer(
        self,
        client_order_id: str,
        found: tuple[OrderState, tuple[Fill, ...]] | None,
        now: int,
        within: int,
    ) -> Change:
        """Fold the answer to a query; a cancel that has not come about by now is repeated.

        `within` is the time (ns) within which an order arrives that was sent.
        """
        record = self.records[client_order_id]
        record.cancel_sent = False
        told = record.miss(now, within) if found is None else record.take(*found)
        return self._change(record, told)

    # -- what the venue tells ----------------------------------------------------------------------

    def report(self, state: OrderState, fills: tuple[Fill, ...], correlation: int) -> list[Change]:
        """Fold what the venue says of an order; one of ours that we do not know is adopted.

        An adopted entry is to be canceled. Foreign orders, and ends of orders that are long
        forgotten, change nothing.
        """
        record = self.records.get(state.order.client_order_id)
        if record is None:
            leg = leg_of(state.order.client_order_id)
            if leg is None or state.status.final:
                return []
            record = Record(state.order, correlation, OrderStatus.UNKNOWN)
            record.unwanted = leg is ENTRY
            self.records[record.id] = record
        return [self._change(record, record.take(state, fills))]

    def overhear(self, message: FlowReported | LiquidationReported) -> Message:
        """Count what the venue did of itself, and return what is told of it."""
        self.changes += 1
        if isinstance(message, FlowReported):
            return CashMoved(message.flow)
        return PositionLiquidated(message.fill)

    def suspect(self, record: Record, detail: str) -> Change:
        """Hold an order for uncertain: something about it may have been lost."""
        record.suspect = True
        record.asked = 0
        return self._change(record, record.doubt(detail))

    def suspect_all(self, detail: str) -> list[Change]:
        """Hold every order that is not settled for uncertain."""
        return [self.suspect(record, detail) for record in self.open_orders()]

    def _change(self, record: Record, events: list[Message]) -> Change:
        self.changes += len(events)
        cancel, doubtful = record.begin_cancel(), record.doubtful
        if record.status.final and not doubtful:
            self._retire(record)
        else:
            self.working[record.id] = None
        if not doubtful:
            record.asked = 0
        ask = doubtful and not cancel
        return Change(record, events, cancel, backoff(record.asked) if ask else None)

    def _retire(self, record: Record) -> None:
        self.working.pop(record.id, None)
        self.settled[record.id] = None
        if len(self.settled) > KEPT:
            oldest = next(iter(self.settled))
            del self.settled[oldest]
            # One that came back from the dead is retired again in its time.
            if self.records[oldest].settled:
                del self.records[oldest]
