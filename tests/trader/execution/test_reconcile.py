"""Our open orders against the venue's list."""

import pytest

from tests.trader.execution.samples import WITHIN, fill, foreign, order, state
from trader.execution.blotter import Blotter, Change
from trader.execution.reconcile import Difference, Finding, Reconciliation, compare
from trader.model.messages import CallFailure, Failure, OrderAccepted
from trader.model.orders import Leg, Order, OrderState, OrderStatus
from trader.model.reasons import Reason
from trader.model.views import Account

S = OrderStatus
ENTRY = order()
STOP = order(Leg.STOP)
CID = ENTRY.client_order_id
UNKNOWN = CallFailure(Failure.UNKNOWN, "read timed out")


def blotter_with(of: Order, *states: OrderState) -> Blotter:
    """Return a blotter that knows an order as last reported, or as on its way."""
    blotter = Blotter()
    blotter.submit(of, 1, halted=False)
    for told in states:
        blotter.report(told, (), 1)
    return blotter


def listing(*states: OrderState) -> Account:
    """Return an account with these orders open."""
    return Account({}, states)


def findings(differences: list[Difference]) -> list[Finding]:
    """Return what was found, in order."""
    return [difference.finding for difference in differences]


def hear(blotter: Blotter, account: Account) -> tuple[list[Change], str | None]:
    """Let a fresh reconciliation hear an account that was read while nothing changed."""
    return Reconciliation().hear(blotter, str(blotter.changes), account, 1)


def test_what_agrees_is_no_difference() -> None:
    """An order that rests with both is fine, and so is an end that is not listed."""
    done = blotter_with(STOP, state(STOP, S.CANCELED))

    assert compare(blotter_with(ENTRY, state(ENTRY)), listing(state(ENTRY))) == []
    assert hear(done, listing()) == ([], "")


def test_an_order_that_is_not_listed_is_asked_about() -> None:
    """Absence proves nothing: neither an end nor a fill."""
    blotter = blotter_with(ENTRY, state(ENTRY))
    changes, note = hear(blotter, listing())

    assert note is None
    assert [(change.events, change.ask_in is not None) for change in changes] == [([], True)]
    assert blotter.records[CID].status is S.OPEN


@pytest.mark.parametrize("listed", [(), (state(ENTRY),)])
def test_a_submit_under_way_is_waited_for(listed: tuple[OrderState, ...]) -> None:
    """An order on its way may be listed or not; being listed proves that it arrived."""
    changes, note = hear(blotter_with(ENTRY), listing(*listed))

    assert note is None
    assert [event for change in changes for event in change.events] == (
        [OrderAccepted(CID, state(ENTRY).venue_order_id)] if listed else []
    )


def test_a_list_that_knows_of_more_fills_makes_us_ask() -> None:
    """The list has totals, not fills: those are asked for."""
    blotter = blotter_with(ENTRY, state(ENTRY))
    changes, note = hear(blotter, listing(state(ENTRY, S.PARTIALLY_FILLED, "0.3")))

    assert note is None
    assert [change.ask_in is not None for change in changes] == [True]


@pytest.mark.parametrize(("of", "canceled"), [(ENTRY, True), (STOP, False)])
def test_a_stray_of_ours_is_adopted(of: Order, canceled: bool) -> None:
    """What carries our mark is ours: protection stays, an entry nobody counts on goes."""
    blotter = Blotter()
    changes, note = hear(blotter, listing(state(of)))

    assert note is None
    assert [change.cancel for change in changes] == [canceled]
    assert list(blotter.records) == [of.client_order_id]


def test_a_late_arrival_is_found_in_the_list() -> None:
    """An entry that was given up and rests after all is canceled."""
    blotter = blotter_with(ENTRY)
    refused = CallFailure(Failure.REJECTED, "no", Reason.VENUE_REJECTED)
    blotter.fail(CID, refused)
    changes, note = hear(blotter, listing(state(ENTRY)))

    assert note is None
    assert [change.cancel for change in changes] == [True]


def test_an_order_listed_after_its_end_is_canceled() -> None:
    """Nobody counts on it any more, whatever it was for."""
    blotter = blotter_with(STOP, state(STOP, S.EXPIRED))
    changes, note = hear(blotter, listing(state(STOP)))

    assert note is None
    assert [(change.record.id, change.cancel) for change in changes] == [
        (STOP.client_order_id, True)
    ]


def test_foreign_orders_are_noted_and_left_alone() -> None:
    """They do not keep us from agreeing."""
    blotter = Blotter()

    assert hear(blotter, listing(state(foreign()))) == ([], "not ours, left alone: manual-1")
    assert blotter == Blotter()


def test_an_account_that_was_read_while_orders_changed_proves_nothing() -> None:
    """It is as if it had not been read."""
    blotter = blotter_with(ENTRY)
    asked_at = str(blotter.changes)
    blotter.report(state(ENTRY, S.FILLED, "1"), (fill(ENTRY),), 1)

    assert Reconciliation().hear(blotter, asked_at, listing(state(ENTRY)), 1) == ([], None)


def test_the_note_tells_of_everything_that_was_found_on_the_way() -> None:
    """What was resolved by the time all agrees is told once, with the agreement."""
    blotter, reconciliation = blotter_with(ENTRY, state(ENTRY)), Reconciliation()

    def note() -> str | None:
        return reconciliation.hear(blotter, str(blotter.changes), listing(), 1)[1]

    told = [note(), note()]
    blotter.answer(CID, (state(ENTRY, S.CANCELED), ()), 0, WITHIN)

    assert [*told, note(), note()] == [None, None, f"not listed, asked about: {CID}", ""]


def test_reads_in_vain_come_ever_later() -> None:
    """The wait doubles until one agrees."""
    reconciliation = Reconciliation()
    waits = [reconciliation.wait(), reconciliation.wait()]
    reconciliation.hear(Blotter(), "0", listing(), 1)

    assert [waits[1] / waits[0], reconciliation.wait() / waits[0]] == [2, 1]


def test_findings_name_each_order_once() -> None:
    """A list with something of everything."""
    blotter = blotter_with(ENTRY)
    blotter.fail(CID, UNKNOWN)
    blotter.submit(STOP, 1, halted=False)
    exit_order = order(Leg.EXIT)

    account = listing(state(foreign()), state(exit_order))

    assert findings(compare(blotter, account)) == [
        Finding.FOREIGN,
        Finding.STRAY,
        Finding.PENDING,
        Finding.PENDING,
    ]
