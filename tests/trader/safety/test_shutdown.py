"""What trips the KillSwitch, and when the venue's list proves that it is done."""

from decimal import Decimal

import msgspec
import pytest

from tests.trader.execution.samples import SYMBOL, foreign, order, state
from trader.model import messages as m
from trader.model.instrument import Instrument, Terms
from trader.model.orders import Leg, OrderState
from trader.model.reasons import Reason
from trader.model.views import Account, TradingState
from trader.safety.shutdown import (
    UNVERIFIED,
    Halt,
    Trip,
    describe,
    entry_orders,
    is_flat,
    remaining,
    trip_of,
)

ENTRY, STOP = order(), order(Leg.STOP)
STEP = Decimal("0.001")
BTC = Instrument(SYMBOL, "BTC", "USD", STEP, STEP, Decimal("0.01"), STEP, STEP, STEP)
CLEAR = Account({}, ())
LISTED = Account({}, (state(ENTRY), state(STOP), state(foreign())))


def held(quantity: str, *orders: OrderState) -> Account:
    """Return an account that holds some base currency."""
    return Account({"BTC": Decimal(quantity), "USD": Decimal(5)}, orders)


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


def test_entry_orders_are_ours_and_entries() -> None:
    """Protection and foreign orders are not touched."""
    assert entry_orders(LISTED) == (ENTRY,)


def test_a_halt_is_verified_by_two_looks_the_second_after_the_last_submit() -> None:
    """What is under way when the list is first clear may still arrive."""
    halt = Halt(settled_at=100, deadline=200)
    seen = []
    for now in (10, 99, 100):
        assert halt.see(CLEAR, now) == ()
        seen.append(halt.verified)

    assert seen == [False, False, True]


def test_one_look_is_never_enough() -> None:
    """Not even long after the last submit."""
    halt = Halt(settled_at=100, deadline=200)
    halt.see(CLEAR, 150)

    assert not halt.verified


def test_an_entry_that_turns_up_begins_the_count_again() -> None:
    """The two clear looks must follow one another."""
    halt = Halt(settled_at=100, deadline=200)
    halt.see(CLEAR, 50)
    assert halt.see(LISTED, 110) == (ENTRY,)
    halt.see(CLEAR, 120)

    assert not halt.verified


def test_the_next_look_waits_for_the_last_submit_once_the_list_is_clear() -> None:
    """The venue is not asked four times a second for nothing."""
    second = 1_000_000_000
    halt = Halt(settled_at=10 * second, deadline=20 * second)
    waits = [halt.wait(0)]
    halt.see(CLEAR, second)
    waits += [halt.wait(second), halt.wait(10 * second), halt.wait(20 * second)]

    assert [wait / second for wait in waits] == [0.25, 9, 0.25, 5]


def test_what_remains_is_named() -> None:
    """The orders that are listed, and a word for those that may be."""
    halt = Halt(settled_at=100, deadline=200)

    assert remaining(halt, None) == (UNVERIFIED,)
    assert remaining(halt, CLEAR) == (UNVERIFIED,)
    assert remaining(halt, LISTED) == (ENTRY.client_order_id,)

    halt.see(CLEAR, 50)
    halt.see(CLEAR, 150)
    assert remaining(halt, CLEAR) == ()


@pytest.mark.parametrize(
    ("account", "flat"),
    [
        (held("0"), True),
        (held("0.009"), True),
        (held("0.01"), False),
        (held("0", state(STOP)), False),
        (held("0", state(foreign())), True),
    ],
)
def test_flat_is_nothing_to_sell_and_no_order_of_ours(account: Account, flat: bool) -> None:
    """Dust below what may be sold does not count, nor do other people's orders."""
    assert is_flat(account, (BTC,)) is flat


@pytest.mark.parametrize(
    ("account", "words"),
    [
        (None, "the account could not be read"),
        (held("0"), "nothing is held"),
        (held("0.5", state(STOP)), "held: 0.5 BTC with a stop"),
        (held("0.5"), "held: 0.5 BTC WITHOUT a stop"),
    ],
)
def test_what_is_held_is_said_with_its_protection(account: Account | None, words: str) -> None:
    """A position without a stop is said loudly."""
    assert describe(account, (BTC,)) == words


def test_a_short_is_held_as_much_as_a_long() -> None:
    """A perpetual's position is the account's, and no coin of its own."""
    perp = msgspec.structs.replace(BTC, symbol="BTC-USD-PERP", terms=Terms())
    short = Account({"USD": Decimal(5), "BTC": Decimal(3)}, (), {perp.symbol: Decimal(-2)})

    assert not is_flat(short, (perp,))
    assert describe(short, (perp,)) == "held: -2 BTC-USD-PERP WITHOUT a stop"
    assert is_flat(msgspec.structs.replace(short, positions={}), (perp,))
