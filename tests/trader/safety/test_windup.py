"""What the KillSwitch asks of the venue, and how it learns what became of it."""

from decimal import Decimal

import pytest

from tests.trader.execution.samples import SYMBOL, order, state
from trader.model import messages as m
from trader.model.ids import client_order_id
from trader.model.instrument import Instrument
from trader.model.messages import CallFailure, Failure, Message
from trader.model.orders import Leg, Order, OrderKind, Side
from trader.model.reasons import Reason
from trader.model.views import Account
from trader.safety.settings import OpenPosition
from trader.safety.shutdown import Halt
from trader.safety.windup import Asks, Scope, WindUp

STEP = Decimal("0.001")
BTC = Instrument(SYMBOL, "BTC", "USD", STEP, STEP, STEP, STEP, STEP, STEP)
PROTECT = Scope("protect", (BTC,))
APART = m.HoldingsSetApart("run", {})
BARE = Account({"BTC": Decimal(1)}, ())
WITHIN = 60


def overdue() -> Halt:
    """Return a halt in which main has had its time."""
    return Halt(1, settled_at=0, deadline=1_000)


def look(windup: WindUp, account: Account, *, scope: Scope = PROTECT, key: str = "") -> Asks:
    """Show an account that was asked for just now, or earlier."""
    message = m.AccountReceived(key or str(windup.learnt), account)
    return windup.see(message, overdue(), scope, now=10)


def under_way() -> tuple[WindUp, Order]:
    """Return the state with an exit that was sent."""
    windup = WindUp(apart=APART)
    (sent,) = look(windup, BARE).submit
    return windup, sent


def hear(windup: WindUp, *messages: Message, now: int = 10) -> None:
    """Tell what became of requests."""
    for message in messages:
        windup.hear(message, now, WITHIN)


def failed(of: Order, failure: Failure, reason: Reason | None = None) -> m.SubmitFailed:
    """Return the word that a submit had no ack."""
    return m.SubmitFailed(of.client_order_id, CallFailure(failure, "", reason))


def test_an_exit_has_an_id_of_its_own() -> None:
    """As every id it follows from the run and what is done; no order of RiskGuard's has it."""
    _, sent = under_way()
    cid = client_order_id("run/kill", 0, Leg.EXIT, 1)

    kind, leg = OrderKind.MARKET, Leg.EXIT
    expected = Order(cid, SYMBOL, Side.SELL, kind, leg, Decimal(1), reduce_only=True)
    assert sent == expected
    assert cid != client_order_id("run", 0, Leg.EXIT, 1)


def test_no_other_is_sent_while_one_is_under_way() -> None:
    """Whatever the account says meanwhile."""
    windup, _ = under_way()

    assert look(windup, BARE) == Asks(())


def test_an_account_that_was_asked_for_before_an_outcome_shows_nothing_of_it() -> None:
    """The one after it does, and what is left is closed under another id."""
    windup, sent = under_way()
    hear(windup, m.SubmitAnswered(sent.client_order_id, state(sent)))

    assert look(windup, BARE, key="0").submit == ()
    (another,) = look(windup, BARE).submit
    assert another.client_order_id != sent.client_order_id


@pytest.mark.parametrize("failure", [Failure.REJECTED, Failure.NOT_SENT])
def test_a_proven_refusal_ends_an_exit(failure: Failure) -> None:
    """The next look decides anew."""
    windup, sent = under_way()
    hear(windup, failed(sent, failure))

    assert len(look(windup, BARE).submit) == 1


@pytest.mark.parametrize(
    ("failure", "reason"),
    [(Failure.UNKNOWN, None), (Failure.REJECTED, Reason.VENUE_DUPLICATE_ID)],
)
def test_an_exit_in_doubt_is_asked_about(failure: Failure, reason: Reason | None) -> None:
    """And not sent again; a duplicate id proves that it arrived."""
    windup, sent = under_way()
    hear(windup, failed(sent, failure, reason))
    assert look(windup, BARE) == Asks((), query=(sent,))

    hear(windup, m.QueryAnswered(sent.client_order_id, (state(sent), ())))
    assert windup.exits == {}


def test_an_exit_that_is_not_found_may_still_arrive() -> None:
    """It is given up once it was not found twice, as far apart as an order may take."""
    windup, sent = under_way()
    hear(windup, failed(sent, Failure.UNKNOWN))
    missing = m.QueryAnswered(sent.client_order_id, None)
    hear(windup, missing, missing, now=100)
    hear(windup, missing, now=100 + WITHIN - 1)
    assert list(windup.exits) == [sent.client_order_id]

    hear(windup, missing, now=100 + WITHIN)
    assert windup.exits == {}
    hear(windup, missing)
    assert windup.learnt == 1


def test_a_query_without_an_answer_teaches_nothing() -> None:
    """It is asked again."""
    windup, sent = under_way()
    hear(windup, failed(sent, Failure.UNKNOWN))
    why = CallFailure(Failure.UNKNOWN, "")
    hear(windup, m.QueryFailed(sent.client_order_id, why))

    assert look(windup, BARE).query == (sent,)


def test_a_cancel_under_way_is_not_asked_for_again() -> None:
    """Until it is answered, however: then the venue's list alone is believed."""
    entry, windup = order(), WindUp(apart=APART)
    listed = Account({}, (state(entry),))
    assert look(windup, listed).cancel == (entry,)
    assert look(windup, listed).cancel == ()

    hear(windup, m.CancelAnswered(entry.client_order_id, state(entry)))
    assert look(windup, listed).cancel == (entry,)


@pytest.mark.parametrize(
    ("windup", "policy", "halt"),
    [
        (WindUp(), "protect", overdue()),
        (WindUp(apart=APART), "leave", overdue()),
        (WindUp(apart=APART), "protect", Halt(1, settled_at=11, alone=True)),
        (WindUp(apart=APART), "protect", Halt(1, settled_at=0, patience=11)),
    ],
)
def test_entries_alone_are_canceled_where_the_rest_is_not_ours(
    windup: WindUp, policy: OpenPosition, halt: Halt
) -> None:
    """Before it is known what is ours, where all is to stay, and while main has its time."""
    entry, stop = order(), order(Leg.STOP)
    account = Account({"BTC": Decimal(5)}, (state(entry), state(stop)))
    asks = windup.see(m.AccountReceived("0", account), halt, Scope(policy, (BTC,)), now=10)

    assert asks == Asks((entry,))


@pytest.mark.parametrize(
    ("policy", "reason"),
    [("protect", Reason.EXIT_UNPROTECTED), ("flatten", Reason.EXIT_SHUTDOWN)],
)
def test_a_position_is_closed_for_a_reason(policy: OpenPosition, reason: Reason) -> None:
    """As RiskGuard would have it."""
    assert Scope(policy, ()).reason is reason
