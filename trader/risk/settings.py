"""What a person may set of the limits; percentages are of equity unless the name says otherwise."""

import msgspec


class RiskSettings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Limits on loss, size and pace. Loss windows are UTC, from the equity at their start."""

    max_daily_loss_pct: float = 3.0
    """Entries stop for the UTC day once equity is this much below its value at the day's start."""
    max_weekly_loss_pct: float = 6.0
    """The same from Monday 00:00 UTC."""
    max_monthly_loss_pct: float = 10.0
    """The same from the first of the month 00:00 UTC."""
    max_drawdown_pct: float = 20.0
    """Trading halts, until an operator resumes it, this much below the highest equity seen."""
    max_concurrent_trades: int = 3
    """Positions that may be open, or on their way to open, at once."""
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
    max_price_age_seconds: float = 180.0
    """Oldest price an entry may rest on."""
    max_orders_per_minute: int = 10
    """Entry orders in any sixty seconds."""
    cooldown_seconds: float = 300.0
    """No entry on a symbol for so long after its position was closed."""
    protection_seconds: float = 10.0
    """A position whose stop does not rest at the venue after so long is closed."""
