"""The KillSwitch: halts once, cancels entries, and believes the venue's own list alone.

What is held it leaves to the main kernel for half of its time, and closes it then.
"""

from decimal import Decimal

import pytest
import trio

from actors.kill_switch import KillSwitch
from tests.actors.venue import BTC, LOST, ScriptedVenue
from tests.trader.execution.samples import foreign, order
from trader.model import messages as m
from trader.model.errors import NotSent, OutcomeUnknown, Rejected
from trader.model.ids import order_hash
from trader.model.orders import Approval, Leg, Order, OrderKind, OrderState, Side
from trader.model.reasons import Reason
from trader.runtime.faults import Fault
from trader.runtime.interlock import Interlock
from trader.safety.settings import ShutdownSettings
from trader.safety.shutdown import UNVERIFIED
from trader.testing.stage import Stage, open_stage

ENTRY, STOP, FOREIGN = order(), order(Leg.STOP), foreign()
CID = ENTRY.client_order_id
DROPPED = OutcomeUnknown("connection reset")
DROPPED_BEFORE = NotSent("connection refused")
STOP_RUN = m.StopRequested("SIGTERM")
HALT = m.HaltRequested("SIGUSR1")
ALONE = m.StopRequested("the engine crashed", alone=True)
APART = m.HoldingsSetApart("run", {"BTC-USD": Decimal(0)})
SUBMIT_SECONDS = 2.0
PATIENCE = 10.0
"""Half of the time that the end has: what main has."""
NAKED = "held: 1 BTC WITHOUT a stop"


class TakingVenue(ScriptedVenue):
    """A venue where what is sent to it fills at once."""

    async def submit(self, order: Order, approval: Approval) -> OrderState:
        """Place an order and fill it."""
        assert approval.order_hash == order_hash(order)
        await super().submit(order, approval)
        self.fill(order, str(order.quantity), report=False)
        return self.orders[order.client_order_id]


@pytest.fixture
def venue() -> ScriptedVenue:
    """Return a venue with an entry, a stop for what is held, and somebody else's order."""
    venue = TakingVenue()
    venue.balances["BTC"] = STOP.quantity
    for resting in (ENTRY, STOP, FOREIGN):
        venue.place(resting)
    return venue


@pytest.fixture
def interlock() -> Interlock:
    """Return an interlock in its first epoch."""
    return Interlock()


@pytest.fixture
def policy() -> str:
    """Name what becomes of positions at the end."""
    return "protect"


@pytest.fixture
async def switch(stage: Stage, venue: ScriptedVenue, interlock: Interlock, policy: str) -> Stage:
    """Start a KillSwitch with 20 s for an orderly end."""
    shutdown = ShutdownSettings(open_position=policy)
    await stage.start(KillSwitch, venue, interlock, shutdown, (BTC,), SUBMIT_SECONDS)
    return stage


def completed(messages: list[m.Message]) -> list[tuple[str, ...]]:
    """Return what remained at the end, if it came."""
    return [message.remaining for message in messages if isinstance(message, m.ShutdownCompleted)]


# -- trips -----------------------------------------------------------------------------------------


async def test_a_halt_voids_approvals_before_anything_is_canceled(
    switch: Stage, venue: ScriptedVenue, interlock: Interlock
) -> None:
    """The epoch is a new one by the time anybody hears of the halt."""
    sent = await switch.tell(HALT)

    assert sent == [m.HaltTrading(1, Reason.HALT_OPERATOR, "SIGUSR1", flatten=False)]
    assert interlock.advance() == 2
    assert venue.asked[0] == ("account", "")


@pytest.mark.parametrize(
    ("message", "reason"),
    [
        (m.LimitBreached(Reason.DRAWDOWN_TOTAL, True, 21.0, 20.0), Reason.HALT_LIMIT),
        (m.ActorGaveUp("risk_guard", "failed 4 times"), Reason.HALT_ACTOR),
        (m.MailboxOverflowed("validator", 10_001), Reason.HALT_OVERFLOW),
        (m.ProgressStalled("llm_advisor", "SnapshotTaken", 6.0), Reason.HALT_WEDGED),
        (m.FeedEnded("the data ended"), Reason.HALT_SHUTDOWN),
        (STOP_RUN, Reason.HALT_SHUTDOWN),
    ],
)
async def test_every_trip_halts_for_its_reason(
    switch: Stage, venue: ScriptedVenue, message: m.Message, reason: Reason
) -> None:
    """And cancels entries, whatever it was that tripped."""
    sent = await switch.tell(message)

    assert [told.reason for told in sent if isinstance(told, m.HaltTrading)] == [reason]
    assert [of for kind, of in venue.asked if kind == "cancel"] == [CID]


@pytest.mark.parametrize(
    "message",
    [
        m.LimitBreached(Reason.LOSS_DAY, False, 3.1, 3.0),
        m.JournalFailed("disk full"),
        m.JournalRecovered(),
        m.FeedStalled("BTC-USD", 5),
        m.Heartbeat(3),
    ],
)
async def test_the_rest_trips_nothing(
    switch: Stage, venue: ScriptedVenue, message: m.Message
) -> None:
    """A soft limit, a silent feed and a full disk are for RiskGuard."""
    assert await switch.tell(message) == []
    assert venue.asked == []


async def test_a_second_trip_joins_the_first(switch: Stage, interlock: Interlock) -> None:
    """One halt, one epoch, one cancel."""
    await switch.tell(HALT)

    assert await switch.tell(m.ActorGaveUp("validator", "failed"), HALT) == []
    assert interlock.advance() == 2


# -- verification ----------------------------------------------------------------------------------


async def test_entries_are_canceled_and_all_else_left_alone(
    switch: Stage, venue: ScriptedVenue
) -> None:
    """Protection and foreign orders rest as before."""
    await switch.tell(HALT)
    await switch.advance(60)

    assert {cid for cid, state in venue.orders.items() if not state.status.final} == {
        STOP.client_order_id,
        FOREIGN.client_order_id,
    }


async def test_a_verified_halt_looks_no_more_and_does_not_end_the_run(
    switch: Stage, venue: ScriptedVenue
) -> None:
    """Two clear looks, then silence."""
    await switch.tell(HALT)
    assert await switch.advance(5) == []
    looks = venue.count("account")
    await switch.advance(600)

    assert switch.state.halt.verified
    assert venue.count("account") == looks


async def test_an_entry_under_way_at_the_halt_is_found_and_canceled(
    switch: Stage, venue: ScriptedVenue
) -> None:
    """It arrives after the first clear look; the second look waited for it."""
    venue.end(ENTRY)
    await switch.tell(STOP_RUN)
    late = order(decision=2)
    await switch.advance(1.5)
    venue.place(late)

    assert completed(await switch.advance(5)) == [()]
    assert ("cancel", late.client_order_id) in venue.asked
    assert venue.orders[late.client_order_id].status.final


async def test_cancels_and_reads_that_fail_are_repeated(
    switch: Stage, venue: ScriptedVenue
) -> None:
    """Only the list counts, and neither an error nor an ack is the list."""
    venue.fail("cancel", DROPPED, LOST)
    venue.fail("account", DROPPED, DROPPED)
    await switch.tell(STOP_RUN)

    assert completed(await switch.advance(5)) == [()]
    assert venue.count("cancel") == 2


# -- the end of the run ----------------------------------------------------------------------------


async def test_a_stop_ends_the_run_once_it_is_verified(switch: Stage, venue: ScriptedVenue) -> None:
    """Not before the last submit that may be under way has ended, and once."""
    assert completed(await switch.tell(STOP_RUN)) == []
    assert completed(await switch.advance(SUBMIT_SECONDS - 0.1)) == []
    assert completed(await switch.advance(1)) == [()]
    assert await switch.tell(STOP_RUN, HALT) + await switch.advance(60) == []


@pytest.mark.parametrize("pause", [0, 1, 60])
async def test_a_stop_after_a_halt_still_ends_the_run(switch: Stage, pause: int) -> None:
    """While the halt is under way or long after."""
    await switch.tell(HALT)
    await switch.advance(pause)
    sent = await switch.tell(STOP_RUN) + await switch.advance(5)

    assert [type(message) for message in sent] == [m.ShutdownCompleted]
    assert completed(sent) == [()]


async def test_at_the_deadline_it_says_what_remains(switch: Stage, venue: ScriptedVenue) -> None:
    """An entry that cannot be canceled is named."""
    venue.fail("cancel", *[DROPPED] * 1_000)
    await switch.tell(STOP_RUN)

    assert completed(await switch.advance(19.9)) == []
    assert completed(await switch.advance(0.2)) == [(CID,)]


async def test_a_list_that_was_never_read_is_not_an_empty_one(
    switch: Stage, venue: ScriptedVenue
) -> None:
    """The end is not orderly where nobody knows what remains."""
    venue.fail("account", *[DROPPED] * 1_000)
    await switch.tell(STOP_RUN)
    sent = await switch.advance(20.1)

    assert sent == [m.ShutdownCompleted((UNVERIFIED,), "the account could not be read")]


# -- what is held ----------------------------------------------------------------------------------


async def test_a_position_is_left_to_main_at_first(switch: Stage, venue: ScriptedVenue) -> None:
    """RiskGuard's stop is on its way: the end waits for it, and nothing is closed."""
    venue.end(STOP)
    await switch.tell(APART, STOP_RUN)
    assert completed(await switch.advance(PATIENCE - 1)) == []
    late = order(Leg.STOP, decision=2)
    venue.place(late)

    assert await switch.advance(2) == [m.ShutdownCompleted((), "held: 1 BTC with a stop")]
    assert venue.count("submit") == 0


@pytest.mark.parametrize("trip", [STOP_RUN, HALT, m.ProgressStalled("risk_guard", "X", 6.0)])
async def test_what_main_leaves_naked_is_closed(
    switch: Stage, venue: ScriptedVenue, trip: m.Message
) -> None:
    """After half of the time, whether the run is to end or not: the other half is for the rest."""
    venue.end(STOP)
    await switch.tell(APART, trip)
    await switch.advance(PATIENCE - 0.1)
    assert venue.count("submit") == 0
    sent = await switch.advance(3)

    assert venue.balances["BTC"] == 0
    assert venue.count("submit") == 1
    assert [message.reason for message in sent if isinstance(message, m.SubmitOrder)] == [
        Reason.EXIT_UNPROTECTED
    ]
    ended = [message.detail for message in sent if isinstance(message, m.ShutdownCompleted)]
    assert ended == ["nothing is held"] * (trip is STOP_RUN)


async def test_an_exit_is_an_order_of_ours_that_only_reduces(
    switch: Stage, venue: ScriptedVenue
) -> None:
    """On record before it is sent, and known for an exit by its id alone."""
    venue.end(STOP)
    await switch.tell(APART, ALONE)
    (told,) = [s for s in await switch.advance(3) if isinstance(s, m.SubmitOrder)]
    exit_ = told.order

    assert (exit_.side, exit_.kind, exit_.quantity) == (Side.SELL, OrderKind.MARKET, 1)
    assert exit_.reduce_only
    assert exit_.client_order_id.startswith("atx")
    assert told.approval == Approval(1, order_hash(exit_))


@pytest.mark.parametrize(
    "trip", [ALONE, m.ActorGaveUp("risk_guard", "failed"), m.ActorGaveUp("execution_broker", "")]
)
async def test_a_main_that_is_known_to_have_failed_is_not_waited_for(
    switch: Stage, venue: ScriptedVenue, trip: m.Message
) -> None:
    """But for the last submit that may be under way: it may be the stop."""
    venue.end(STOP)
    await switch.tell(APART, trip)
    await switch.advance(SUBMIT_SECONDS - 0.1)
    assert venue.count("submit") == 0
    await switch.advance(1)

    assert venue.balances["BTC"] == 0


async def test_a_main_that_fails_later_is_waited_for_no_longer(
    switch: Stage, venue: ScriptedVenue
) -> None:
    """Long after a halt, too; but for what it sent last, an exit it may be."""
    await switch.tell(APART, HALT)
    await switch.advance(60)
    venue.end(STOP)
    await switch.tell(ALONE)
    await switch.advance(SUBMIT_SECONDS - 0.1)
    assert venue.count("submit") == 0

    assert completed(await switch.advance(1)) == [()]
    assert venue.balances["BTC"] == 0


async def test_a_later_trip_has_what_is_held_looked_at_again(
    switch: Stage, venue: ScriptedVenue
) -> None:
    """All was under stops when the halt was done; a close under way since let go of one."""
    await switch.tell(APART, HALT)
    await switch.advance(60)
    venue.end(STOP)
    await switch.tell(m.ProgressStalled("risk_guard", "OrderCanceled", 6.0))
    await switch.advance(PATIENCE - 0.1)
    assert venue.count("submit") == 0
    await switch.advance(3)

    assert venue.balances["BTC"] == 0


async def test_a_later_trip_does_not_put_a_close_off(switch: Stage, venue: ScriptedVenue) -> None:
    """Main has had its time since the first, whatever else befalls it meanwhile."""
    venue.end(STOP)
    await switch.tell(APART, HALT)
    await switch.advance(PATIENCE - 1)
    await switch.tell(m.MailboxOverflowed("validator", 10_001))
    await switch.advance(2)

    assert venue.balances["BTC"] == 0


async def test_an_account_that_was_read_long_ago_ends_no_run(
    switch: Stage, venue: ScriptedVenue
) -> None:
    """What was settled at the halt is looked at anew, up to a deadline that no trip puts off."""
    await switch.tell(APART, HALT)
    await switch.advance(60)
    venue.fail("account", *[DROPPED] * 1_000)
    assert completed(await switch.tell(STOP_RUN)) == []
    assert completed(await switch.advance(15)) == []
    assert completed(await switch.tell(m.MailboxOverflowed("validator", 10_001))) == []

    assert completed(await switch.advance(5.1)) == [()]


async def test_an_end_has_all_of_its_time_however_long_ago_the_halt_was(
    switch: Stage, venue: ScriptedVenue
) -> None:
    """Its deadline is its own: what the halt did not bring about may yet be."""
    venue.fail("account", *[DROPPED] * 1_000)
    await switch.tell(APART, HALT)
    await switch.advance(60)
    await switch.tell(STOP_RUN)
    assert completed(await switch.advance(19)) == []

    assert completed(await switch.advance(1.1)) == [(UNVERIFIED,)]


async def test_what_is_under_a_stop_stays(switch: Stage, venue: ScriptedVenue) -> None:
    """A position that grew after its stop is closed by what it grew by."""
    venue.balances["BTC"] = Decimal("1.25")
    await switch.tell(APART, ALONE)
    sent = await switch.advance(5)

    assert [s.order.quantity for s in sent if isinstance(s, m.SubmitOrder)] == [Decimal("0.25")]
    assert sent[-1] == m.ShutdownCompleted((), "held: 1.00 BTC with a stop")


async def test_a_lone_target_lets_go_first(switch: Stage, venue: ScriptedVenue) -> None:
    """On spot it locks what is to be closed, and protects nothing."""
    venue.end(STOP)
    target = order(Leg.TARGET)
    venue.place(target)
    await switch.tell(APART, ALONE)
    await switch.advance(5)

    asked = [(kind, of[2]) for kind, of in venue.asked if kind in ("cancel", "submit")]
    assert asked == [("cancel", "e"), ("cancel", "t"), ("submit", "x")]
    assert venue.balances["BTC"] == 0


async def test_a_stop_that_protects_nothing_is_not_left_behind(
    switch: Stage, venue: ScriptedVenue
) -> None:
    """It came as the position was closed: the venue shows nothing held, and it rests."""
    venue.balances["BTC"] = Decimal(0)
    await switch.tell(APART, ALONE)

    assert completed(await switch.advance(5)) == [()]
    assert venue.orders[STOP.client_order_id].status.final
    assert not venue.orders[FOREIGN.client_order_id].status.final


async def test_what_was_never_ours_is_not_sold(switch: Stage, venue: ScriptedVenue) -> None:
    """The coins that the account held before the first fill are somebody's."""
    venue.end(STOP)
    await switch.tell(m.HoldingsSetApart("run", {"BTC-USD": Decimal(1)}), ALONE)

    assert await switch.advance(5) == [m.ShutdownCompleted((), "nothing is held")]
    assert venue.count("submit") == 0


async def test_nothing_is_closed_before_it_is_known_what_is_ours(
    switch: Stage, venue: ScriptedVenue
) -> None:
    """It is said instead."""
    venue.end(STOP)
    await switch.tell(ALONE)

    assert await switch.advance(21) == [m.ShutdownCompleted((), NAKED, settled=False)]
    assert venue.count("submit") == 0


@pytest.mark.parametrize("policy", ["leave"])
async def test_leave_leaves_all_as_it_is(switch: Stage, venue: ScriptedVenue) -> None:
    """Positions are not orders that remain, but nobody should have to guess."""
    venue.end(STOP)
    await switch.tell(APART, ALONE)

    assert await switch.advance(5) == [m.ShutdownCompleted((), NAKED)]
    assert venue.count("submit") == 0


# -- exits that go wrong ---------------------------------------------------------------------------


async def test_an_exit_that_was_refused_is_followed_by_another(
    switch: Stage, venue: ScriptedVenue
) -> None:
    """What is proven not to rest may be tried anew, under another id."""
    venue.end(STOP)
    venue.fail("submit", Rejected("no"), DROPPED_BEFORE)
    await switch.tell(APART, ALONE)
    await switch.advance(5)

    sent = [of for kind, of in venue.asked if kind == "submit"]
    assert len(set(sent)) == len(sent) == 3
    assert venue.balances["BTC"] == 0


async def test_an_exit_whose_answer_is_lost_is_asked_about(
    switch: Stage, venue: ScriptedVenue
) -> None:
    """It is found, and never sent twice."""
    venue.end(STOP)
    venue.fail("submit", LOST)
    venue.fail("query", DROPPED)
    await switch.tell(APART, ALONE)
    await switch.advance(5)
    (exit_,) = [of for kind, of in venue.asked if kind == "submit"]
    venue.fill(venue.orders[exit_].order, "1", report=False)

    assert completed(await switch.advance(3)) == [()]
    assert venue.count("query") == 2
    assert venue.count("submit") == 1


async def test_an_exit_that_may_still_arrive_is_not_sent_again(
    switch: Stage, venue: ScriptedVenue
) -> None:
    """Not before the time has passed within which the venue would have it."""
    venue.end(STOP)
    venue.fail("submit", DROPPED)
    await switch.tell(APART, HALT)
    await switch.advance(60)
    assert venue.count("submit") == 1
    await switch.advance(60)

    assert venue.count("submit") == 2
    assert venue.balances["BTC"] == 0


async def test_at_the_deadline_a_position_that_could_not_be_closed_is_said(
    switch: Stage, venue: ScriptedVenue
) -> None:
    """The end does not wait for ever."""
    venue.end(STOP)
    venue.fail("submit", *[DROPPED] * 1_000)
    await switch.tell(APART, STOP_RUN)
    sent = await switch.advance(20.1)

    assert sent[-1] == m.ShutdownCompleted((), NAKED, settled=False)


# -- flatten ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("policy", ["flatten"])
async def test_flatten_waits_until_nothing_is_held(switch: Stage, venue: ScriptedVenue) -> None:
    """RiskGuard is asked to close; the end waits for the venue to show it."""
    halt = (await switch.tell(APART, STOP_RUN))[0]
    assert isinstance(halt, m.HaltTrading)
    assert halt.flatten

    assert await switch.advance(9) == []
    venue.end(STOP)
    venue.balances["BTC"] = Decimal(0)
    assert await switch.advance(2) == [m.ShutdownCompleted((), "nothing is held")]


@pytest.mark.parametrize("policy", ["flatten"])
async def test_flatten_closes_what_main_does_not(switch: Stage, venue: ScriptedVenue) -> None:
    """Whatever is under no stop."""
    venue.end(STOP)
    await switch.tell(APART, ALONE)
    sent = await switch.advance(5)

    reasons = [message.reason for message in sent if isinstance(message, m.SubmitOrder)]
    assert reasons == [Reason.EXIT_SHUTDOWN]
    assert sent[-1] == m.ShutdownCompleted((), "nothing is held")


@pytest.mark.parametrize("policy", ["flatten"])
async def test_the_stop_of_a_position_is_never_canceled(
    switch: Stage, venue: ScriptedVenue
) -> None:
    """On spot it locks what it would sell: the position stays under it, and that is said."""
    await switch.tell(APART, ALONE)

    said = m.ShutdownCompleted((), "held: 1 BTC with a stop", settled=False)
    assert await switch.advance(21) == [said]
    assert ("cancel", STOP.client_order_id) not in venue.asked


# -- crashes ---------------------------------------------------------------------------------------


async def test_a_crash_in_any_handler_costs_nothing_but_an_epoch(
    driver: str, nursery: trio.Nursery, autojump_clock: object
) -> None:
    """Crashed at each message in turn, it halts once, cancels, closes and ends as without."""

    async def run(*faults: Fault) -> tuple[list[str], list[tuple[str, str]], int]:
        venue, interlock = TakingVenue(), Interlock()
        venue.place(ENTRY)
        venue.balances["BTC"] = Decimal(1)
        venue.fail("cancel", DROPPED)
        venue.fail("submit", Rejected("no"))
        with open_stage(driver, nursery, *faults) as stage:
            shutdown = ShutdownSettings()
            await stage.start(KillSwitch, venue, interlock, shutdown, (BTC,), SUBMIT_SECONDS)
            await stage.tell(APART, HALT, m.Heartbeat(1), ALONE)
            await stage.advance(10)
            crashed = sum(stage.kernel.faults.fired.values())
            assert crashed == len(faults)
            told = [type(message).__name__ for message in stage.sent]
            return told, venue.asked, interlock.advance()

    *expected, epoch = await run()
    assert expected[0] == ["HaltTrading", "SubmitOrder", "SubmitOrder", "ShutdownCompleted"]
    for at in range(1, 20):
        *outcome, advanced = await run(Fault("kill_switch", at))
        assert outcome == expected
        assert advanced >= epoch
