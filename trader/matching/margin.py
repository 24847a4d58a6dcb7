"""Positions in perpetuals: the margin under each, its funding, and where it is liquidated.

Margin is isolated: what a position may lose is what was put under it. A liquidation never costs
more, for beyond that the venue's insurance bears the loss.
"""

from decimal import Decimal

from trader.accounting.money import round_down, round_up
from trader.accounting.position import Position
from trader.matching.book import Book, Stake
from trader.matching.pricing import Pricing
from trader.model.instrument import ZERO, Instrument, Terms, to_decimal
from trader.model.market import Quote
from trader.model.orders import BUY, Fill, Flow, FlowKind, Liquidity, Order


def closing(book: Book, order: Order) -> Decimal:
    """Return how much of an order on a perpetual would close what is there."""
    stake = book.stakes.get(order.symbol)
    return stake.position.closes(order.side, order.quantity) if stake else ZERO


def take(book: Book, instrument: Instrument, terms: Terms, fill: Fill) -> None:
    """Fold a fill: its gain and fee into the balance, its margin under the position."""
    stake = book.stakes.get(fill.symbol)
    if stake is None:
        due = (fill.ts_event // terms.funding_interval + 1) * terms.funding_interval
        stake = book.stakes[fill.symbol] = Stake(Position(fill.symbol), instrument.quote, due)
    position, before = stake.position, abs(stake.position.quantity)
    realized, closed = position.realized, position.closes(fill.side, fill.quantity)
    position.apply(fill)
    book.credit(instrument.quote, position.realized - realized - fill.fee)
    if closed:
        stake.margin -= round_down(stake.margin * closed / before)
    stake.margin += required(instrument, fill.quantity - closed, fill.price)
    if position.quantity:
        stake.long = position.quantity > 0
        stake.liquidation = liquidation_mark(stake, terms)
    else:
        del book.stakes[fill.symbol]


def required(instrument: Instrument, quantity: Decimal, price: Decimal) -> Decimal:
    """Return the margin that a position is opened on."""
    return round_up(quantity * price * instrument.stake)


def liquidation_mark(stake: Stake, terms: Terms) -> float:
    """Return the mark at which margin and gain are down to the maintenance margin."""
    position = stake.position
    kept = position.quantity - terms.maintenance * abs(position.quantity)
    return float((position.cost - stake.margin) / kept)


def fund(book: Book, terms: Terms, symbol: str, mark: float, ts: int) -> list[Flow]:
    """Pay the funding that is due by `ts` at a mark; margin covers what the balance cannot."""
    stake, flows = book.stakes[symbol], []
    while stake.funding_due <= ts:
        due = stake.position.quantity * to_decimal(mark) * terms.funding_rate
        flow_id = f"funding {symbol} {stake.funding_due}"
        flow = Flow(flow_id, FlowKind.FUNDING, round_down(-due), stake.funding_due, symbol)
        stake.funding_due += terms.funding_interval
        book.credit(stake.currency, flow.amount)
        stake.position.fund(flow.amount)
        flows.append(flow)
        book.keep(flow)
    short = book.free(stake.currency)
    if flows and short < 0:
        stake.margin = max(stake.margin + short, ZERO)
        stake.liquidation = liquidation_mark(stake, terms)
    return flows


def is_breached(stake: Stake, mark: float) -> bool:
    """Tell whether a mark is at or beyond where the position is liquidated."""
    return mark <= stake.liquidation if stake.long else mark >= stake.liquidation


def liquidate(
    book: Book, pricing: Pricing, terms: Terms, stake: Stake, mark: float, ts: int
) -> Fill:
    """Close a position by an order of the venue's; return its fill."""
    position = stake.position
    side, quantity = position.side.opposite, abs(position.quantity)
    price = _closing_price(pricing, stake, mark, ts)
    left = stake.margin + position.quantity * price - position.cost
    fee = max(min(round_up(quantity * price * terms.liquidation_fee), round_down(left)), ZERO)
    book.trade_count += 1
    fill = Fill(
        trade_id=f"sim-{book.trade_count}",
        client_order_id=f"liquidation-{book.trade_count}",
        symbol=position.symbol,
        side=side,
        quantity=quantity,
        price=price,
        fee=fee,
        liquidity=Liquidity.TAKER,
        ts_event=ts,
    )
    take(book, pricing.instrument, terms, fill)
    book.keep(fill)
    return fill


def _closing_price(pricing: Pricing, stake: Stake, mark: float, ts: int) -> Decimal:
    """Return what the market pays, but nothing at which more than the margin would be lost."""
    position, instrument = stake.position, pricing.instrument
    quote: Quote = pricing.around(mark, ts)
    price = pricing.take(position.side.opposite, quote)
    bankrupt = (position.cost - stake.margin) / position.quantity
    if position.side is BUY:
        return max(price, instrument.ceil_price(bankrupt), instrument.tick)
    return min(price, instrument.floor_price(bankrupt))
