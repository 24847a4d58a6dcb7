"""What the broker tells, folded: each fill once, and nothing lost of an order nobody remembers."""

from decimal import Decimal

from tests.trader.risk.desk import SYMBOL, Desk, canceled, legs, placed
from trader.model.messages import PositionChanged
from trader.model.orders import Leg, Order, OrderKind, OrderStatus, Side
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


def test_an_unknown_entry_stays_exposure_until_resolved() -> None:
    """It is neither sent again nor forgotten."""
    desk = Desk()
    entry = desk.enter()
    assert desk.lose(entry) == []
    assert desk.campaign.alive()[0].status is OrderStatus.UNKNOWN
    assert legs(desk.fill(entry, entry.quantity)) == [Leg.STOP, Leg.TARGET]


def test_an_acknowledgement_after_the_fill_changes_nothing() -> None:
    """An order that is over stays over."""
    desk = Desk()
    (entry,) = placed(desk.propose())
    desk.fill(entry, entry.quantity)
    assert desk.campaign.orders[entry.client_order_id].status is OrderStatus.FILLED
    assert canceled(desk.canceled(entry)) == []
