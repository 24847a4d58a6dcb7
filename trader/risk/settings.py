"""What a person may set of the limits; the unit is the end of the name.

`_pct` is a percentage, of equity unless the docstring says otherwise; `_x` is a multiple of equity;
`_quote` is an amount of the quote currency.
"""

import math
from typing import Literal

import msgspec


def returns_needed(confidence_pct: float) -> int:
    """Return how many returns it takes for a tail of one of them, and not fewer than 20."""
    return max(20, math.ceil(100 / (100 - confidence_pct) - 1e-9))


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
    """Most that a trade may lose between entry and stop, however it is sized."""
    min_conviction_size_pct: float = 100.0
    """Part of the size taken at a conviction of 0, rising evenly to all of it at 1."""
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
    max_var_pct: float = 3.0
    """Most value at risk of the portfolio with an entry, a day: what no more than one day in twenty
    is to lose, where the confidence is 95 %. Historical, of the newest returns, orders at worst."""
    max_expected_shortfall_pct: float = 4.5
    """Most expected shortfall of the same: the mean loss of those days."""
    var_confidence_pct: float = 95.0
    """Confidence of both. No entry until 1 / (1 - confidence) returns are known, at least 20, of
    every symbol that is held or entered."""
    returns_candles: int = 250
    """Newest returns of each symbol that both, volatility and correlation rest on, candle by candle
    and brought to a day by the square root of time; 0: none, and both limits are off."""
    currency: str = "quote"
    """Currency in which losses and drawdown are measured; `quote`: that of the symbols. Where it is
    another, such as USD for BTC-USDT, USDT-USD is watched for its price, and not traded."""
    max_rate_age_seconds: float = 180.0
    """Oldest price of that conversion an entry may rest on."""
    protection_seconds: float = 10.0
    """A position whose stop does not rest at the venue after so long is closed."""

    @property
    def returns_needed(self) -> int:
        """How many returns a volatility or a tail is known from on."""
        return returns_needed(self.var_confidence_pct)

    @property
    def emergency_pct(self) -> float:
        """The drawdown at which positions are closed."""
        return max(self.emergency_stop_pct, self.max_drawdown_pct)


class SizingSettings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """How large an entry is meant to be; every limit still holds after."""

    method: Literal["fraction", "volatility", "kelly", "amount"] = "fraction"
    """What its size follows from: a fixed fraction of equity that is risked to the stop, the
    volatility of the symbol, the account's own results, or a fixed amount."""
    volatility_target_pct: float = 1.0
    """volatility: deviation of the position's worth that is forecast, a day."""
    kelly_share_pct: float = 25.0
    """kelly: part of Kelly's fraction that is risked to the stop, in % of it; 25 is quarter Kelly.
    The fraction is p - (1 - p) x mean loss / mean gain (J. L. Kelly, 1956), of closed trades."""
    kelly_floor_pct: float = 0.25
    """kelly: the least that is risked, also while too few trades are known or they have no edge."""
    kelly_trades: int = 50
    """kelly: closed trades of the account before its fraction counts; the newest 500 do."""
    amount_quote: int = 1_000
    """amount: notional of an entry, in the quote currency."""
    reduce_correlated: bool = True
    """An entry that moves with what is held adds no more variance than it would by itself."""


class ExitSettings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """When a stop follows the market, and when a position has lasted too long; 0: off.

    R is the distance from the entry to its first stop. What the market has done is judged by the
    close of each candle, but by every price where a trailing stop rests at the venue.
    """

    break_even_at_r: float = 0.0
    """Gain in R from which on the stop lies where leaving costs nothing."""
    break_even_at_pct: float = 0.0
    """The same in % of the entry price; what is reached first counts."""
    trail_pct: float = 0.0
    """How far behind the best price a trailing stop stays, in % of the price at entry."""
    trail_atr: float = 0.0
    """The same in average true ranges at entry; one of the two at most may be set."""
    max_candles: int = 720
    """Candles after which a position that met neither stop nor target is closed."""


class StoplossGuard(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """freqtrade's StoplossGuard: after several stops within a while no entry is sent for a while.

    Periods are minutes, profits ratios of what was entered.
    """

    trade_limit: int = 6
    """Stops within the period that lock; 0: off."""
    lookback_period: int = 1_440
    """Minutes in which they count."""
    stop_duration: int = 120
    """Minutes without an entry, from the last of them."""
    required_profit: float = 0.0
    """Stops that brought this much or more do not count."""
    only_per_pair: bool = False
    """Count and lock each symbol by itself."""
    only_per_side: bool = False
    """Count and lock longs and shorts each by themselves."""


class MaxDrawdown(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """freqtrade's MaxDrawdown: no entry for a while after trades that fell too far in all."""

    trade_limit: int = 10
    """Trades within the period from which on they are judged; 0: off."""
    lookback_period: int = 2_880
    """Minutes in which they count."""
    stop_duration: int = 240
    """Minutes without an entry, from the last of them."""
    max_allowed_drawdown: float = 0.1
    """Deepest fall of the sum of their profits that is allowed; 0.1 is a tenth of a position."""


class LowProfitPairs(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """freqtrade's LowProfitPairs: no entry on a symbol for a while whose trades brought little."""

    trade_limit: int = 6
    """Trades of the symbol within the period from which on they are judged; 0: off."""
    lookback_period: int = 1_440
    """Minutes in which they count."""
    stop_duration: int = 240
    """Minutes without an entry on it, from the last of them."""
    required_profit: float = -0.03
    """The least that the sum of their profits must be."""
    only_per_side: bool = False
    """Judge and lock longs and shorts each by themselves."""


class Protections(msgspec.Struct, frozen=True):
    """What a run of bad trades locks."""

    stoploss_guard: StoplossGuard = StoplossGuard()
    max_drawdown: MaxDrawdown = MaxDrawdown()
    low_profit_pairs: LowProfitPairs = LowProfitPairs()
