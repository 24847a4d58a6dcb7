"""What a fill moves: money, holding and fee."""

from decimal import Decimal

from trader.accounting.money import STEP
from trader.matching.book import Book, Record
from trader.matching.pricing import Match, Pricing
from trader.model.instrument import ZERO
from trader.model.orders import Fill, Side


def affordable(
    record: Record, match: Match, quantity: Decimal, pricing: Pricing, book: Book
) -> Decimal:
    """Return how much of a quantity can be paid: a market moves on while an order waits for it."""
    if record.order.side is Side.SELL:
        return quantity
    money = book.free(record.currency) + record.budget
    rate = pricing.fee_rate(match.liquidity)
    amount = quantity * match.price
    if amount + record.fee(amount * rate) <= money:
        return quantity
    # Rounding the fee up may add a step.
    most = (money - STEP) / (match.price * (1 + rate))
    return max(pricing.instrument.floor_quantity(most), ZERO)


def settle(
    record: Record, match: Match, quantity: Decimal, ts: int, pricing: Pricing, book: Book
) -> Fill:
    """Exchange money for holding, or the other way, and take the fee; return the fill."""
    order, instrument = record.order, pricing.instrument
    amount = quantity * match.price
    due = amount * pricing.fee_rate(match.liquidity)
    fee = record.fee(due)
    record.fees += due
    record.budget = max(record.budget - amount - fee, ZERO)
    book.credit(instrument.base, order.side.sign * quantity)
    book.credit(instrument.quote, -order.side.sign * amount - fee)
    book.trade_count += 1
    return Fill(
        trade_id=f"sim-{book.trade_count}",
        client_order_id=order.client_order_id,
        symbol=order.symbol,
        side=order.side,
        quantity=quantity,
        price=match.price,
        fee=fee,
        liquidity=match.liquidity,
        ts_event=ts,
    )
