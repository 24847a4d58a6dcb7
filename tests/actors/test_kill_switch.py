"""The KillSwitch: halts once, cancels entries, and believes the venue's own list alone."""

from decimal import Decimal

import pytest
import trio

from actors.kill_switch import KillSwitch
from tests.actors.venue import BTC, LOST, ScriptedVenue
from tests.trader.execution.samples import foreign, order
from trader.model import messages as m
from trader.model.errors import OutcomeUnknown
from trader.model.orders import Leg
from trader.model.reasons import Reason
from trader.runtime.faults import Fault
from trader.runtime.interlock import Interlock
from trader.safety.settings import ShutdownSettings
from trader.safety.shutdown import UNVERIFIED
from trader.testing.stage import Stage, open_stage

ENTRY, STOP, FOREIGN = order(), order(Leg.STOP), foreign()
CID = ENTRY.client_order_id
DROPPED = OutcomeUnknown("connection reset")
STOP_RUN = m.StopRequested("SIGTERM")
HALT = m.HaltRequested("SIGUSR1")
SUBMIT_SECONDS = 2.0


@pytest.fixture
def venue() -> ScriptedVenue:
    """Return a venue with an entry, a stop and somebody else's order."""
    venue = ScriptedVenue()
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


async def test_a_position_without_a_stop_is_said(switch: Stage, venue: ScriptedVenue) -> None:
    """Positions are not orders that remain, but nobody should have to guess."""
    venue.balances["BTC"] = Decimal("0.5")
    venue.end(STOP)
    await switch.tell(STOP_RUN)

    assert await switch.advance(5) == [m.ShutdownCompleted((), "held: 0.5 BTC WITHOUT a stop")]


# -- flatten ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("policy", ["flatten"])
async def test_flatten_waits_until_nothing_is_held(switch: Stage, venue: ScriptedVenue) -> None:
    """RiskGuard is asked to close; the end waits for the venue to show it."""
    venue.balances["BTC"] = Decimal("0.5")
    halt = (await switch.tell(STOP_RUN))[0]
    assert isinstance(halt, m.HaltTrading)
    assert halt.flatten

    assert await switch.advance(10) == []
    venue.end(STOP)
    venue.balances["BTC"] = Decimal(0)
    assert await switch.advance(1) == [m.ShutdownCompleted((), "nothing is held")]


@pytest.mark.parametrize("policy", ["flatten"])
async def test_flatten_ends_at_the_deadline_all_the_same(
    switch: Stage, venue: ScriptedVenue
) -> None:
    """A position that could not be closed is said; it is no entry order that remains."""
    venue.balances["BTC"] = Decimal("0.5")
    await switch.tell(STOP_RUN)

    assert await switch.advance(21) == [m.ShutdownCompleted((), "held: 0.5 BTC with a stop")]


# -- crashes ---------------------------------------------------------------------------------------


async def test_a_crash_in_any_handler_costs_nothing_but_an_epoch(
    driver: str, nursery: trio.Nursery, autojump_clock: object
) -> None:
    """Crashed at each message in turn, it halts once, cancels and ends the run as without."""

    async def run(*faults: Fault) -> tuple[list[str], list[tuple[str, str]], int]:
        venue, interlock = ScriptedVenue(), Interlock()
        venue.place(ENTRY)
        venue.fail("cancel", DROPPED)
        with open_stage(driver, nursery, *faults) as stage:
            shutdown = ShutdownSettings()
            await stage.start(KillSwitch, venue, interlock, shutdown, (BTC,), SUBMIT_SECONDS)
            await stage.tell(HALT, m.Heartbeat(1), STOP_RUN)
            await stage.advance(10)
            crashed = sum(stage.kernel.faults.fired.values())
            assert crashed == len(faults)
            told = [type(message).__name__ for message in stage.sent]
            return told, venue.asked, interlock.advance()

    *expected, epoch = await run()
    assert expected[0] == ["HaltTrading", "ShutdownCompleted"]
    for at in range(1, 12):
        *outcome, advanced = await run(Fault("kill_switch", at))
        assert outcome == expected
        assert advanced >= epoch
