"""What the broker tells, folded: each fill once, and nothing lost of an order nobody remembers."""

from decimal import Decimal

import msgspec
import pytest

from tests.trader.risk.desk import PERP, SYMBOL, Desk, canceled, legs, placed
from trader.accounting.windows import Window
from trader.model.messages import LimitBreached, Message, PositionChanged
from trader.model.orders import Flow, FlowKind, Leg, Order, OrderKind, OrderStatus, Side
from trader.model.reasons import Reason
from trader.model.views import Stance
from trader.risk import protection
from trader.risk.orders import move_cash
from trader.risk.state import Price

STRANGE = Order("ate" + "a" * 21, SYMBOL, Side.BUY, OrderKind.MARKET, Leg.ENTRY, Decimal(5))


def test_a_fill_changes_the_position() -> None:
    """Each fill is told with what is held, what it cost and what was gained after costs."""
    desk = Desk()
    entry = desk.enter()
    first = desk.fill(entry, "10", "100")
    assert first[0] == PositionChanged(SYMBOL, Decimal(10), Decimal(100), Decimal(-1))
    stop, target = placed(first)
    desk.accept(stop)
    told = desk.fill(target, "10", "110")
    assert told[0] == PositionChanged(SYMBOL, Decimal(0), Decimal(0), Decimal("97.9"))


def test_a_fill_counts_once() -> None:
    """The same trade told twice changes nothing."""
    desk = Desk()
    entry = desk.enter()
    desk.fill(entry, "5", trade="t1")
    assert desk.fill(entry, "5", trade="t1") == []
    assert desk.held == 5


def test_what_is_too_small_to_sell_is_told_as_flat() -> None:
    """A crumb does not pass for a position."""
    desk = Desk()
    told = desk.fill(desk.enter(), "0.01")
    assert isinstance(told[0], PositionChanged)
    assert told[0].quantity == 0
    assert desk.held == Decimal("0.01")


def test_a_closed_position_begins_the_cooldown_and_counts_as_a_trade() -> None:
    """The time of the exit is kept by symbol."""
    desk = Desk()
    _, target = desk.hold()
    desk.fill(target, target.quantity, "110")
    assert desk.state.exits == {SYMBOL: desk.now}
    assert (desk.state.performance.trades, desk.state.performance.wins) == (1, 1)


def test_the_fill_of_a_strange_order_is_protected_all_the_same() -> None:
    """Position comes from fills, whoever remembers the order; the stop is the default one."""
    desk = Desk()
    told = desk.fill(STRANGE, "5")
    (stop,) = placed(told)
    assert (stop.leg, stop.quantity, stop.trigger) == (Leg.STOP, Decimal(5), Decimal(98))


def test_a_position_without_a_market_price_is_no_loss() -> None:
    """Until the market speaks, a position is marked at its fill."""
    desk = Desk()
    desk.state.prices[SYMBOL] = Price()
    desk.fill(STRANGE, "50")
    assert desk.state.holds == []


def test_a_strange_order_is_left_to_the_broker() -> None:
    """Its acceptance and its end ask for nothing."""
    desk = Desk()
    assert desk.accept(STRANGE) == []
    assert desk.reject(STRANGE) == []


def test_a_rejected_entry_is_over() -> None:
    """Nothing is sent again, and nothing is on its way any more."""
    desk = Desk()
    entry = desk.enter()
    assert desk.reject(entry) == []
    assert desk.campaign.alive() == []


def test_a_rejection_counts_once() -> None:
    """Told again it is no second failure of the exit."""
    desk = Desk()
    stop, target = desk.hold()
    desk.propose(Stance.FLAT)
    desk.canceled(stop)
    (leave,) = placed(desk.canceled(target))
    assert legs(desk.reject(leave)) == [Leg.EXIT]
    assert desk.reject(leave) == []
    assert desk.campaign.failures == 1


def test_an_unknown_entry_stays_exposure_until_resolved() -> None:
    """It is neither sent again nor forgotten."""
    desk = Desk()
    entry = desk.enter()
    assert desk.lose(entry) == []
    assert desk.campaign.alive()[0].status is OrderStatus.UNKNOWN
    assert legs(desk.fill(entry, entry.quantity)) == [Leg.STOP, Leg.TARGET]


def test_a_cancel_that_was_lost_with_a_process_is_sent_again() -> None:
    """The broker says that one of them rests: it may have heard of neither that it is to go."""
    desk = Desk()
    stop, target = desk.hold()
    protection.close(desk.rules, desk.state, desk.campaign, Reason.EXIT_ADVICE)
    desk.state.doubt_all()
    assert canceled(desk.accept(stop)) == [stop.client_order_id, target.client_order_id]
    assert canceled(desk.accept(target)) == []
    assert legs(desk.canceled(stop) + desk.canceled(target)) == [Leg.EXIT]


def test_a_cancel_that_was_lost_with_an_order_on_its_way_is_sent_again() -> None:
    """Its acceptance is the first word of it, and its cancel may have been lost all the same."""
    desk = Desk()
    entry = desk.enter()
    stop, target = placed(desk.fill(entry, entry.quantity))
    protection.close(desk.rules, desk.state, desk.campaign, Reason.EXIT_ADVICE)
    desk.state.doubt_all()
    assert canceled(desk.accept(target)) == [stop.client_order_id, target.client_order_id]


def test_a_target_that_was_given_up_and_rests_after_all_does_not_outlive_its_position() -> None:
    """It is canceled before the exit, like any other."""
    desk = Desk()
    entry = desk.enter()
    stop, target = placed(desk.fill(entry, entry.quantity))
    desk.accept(stop)
    desk.reject(target)
    assert canceled(desk.propose(Stance.FLAT)) == [stop.client_order_id]
    assert canceled(desk.accept(target)) == [target.client_order_id]


def test_an_acknowledgement_after_the_fill_changes_nothing() -> None:
    """An order that is over stays over."""
    desk = Desk()
    (entry,) = placed(desk.propose())
    desk.fill(entry, entry.quantity)
    assert desk.campaign.orders[entry.client_order_id].status is OrderStatus.FILLED
    assert canceled(desk.canceled(entry)) == []


def liquidated(desk: Desk) -> list[Message]:
    """Tell that the venue has closed the position of the perpetual."""
    venues = msgspec.structs.replace(
        STRANGE, client_order_id="liquidation-1", symbol=PERP, side=Side.BUY
    )
    return desk.fill(venues, -desk.held, "149")


def test_a_liquidation_is_booked_and_what_rested_is_canceled() -> None:
    """The fill of an order that is not ours: the trade is over, and nothing opens another."""
    desk = Desk(symbol=PERP)
    stop, target = desk.hold()
    told = liquidated(desk)
    assert told[0] == PositionChanged(
        PERP, Decimal(0), Decimal(0), desk.state.ledger.cash - Decimal(10_000)
    )
    assert canceled(told) == [stop.client_order_id, target.client_order_id]
    assert desk.held == 0
    assert legs([*desk.canceled(stop), *desk.canceled(target)]) == []
    assert desk.state.performance.trades == 1
    assert desk.campaign.failures == 0


def test_orders_that_a_venue_cancels_before_it_liquidates_are_not_missed() -> None:
    """The stop is sent again, for the position is there; refused, it is of no use any more."""
    desk = Desk(symbol=PERP)
    stop, _ = desk.hold()
    (again,) = [o for o in placed(desk.canceled(stop)) if o.leg is Leg.STOP]
    liquidated(desk)
    assert legs(desk.reject(again, Reason.NOTHING_TO_CLOSE)) == []
    assert desk.campaign.alive(Leg.STOP) == []


def test_equity_is_marked_with_what_a_short_gains() -> None:
    """Cash plus unrealized, as the ledger has it."""
    desk = Desk(symbol=PERP)
    desk.hold()
    desk.state.prices[PERP].close = 90.0
    assert desk.state.equity() == pytest.approx(float(desk.state.ledger.equity({PERP: 90.0})))
    assert desk.state.equity() > 10_000


def flow(amount: str, kind: FlowKind = FlowKind.TRANSFER) -> Flow:
    """Make a flow."""
    symbol = PERP if kind is FlowKind.FUNDING else None
    return Flow(f"{kind} {amount}", kind, Decimal(amount), 0, symbol)


def test_a_withdrawal_is_no_loss_and_a_deposit_no_gain() -> None:
    """Half of the money goes: no limit is near, and the next loss counts of what is left."""
    desk = Desk()
    assert move_cash(desk.rules, desk.state, flow("-5000"), desk.now) == []
    assert desk.state.holds == []
    assert desk.state.windows.loss_pct(Window.DAY, desk.state.equity()) == 0
    assert desk.state.performance.drawdown_pct(desk.state.equity()) == 0
    told = move_cash(desk.rules, desk.state, flow("-200", FlowKind.FUNDING), desk.now)
    assert [m.limit for m in told if isinstance(m, LimitBreached)] == [Reason.LOSS_DAY]


def test_a_flow_counts_once() -> None:
    """The same flow told twice moves the cash once."""
    desk = Desk()
    for _ in range(2):
        move_cash(desk.rules, desk.state, flow("1.5", FlowKind.FUNDING), desk.now)
    assert desk.state.ledger.cash == Decimal("10001.5")
    assert desk.state.ledger.funding == Decimal("1.5")
