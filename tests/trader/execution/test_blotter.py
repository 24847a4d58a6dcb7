"""The book of orders, against an obvious model of the venue's side of one order."""

from collections import Counter
from decimal import Decimal

import msgspec
import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from tests.trader.execution.samples import WITHIN, fill, foreign, order, state
from trader.execution.blotter import KEPT, Blotter, Change
from trader.execution.reconcile import Reconciliation
from trader.model import messages as m
from trader.model.market import SECOND
from trader.model.orders import Fill, Flow, FlowKind, Leg, OrderState, OrderStatus
from trader.model.reasons import Reason
from trader.model.views import Account

S = OrderStatus
ENTRY = order()
CID = ENTRY.client_order_id
UNKNOWN = m.CallFailure(m.Failure.UNKNOWN, "read timed out")


@pytest.fixture
def blotter() -> Blotter:
    """Return a blotter with an entry on its way."""
    blotter = Blotter()
    blotter.submit(ENTRY, 7, halted=False)
    return blotter


def test_an_order_is_never_sent_again(blotter: Blotter) -> None:
    """The same id a second time is a bug, whatever became of the first."""
    with pytest.raises(ValueError, match="never sent again"):
        blotter.submit(ENTRY, 8, halted=False)


@pytest.mark.parametrize(
    ("leg", "told"), [(Leg.ENTRY, m.OrderRejected), (Leg.EXIT, m.OrderSubmitted)]
)
def test_a_halt_stops_what_adds_risk(leg: Leg, told: type[m.Message]) -> None:
    """After a halt exits pass and entries do not."""
    change = Blotter().submit(order(leg), 1, halted=True)

    assert [type(event) for event in change.events] == [told]


@pytest.mark.parametrize(
    ("failure", "told"),
    [
        (m.CallFailure(m.Failure.NOT_SENT, "refused"), m.OrderRejected),
        (m.CallFailure(m.Failure.REJECTED, "no", Reason.VENUE_BALANCE), m.OrderRejected),
        (m.CallFailure(m.Failure.REJECTED, "twice", Reason.VENUE_DUPLICATE_ID), m.OrderUnknown),
        (UNKNOWN, m.OrderUnknown),
    ],
)
def test_a_submit_that_fails_is_refused_only_if_that_is_proven(
    blotter: Blotter, failure: m.CallFailure, told: type[m.Message]
) -> None:
    """Anything else is unknown, a duplicate id most of all: it proves that one arrived."""
    change = blotter.fail(CID, failure)

    assert [type(event) for event in change.events] == [told]
    if isinstance(change.events[0], m.OrderRejected):
        assert change.events[0].reason is (failure.reason or Reason.VENUE_REJECTED)
    assert (change.ask_in is not None) is (told is m.OrderUnknown)
    assert (blotter.records[CID].status is OrderStatus.UNKNOWN) is (change.ask_in is not None)


def test_queries_come_ever_later(blotter: Blotter) -> None:
    """0.5, 1, 2 s ... as long as the order is in doubt, and from the start when it is again."""
    waits = [blotter.fail(CID, UNKNOWN).ask_in]
    for _ in range(2):
        assert blotter.ask(CID) == ENTRY
        waits.append(blotter.answer(CID, None, 0, WITHIN).ask_in)
    blotter.ask(CID)
    blotter.answer(CID, (state(ENTRY), ()), 0, WITHIN)
    assert blotter.ask(CID) is None
    waits.append(blotter.suspect(blotter.records[CID], "").ask_in)

    assert [wait / SECOND for wait in waits if wait] == [0.5, 1, 2, 0.5]


def test_a_cancel_is_repeated_after_a_query_and_ever_later(blotter: Blotter) -> None:
    """A cancel without an outcome leaves the order canceling; it is asked about, then canceled."""
    blotter.report(state(ENTRY), (), 0)
    assert [change.cancel for change in blotter.cancel(CID)] == [True]

    waits = []
    for _ in range(3):
        failed = blotter.keep(CID)
        waits.append(failed.ask_in)
        assert not failed.cancel
        blotter.ask(CID)
        assert blotter.answer(CID, (state(ENTRY), ()), 0, WITHIN).cancel
    assert [wait / SECOND for wait in waits if wait] == [0.5, 1, 2]
    assert blotter.records[CID].status is S.CANCELING


def test_a_cancel_that_is_asked_for_again_puts_nothing_off(blotter: Blotter) -> None:
    """The query of an unknown order is due as it was: whoever is impatient does not delay it."""
    blotter.fail(CID, UNKNOWN)
    assert [change.ask_in is not None for change in blotter.cancel(CID)] == [True]
    assert blotter.cancel(CID) == []


def test_a_stray_of_ours_is_adopted_and_an_entry_canceled() -> None:
    """An order that carries our mark is ours even if no book of ours knows it."""
    stop = order(Leg.STOP)
    changes = Blotter().report(state(ENTRY), (), 3) + Blotter().report(state(stop), (), 3)

    assert [change.cancel for change in changes] == [True, False]
    assert [type(change.events[0]) for change in changes] == [m.OrderAccepted] * 2


def test_foreign_orders_and_forgotten_ends_change_nothing() -> None:
    """What somebody else ordered is not ours to follow, and an old end is no news."""
    blotter = Blotter()

    assert blotter.report(state(foreign()), (), 0) == []
    assert blotter.report(state(ENTRY, S.FILLED, "1"), (fill(ENTRY),), 0) == []
    assert blotter == Blotter()


def test_settled_orders_are_remembered_up_to_a_number() -> None:
    """The newest settled orders are kept, and everything that is not settled."""
    blotter = Blotter()
    blotter.submit(ENTRY, 0, halted=False)
    for decision in range(2, KEPT + 12):
        late = order(decision=decision)
        blotter.submit(late, 0, halted=False)
        blotter.report(state(late, S.CANCELED), (), 0)

    assert len(blotter.records) == KEPT + 1
    assert [record.id for record in blotter.open_orders()] == [CID]


# -- the venue's side ------------------------------------------------------------------------------


class Venue:
    """What truly happens to one order."""

    def __init__(self) -> None:
        self.status: OrderStatus | None = None
        self.fills: list[Fill] = []

    @property
    def filled(self) -> Decimal:
        """Add up what was truly filled."""
        return sum((f.quantity for f in self.fills), Decimal(0))

    @property
    def live(self) -> bool:
        """Tell whether the order rests."""
        return self.status is not None and not self.status.final

    def state(self) -> OrderState:
        """Return the order as the venue has it."""
        assert self.status is not None
        return state(ENTRY, self.status, str(self.filled))

    def fill(self, tenths: int) -> Fill:
        """Fill a part of what is left, and at the end all."""
        quantity = min(Decimal(tenths) / 10, 1 - self.filled)
        made = fill(ENTRY, str(quantity), f"t{len(self.fills)}")
        self.fills.append(made)
        self.status = S.FILLED if self.filled == 1 else S.PARTIALLY_FILLED
        return made

    def find(self) -> tuple[OrderState, tuple[Fill, ...]] | None:
        """Answer a query."""
        return None if self.status is None else (self.state(), tuple(self.fills))

    def account(self) -> Account:
        """List the order while it rests."""
        return Account({}, (self.state(),) if self.live else ())


TIMEOUT = WITHIN // 2
Report = tuple[OrderState, tuple[Fill, ...]]


class OrderStory(RuleBasedStateMachine):
    """Acks, reports and answers reach the blotter late, twice, out of order, or not at all."""

    def __init__(self) -> None:
        super().__init__()
        self.venue = Venue()
        self.blotter = Blotter()
        self.now = 0
        self.answered = False
        self.reports: list[Report] = []
        self.answers: list[tuple[int, Report | None]] = []
        self.told: list[m.Message] = []
        self.doubts = 0

    def hear(self, *changes: Change) -> None:
        """Note what is told."""
        for change in changes:
            self.told += change.events

    @initialize()
    def submit(self) -> None:
        """Send the order."""
        self.hear(self.blotter.submit(ENTRY, 1, halted=False))

    # -- what happens at the venue

    @precondition(lambda self: self.venue.status is None)
    @rule()
    def arrive(self) -> None:
        """Have the order reach the venue, perhaps after we gave it up."""
        self.venue.status = S.OPEN
        self.reports.append((self.venue.state(), ()))

    @precondition(lambda self: self.venue.live)
    @rule(tenths=st.integers(1, 10))
    def fill(self, tenths: int) -> None:
        """Fill a part, or all."""
        made = self.venue.fill(tenths)
        self.reports.append((self.venue.state(), (made,)))

    @precondition(lambda self: self.venue.live)
    @rule(end=st.sampled_from([S.CANCELED, S.EXPIRED]))
    def end(self, end: OrderStatus) -> None:
        """End the rest."""
        self.venue.status = end
        self.reports.append((self.venue.state(), ()))

    # -- what we hear of it

    @precondition(lambda self: self.reports)
    @rule(data=st.data(), again=st.booleans(), blind=st.booleans())
    def deliver(self, data: st.DataObject, again: bool, blind: bool) -> None:
        """Hear a report, in any order, perhaps not for the last time, perhaps without its fill."""
        number = data.draw(st.integers(0, len(self.reports) - 1))
        told, fills = self.reports[number]
        if not again:
            del self.reports[number]
        self.hear(*self.blotter.report(told, () if blind else fills, 1))

    @precondition(lambda self: self.reports and not self.gave_up)
    @rule()
    def lose(self) -> None:
        """Lose a report."""
        del self.reports[0]

    @precondition(lambda self: self.venue.status is not None and not self.answered)
    @rule()
    def ack(self) -> None:
        """Answer the submit."""
        self.answered = True
        self.hear(*self.blotter.report(self.venue.state(), (), 1))

    @precondition(lambda self: not self.answered)
    @rule()
    def time_out(self) -> None:
        """End the submit without an outcome, whether or not the order arrived."""
        self.answered = True
        self.hear(self.blotter.fail(CID, UNKNOWN))

    @rule()
    def ask(self) -> None:
        """Answer a query; the answer travels."""
        if self.blotter.ask(CID) is not None:
            self.answers.append((self.now, self.venue.find()))

    @precondition(lambda self: self.answers)
    @rule(seconds=st.integers(0, 40))
    def take_answer(self, seconds: int) -> None:
        """Hear the answer to a query; one that takes too long ends without."""
        self.now += seconds * SECOND
        asked_at, found = self.answers.pop(0)
        if self.now - asked_at > TIMEOUT:
            self.hear(self.blotter.keep(CID))
        else:
            self.hear(self.blotter.answer(CID, found, self.now, WITHIN))

    @rule()
    def cancel(self) -> None:
        """Want the order canceled, as RiskGuard may at any time."""
        self.hear(*self.blotter.cancel(CID))

    @rule()
    def forget(self) -> None:
        """Hold nothing for certain: a message was lost, or the process started again."""
        self.doubts += 1
        self.hear(*self.blotter.suspect_all("lost"))

    # -- what must hold

    @property
    def gave_up(self) -> bool:
        """Tell whether we hold the order for one that never arrived."""
        return any(isinstance(event, m.OrderRejected) for event in self.told)

    @invariant()
    def every_fill_is_told_once(self) -> None:
        """Tell the fills of the venue and no others, none twice."""
        told = [event.fill for event in self.told if hasattr(event, "fill")]
        assert len({f.trade_id for f in told}) == len(told)
        assert all(f in self.venue.fills for f in told)

    @invariant()
    def everything_else_is_told_once(self) -> None:
        """Tell nothing else twice, but that the order rests after a doubt."""
        kinds = Counter(type(event) for event in self.told)
        kinds.pop(m.OrderPartiallyFilled, None)
        assert kinds.pop(m.OrderAccepted, 0) <= 1 + self.doubts
        assert all(count == 1 for count in kinds.values())

    @invariant()
    def an_end_is_the_last_word(self) -> None:
        """Tell nothing after an end."""
        ends = (m.OrderFilled, m.OrderCanceled, m.OrderExpired)
        assert not any(isinstance(event, ends) for event in self.told[:-1])

    @invariant()
    def memory_survives_a_checkpoint(self) -> None:
        """Write the blotter and read it."""
        self.blotter = msgspec.msgpack.decode(msgspec.msgpack.encode(self.blotter), type=Blotter)

    def teardown(self) -> None:
        """Let blotter and venue come to rest: then both say the same."""
        if CID not in self.blotter.records:
            return
        reconciliation, note = Reconciliation(), None
        if not self.answered:
            self.hear(self.blotter.fail(CID, UNKNOWN))
        if self.gave_up:
            for told, fills in self.reports:
                self.hear(*self.blotter.report(told, fills, 1))
        for _ in range(20):
            key = str(self.blotter.changes)
            changes, note = reconciliation.hear(self.blotter, key, self.venue.account(), 1)
            self.hear(*changes)
            if note is not None:
                break
            self.now += WITHIN // 2
            if self.blotter.ask(CID) is not None:
                change = self.blotter.answer(CID, self.venue.find(), self.now, WITHIN)
                self.hear(change)
                if change.cancel and self.venue.live:
                    self.end(S.CANCELED)
        assert note is not None
        record = self.blotter.records[CID]
        assert record.filled == self.venue.filled
        assert record.status is (self.venue.status or S.REJECTED)
        self.every_fill_is_told_once()
        self.everything_else_is_told_once()
        self.an_end_is_the_last_word()


TestOrderStory = OrderStory.TestCase
TestOrderStory.settings = settings(max_examples=120, stateful_step_count=25, deadline=None)


def test_what_the_venue_does_of_itself_counts_as_learnt() -> None:
    """So that an account read before it proves nothing."""
    blotter = Blotter()
    flow = Flow("f", FlowKind.TRANSFER, Decimal(5), 0)
    sold = fill(order(Leg.EXIT))

    assert blotter.overhear(m.FlowReported(flow)) == m.CashMoved(flow)
    assert blotter.overhear(m.LiquidationReported(sold)) == m.PositionLiquidated(sold)
    assert blotter.changes == 2


def test_each_event_counts_as_learnt(blotter: Blotter) -> None:
    """An acceptance and a fill are two; the same again is none."""
    before = blotter.changes
    for _ in range(2):
        blotter.report(state(ENTRY, S.FILLED, "1"), (fill(ENTRY),), 7)

    assert blotter.changes == before + 2
