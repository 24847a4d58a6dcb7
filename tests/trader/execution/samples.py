"""Orders, states and fills to tell of."""

from decimal import Decimal

from trader.model.ids import client_order_id
from trader.model.market import SECOND
from trader.model.orders import (
    Fill,
    Leg,
    Liquidity,
    Order,
    OrderKind,
    OrderState,
    OrderStatus,
    Side,
)

SYMBOL = "BTC-USD"
WITHIN = 60 * SECOND
"""What a venue takes at the most to have an order that was sent."""


def order(leg: Leg = Leg.ENTRY, decision: int = 1) -> Order:
    """Return a market order for a leg; every leg but an entry only reduces."""
    return Order(
        client_order_id=client_order_id("run", decision, leg),
        symbol=SYMBOL,
        side=Side.BUY if leg is Leg.ENTRY else Side.SELL,
        kind=OrderKind.MARKET,
        leg=leg,
        quantity=Decimal(1),
        reduce_only=leg is not Leg.ENTRY,
    )


def foreign(client_order_id: str = "manual-1") -> Order:
    """Return an order that somebody else placed."""
    return Order(client_order_id, SYMBOL, Side.BUY, OrderKind.MARKET, Leg.ENTRY, Decimal(1))


def state(of: Order, status: OrderStatus = OrderStatus.OPEN, filled: str = "0") -> OrderState:
    """Return what a venue says of an order."""
    return OrderState(of, f"v-{of.client_order_id[-4:]}", status, Decimal(filled), 0)


def fill(of: Order, quantity: str = "1", trade_id: str = "t1") -> Fill:
    """Return an execution of an order at 100."""
    price, fee = Decimal(100), Decimal("0.1")
    taker = Liquidity.TAKER
    cid = of.client_order_id
    return Fill(trade_id, cid, of.symbol, of.side, Decimal(quantity), price, fee, taker, 0)
