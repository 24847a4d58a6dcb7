"""The ExecutionBroker: each order sent once, asked about until its end is known."""

from decimal import Decimal

import pytest
import trio

from actors.execution_broker import ExecutionBroker
from tests.actors.venue import LOST, ScriptedVenue
from tests.trader.execution.samples import foreign, order
from trader.model import messages as m
from trader.model.errors import NotSent, OutcomeUnknown, Rejected
from trader.model.ids import order_hash
from trader.model.orders import Approval, Flow, FlowKind, Leg, Order, OrderStatus
from trader.model.reasons import Reason
from trader.model.views import Account
from trader.runtime.faults import Fault
from trader.testing.stage import Stage, open_stage

ENTRY = order()
STOP = order(Leg.STOP)
CID = ENTRY.client_order_id
DROPPED = OutcomeUnknown("connection reset")
STARTED = m.SessionStarted("run", resumed=False)
HALT = m.HaltTrading(1, Reason.HALT_OPERATOR, "a test", flatten=False)
CANCEL = m.CancelOrder(CID, Reason.CANCEL_HALTED)


def submit(of: Order) -> m.SubmitOrder:
    """Return an approved order."""
    return m.SubmitOrder(1, of, Approval(0, order_hash(of)), None)


def events(messages: list[m.Message]) -> list[type]:
    """Return the kinds of what RiskGuard was told of orders."""
    return [type(message) for message in messages if type(message) is not m.AccountReconciled]


def reconciled(messages: list[m.Message]) -> list[str]:
    """Return the notes of the accounts that were told to agree."""
    return [message.note for message in messages if isinstance(message, m.AccountReconciled)]


@pytest.fixture
def venue() -> ScriptedVenue:
    """Return a venue with a thousand dollars and no orders."""
    return ScriptedVenue()


@pytest.fixture
async def broker(stage: Stage, venue: ScriptedVenue) -> Stage:
    """Start a broker whose session has begun and reconciled."""
    await stage.start(ExecutionBroker, venue)
    assert reconciled(await stage.tell(STARTED)) == [""]
    return stage


# -- the three outcomes of a submit ----------------------------------------------------------------


async def test_an_order_is_submitted_accepted_and_filled(
    broker: Stage, venue: ScriptedVenue
) -> None:
    """The plain life of an order."""
    sent = await broker.tell(submit(ENTRY))
    venue.fill(ENTRY, "1")

    assert events(sent) == [m.OrderSubmitted, m.OrderAccepted]
    assert events(await broker.advance(0.1)) == [m.OrderFilled]
    assert venue.count("submit") == 1


@pytest.mark.parametrize(
    ("error", "reason"),
    [
        (NotSent("connection refused"), Reason.VENUE_REJECTED),
        (Rejected("insufficient balance", Reason.VENUE_BALANCE), Reason.VENUE_BALANCE),
        (Rejected("stopped before the venue", Reason.INTERLOCK_EPOCH), Reason.INTERLOCK_EPOCH),
    ],
)
async def test_a_proven_refusal_is_told_and_nothing_is_asked(
    broker: Stage, venue: ScriptedVenue, error: Exception, reason: Reason
) -> None:
    """Not sent and rejected are ends; the order is not sent again."""
    venue.fail("submit", error)
    sent = await broker.tell(submit(ENTRY))

    assert sent[-1] == m.OrderRejected(CID, reason, str(error))
    assert await broker.advance(120) == []
    assert (venue.count("submit"), venue.count("query")) == (1, 0)


@pytest.mark.parametrize(
    "error", [LOST, Rejected("duplicate order", Reason.VENUE_DUPLICATE_ID)], ids=str
)
async def test_a_lost_ack_is_found_by_a_query(
    broker: Stage, venue: ScriptedVenue, error: Exception
) -> None:
    """Timed out after the venue had it, or refused as a duplicate: found, never sent again."""
    if error is not LOST:
        venue.place(ENTRY)
    venue.fail("submit", error)
    sent = await broker.tell(submit(ENTRY))

    assert events(sent) == [m.OrderSubmitted, m.OrderUnknown]
    assert events(await broker.advance(0.5)) == [m.OrderAccepted]
    assert (venue.count("submit"), venue.count("query")) == (1, 1)


async def test_an_order_that_never_arrived_is_given_up_after_a_minute(
    broker: Stage, venue: ScriptedVenue
) -> None:
    """Queried at 0.5, 1.5, 3.5 ... s; each miss proves nothing, a minute of them does."""
    venue.fail("submit", DROPPED)
    await broker.tell(submit(ENTRY))

    assert await broker.advance(60) == []
    assert await broker.advance(5) == [
        m.OrderRejected(CID, Reason.VENUE_REJECTED, "never reached the venue")
    ]
    assert (venue.count("submit"), venue.count("query")) == (1, 7)


async def test_a_query_that_fails_proves_nothing(broker: Stage, venue: ScriptedVenue) -> None:
    """The order stays unknown as long as the venue cannot be asked."""
    venue.fail("submit", DROPPED)
    venue.fail("query", *[DROPPED] * 50)
    await broker.tell(submit(ENTRY))

    assert await broker.advance(600) == []
    assert broker.state.blotter.records[CID].status is OrderStatus.UNKNOWN


async def test_an_entry_that_arrives_after_it_was_given_up_is_canceled(
    broker: Stage, venue: ScriptedVenue
) -> None:
    """It is ours: what it filled counts, and the rest goes."""
    venue.fail("submit", DROPPED)
    await broker.tell(submit(ENTRY))
    await broker.advance(70)
    venue.place(ENTRY)
    venue.fill(ENTRY, "0.4")

    assert events(await broker.advance(1)) == [
        m.OrderAccepted,
        m.OrderPartiallyFilled,
        m.OrderCanceled,
    ]
    assert venue.count("cancel") == 1


async def test_an_order_that_was_sent_before_is_never_sent_again(
    broker: Stage, venue: ScriptedVenue
) -> None:
    """The same order a second time is a bug: the broker crashes rather than send it."""
    await broker.tell(submit(ENTRY))
    await broker.tell(submit(ENTRY))

    assert broker.actor is None
    assert venue.count("submit") == 1


# -- fills -----------------------------------------------------------------------------------------


async def test_a_missed_fill_is_fetched(broker: Stage, venue: ScriptedVenue) -> None:
    """The stream lost a fill; the next report has the total, and a query brings the fill."""
    await broker.tell(submit(ENTRY))
    lost = venue.fill(ENTRY, "0.3", report=False)
    venue.report(ENTRY)

    assert await broker.advance(1) == [m.OrderPartiallyFilled(lost)]


async def test_a_fill_reported_twice_is_told_once(broker: Stage, venue: ScriptedVenue) -> None:
    """Trade ids tell."""
    await broker.tell(submit(ENTRY))
    made = venue.fill(ENTRY, "0.3")
    venue.report(ENTRY, made)

    assert await broker.advance(1) == [m.OrderPartiallyFilled(made)]


async def test_a_fill_belongs_to_the_chain_that_began_its_order(
    stage: Stage, venue: ScriptedVenue
) -> None:
    """So that it can be walked back to its candle, whatever message brought it."""
    chains: list[tuple[type, int]] = []

    def note(_sender: str, message: m.Message) -> None:
        chains.append((type(message), stage.kernel.current.correlation))

    stage.kernel.add_gateway("risk_guard", note)
    await stage.start(ExecutionBroker, venue)
    await stage.tell(STARTED)
    await stage.tell(submit(ENTRY))
    venue.fill(ENTRY, "1")
    await stage.advance(0.1)
    began = stage.state.blotter.records[CID].correlation

    assert chains[1:] == [
        (m.OrderSubmitted, began),
        (m.OrderAccepted, began),
        (m.OrderFilled, began),
    ]


# -- cancels ---------------------------------------------------------------------------------------


async def test_a_cancel_is_carried_out(broker: Stage, venue: ScriptedVenue) -> None:
    """The answer is folded, and nothing more is asked."""
    await broker.tell(submit(ENTRY))

    assert await broker.tell(CANCEL) == [m.OrderCanceled(CID)]
    await broker.advance(120)
    assert (venue.count("cancel"), venue.count("query")) == (1, 0)


async def test_a_cancel_without_an_outcome_is_asked_about_and_repeated(
    broker: Stage, venue: ScriptedVenue
) -> None:
    """The order stays canceling, and counts, until the venue says what became of it."""
    await broker.tell(submit(ENTRY))
    venue.fail("cancel", DROPPED, DROPPED)

    assert await broker.tell(CANCEL) == []
    assert broker.state.blotter.records[CID].status is OrderStatus.CANCELING
    assert await broker.advance(10) == [m.OrderCanceled(CID)]
    assert (venue.count("cancel"), venue.count("query")) == (3, 2)


async def test_a_fill_wins_the_race_against_a_cancel(broker: Stage, venue: ScriptedVenue) -> None:
    """The venue refuses the cancel since the order is filled: a query says so."""
    await broker.tell(submit(ENTRY))
    made = venue.fill(ENTRY, "1", report=False)
    venue.fail("cancel", Rejected("unknown order"))

    await broker.tell(CANCEL)
    assert await broker.advance(1) == [m.OrderFilled(made)]


async def test_a_cancel_of_an_order_on_its_way_follows_it(
    broker: Stage, venue: ScriptedVenue
) -> None:
    """An unknown order is canceled as soon as it is found."""
    venue.fail("submit", LOST)
    await broker.tell(submit(ENTRY), CANCEL)

    assert events(await broker.advance(1)) == [m.OrderAccepted, m.OrderCanceled]


async def test_a_cancel_of_an_order_that_never_came_here_ends_it(
    broker: Stage, venue: ScriptedVenue
) -> None:
    """Its SubmitOrder died with the process before it was heard, so that nobody sent it."""
    assert await broker.tell(CANCEL) == [m.OrderCanceled(CID)]
    assert venue.count("cancel") == 0


async def test_a_cancel_asked_for_every_few_seconds_does_not_keep_an_order_unknown(
    broker: Stage, venue: ScriptedVenue
) -> None:
    """It is given up in its time: RiskGuard repeats a cancel as long as the order stands."""
    venue.fail("submit", DROPPED)
    await broker.tell(submit(ENTRY))
    sent = [
        event for _ in range(14) for event in await broker.tell(CANCEL) + await broker.advance(5)
    ]

    assert events(sent) == [m.OrderRejected]


async def test_a_halt_stops_entries_and_lets_exits_pass(
    broker: Stage, venue: ScriptedVenue
) -> None:
    """Orders that waited behind the halt."""
    sent = await broker.tell(HALT, submit(ENTRY), submit(STOP))

    assert events(sent) == [m.OrderRejected, m.OrderSubmitted, m.OrderAccepted]
    assert venue.asked.count(("submit", STOP.client_order_id)) == venue.count("submit") == 1


# -- the account -----------------------------------------------------------------------------------


async def test_an_account_that_cannot_be_read_is_not_an_empty_one(
    stage: Stage, venue: ScriptedVenue
) -> None:
    """Nothing agrees until it was read; the waits between grow."""
    venue.fail("account", *[DROPPED] * 3)
    await stage.start(ExecutionBroker, venue)

    assert await stage.tell(STARTED) == []
    assert await stage.advance(3.4) == []
    assert reconciled(await stage.advance(0.1)) == [""]


async def test_strays_are_adopted_before_anything_agrees(
    stage: Stage, venue: ScriptedVenue
) -> None:
    """An entry of an earlier run is canceled, its stop stays, foreign orders are left alone."""
    for left in (ENTRY, STOP, foreign()):
        venue.place(left)
    venue.fill(ENTRY, "0.2", report=False)
    await stage.start(ExecutionBroker, venue)
    sent = await stage.tell(STARTED) + await stage.advance(5)

    assert events(sent) == [
        m.OrderAccepted,
        m.OrderAccepted,
        m.OrderPartiallyFilled,
        m.OrderCanceled,
    ]
    assert type(sent[-1]) is m.AccountReconciled
    assert "adopted" in sent[-1].note
    assert "left alone: manual-1" in sent[-1].note
    assert [of for kind, of in venue.asked if kind == "cancel"] == [CID]


async def test_after_a_restart_every_open_order_is_asked_about_first(
    broker: Stage, venue: ScriptedVenue
) -> None:
    """What may have happened while nobody looked is told before the account agrees."""
    venue.fail("submit", None, LOST)
    await broker.tell(submit(STOP), submit(ENTRY))
    venue.end(STOP, OrderStatus.EXPIRED)
    made = venue.fill(ENTRY, "1", report=False)
    before = venue.count("query")
    sent = await broker.tell(m.SessionStarted("run", resumed=True)) + await broker.advance(5)

    assert events(sent) == [m.OrderExpired, m.OrderAccepted, m.OrderFilled]
    assert m.OrderFilled(made) in sent
    assert reconciled(sent) == [""]
    assert venue.count("query") - before == 2


async def test_after_a_restart_a_stop_that_rests_is_told_of_at_once(
    broker: Stage, venue: ScriptedVenue
) -> None:
    """Also while nobody knows of another order: RiskGuard does not wait for an account."""
    venue.fail("submit", None, DROPPED)
    await broker.tell(submit(STOP), submit(ENTRY))
    sent = await broker.tell(m.SessionStarted("run", resumed=True)) + await broker.advance(5)

    assert sent == [m.OrderAccepted(STOP.client_order_id, "v0")]


async def test_an_order_that_is_missing_is_asked_about_every_five_minutes(
    broker: Stage, venue: ScriptedVenue
) -> None:
    """The stream lost an end; the periodic comparison finds it."""
    await broker.tell(submit(ENTRY))
    venue.end(ENTRY)

    assert await broker.advance(290) == []
    sent = await broker.advance(20)
    assert events(sent) == [m.OrderCanceled]
    assert reconciled(sent) == [f"not listed, asked about: {CID}"]


async def test_a_stream_that_breaks_is_opened_again_and_all_is_compared(
    broker: Stage, venue: ScriptedVenue
) -> None:
    """Reports may be missing from the time between."""
    await broker.tell(submit(ENTRY))
    made = venue.fill(ENTRY, "0.5", report=False)
    await broker.tell(m.ExecutionsFailed("executions", m.CallFailure(m.Failure.UNKNOWN, "cut")))
    sent = await broker.advance(5)

    assert m.OrderPartiallyFilled(made) in sent
    assert len(reconciled(sent)) == 1
    assert venue.count("executions") == 2


async def test_after_a_lost_message_everything_is_asked_about(
    broker: Stage, venue: ScriptedVenue
) -> None:
    """The message may have been the answer to anything: what rests is told again."""
    await broker.tell(submit(ENTRY))
    await broker.tell(m.MessageLost("execution_broker", "ExecutionReported", 7))
    sent = await broker.advance(5)

    assert events(sent) == [m.OrderAccepted]
    assert reconciled(sent) == [""]
    assert venue.count("query") == 1


async def test_an_account_that_was_read_while_orders_changed_proves_nothing(
    broker: Stage, venue: ScriptedVenue
) -> None:
    """It is read again; nothing is asked about on its word."""
    await broker.tell(submit(ENTRY))
    older = m.AccountReceived("0", Account({}, ()))

    assert await broker.tell(older) == []
    assert reconciled(await broker.advance(1)) == [""]
    assert venue.count("query") == 0


async def test_what_the_venue_does_of_itself_is_passed_on(
    broker: Stage, venue: ScriptedVenue
) -> None:
    """Funding and a liquidation; an account that was asked for before them is out of date."""
    flow = Flow("f", FlowKind.FUNDING, Decimal(-1), 0, "BTC-USD-PERP")
    venue.place(STOP)
    closed = venue.fill(STOP, "1", report=False)
    sent = await broker.tell(m.FlowReported(flow), m.LiquidationReported(closed))

    assert sent == [m.CashMoved(flow), m.PositionLiquidated(closed)]
    assert await broker.tell(m.AccountReceived("0", Account({}, ()))) == []


async def test_a_crash_in_any_handler_changes_nothing(
    driver: str, nursery: trio.Nursery, autojump_clock: object
) -> None:
    """Crashed at each message in turn, the broker tells and asks what it does without."""

    async def run(*faults: Fault) -> tuple[list[m.Message], list[tuple[str, str]]]:
        venue = ScriptedVenue()
        with open_stage(driver, nursery, *faults) as stage:
            await stage.start(ExecutionBroker, venue)
            venue.fail("submit", LOST)
            venue.fail("cancel", DROPPED)
            await stage.tell(STARTED, submit(ENTRY))
            await stage.advance(1)
            venue.fill(ENTRY, "0.5")
            await stage.tell(CANCEL)
            await stage.advance(30)
            assert sum(stage.kernel.faults.fired.values()) == len(faults)
            return stage.sent, venue.asked

    expected = await run()
    assert events(expected[0])[-1] is m.OrderCanceled
    for at in range(1, 15):
        assert await run(Fault("execution_broker", at)) == expected
