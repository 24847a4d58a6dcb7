"""What each setting accepts beyond its type; `fields()` without a row accept all of their type."""

import re
from collections.abc import Callable
from typing import Any

import msgspec

from trader.model.instrument import split_symbol
from trader.model.market import interval_ns


class Range(msgspec.Struct, frozen=True):
    """The numbers from `low` to `high`; `above` leaves `low` itself out."""

    low: float
    high: float
    above: bool = False

    def holds(self, number: Any) -> bool:
        """Say whether an int, float or Decimal lies within; NaN never does."""
        return bool(
            self.low < number <= self.high if self.above else self.low <= number <= self.high
        )

    def __str__(self) -> str:
        below, within = "above {}, at most {}", "from {} to {}"
        return (below if self.above else within).format(self.low, self.high)


class Form(msgspec.Struct, frozen=True):
    """A rule no type or range can say; `check` raises ValueError, `accepted` says what passes."""

    check: Callable[[Any], object]
    accepted: str


def _check_symbol(symbol: str) -> None:
    split_symbol(symbol)
    if len(symbol) > _LONGEST_SYMBOL or not symbol.isascii():
        raise ValueError("no venue has such a name")


def _check_symbols(symbols: tuple[str, ...]) -> None:
    for symbol in symbols:
        _check_symbol(symbol)
    if not symbols or len(set(symbols)) < len(symbols):
        raise ValueError("none, or one twice")


def _check_interval(interval: str) -> None:
    if interval_ns(interval) > _LONGEST_INTERVAL:
        raise ValueError("too long to trade on")


def _check_groups(groups: dict[str, str]) -> None:
    for base, group in groups.items():
        if not (base.isalnum() and base == base.upper() and group and group.isprintable()):
            raise ValueError("not a base currency, or no name")


def _check_names(levels: dict[str, str]) -> None:
    if not all(re.fullmatch(r"[\w.]+", name) for name in levels):
        raise ValueError("not a name")


_DAY = 86_400
_LONGEST_SYMBOL = 40
_LONGEST_INTERVAL = interval_ns("30d")

_PERCENT = Range(0, 100, above=True)
# At 100 % of the price a stop rests at zero, which is no stop.
_STOP_PERCENT = Range(0, 99, above=True)
_COST_PERCENT = Range(0, 10)
_MULTIPLE = Range(0, 125, above=True)
_FACTOR = Range(0, 100, above=True)
_TRADES = Range(0, 1_000)
_MINUTES = Range(1, 525_600)
_CANDLES = Range(1, 5_000)
_RSI = Range(0, 100)

RANGES: dict[str, Range] = {
    "trading.leverage": Range(1, 125),
    "trading.max_size_pct": _PERCENT,
    "risk.max_daily_loss_pct": _PERCENT,
    "risk.max_weekly_loss_pct": _PERCENT,
    "risk.max_monthly_loss_pct": _PERCENT,
    "risk.max_drawdown_pct": _PERCENT,
    "risk.emergency_stop_pct": _PERCENT,
    "risk.max_concurrent_trades": Range(1, 1_000),
    "risk.max_symbol_exposure_x": _MULTIPLE,
    "risk.max_group_exposure_x": _MULTIPLE,
    "risk.max_total_exposure_x": _MULTIPLE,
    "risk.max_leverage_x": Range(1, 125),
    "risk.max_order_notional_quote": Range(1, 1_000_000_000_000),
    "risk.risk_per_trade_pct": _PERCENT,
    "risk.min_conviction_size_pct": _PERCENT,
    "risk.default_stop_loss_pct": _STOP_PERCENT,
    "risk.default_take_profit_pct": _PERCENT,
    "risk.max_spread_pct": _PERCENT,
    "risk.max_slippage_pct": _PERCENT,
    "risk.max_collar_pct": _PERCENT,
    "risk.max_price_age_seconds": Range(0.1, _DAY),
    "risk.max_orders_per_second": Range(1, 1_000),
    "risk.max_orders_per_minute": Range(1, 10_000),
    "risk.max_orders_per_day": Range(1, 100_000),
    "risk.repeat_seconds": Range(0, _DAY),
    "risk.cooldown_seconds": Range(0, 30 * _DAY),
    "risk.protection_seconds": Range(0.1, 600),
    "stoploss_guard.trade_limit": _TRADES,
    "stoploss_guard.lookback_period": _MINUTES,
    "stoploss_guard.stop_duration": _MINUTES,
    "stoploss_guard.required_profit": Range(-1, 1),
    "max_drawdown.trade_limit": _TRADES,
    "max_drawdown.lookback_period": _MINUTES,
    "max_drawdown.stop_duration": _MINUTES,
    "max_drawdown.max_allowed_drawdown": Range(0, 1, above=True),
    "low_profit_pairs.trade_limit": _TRADES,
    "low_profit_pairs.lookback_period": _MINUTES,
    "low_profit_pairs.stop_duration": _MINUTES,
    "low_profit_pairs.required_profit": Range(-1, 1),
    "advice.min_conviction": Range(0, 1),
    "advice.min_reward_risk": Range(0, 100),
    "advice.min_stop_pct": _STOP_PERCENT,
    "advice.max_stop_pct": _STOP_PERCENT,
    "advice.max_age_seconds": Range(0, _DAY, above=True),
    "advice.stop_atr": _FACTOR,
    "advice.target_atr": _FACTOR,
    "advice.oversold": Range(-200, 0),
    "advice.overbought": Range(0, 200),
    "advice.rsi_ceiling": _RSI,
    "advice.rsi_floor": _RSI,
    "indicators.wavetrend_channel": _CANDLES,
    "indicators.wavetrend_average": _CANDLES,
    "indicators.wavetrend_signal": _CANDLES,
    "indicators.rsi_length": _CANDLES,
    "indicators.money_flow_length": _CANDLES,
    "indicators.money_flow_multiplier": Range(0, 1_000_000, above=True),
    "indicators.money_flow_offset": Range(-1_000, 1_000),
    "indicators.atr_length": _CANDLES,
    "indicators.ema_fast": _CANDLES,
    "indicators.ema_slow": _CANDLES,
    "indicators.history": Range(0, 100_000),
    "simulation.start_equity": Range(0, 1_000_000_000_000, above=True),
    "simulation.maker_fee_pct": _COST_PERCENT,
    "simulation.taker_fee_pct": _COST_PERCENT,
    "simulation.spread_pct": _COST_PERCENT,
    "simulation.slippage_pct": _COST_PERCENT,
    "simulation.latency_ms": Range(0, 60_000),
    "simulation.max_volume_share": Range(0, 1, above=True),
    "simulation.maintenance_margin_pct": Range(0, 50),
    "simulation.liquidation_fee_pct": _COST_PERCENT,
    "simulation.funding_rate_pct": Range(-10, 10),
    "simulation.funding_hours": Range(1, 24),
    "shutdown.deadline_seconds": Range(0.01, 600),
    "market.speed": Range(0.001, 1_000_000),
    "market.seed": Range(0, 2**32 - 1),
    "market.candles": Range(1, 1_000_000_000),
    "system.update_frequency_seconds": Range(0, _DAY, above=True),
    "system.status_seconds": Range(0.1, _DAY),
    "system.heartbeat_seconds": Range(1, 7 * _DAY),
    "system.handler_limit_seconds": Range(0.01, 600),
    "system.retention_days": Range(0, 36_500, above=True),
}
"""The range of every number, by path."""

FORMS: dict[str, Form] = {
    "trading.symbol": Form(_check_symbol, "a symbol such as BTC-USD"),
    "trading.symbols": Form(_check_symbols, "symbols such as BTC-USD, at least one, each once"),
    "trading.interval": Form(_check_interval, "an interval such as 1m, 15m, 4h or 1d, at most 30d"),
    "risk.groups": Form(_check_groups, "groups by base currency, such as BTC=majors,SOL=alts"),
    "system.log_filter": Form(_check_names, "levels by name, such as risk_guard=DEBUG,ccxt=ERROR"),
}
"""What a range cannot say, by path."""
