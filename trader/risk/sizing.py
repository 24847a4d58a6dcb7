"""Quantities: what risk, size and cash allow, and what is too little to trade."""

from decimal import Decimal

import msgspec

from trader.model.instrument import ZERO, Instrument, to_decimal
from trader.model.orders import Side
from trader.model.reasons import Reason
from trader.risk.situation import Entry

_PERCENT = Decimal(100)


class Budget(msgspec.Struct, frozen=True):
    """What an entry may use, in the quote currency: lose to its stop, and put up with its fee.

    `notional` is what it may be worth, by what bounds it.
    """

    risk: Decimal
    cash: Decimal
    notional: dict[Reason, Decimal]


class Band(msgspec.Struct, frozen=True):
    """How far the limit of an entry may be: in % from the market, and in % from the mid price."""

    slip_pct: float
    mid: float
    collar_pct: float


def share(pct: float, amount: Decimal) -> Decimal:
    """Return a percentage of an amount."""
    return to_decimal(pct) / _PERCENT * amount


def risk_pct(full_pct: float, least_pct: float, conviction: float) -> float:
    """Return the risk of a trade in % of equity: `least_pct` of the full one at no conviction."""
    believed = min(conviction, 1.0) if conviction > 0 else 0.0  # NaN is 0
    return (
        full_pct * (least_pct + (100 - least_pct) * believed) / 100 if least_pct < 100 else full_pct
    )


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
    band: Band,
    budget: Budget,
) -> Entry:
    """Size an entry at a price; the stop, on its other side, is rounded away, and counted so."""
    at, long = to_decimal(price), side is Side.BUY
    rounded = round_stop(instrument, to_decimal(stop), side)
    slip, mid = share(band.slip_pct, at), to_decimal(band.mid)
    collar = share(band.collar_pct, mid)
    worst = min(at + slip, mid + collar) if long else at + slip
    lowest = max(at - slip, mid - collar)
    wanted = budget.risk / abs(at - rounded)
    caps = {reason: notional / worst for reason, notional in budget.notional.items()}
    cost = worst * (instrument.stake + instrument.taker_fee)
    caps[Reason.EXPOSURE_BALANCE] = budget.cash / cost
    away = instrument.ceil_price if long else instrument.floor_price
    return Entry(
        limit=instrument.floor_price(worst) if long else instrument.ceil_price(lowest),
        stop=rounded,
        target=away(to_decimal(target)),
        worst=worst,
        wanted=wanted,
        caps=caps,
        quantity=max(ZERO, instrument.floor_quantity(min(wanted, *caps.values()))),
    )


def is_tradable(instrument: Instrument, quantity: Decimal, price: Decimal) -> bool:
    """Tell whether a quantity, floored to the lot, meets the venue's minimums at a price."""
    floored = instrument.floor_quantity(quantity)
    return ZERO < floored >= instrument.min_quantity and floored * price >= instrument.min_notional
