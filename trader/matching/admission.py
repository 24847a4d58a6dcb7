"""What a venue asks of an order before it takes it."""

from decimal import Decimal
from typing import NoReturn

import msgspec

from trader.accounting.money import round_up
from trader.matching.book import Book, Record
from trader.matching.pricing import Pricing
from trader.model.errors import Rejected
from trader.model.instrument import ZERO
from trader.model.market import Quote
from trader.model.orders import Order, OrderKind, OrderState, OrderStatus, Side
from trader.model.reasons import Reason

_NEEDS = {
    OrderKind.MARKET: (),
    OrderKind.LIMIT: ("price",),
    OrderKind.TAKE_PROFIT: ("price",),
    OrderKind.STOP: ("trigger",),
}
"""The prices each kind of order bears; it bears no other."""


def admit(order: Order, pricing: Pricing, book: Book, quote: Quote | None, ts: int) -> Record:
    """Return the record of an order the venue takes; raise Rejected otherwise."""
    if order.client_order_id in book.orders:
        reject(Reason.VENUE_DUPLICATE_ID, f"{order.client_order_id} is in use")
    _check_form(order)
    _check_precision(order, pricing)
    if order.reduce_only:
        order = _reduced(order, pricing, book)
    price = _worst_price(order, pricing, quote)
    _check_minimums(order, pricing, price)
    _check_trigger(order, quote)
    record = _record(order, pricing, book, price, ts)
    _check_balance(record, book)
    return record


def reject(reason: Reason, detail: str) -> NoReturn:
    """Refuse an order or a request, the reason's code first."""
    raise Rejected(f"{reason}: {detail}", reason)


def _check_form(order: Order) -> None:
    for name in ("quantity", "price", "trigger"):
        value: Decimal | None = getattr(order, name)
        wanted = name == "quantity" or name in _NEEDS[order.kind]
        if wanted != (value is not None):
            reject(Reason.VENUE_REJECTED, f"{order.kind} orders: {name} is {value}")
        if value is not None and not (value.is_finite() and value > 0):
            reject(Reason.VENUE_REJECTED, f"{name} {value} is not a positive number")


def _check_precision(order: Order, pricing: Pricing) -> None:
    instrument = pricing.instrument
    if order.quantity % instrument.lot:
        reject(Reason.VENUE_PRECISION, f"quantity {order.quantity}, lot {instrument.lot}")
    for price in (order.price, order.trigger):
        if price is not None and price % instrument.tick:
            reject(Reason.VENUE_PRECISION, f"price {price}, tick {instrument.tick}")


def _reduced(order: Order, pricing: Pricing, book: Book) -> Order:
    instrument = pricing.instrument
    held = instrument.floor_quantity(book.balance(instrument.base))
    if order.side is Side.BUY or held == 0:
        reject(Reason.NOTHING_TO_CLOSE, f"{order.side} {order.quantity}, held {held}")
    return msgspec.structs.replace(order, quantity=min(order.quantity, held))


def _worst_price(order: Order, pricing: Pricing, quote: Quote | None) -> Decimal | None:
    """Return the price an order is measured by, None for a market order with no market yet."""
    if order.price is not None:
        return order.price
    if order.trigger is not None:
        trigger = float(order.trigger)
        return pricing.take(order.side, Quote(0, trigger, trigger))
    return pricing.take(order.side, quote) if quote else None


def _check_minimums(order: Order, pricing: Pricing, price: Decimal | None) -> None:
    instrument = pricing.instrument
    if order.quantity < instrument.min_quantity:
        least = instrument.min_quantity
        reject(Reason.VENUE_MINIMUM, f"quantity {order.quantity} is below {least}")
    if price is not None and order.quantity * price < instrument.min_notional:
        least = instrument.min_notional
        reject(Reason.VENUE_MINIMUM, f"notional {order.quantity * price} is below {least}")


def _check_trigger(order: Order, quote: Quote | None) -> None:
    if order.trigger is None or quote is None:
        return
    touch = quote.ask if order.side is Side.BUY else quote.bid
    if order.side.sign * touch >= order.side.sign * float(order.trigger):
        reject(Reason.VENUE_WOULD_TRIGGER, f"trigger {order.trigger}, market {touch}")


def _record(order: Order, pricing: Pricing, book: Book, price: Decimal | None, ts: int) -> Record:
    instrument = pricing.instrument
    budget = ZERO
    if order.side is Side.BUY and price is not None:
        worst_rate = max(instrument.maker_fee, instrument.taker_fee, ZERO)
        amount = order.quantity * price
        budget = amount + round_up(amount * worst_rate)
    return Record(
        state=OrderState(order, f"sim-{book.order_count + 1}", OrderStatus.OPEN, ZERO, ts),
        arrived=ts,
        currency=instrument.quote if order.side is Side.BUY else instrument.base,
        budget=budget,
    )


def _check_balance(record: Record, book: Book) -> None:
    if book.free(record.currency, candidate=record) < 0:
        free = book.free(record.currency)
        reject(Reason.VENUE_BALANCE, f"needs {record.locked} {record.currency}, free {free}")
