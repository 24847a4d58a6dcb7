"""The checks on an entry: pure functions that say what is wrong in a few words, or None."""

import math
from collections.abc import Collection
from decimal import Decimal

from trader.accounting.windows import Window
from trader.model.instrument import ZERO
from trader.model.orders import BUY
from trader.model.reasons import Reason
from trader.model.views import TradingState
from trader.risk.settings import RiskSettings
from trader.risk.situation import Situation, Sized
from trader.risk.sizing import is_tradable, liquidation_price
from trader.risk.state import Hold

LOSS_LIMITS = {
    Window.DAY: "max_daily_loss_pct",
    Window.WEEK: "max_weekly_loss_pct",
    Window.MONTH: "max_monthly_loss_pct",
}
"""The setting that bounds the loss of each window, in % of the equity at its start."""


def loss_limit(settings: RiskSettings, window: Window) -> float:
    """Return the loss that a window may bring."""
    limit: float = getattr(settings, LOSS_LIMITS[window])
    return limit


def check_allowed(symbols: Collection[str], symbol: str) -> str | None:
    """Deny where the symbol is not among those that are traded; an exit too."""
    return None if symbol in symbols else f"{symbol} is not traded here"


# -- before it has a size --------------------------------------------------------------------------


def check_day(at: Situation) -> str | None:
    """Deny where equity is as far below its value at 00:00 UTC as a day may bring it."""
    return _lost(at, Window.DAY)


def check_week(at: Situation) -> str | None:
    """Deny where equity is as far below its value on Monday 00:00 UTC as a week may bring it."""
    return _lost(at, Window.WEEK)


def check_month(at: Situation) -> str | None:
    """Deny where equity is as far below its value on the first as a month may bring it."""
    return _lost(at, Window.MONTH)


def check_emergency(at: Situation) -> str | None:
    """Deny where equity is as far below its peak as positions are kept for."""
    return _fallen(at, at.settings.emergency_pct)


def check_drawdown(at: Situation) -> str | None:
    """Deny where equity is as far below its peak as it may be."""
    return _fallen(at, at.settings.max_drawdown_pct)


def check_halted(at: Situation) -> str | None:
    """Deny where trading is halted."""
    return _name(at.hold, TradingState.HALTED)


def check_reducing(at: Situation) -> str | None:
    """Deny where only what reduces risk may pass."""
    return _name(at.hold, TradingState.REDUCING)


def check_feed(at: Situation) -> str | None:
    """Deny where the symbol's feed is not live."""
    return f"the feed is {at.price.stalled}" if at.price.stalled else None


def check_price(at: Situation) -> str | None:
    """Deny where the market has not named a price."""
    return None if at.market > 0 else "no price yet"


def check_price_age(at: Situation) -> str | None:
    """Deny where the newest price is too old."""
    age = at.seconds_since(at.price.ts_event)
    return f"price is {age:.1f} s old" if age > at.settings.max_price_age_seconds else None


def check_conversion(at: Situation) -> str | None:
    """Deny where the price by which equity is converted is not known, or too old."""
    price, symbol = at.converter, at.conversion
    if price is None:
        return None
    if not price.mid:
        return f"{symbol} has no price yet"
    age = at.seconds_since(price.ts_event)
    if age > at.settings.max_rate_age_seconds:
        return f"{symbol} is {age:.1f} s old"
    return f"the feed of {symbol} is {price.stalled}" if price.stalled else None


def check_spread(at: Situation) -> str | None:
    """Deny where the spread of the last quote is too wide."""
    if not at.price.quoted:
        return None
    spread = (at.price.ask - at.price.bid) / (at.price.ask + at.price.bid) * 200
    return f"spread is {spread:.3f} %" if spread > at.settings.max_spread_pct else None


def check_moved(at: Situation) -> str | None:
    """Deny where the market has left the advised price, or reached the target already."""
    moved = abs(at.market / at.advised - 1) * 100 if at.advised > 0 else math.inf
    if not moved <= at.settings.max_slippage_pct:
        return f"market is {moved:.2f} % from the advised price"
    sign = at.side.sign
    if not (0 < at.target < math.inf and sign * at.market < sign * at.target):
        return f"market at {at.market:g} is at or past the target {at.target:g}"
    return None


def check_stop(at: Situation) -> str | None:
    """Deny where there is no stop on the losing side of the market."""
    sign = at.side.sign
    if 0 < at.stop < math.inf and sign * at.stop < sign * at.market:
        return None
    where = "below" if at.side is BUY else "above"
    return f"stop {at.stop:g} is not {where} the market at {at.market:g}"


def check_leverage(at: Situation) -> str | None:
    """Deny where the leverage is higher than it may be, here or at the venue."""
    terms = at.instrument.terms
    if terms is None or terms.leverage <= min(at.settings.max_leverage_x, terms.max_leverage):
        return None
    most = at.settings.max_leverage_x
    return f"leverage {terms.leverage} of {most}, {terms.max_leverage} at the venue"


def check_leverage_in_force(at: Situation) -> str | None:
    """Deny where the leverage in force at the venue is not the one that is set."""
    terms = at.instrument.terms
    if terms is None or terms.leverage == at.leverage:
        return None
    found = "no leverage" if at.leverage is None else f"a leverage of {at.leverage}"
    return f"the venue names {found}, {terms.leverage} is set; set it there"


def check_liquidation(at: Situation) -> str | None:
    """Deny where the venue would liquidate the position before its stop is reached."""
    if at.instrument.terms is None:
        return None
    sign, liquidation = at.side.sign, liquidation_price(at.instrument, at.farthest, at.side)
    if sign * at.stop > sign * liquidation:
        return None
    leverage = at.instrument.terms.leverage
    return f"stop {at.stop:g}, liquidation at about {liquidation:g} with leverage {leverage}"


def check_unknown(at: Situation) -> str | None:
    """Deny where the fate of an order of the symbol is not known."""
    return f"fate of {at.unknown[0]} is unknown" if at.unknown else None


def check_in_flight(at: Situation) -> str | None:
    """Deny where another order of the symbol is at work."""
    return f"waits for {at.in_flight[0]}" if at.in_flight else None


def check_positions(at: Situation) -> str | None:
    """Deny where the symbol is held already, or as many are as may be at once."""
    if at.symbol in at.positions:
        return f"{at.symbol} is held or about to be"
    most = at.settings.max_concurrent_trades
    return f"{len(at.positions)} of {most} positions" if len(at.positions) >= most else None


def check_cooldown(at: Situation) -> str | None:
    """Deny where the symbol's last position was closed too short a while ago."""
    return _too_soon(at, at.exited, at.settings.cooldown_seconds)


def check_repeat(at: Situation) -> str | None:
    """Deny where the symbol was entered on the same side too short a while ago."""
    return _too_soon(at, at.entered, at.settings.repeat_seconds)


def check_stoploss_guard(at: Situation) -> str | None:
    """Deny where too many stops were hit of late."""
    return _locked(at, Reason.STOPLOSS_GUARD)


def check_max_drawdown(at: Situation) -> str | None:
    """Deny where the trades of late fell too far in all."""
    return _locked(at, Reason.MAX_DRAWDOWN)


def check_low_profit_pairs(at: Situation) -> str | None:
    """Deny where the symbol's trades of late brought too little."""
    return _locked(at, Reason.LOW_PROFIT_PAIRS)


def check_second(at: Situation) -> str | None:
    """Deny where the last second saw as many entries as it may."""
    return _too_many(at.rate.second, at.settings.max_orders_per_second, "second")


def check_minute(at: Situation) -> str | None:
    """Deny where the last minute saw as many entries as it may."""
    return _too_many(at.rate.minute, at.settings.max_orders_per_minute, "minute")


def check_orders_of_day(at: Situation) -> str | None:
    """Deny where the last 24 hours saw as many entries as they may."""
    return _too_many(at.rate.day, at.settings.max_orders_per_day, "day")


# -- once it has a size ----------------------------------------------------------------------------


def check_cash(at: Sized) -> str | None:
    """Deny where the free cash does not pay for the least order, with its fee."""
    return _too_little(at, at.entry.caps[Reason.EXPOSURE_BALANCE], "free cash pays for")


def check_size(at: Sized) -> str | None:
    """Deny where the largest position is below the least order."""
    return _too_little(at, at.entry.caps[Reason.EXPOSURE_SIZE], "the largest position is")


def check_symbol(at: Sized) -> str | None:
    """Deny where the symbol's exposure leaves no room for the least order."""
    return _too_little(at, at.entry.caps[Reason.EXPOSURE_SYMBOL], "its exposure leaves")


def check_group(at: Sized) -> str | None:
    """Deny where the exposure of the symbol's group leaves no room for the least order."""
    return _too_little(at, at.entry.caps[Reason.EXPOSURE_GROUP], "its group's exposure leaves")


def check_total(at: Sized) -> str | None:
    """Deny where the exposure of all symbols leaves no room for the least order."""
    return _too_little(at, at.entry.caps[Reason.EXPOSURE_TOTAL], "all exposure leaves")


def check_notional(at: Sized) -> str | None:
    """Deny where the largest order is below the least order of the venue."""
    return _too_little(at, at.entry.caps[Reason.ORDER_NOTIONAL], "the largest order is")


def check_risk(at: Sized) -> str | None:
    """Deny where what a trade may lose to its stop is below the least order."""
    return _too_little(at, at.entry.caps[Reason.RISK_PER_TRADE], "its risk to the stop allows")


def check_correlated(at: Sized) -> str | None:
    """Deny where the entry moves so much with what is held that it is below the least order."""
    cap = at.entry.caps.get(Reason.EXPOSURE_CORRELATED)
    return None if cap is None else _too_little(at, cap, "what is held moves alike and leaves")


def check_var(at: Sized) -> str | None:
    """Deny where the portfolio's value at risk leaves no room for the least order."""
    if at.tails is None:
        return None
    before, after, most = at.tails.before.var, at.tails.after.var, at.settings.max_var_pct
    return at.tails.missing or _tail(at, Reason.VALUE_AT_RISK, before, after, most)


def check_shortfall(at: Sized) -> str | None:
    """Deny where the portfolio's expected shortfall leaves no room for the least order."""
    if at.tails is None:
        return None
    before, after = at.tails.before.shortfall, at.tails.after.shortfall
    most = at.settings.max_expected_shortfall_pct
    return at.tails.missing or _tail(at, Reason.EXPECTED_SHORTFALL, before, after, most)


def check_minimum(at: Sized) -> str | None:
    """Deny where what is left after rounding could not be closed at its stop."""
    return _too_little(at, at.entry.quantity, f"{at.said}:")


def check_precision(at: Sized) -> str | None:
    """Deny where quantity, limit or stop is no multiple of the venue's lot or tick."""
    entry, tick, lot = at.entry, at.instrument.tick, at.instrument.lot
    if entry.quantity % lot == 0 and entry.limit % tick == 0 and entry.stop % tick == 0:
        return None
    return f"{entry.quantity:f} at {entry.limit:f}, stop {entry.stop:f}: lot {lot:f}, tick {tick:f}"


def check_collar(at: Sized) -> str | None:
    """Deny where the limit of the order is too far from the mid price."""
    away = abs(float(at.entry.limit) / at.mid - 1) * 100 if at.mid > 0 else math.inf
    most = at.settings.max_collar_pct
    # A float's rounding is not a breach.
    return None if away <= most * (1 + 1e-9) else f"limit is {away:.2f} % from the mid price"


def _lost(at: Situation, window: Window) -> str | None:
    loss, bound = at.losses[window], loss_limit(at.settings, window)
    return f"{loss:.2f} % lost of {bound:g} % a {window}" if loss >= bound else None


def _fallen(at: Situation, bound: float) -> str | None:
    return f"{at.drawdown:.2f} % below the peak of {bound:g} %" if at.drawdown >= bound else None


def _name(hold: Hold | None, level: TradingState) -> str | None:
    return f"{hold.reason}: {hold.detail}" if hold is not None and hold.level is level else None


def _locked(at: Situation, reason: Reason) -> str | None:
    return next((str(lock) for lock in at.locks if lock.reason is reason), None)


def _too_soon(at: Situation, since: int | None, seconds: float) -> str | None:
    left = 0.0 if since is None else seconds - at.seconds_since(since)
    return f"{left:.0f} s left" if left > 0 else None


def _too_many(count: int, most: int, window: str) -> str | None:
    return f"{count} entries in the last {window}" if count >= most else None


def _tail(at: Sized, reason: Reason, before: float, after: float, most: float) -> str | None:
    if after > most * (1 + 1e-9):  # a float's rounding is not a breach
        return f"{after:.2f} % a day of {most:g} %, {before:.2f} % without it"
    cap = at.entry.caps.get(reason)
    left = f"{before:.2f} % a day without it, of {most:g} %, leaves"
    return None if cap is None else _too_little(at, cap, left)


def _too_little(at: Sized, quantity: Decimal, what: str) -> str | None:
    if is_tradable(at.instrument, quantity, at.entry.stop):
        return None
    return f"{what} {max(quantity, ZERO):f} {at.instrument.base}, too little to trade"
