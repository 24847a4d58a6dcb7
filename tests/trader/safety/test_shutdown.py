"""What trips the KillSwitch, and when the venue's list proves that it is done."""

import pytest

from tests.trader.execution.samples import SYMBOL, foreign, order, state
from trader.model import messages as m
from trader.model.market import SECOND
from trader.model.orders import Leg
from trader.model.reasons import Reason
from trader.model.views import Account, TradingState
from trader.safety.shutdown import (
    UNVERIFIED,
    Halt,
    Trip,
    entry_orders,
    remaining,
    trip_of,
)

ENTRY, STOP = order(), order(Leg.STOP)
CLEAR = Account({}, ())
LISTED = Account({}, (state(ENTRY), state(STOP), state(foreign())))


@pytest.mark.parametrize(
    ("message", "reason", "ends_run"),
    [
        (m.LimitBreached(Reason.DRAWDOWN_TOTAL, True, 21.0, 20.0), Reason.HALT_LIMIT, False),
        (m.ActorGaveUp("risk_guard", "failed 4 times"), Reason.HALT_ACTOR, False),
        (m.MailboxOverflowed("validator", 10_001), Reason.HALT_OVERFLOW, False),
        (m.ProgressStalled("llm_advisor", "SnapshotTaken", 6.0), Reason.HALT_WEDGED, False),
        (m.HaltRequested("SIGUSR1"), Reason.HALT_OPERATOR, False),
        (m.StopRequested("SIGTERM"), Reason.HALT_SHUTDOWN, True),
        (m.FeedEnded("the data ended"), Reason.HALT_SHUTDOWN, True),
    ],
)
def test_a_trip_has_its_reason(message: m.Message, reason: Reason, ends_run: bool) -> None:
    """Each trip has its reason, says more in words, and may end the run."""
    trip = trip_of(message)

    assert isinstance(trip, Trip)
    assert trip.detail
    assert (trip.reason, trip.ends_run) == (reason, ends_run)


@pytest.mark.parametrize(
    "message",
    [
        m.LimitBreached(Reason.LOSS_DAY, False, 3.1, 3.0),
        m.JournalFailed("disk full"),
        m.FeedStalled(SYMBOL, 0),
        m.Heartbeat(1),
        m.TradingStateChanged(TradingState.ACTIVE, Reason.START_RECONCILED, ""),
    ],
)
def test_what_is_not_hard_trips_nothing(message: m.Message) -> None:
    """A soft limit is RiskGuard's, and a journal that fails stops entries alone."""
    assert trip_of(message) is None


@pytest.mark.parametrize(
    ("message", "alone"),
    [
        (m.ActorGaveUp("risk_guard", "failed 4 times"), True),
        (m.ActorGaveUp("execution_broker", "failed 4 times"), True),
        (m.ActorGaveUp("validator", "failed 4 times"), False),
        (m.StopRequested("the engine crashed", alone=True), True),
        (m.StopRequested("SIGTERM"), False),
        (m.ProgressStalled("risk_guard", "OrderFilled", 6.0), False),
    ],
)
def test_a_trip_tells_whether_main_still_protects(message: m.Message, alone: bool) -> None:
    """Without RiskGuard or broker it cannot; a handler that is late may still return."""
    trip = trip_of(message)

    assert trip is not None
    assert trip.alone is alone


def test_entry_orders_are_ours_and_entries() -> None:
    """Protection and foreign orders are not touched."""
    assert entry_orders(LISTED) == (ENTRY,)


def test_a_halt_is_verified_by_two_looks_the_second_after_the_last_submit() -> None:
    """What is under way when the list is first clear may still arrive."""
    halt = Halt(1, settled_at=100, deadline=200)
    seen = []
    for now in (10, 99, 100):
        assert halt.see(CLEAR, now) == ()
        seen.append(halt.verified)

    assert seen == [False, False, True]


def test_one_look_is_never_enough() -> None:
    """Not even long after the last submit."""
    halt = Halt(1, settled_at=100, deadline=200)
    halt.see(CLEAR, 150)

    assert not halt.verified


def test_an_entry_that_turns_up_begins_the_count_again() -> None:
    """The two clear looks must follow one another."""
    halt = Halt(1, settled_at=100, deadline=200)
    halt.see(CLEAR, 50)
    assert halt.see(LISTED, 110) == (ENTRY,)
    halt.see(CLEAR, 120)

    assert not halt.verified


def test_the_next_look_waits_for_the_last_submit_once_the_list_is_clear() -> None:
    """The venue is not asked four times a second for nothing."""
    halt = Halt(1, settled_at=10 * SECOND, deadline=20 * SECOND)
    waits = [halt.wait(0)]
    halt.see(CLEAR, SECOND)
    waits += [halt.wait(SECOND), halt.wait(10 * SECOND), halt.wait(20 * SECOND)]

    assert [wait / SECOND for wait in waits] == [0.25, 9, 0.25, 5]


def test_main_is_waited_for_half_of_the_time() -> None:
    """The other half is for what it has left undone."""
    halt = Halt(1, settled_at=2)
    halt.allow(now=100, time=20)

    assert [halt.is_ours(now) for now in (100, 109, 110)] == [False, False, True]
    assert halt.deadline == 120


def test_a_main_that_has_failed_is_waited_for_no_longer() -> None:
    """But for the submits that were under way when that was first heard of."""
    halt = Halt(1, settled_at=101)
    halt.allow(now=100, time=20)
    halt.expect_nobody(101, 2)
    halt.expect_nobody(102, 2)

    assert [halt.is_ours(now) for now in (102, 103)] == [False, True]


def test_looks_at_what_is_held_grow_rare_and_none_is_late() -> None:
    """At a thousandfold speed each costs main as much; the one at its time's end is on time."""
    halt = Halt(1, settled_at=0)
    halt.allow(now=0, time=20 * SECOND)
    halt.see(CLEAR, 0)
    halt.see(CLEAR, SECOND)
    waits = [halt.wait(round(now * SECOND)) for now in (1, 8, 9.9, 16, 24, 80)]

    assert [wait / SECOND for wait in waits] == pytest.approx([0.25, 1, 0.1, 2, 5, 10])


def test_what_remains_is_named() -> None:
    """The orders that are listed, and a word for those that may be."""
    halt = Halt(1, settled_at=100, deadline=200)

    assert remaining(halt, None) == (UNVERIFIED,)
    assert remaining(halt, CLEAR) == (UNVERIFIED,)
    assert remaining(halt, LISTED) == (ENTRY.client_order_id,)

    halt.see(CLEAR, 50)
    halt.see(CLEAR, 150)
    assert remaining(halt, CLEAR) == ()
