"""A small venue to test against: one instrument at a price near 100, costs easy to reckon."""

from decimal import Decimal

import msgspec

from trader.matching.engine import MatchingEngine, Reports
from trader.matching.settings import SimulationSettings
from trader.model.instrument import Instrument, Terms
from trader.model.market import SECOND, Candle, Quote
from trader.model.messages import ExecutionReported
from trader.model.orders import Leg, Order, OrderKind, OrderStatus, Side, TimeInForce

D = Decimal
BTC = "BTC-USD"
MINUTE = 60 * SECOND
INSTRUMENT = Instrument(
    symbol=BTC,
    base="BTC",
    quote="USD",
    tick=D("0.01"),
    lot=D("0.001"),
    min_quantity=D("0.01"),
    min_notional=D(10),
    maker_fee=D("0.001"),
    taker_fee=D("0.002"),
)
PERP = "BTC-USD-PERP"
TENFOLD = msgspec.structs.replace(
    INSTRUMENT,
    symbol=PERP,
    terms=Terms(
        leverage=10,
        maintenance=D("0.01"),
        liquidation_fee=D("0.005"),
        funding_rate=D("0.001"),
    ),
)
"""Entered at 100, a long is liquidated at 100 * 0.9 / 0.99 = 90.91, a short at 108.91."""
FRICTION = SimulationSettings(
    start_equity=D(1000), spread_pct=0.2, slippage_pct=0.1, max_volume_share=0.5
)
FREE = SimulationSettings(start_equity=D(1000), spread_pct=0.0, slippage_pct=0.0)


class Watchful(MatchingEngine):
    """An engine that looks at every order at every price, be it near or far."""

    def _sleeps(self, *_prices: object) -> bool:
        return False


def opened(price: float = 100.0, settings: SimulationSettings = FRICTION) -> MatchingEngine:
    """Return an engine whose market has opened at a price: bid and ask are 0.1 % around it."""
    engine = MatchingEngine({BTC: INSTRUMENT}, settings)
    engine.on_open(BTC, price, 0)
    return engine


def holding(quantity: str = "2") -> MatchingEngine:
    """Return an engine whose account has bought at about 100, at time 0."""
    engine = opened()
    engine.submit(market(Side.BUY, quantity, "bought"), 0)
    return engine


def opened_perp() -> MatchingEngine:
    """Return an engine whose perpetual has opened at 100, without spread or slippage."""
    engine = MatchingEngine({PERP: TENFOLD}, FREE)
    engine.on_open(PERP, 100.0, 0)
    return engine


def staked(side: Side, quantity: str = "10") -> MatchingEngine:
    """Return an engine whose account has entered at 100, at time 0: a margin of 100."""
    engine = opened_perp()
    engine.submit(on_perp(market(side, quantity, "entered")), 0)
    return engine


def on_perp(order: Order) -> Order:
    """Place an order on the perpetual instead."""
    return msgspec.structs.replace(order, symbol=PERP)


def market(side: Side, quantity: str, cid: str = "m", *, reduce_only: bool = False) -> Order:
    """Make a market order."""
    return _order(cid, side, OrderKind.MARKET, quantity, reduce_only=reduce_only)


def limit(
    side: Side,
    quantity: str,
    price: str,
    cid: str = "l",
    tif: TimeInForce = TimeInForce.GTC,
    *,
    post_only: bool = False,
) -> Order:
    """Make a limit order."""
    order = _order(cid, side, OrderKind.LIMIT, quantity, price=D(price))
    return msgspec.structs.replace(order, tif=tif, post_only=post_only)


def stop_limit(quantity: str, trigger: str, price: str) -> Order:
    """Make a stop under a holding that does not sell below its limit."""
    order = _order("sl", Side.SELL, OrderKind.STOP_LIMIT, quantity, trigger=D(trigger))
    return msgspec.structs.replace(order, price=D(price))


def trailing(side: Side, quantity: str, trail: str) -> Order:
    """Make a stop that follows the market."""
    order = _order("tr", side, OrderKind.TRAILING, quantity)
    return msgspec.structs.replace(order, trail=D(trail))


def target(quantity: str, price: str, cid: str = "t", group: str | None = None) -> Order:
    """Make an order that takes profit on a holding."""
    return _order(cid, Side.SELL, OrderKind.TAKE_PROFIT, quantity, price=D(price), group=group)


def stop(
    quantity: str,
    trigger: str,
    cid: str = "s",
    *,
    side: Side = Side.SELL,
    group: str | None = None,
    reduce_only: bool = False,
) -> Order:
    """Make a stop, under a holding unless it is to buy."""
    return _order(
        cid,
        side,
        OrderKind.STOP,
        quantity,
        trigger=D(trigger),
        group=group,
        reduce_only=reduce_only,
    )


def candle(
    low: float, high: float, *, first: float = 100.0, last: float = 100.0, volume: float = 1000.0
) -> Candle:
    """Make the candle of the first minute."""
    return Candle(0, MINUTE, first, high, low, last, volume)


def quote(bid: float, ask: float, ts: int = SECOND) -> Quote:
    """Make a quote one second in."""
    return Quote(ts, bid, ask)


def story(reports: Reports) -> list[tuple[str, OrderStatus, str, str]]:
    """Tell reports of orders as (order, status, quantity filled now, its price)."""
    return [
        (
            report.state.order.client_order_id,
            report.state.status,
            f"{report.fill.quantity.normalize():f}" if report.fill else "",
            str(report.fill.price) if report.fill else "",
        )
        for report in reports
        if isinstance(report, ExecutionReported)
    ]


def _order(
    cid: str,
    side: Side,
    kind: OrderKind,
    quantity: str,
    *,
    price: Decimal | None = None,
    trigger: Decimal | None = None,
    reduce_only: bool = False,
    group: str | None = None,
) -> Order:
    leg = Leg.ENTRY if side is Side.BUY else Leg.EXIT
    return Order(cid, BTC, side, kind, leg, D(quantity), price, trigger, reduce_only, group)
