"""What a fill moves: money, holding or position, and fee."""

from decimal import Decimal

import msgspec

from trader.accounting.money import STEP
from trader.matching import margin
from trader.matching.book import Book, Record
from trader.matching.pricing import Pricing
from trader.model.instrument import ZERO, Instrument
from trader.model.orders import SELL, Fill, Liquidity


class Execution(msgspec.Struct, frozen=True):
    """What is filled of an order now, and how."""

    quantity: Decimal
    price: Decimal
    liquidity: Liquidity


def affordable(record: Record, wanted: Execution, pricing: Pricing, book: Book) -> Decimal:
    """Return how much can be paid: a market moves on while an order waits for it."""
    instrument, quantity = pricing.instrument, wanted.quantity
    closed = margin.closing(book, record.order) if instrument.terms else ZERO
    if quantity <= closed or (record.order.side is SELL and not instrument.terms):
        return quantity
    money = book.free(record.currency) + record.budget
    rate = pricing.fee_rate(wanted.liquidity)
    due = record.fee(quantity * wanted.price * rate)
    if _put_up(instrument, quantity - closed, wanted.price) + due <= money:
        return quantity
    # Rounding up may add a step to the fee, and one to the margin.
    money -= 2 * STEP + closed * wanted.price * rate
    most = money / (wanted.price * (instrument.stake + rate))
    return closed + max(instrument.floor_quantity(most), ZERO)


def settle(record: Record, done: Execution, ts: int, pricing: Pricing, book: Book) -> Fill:
    """Exchange money for holding or position, or the other way; return the fill."""
    order, instrument = record.order, pricing.instrument
    quantity, price = done.quantity, done.price
    due = quantity * price * pricing.fee_rate(done.liquidity)
    fee = record.fee(due)
    record.fees += due
    book.trade_count += 1
    fill = Fill(
        trade_id=f"sim-{book.trade_count}",
        client_order_id=order.client_order_id,
        symbol=order.symbol,
        side=order.side,
        quantity=quantity,
        price=price,
        fee=fee,
        liquidity=done.liquidity,
        ts_event=ts,
    )
    closed = margin.closing(book, order) if instrument.terms else ZERO
    opened = _put_up(instrument, max(quantity - closed, ZERO), price)
    record.budget = max(record.budget - opened - fee, ZERO)
    if instrument.terms:
        margin.take(book, instrument, instrument.terms, fill)
    else:
        book.credit(instrument.base, order.side.sign * quantity)
        book.credit(instrument.quote, -order.side.sign * quantity * price - fee)
    book.keep(fill)
    return fill


def _put_up(instrument: Instrument, quantity: Decimal, price: Decimal) -> Decimal:
    return margin.required(instrument, quantity, price) if instrument.terms else quantity * price
