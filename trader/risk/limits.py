"""The limits: a table of what an entry must pass, row by row; of an exit the first is asked."""

from collections.abc import Callable, Collection

import msgspec

from trader.model.market import SECOND
from trader.model.reasons import Reason
from trader.risk import checks as c
from trader.risk.situation import Situation, Sized

ENTRIES_KEPT = 86_400 * SECOND
"""How long entries are remembered: for the longest window of the rates."""


class Limit(msgspec.Struct, frozen=True):
    """A row: what denies, with which reason, and the setting that bounds it, if one does."""

    reason: Reason
    check: Callable[[Situation], str | None]
    setting: str = ""


class SizeLimit(msgspec.Struct, frozen=True):
    """A row that is judged once the entry has a size; `resizes`: it made the order smaller."""

    reason: Reason
    check: Callable[[Sized], str | None]
    setting: str = ""
    resizes: bool = True


class SymbolLimit(msgspec.Struct, frozen=True):
    """A row that is judged by the symbol alone, before all others and of exits too."""

    reason: Reason
    check: Callable[[Collection[str], str], str | None]
    setting: str


ALLOWED = SymbolLimit(Reason.SYMBOL_NOT_ALLOWED, c.check_allowed, "trading.symbols")
"""What may be traded at all."""

LIMITS: tuple[Limit, ...] = (
    # Losses first: a denial then names the limit rather than the state that it led to.
    Limit(Reason.EMERGENCY_STOP, c.check_emergency, "risk.emergency_stop_pct"),
    Limit(Reason.DRAWDOWN_TOTAL, c.check_drawdown, "risk.max_drawdown_pct"),
    Limit(Reason.LOSS_DAY, c.check_day, "risk.max_daily_loss_pct"),
    Limit(Reason.LOSS_WEEK, c.check_week, "risk.max_weekly_loss_pct"),
    Limit(Reason.LOSS_MONTH, c.check_month, "risk.max_monthly_loss_pct"),
    Limit(Reason.STATE_HALTED, c.check_halted),
    Limit(Reason.STATE_REDUCING, c.check_reducing),
    Limit(Reason.FEED_STALLED, c.check_feed),
    Limit(Reason.DATA_NO_PRICE, c.check_price),
    Limit(Reason.DATA_STALE, c.check_price_age, "risk.max_price_age_seconds"),
    Limit(Reason.CONVERSION_STALE, c.check_conversion, "risk.max_rate_age_seconds"),
    Limit(Reason.SPREAD_TOO_WIDE, c.check_spread, "risk.max_spread_pct"),
    Limit(Reason.PRICE_MOVED, c.check_moved, "risk.max_slippage_pct"),
    Limit(Reason.STOP_WRONG_SIDE, c.check_stop),
    Limit(Reason.EXPOSURE_LEVERAGE, c.check_leverage, "risk.max_leverage_x"),
    Limit(Reason.LEVERAGE_DIFFERS, c.check_leverage_in_force, "trading.leverage"),
    Limit(Reason.STOP_BEYOND_LIQUIDATION, c.check_liquidation),
    Limit(Reason.ORDER_UNKNOWN, c.check_unknown),
    Limit(Reason.ORDER_IN_FLIGHT, c.check_in_flight),
    Limit(Reason.EXPOSURE_POSITIONS, c.check_positions, "risk.max_concurrent_trades"),
    Limit(Reason.COOLDOWN_SYMBOL, c.check_cooldown, "risk.cooldown_seconds"),
    Limit(Reason.REPEATED_INTENT, c.check_repeat, "risk.repeat_seconds"),
    Limit(Reason.STOPLOSS_GUARD, c.check_stoploss_guard, "stoploss_guard.trade_limit"),
    Limit(Reason.MAX_DRAWDOWN, c.check_max_drawdown, "max_drawdown.max_allowed_drawdown"),
    Limit(Reason.LOW_PROFIT_PAIRS, c.check_low_profit_pairs, "low_profit_pairs.required_profit"),
    Limit(Reason.RATE_SECOND, c.check_second, "risk.max_orders_per_second"),
    Limit(Reason.RATE_ORDERS, c.check_minute, "risk.max_orders_per_minute"),
    Limit(Reason.RATE_DAY, c.check_orders_of_day, "risk.max_orders_per_day"),
)
"""What an entry must pass before it is sized; the first no stands."""

SIZE_LIMITS: tuple[SizeLimit, ...] = (
    SizeLimit(Reason.EXPOSURE_BALANCE, c.check_cash),
    SizeLimit(Reason.EXPOSURE_SIZE, c.check_size, "trading.max_size_pct"),
    SizeLimit(Reason.EXPOSURE_SYMBOL, c.check_symbol, "risk.max_symbol_exposure_x"),
    SizeLimit(Reason.EXPOSURE_GROUP, c.check_group, "risk.max_group_exposure_x"),
    SizeLimit(Reason.EXPOSURE_TOTAL, c.check_total, "risk.max_total_exposure_x"),
    SizeLimit(Reason.ORDER_NOTIONAL, c.check_notional, "risk.max_order_notional_quote"),
    SizeLimit(Reason.RISK_PER_TRADE, c.check_risk, "risk.risk_per_trade_pct"),
    SizeLimit(Reason.EXPOSURE_CORRELATED, c.check_correlated, "sizing.reduce_correlated"),
    SizeLimit(Reason.VALUE_AT_RISK, c.check_var, "risk.max_var_pct"),
    SizeLimit(Reason.EXPECTED_SHORTFALL, c.check_shortfall, "risk.max_expected_shortfall_pct"),
    SizeLimit(Reason.SIZE_BELOW_MINIMUM, c.check_minimum, resizes=False),
    SizeLimit(Reason.ORDER_PRECISION, c.check_precision, resizes=False),
    SizeLimit(Reason.PRICE_COLLAR, c.check_collar, "risk.max_collar_pct", resizes=False),
)
"""What an entry must pass once it is sized."""

UNITS = {
    "symbols": "symbols",
    "_limit": "trades",
    "_drawdown": "ratio",
    "_profit": "ratio",
    "_pct": "%",
    "_x": "times",
    "leverage": "times",
    "_quote": "quote currency",
    "_seconds": "s",
    "_trades": "positions",
    "_second": "orders",
    "_minute": "orders",
    "_day": "orders",
    "_correlated": "yes or no",
}
"""The unit of a setting, by the end of its name."""


def unit_of(setting: str) -> str:
    """Return the unit of a limit's setting; empty where it has none to set."""
    return next((unit for end, unit in UNITS.items() if setting.endswith(end)), "")


def every_limit() -> tuple[SymbolLimit | Limit | SizeLimit, ...]:
    """Return every row, in the order in which they are judged."""
    return (ALLOWED, *LIMITS, *SIZE_LIMITS)


def to_table() -> str:
    """Write every limit as a row of Markdown."""
    head = ["| reason | deny where | setting | unit |", "|---|---|---|---|"]
    return "\n".join([*head, *(_row(limit) for limit in every_limit())])


def _row(limit: SymbolLimit | Limit | SizeLimit) -> str:
    setting = f"`{limit.setting}`" if limit.setting else "always on"
    text = (limit.check.__doc__ or "").removeprefix("Deny where ").rstrip(".")
    resized = isinstance(limit, SizeLimit) and limit.resizes
    text = f"{text}; else made smaller" if resized else text
    return f"| `{limit.reason}` | {text} | {setting} | {unit_of(limit.setting)} |"
