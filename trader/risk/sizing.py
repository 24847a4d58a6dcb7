"""Quantities: what risk, size and cash allow, and what is too little to trade."""

from decimal import Decimal

import msgspec

from trader.model.instrument import ZERO, Instrument, to_decimal

_PERCENT = Decimal(100)


class Entry(msgspec.Struct, frozen=True):
    """An entry, sized: what each cap alone would allow, and the quantity that all of them do.

    `worst` is the most a unit may cost: what an entry may spend and hold is counted at it.
    """

    stop: Decimal
    target: Decimal
    worst: Decimal
    by_risk: Decimal
    by_size: Decimal
    by_cash: Decimal
    quantity: Decimal


class Budget(msgspec.Struct, frozen=True):
    """What an entry may use, in the quote currency: lose to its stop, hold, spend with its fee."""

    risk: Decimal
    size: Decimal
    cash: Decimal


def share(pct: float, amount: Decimal) -> Decimal:
    """Return a percentage of an amount."""
    return to_decimal(pct) / _PERCENT * amount


def size_entry(
    instrument: Instrument,
    price: float,
    stop: float,
    target: float,
    slip_pct: float,
    budget: Budget,
) -> Entry:
    """Size an entry at a price, with `stop` below it; the stop is rounded away, and counted so."""
    at = to_decimal(price)
    rounded = instrument.floor_price(to_decimal(stop))
    worst = at + share(slip_pct, at)
    by_risk = budget.risk / (at - rounded)
    by_size = budget.size / worst
    by_cash = budget.cash / (worst * (1 + instrument.taker_fee))
    return Entry(
        stop=rounded,
        target=instrument.ceil_price(to_decimal(target)),
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
