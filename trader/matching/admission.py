"""What a venue asks of an order before it takes it."""

from decimal import Decimal
from typing import NoReturn

import msgspec

from trader.accounting.money import round_up
from trader.matching.book import STOPS, Book, Record
from trader.matching.margin import closing, required
from trader.matching.pricing import Pricing, touch
from trader.model.errors import Rejected
from trader.model.instrument import ZERO, Instrument
from trader.model.market import Quote
from trader.model.orders import SELL, Order, OrderKind, OrderState, OrderStatus, TimeInForce
from trader.model.reasons import Reason

_BEARS = {
    OrderKind.MARKET: ("quantity",),
    OrderKind.LIMIT: ("quantity", "price"),
    OrderKind.TAKE_PROFIT: ("quantity", "price"),
    OrderKind.STOP: ("quantity", "trigger"),
    OrderKind.STOP_LIMIT: ("quantity", "price", "trigger"),
    OrderKind.TRAILING: ("quantity", "trail"),
}
"""The numbers each kind of order bears; it bears no other."""

_RESTS = frozenset({OrderKind.LIMIT, OrderKind.TAKE_PROFIT})
"""The kinds that may come to rest at their price at once."""


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
    if quote is not None:
        _check_market(order, pricing, quote)
    record = _record(order, pricing, book, price, quote, ts)
    if not (order.reduce_only and pricing.instrument.terms):
        _check_balance(record, book)
    return record


def reject(reason: Reason, detail: str) -> NoReturn:
    """Refuse an order or a request, the reason's code first."""
    raise Rejected(f"{reason}: {detail}", reason)


def _check_form(order: Order) -> None:
    bears = _BEARS[order.kind]
    for name, value in (
        ("quantity", order.quantity),
        ("price", order.price),
        ("trigger", order.trigger),
        ("trail", order.trail),
    ):
        if (name in bears) != (value is not None):
            reject(Reason.VENUE_REJECTED, f"{order.kind} orders: {name} is {value}")
        if value is not None and not (value.is_finite() and value > 0):
            reject(Reason.VENUE_REJECTED, f"{name} {value} is not a positive number")
    if order.post_only and (order.kind not in _RESTS or order.tif is not TimeInForce.GTC):
        reject(Reason.VENUE_REJECTED, f"a {order.tif} {order.kind} order cannot be post-only")
    if order.kind in STOPS and order.tif is not TimeInForce.GTC:
        reject(Reason.VENUE_REJECTED, f"{order.kind} orders wait: they cannot be {order.tif}")


def _check_precision(order: Order, pricing: Pricing) -> None:
    instrument = pricing.instrument
    if order.quantity % instrument.lot:
        reject(Reason.VENUE_PRECISION, f"quantity {order.quantity}, lot {instrument.lot}")
    for price in (order.price, order.trigger, order.trail):
        if price is not None and price % instrument.tick:
            reject(Reason.VENUE_PRECISION, f"price {price}, tick {instrument.tick}")


def _reduced(order: Order, pricing: Pricing, book: Book) -> Order:
    instrument = pricing.instrument
    if instrument.terms is not None:
        held = closing(book, order)
    else:
        sells = order.side is SELL
        held = instrument.floor_quantity(book.balance(instrument.base)) if sells else ZERO
    if held == 0:
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


def _check_market(order: Order, pricing: Pricing, quote: Quote) -> None:
    market, sign = touch(order.side, quote), order.side.sign
    if order.trigger is not None and sign * market >= sign * float(order.trigger):
        reject(Reason.VENUE_WOULD_TRIGGER, f"trigger {order.trigger}, market {market}")
    if order.post_only and pricing.crosses(order, quote):
        reject(Reason.VENUE_WOULD_TAKE, f"price {order.price}, market {market}")


def _record(
    order: Order,
    pricing: Pricing,
    book: Book,
    price: Decimal | None,
    quote: Quote | None,
    ts: int,
) -> Record:
    instrument = pricing.instrument
    record = Record(
        state=OrderState(order, f"sim-{book.order_count + 1}", OrderStatus.OPEN, ZERO, ts),
        arrived=ts,
        currency=instrument.quote,
    )
    if order.trail is not None and quote is not None:
        record.follow(touch(order.side, quote))
    if instrument.terms is not None:
        record.budget = ZERO if order.reduce_only else _margin(order, pricing, book, price, quote)
    elif order.side is SELL:
        record.currency = instrument.base
    elif price is not None:
        amount = order.quantity * price
        record.budget = amount + _worst_fee(instrument, amount)
    return record


def _margin(
    order: Order, pricing: Pricing, book: Book, price: Decimal | None, quote: Quote | None
) -> Decimal:
    """Return what opening a position in a perpetual needs, at the dearest price it may have."""
    if price is None:
        return ZERO
    instrument = pricing.instrument
    dearest = price if quote is None else max(price, pricing.take(order.side, quote))
    opening = order.quantity - closing(book, order)
    return required(instrument, opening, dearest) + _worst_fee(instrument, opening * dearest)


def _worst_fee(instrument: Instrument, amount: Decimal) -> Decimal:
    return round_up(amount * max(instrument.maker_fee, instrument.taker_fee, ZERO))


def _check_balance(record: Record, book: Book) -> None:
    if book.free(record.currency, candidate=record) < 0:
        free = book.free(record.currency)
        reject(Reason.VENUE_BALANCE, f"needs {record.locked} {record.currency}, free {free}")
