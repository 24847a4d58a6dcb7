"""What a person may set of the limits; the unit is the end of the name.

`_pct` is a percentage, of equity unless the docstring says otherwise; `_x` is a multiple of equity;
`_quote` is an amount of the quote currency.
"""

import msgspec


class RiskSettings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Limits on loss, size and pace. Loss windows are UTC, from the equity at their start."""

    max_daily_loss_pct: float = 3.0
    """Entries stop for the UTC day once equity is this much below its value at the day's start."""
    max_weekly_loss_pct: float = 6.0
    """The same from Monday 00:00 UTC."""
    max_monthly_loss_pct: float = 10.0
    """The same from the first of the month; trading halts until an operator resumes it."""
    max_drawdown_pct: float = 20.0
    """Trading halts, until an operator resumes it, this much below the highest equity seen."""
    emergency_stop_pct: float = 25.0
    """Every position is closed at the market as well; never before `max_drawdown_pct`."""
    max_concurrent_trades: int = 3
    """Positions that may be open, or on their way to open, at once."""
    max_symbol_exposure_x: float = 1.0
    """Notional of one symbol over equity: held and on its way, unknown orders too, at worst."""
    max_group_exposure_x: float = 1.5
    """The same of all symbols of a group."""
    max_total_exposure_x: float = 2.0
    """The same of all symbols."""
    groups: dict[str, str] = {}
    """Group by base currency, such as BTC=majors; those not named are one group, `others`."""
    max_leverage_x: int = 50
    """Highest leverage of a perpetual, as its venue states it, at which an entry is sent."""
    max_order_notional_quote: int = 25_000
    """Largest notional of one entry order at its worst price, in the quote currency."""
    risk_per_trade_pct: float = 1.0
    """What a trade may lose between entry and stop; the quantity follows from it."""
    default_stop_loss_pct: float = 2.0
    """Distance of the stop, in % of the entry price, where the advice names none."""
    default_take_profit_pct: float = 4.0
    """Distance of the target, in % of the entry price, where the advice names none."""
    max_spread_pct: float = 0.5
    """Widest spread, in % of the mid price, at which an entry is sent."""
    max_slippage_pct: float = 1.0
    """Farthest the market may be from the advised price, in % of it, when an entry is sent."""
    max_collar_pct: float = 2.0
    """Farthest the limit of an entry may be from the mid price, in % of it; it is set nearer."""
    max_price_age_seconds: float = 180.0
    """Oldest price an entry may rest on."""
    max_orders_per_second: int = 5
    """Entry orders in any second."""
    max_orders_per_minute: int = 10
    """Entry orders in any sixty seconds."""
    max_orders_per_day: int = 200
    """Entry orders in any 24 hours."""
    repeat_seconds: float = 30.0
    """No second entry of the same symbol and side for so long after one was sent."""
    cooldown_seconds: float = 300.0
    """No entry on a symbol for so long after its position was closed."""
    protection_seconds: float = 10.0
    """A position whose stop does not rest at the venue after so long is closed."""

    @property
    def emergency_pct(self) -> float:
        """The drawdown at which positions are closed."""
        return max(self.emergency_stop_pct, self.max_drawdown_pct)
