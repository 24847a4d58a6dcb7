"""A position folds fills; what it realized, holds and paid adds up to the last digit."""

from decimal import Decimal
from fractions import Fraction

import msgspec
import pytest
from hypothesis import given

from tests.trader.accounting.fills import PERP, fill, histories, marks
from trader.accounting.money import worth
from trader.accounting.position import Position, Trade
from trader.model.instrument import ZERO
from trader.model.orders import Fill, Side

BUY, SELL = Side.BUY, Side.SELL


def test_buys_average_their_price() -> None:
    """The average price weighs each buy by its quantity and leaves fees out."""
    position = Position("BTC-USD")
    position.apply(fill(BUY, "1", "100", "5"))
    position.apply(fill(BUY, "3", "200", "5"))

    assert (position.quantity, position.average_price) == (Decimal(4), Decimal(175))


def test_a_sale_takes_its_share_of_the_cost() -> None:
    """A partial sale realizes against the average and leaves the average where it was."""
    position = Position("BTC-USD")
    position.apply(fill(BUY, "2", "100"))
    position.apply(fill(SELL, "1", "130"))

    assert position.realized == Decimal(30)
    assert position.average_price == Decimal(100)
    assert position.unrealized(90.0) == Decimal(-10)


def test_a_trade_runs_from_flat_to_flat() -> None:
    """The sale that empties the position returns the trade; the next buy begins another."""
    position = Position("BTC-USD")
    steps = [
        fill(BUY, "1", "100", "1", ts=10),
        fill(BUY, "1", "200", "2", ts=20),
        fill(SELL, "0.5", "160", "0.5", ts=30),
        fill(SELL, "1.5", "200", "1.5", ts=40),
        fill(BUY, "1", "50", "1", ts=50),
    ]
    trades = [position.apply(step) for step in steps]

    expected = Trade(
        symbol="BTC-USD",
        opened=10,
        closed=40,
        quantity=Decimal(2),
        entry=Decimal(150),
        exit=Decimal(190),
        pnl=Decimal(75),
        fees=Decimal(5),
    )
    assert trades == [None, None, None, expected, None]
    assert position.trade is not None
    assert position.trade.opened == 50


def test_a_flat_position_has_no_price_and_no_gain() -> None:
    """Flat is zero, whatever the mark."""
    position = Position("BTC-USD")

    assert (position.average_price, position.unrealized(123.0)) == (ZERO, ZERO)


@pytest.mark.parametrize("quantity", ["1.00000001", "0", "-1"])
def test_an_impossible_sale_is_refused_and_changes_nothing(quantity: str) -> None:
    """Spot cannot go short, and a fill has a quantity."""
    position = Position("BTC-USD")
    position.apply(fill(BUY, "1", "100"))
    before = repr(position)
    with pytest.raises(ValueError, match="BTC-USD"):
        position.apply(fill(SELL, quantity, "100"))

    assert repr(position) == before


def test_a_short_gains_as_the_price_falls() -> None:
    """What a perpetual was sold for, less what it is bought back for; the average stays."""
    position = Position(PERP)
    position.apply(fill(SELL, "2", "100", "1", symbol=PERP))
    position.apply(fill(BUY, "0.5", "90", "1", symbol=PERP))

    assert (position.quantity, position.side) == (Decimal("-1.5"), SELL)
    assert (position.average_price, position.realized) == (Decimal(100), Decimal(5))
    assert (position.unrealized(80.0), position.unrealized(110.0)) == (Decimal(30), Decimal(-15))


def test_a_fill_through_flat_ends_a_trade_and_begins_another() -> None:
    """The part that closes bears its part of the fee; what is left is the new position."""
    position = Position(PERP)
    position.apply(fill(BUY, "1", "100", "1", symbol=PERP, ts=10))
    position.fund(Decimal("-0.5"))
    trade = position.apply(fill(SELL, "3", "110", "3", symbol=PERP, ts=20))

    assert trade is not None
    assert (trade.side, trade.pnl, trade.fees) == (BUY, Decimal("7.5"), Decimal(2))
    assert trade.funding == position.funding == Decimal("-0.5")
    assert (position.quantity, position.cost) == (Decimal(-2), Decimal(-220))
    ended = position.apply(fill(BUY, "2", "100", "2", symbol=PERP, ts=30))
    assert ended is not None
    assert (ended.side, ended.opened, ended.entry, ended.exit) == (SELL, 20, 110, 100)
    assert (ended.pnl, ended.fees) == (Decimal(16), Decimal(4))
    assert position.side is BUY


@given(histories(symbols=("BTC-USD",)), marks)
def test_gains_are_the_change_of_equity(fills: list[Fill], mark: float) -> None:
    """Whatever the fills: realized + unrealized - fees = cash moved + worth, exactly."""
    position = Position("BTC-USD")
    cash = Fraction(0)
    for each in fills:
        position.apply(each)
        amount = Fraction(each.quantity) * Fraction(each.price)
        cash -= each.side.sign * amount + Fraction(each.fee)
        gains = position.realized + position.unrealized(mark) - position.fees

        assert Fraction(gains) == cash + Fraction(worth(position.quantity, mark))


@given(histories(symbols=("BTC-USD",)))
def test_trades_add_up_to_the_position(fills: list[Fill]) -> None:
    """At rest, the trades' P&L is all the position ever realized, after fees; cost is never < 0."""
    position = Position("BTC-USD")
    earned = Decimal(0)
    for each in fills:
        trade = position.apply(each)
        earned += trade.pnl if trade else 0

        assert position.cost >= 0
        if not position.quantity:
            assert (position.cost, position.realized - position.fees) == (ZERO, earned)


def test_a_position_of_an_older_journal_goes_on() -> None:
    """What was bought before there were perpetuals is sold after."""
    trade = {"opened": 7, "bought": "2", "paid": "200", "received": "0", "fees": "1"}
    old = {"symbol": "BTC-USD", "quantity": "2", "cost": "200", "realized": "0", "fees": "1"}
    position = msgspec.msgpack.decode(msgspec.msgpack.encode(old | {"trade": trade}), type=Position)
    ended = position.apply(fill(SELL, "2", "120", "1"))

    assert ended is not None
    assert (ended.opened, ended.quantity, ended.entry, ended.pnl) == (7, 2, 100, 38)
