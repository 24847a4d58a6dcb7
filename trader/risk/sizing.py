"""Quantities: what risk, size and cash allow, and what is too little to trade."""

from decimal import Decimal

import msgspec

from trader.model.instrument import ZERO, Instrument, to_decimal
from trader.model.orders import Side

_PERCENT = Decimal(100)


class Entry(msgspec.Struct, frozen=True):
    """An entry, sized: what each cap alone would allow, and the quantity that all of them do.

    `worst` is the most a unit may cost: what an entry may spend and hold is counted at it. `limit`
    is the price beyond which it does not fill.
    """

    limit: Decimal
    stop: Decimal
    target: Decimal
    worst: Decimal
    by_risk: Decimal
    by_size: Decimal
    by_cash: Decimal
    quantity: Decimal


class Budget(msgspec.Struct, frozen=True):
    """What an entry may use, in the quote currency: lose to its stop, hold, put up with its fee."""

    risk: Decimal
    size: Decimal
    cash: Decimal


def share(pct: float, amount: Decimal) -> Decimal:
    """Return a percentage of an amount."""
    return to_decimal(pct) / _PERCENT * amount


def liquidation_price(instrument: Instrument, entry: float, side: Side) -> float:
    """Return about where a position entered at a price is liquidated; 0 or less: nowhere."""
    if instrument.terms is None:
        return 0.0
    margin, kept = 1 / instrument.terms.leverage, float(instrument.terms.maintenance)
    return entry * (1 - side.sign * margin) / (1 - side.sign * kept)


def round_stop(instrument: Instrument, stop: Decimal, side: Side) -> Decimal:
    """Round the stop of a position away from the market."""
    return instrument.floor_price(stop) if side is Side.BUY else instrument.ceil_price(stop)


def size_entry(
    instrument: Instrument,
    side: Side,
    price: float,
    stop: float,
    target: float,
    slip_pct: float,
    budget: Budget,
) -> Entry:
    """Size an entry at a price; the stop, on its other side, is rounded away, and counted so."""
    at, long = to_decimal(price), side is Side.BUY
    rounded = round_stop(instrument, to_decimal(stop), side)
    slip = share(slip_pct, at)
    worst = at + slip
    by_risk = budget.risk / abs(at - rounded)
    by_size = budget.size / worst
    by_cash = budget.cash / (worst * (instrument.stake + instrument.taker_fee))
    away = instrument.ceil_price if long else instrument.floor_price
    return Entry(
        limit=instrument.floor_price(worst) if long else instrument.ceil_price(at - slip),
        stop=rounded,
        target=away(to_decimal(target)),
        worst=worst,
        by_risk=by_risk,
        by_size=by_size,
        by_cash=by_cash,
        quantity=max(ZERO, instrument.floor_quantity(min(by_risk, by_size, by_cash))),
    )


def is_tradable(instrument: Instrument, quantity: Decimal, price: Decimal) -> bool:
    """Tell whether a quantity, floored to the lot, meets the venue's minimums at a price."""
    floored = instrument.floor_quantity(quantity)
    return ZERO < floored >= instrument.min_quantity and floored * price >= instrument.min_notional
