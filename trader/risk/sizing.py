"""Quantities: what a method asks for, what risk, size and cash allow, what is too little to trade.

Each method wants a loss to the stop or a notional; conviction scales both alike.
"""

import math
from collections.abc import Sequence
from decimal import Decimal

import msgspec

from trader.model.instrument import ZERO, Instrument, to_decimal
from trader.model.orders import BUY, Side
from trader.model.reasons import Reason
from trader.risk.returns import Moves
from trader.risk.settings import RiskSettings, SizingSettings
from trader.risk.situation import Entry

RESULTS_KEPT = 500
"""Newest closed trades whose profit is remembered."""

_PERCENT = Decimal(100)


class Wish(msgspec.Struct, frozen=True):
    """What a method asks for, in the quote currency: a loss to the stop, or a notional; and why."""

    said: str
    risk: Decimal | None = None
    notional: Decimal = ZERO


class Budget(msgspec.Struct, frozen=True):
    """What an entry may use, in the quote currency: lose to its stop, and put up with its fee.

    `notional` is what it may be worth, by what bounds it.
    """

    wish: Wish
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


def scaled(full: float, least_pct: float, conviction: float) -> float:
    """Return what is left of a size: `least_pct` of the full one at no conviction."""
    believed = min(conviction, 1.0) if conviction > 0 else 0.0  # NaN is 0
    return full * (least_pct + (100 - least_pct) * believed) / 100 if least_pct < 100 else full


def wish(
    sizing: SizingSettings,
    risk: RiskSettings,
    equity: Decimal,
    conviction: float,
    results: Sequence[float],
    moves: Moves,
) -> Wish:
    """Return what the chosen method asks for.

    `results` are profits of closed trades, as ratios of what was entered. By a volatility that the
    `moves` do not tell, nothing is asked for.
    """
    least = risk.min_conviction_size_pct
    if sizing.method == "amount":
        amount = scaled(sizing.amount_quote, least, conviction)
        return Wish(f"{amount:g} of the quote currency", notional=to_decimal(amount))
    if sizing.method == "volatility":
        target = scaled(sizing.volatility_target_pct, least, conviction)
        if (volatility := moves.volatility) <= 0:
            return Wish(moves.missing or "the symbol has not moved")
        said = f"{target:g} % a day at a volatility of {volatility * 100:.2f} %"
        return Wish(said, notional=share(target / volatility, equity))
    full, said = risk.risk_per_trade_pct, ""
    if sizing.method == "kelly":
        full, said = kelly_pct(sizing, results, full)
    pct = scaled(full, least, conviction)
    return Wish(f"{pct:.3g} % of equity to the stop{said}", risk=share(pct, equity))


def kelly_pct(
    sizing: SizingSettings, results: Sequence[float], most_pct: float
) -> tuple[float, str]:
    """Return what a trade may risk by Kelly's fraction of the results, in % of equity, and why.

    Without an edge the floor is risked: denied, no result would ever tell of a new edge.
    """
    floor, count = sizing.kelly_floor_pct, len(results)
    if count < sizing.kelly_trades:
        return floor, f", the floor: {count} of {sizing.kelly_trades} trades are known"
    gains = [profit for profit in results if profit > 0]
    won, gain = len(gains) / count, math.fsum(gains)
    loss = gain - math.fsum(results)
    # Of sums, not means: (1 - won) x mean loss is loss / count, and mean gain is gain / len(gains).
    edge = won - loss / count * len(gains) / gain if gain > 0 else -math.inf
    said = f"{won * 100:.0f} % of {count} trades won"
    if edge <= 0:
        return floor, f", the floor: no edge, {said}"
    pct = edge * sizing.kelly_share_pct
    return min(max(pct, floor), most_pct), f", Kelly's fraction is {edge * 100:.1f} %: {said}"


def apart(notional: float, pull: float) -> float:
    """Return the part of an entry that adds as much variance to what is held as all of it alone.

    `pull` is the notional of the entry that moves as what is held does (covariance over the entry's
    variance); where it is 0 or less the entry is left whole. Solves m^2 + 2 m pull = notional^2.
    """
    if pull <= 0 or notional <= 0:
        return 1.0
    return notional / (math.hypot(notional, pull) + pull)


def loss_of(instrument: Instrument, price: float, stop: float) -> float:
    """Return what a unit entered at a price loses at its stop, with the fees of both ways."""
    return abs(price - stop) + (price + stop) * max(0.0, float(instrument.taker_fee))


def liquidation_price(instrument: Instrument, entry: float, side: Side) -> float:
    """Return about where a position entered at a price is liquidated; 0 or less: nowhere."""
    if instrument.terms is None:
        return 0.0
    margin, kept = 1 / instrument.terms.leverage, float(instrument.terms.maintenance)
    return entry * (1 - side.sign * margin) / (1 - side.sign * kept)


def round_stop(instrument: Instrument, stop: Decimal, side: Side) -> Decimal:
    """Round the stop of a position away from the market."""
    return instrument.floor_price(stop) if side is BUY else instrument.ceil_price(stop)


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
    at, long = to_decimal(price), side is BUY
    rounded = round_stop(instrument, to_decimal(stop), side)
    slip, mid = share(band.slip_pct, at), to_decimal(band.mid)
    collar = share(band.collar_pct, mid)
    worst = min(at + slip, mid + collar) if long else at + slip
    lowest = max(at - slip, mid - collar)
    distance, wish = abs(at - rounded), budget.wish
    wanted = wish.notional / worst if wish.risk is None else wish.risk / distance
    caps = {reason: notional / worst for reason, notional in budget.notional.items()}
    caps[Reason.RISK_PER_TRADE] = budget.risk / distance
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


def tighten(instrument: Instrument, entry: Entry, reason: Reason, part: float) -> Entry:
    """Leave a part of the quantity of an entry: one more cap, rounded down to the lot."""
    if part >= 1:
        return entry
    cap = entry.quantity * to_decimal(part)
    quantity = instrument.floor_quantity(cap)
    return msgspec.structs.replace(entry, caps=entry.caps | {reason: cap}, quantity=quantity)


def is_tradable(instrument: Instrument, quantity: Decimal, price: Decimal) -> bool:
    """Tell whether a quantity, floored to the lot, meets the venue's minimums at a price."""
    return instrument.takes(instrument.floor_quantity(quantity), price)
