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


def _check_model(model: str | None) -> None:
    if model is not None and not re.fullmatch(_MODEL, model):
        raise ValueError("no provider, or none that is known")


def _check_models(models: tuple[str, ...]) -> None:
    for model in models:
        _check_model(model)
    if len(set(models)) < len(models):
        raise ValueError("one twice")


def _check_prices(prices: dict[str, float]) -> None:
    for model, price in prices.items():
        _check_model(model)
        if not _PRICES.holds(price):
            raise ValueError("out of range")


def _check_url(url: str | None) -> None:
    if url is not None and not re.fullmatch(_URL, url):
        raise ValueError("no address, or one with a name, a password or a query")


def _check_hosts(hosts: tuple[str, ...]) -> None:
    if not all(re.fullmatch(r"[A-Za-z0-9.-]+", host) for host in hosts):
        raise ValueError("not a host")


def _check_interval(interval: str) -> None:
    if interval_ns(interval) > _LONGEST_INTERVAL:
        raise ValueError("too long to trade on")


def _check_currency(currency: str) -> None:
    if currency != "quote" and not re.fullmatch(r"[A-Z0-9]{2,12}", currency):
        raise ValueError("not a currency")


def _check_groups(groups: dict[str, str]) -> None:
    for base, group in groups.items():
        if not (base.isalnum() and base == base.upper() and group and group.isprintable()):
            raise ValueError("not a base currency, or no name")


def _check_names(levels: dict[str, str]) -> None:
    if not all(re.fullmatch(r"[\w.]+", name) for name in levels):
        raise ValueError("not a name")


def _check_venue(venue: str) -> None:
    if not re.fullmatch(r"[a-z][a-z0-9_]*", venue):
        raise ValueError("not a name")


def _check_directory(path: str) -> None:
    if path.startswith("~"):
        raise ValueError("a shell reads ~, and nobody did")


_DAY = 86_400
_MODEL = r"(openai|anthropic|google_genai|ollama):[\w./:@-]{1,100}"
_URL = r"https?://(\[[0-9A-Fa-f:]+\]|[A-Za-z0-9.-]+)(:\d{1,5})?(/[\w./-]*)?"
_LONGEST_SYMBOL = 40
_LONGEST_INTERVAL = interval_ns("30d")

_A_MODEL = "openai:NAME, anthropic:NAME, google_genai:NAME or ollama:NAME"
_A_PRICE = "openai:gpt-5-mini=0.25, from 0 to 10000"
_PERCENT = Range(0, 100, above=True)
# At 100 % of the price a stop rests at zero, which is no stop.
_STOP_PERCENT = Range(0, 99, above=True)
_COST_PERCENT = Range(0, 10)
_MULTIPLE = Range(0, 125, above=True)
_FACTOR = Range(0, 100, above=True)
_TRADES = Range(0, 1_000)
_PERIOD = Range(1, 525_600)
_CANDLES = Range(1, 5_000)
_RSI = Range(0, 100)
_PRICES = Range(0, 10_000)
_LEVEL = Range(-1_000, 1_000)
_MINUTES = Range(1, 1_440)
_MULTIPLIER = Range(0, 1_000_000, above=True)


def _each(section: str, names: str, range_: Range) -> dict[str, Range]:
    return {f"{section}.{name}": range_ for name in names.split()}


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
    "risk.max_var_pct": _PERCENT,
    "risk.max_expected_shortfall_pct": _PERCENT,
    "risk.var_confidence_pct": Range(50, 99.9),
    "risk.returns_candles": Range(0, 5_000),
    "risk.max_rate_age_seconds": Range(0.1, _DAY),
    "risk.protection_seconds": Range(0.1, 600),
    "sizing.volatility_target_pct": _PERCENT,
    "sizing.kelly_share_pct": _PERCENT,
    "sizing.kelly_floor_pct": _PERCENT,
    "sizing.kelly_trades": Range(10, 500),
    "sizing.amount_quote": Range(1, 1_000_000_000_000),
    "exits.break_even_at_r": Range(0, 100),
    "exits.break_even_at_pct": Range(0, 100),
    "exits.trail_pct": Range(0, 99),
    "exits.trail_atr": Range(0, 100),
    "exits.max_candles": Range(0, 1_000_000),
    "stoploss_guard.trade_limit": _TRADES,
    "stoploss_guard.lookback_period": _PERIOD,
    "stoploss_guard.stop_duration": _PERIOD,
    "stoploss_guard.required_profit": Range(-1, 1),
    "max_drawdown.trade_limit": _TRADES,
    "max_drawdown.lookback_period": _PERIOD,
    "max_drawdown.stop_duration": _PERIOD,
    "max_drawdown.max_allowed_drawdown": Range(0, 1, above=True),
    "low_profit_pairs.trade_limit": _TRADES,
    "low_profit_pairs.lookback_period": _PERIOD,
    "low_profit_pairs.stop_duration": _PERIOD,
    "low_profit_pairs.required_profit": Range(-1, 1),
    "advice.min_conviction": Range(0, 1),
    "advice.min_reward_risk": Range(0, 100),
    "advice.min_stop_pct": _STOP_PERCENT,
    "advice.max_stop_pct": _STOP_PERCENT,
    "advice.max_age_seconds": Range(0, _DAY, above=True),
    "advice.max_false_claims": Range(0, 1),
    "advice.claim_tolerance_pct": Range(0, 100),
    "advice.stop_atr": _FACTOR,
    "advice.target_atr": _FACTOR,
    "advice.oversold": Range(-200, 0),
    "advice.overbought": Range(0, 200),
    "advice.rsi_ceiling": _RSI,
    "advice.rsi_floor": _RSI,
    "llm.timeout_seconds": Range(0, 600, above=True),
    "llm.max_output_tokens": Range(1, 100_000),
    "llm.max_brief_bytes": Range(4_000, 100_000),
    "llm.breaker_failures": Range(1, 1_000),
    "llm.breaker_seconds": Range(0, _DAY),
    "llm.max_tokens_per_day": Range(0, 10**12),
    "llm.max_tokens_per_month": Range(0, 10**12),
    "llm.max_cost_per_day": Range(0, 1_000_000),
    "llm.max_cost_per_month": Range(0, 1_000_000),
    "llm.input_prices": _PRICES,
    "llm.output_prices": _PRICES,
    "indicators.atr_length": _CANDLES,
    "indicators.ema_fast": _CANDLES,
    "indicators.ema_slow": _CANDLES,
    "indicators.history": Range(0, 100_000),
    "indicators.gap_candles": Range(1, 100_000),
    **dict.fromkeys((f"cipher_a.ema{n}" for n in range(1, 9)), _CANDLES),
    **_each("cipher_a", "wt_channel wt_average wt_signal rsi_length money_flow_length", _CANDLES),
    **_each("cipher_a", "overbought1 overbought2 overbought3", _LEVEL),
    **_each("cipher_a", "oversold1 oversold2 oversold3", _LEVEL),
    "cipher_a.money_flow_multiplier": _MULTIPLIER,
    **_each("cipher_b", "wt_channel wt_average wt_signal rsi_length money_flow_length", _CANDLES),
    **_each("cipher_b", "stoch_length stoch_rsi_length stoch_k stoch_d", _CANDLES),
    **_each("cipher_b", "schaff_length schaff_fast schaff_slow", _CANDLES),
    **_each("cipher_b", "macd_fast macd_slow macd_signal", _CANDLES),
    **_each("cipher_b", "overbought1 overbought2 overbought3", _LEVEL),
    **_each("cipher_b", "oversold1 oversold2 oversold3", _LEVEL),
    **_each("cipher_b", "wt_bear_min wt_bull_min wt_second_bear_min wt_second_bull_min", _LEVEL),
    **_each("cipher_b", "rsi_oversold rsi_overbought rsi_bear_min rsi_bull_min", _RSI),
    **_each("cipher_b", "flag_wave_bear flag_wave_bull flag_wt_bear flag_wt_bull", _LEVEL),
    **_each("cipher_b", "flag_money_flow_bear flag_money_flow_bull", _LEVEL),
    **_each("cipher_b", "diamond_wt_bear diamond_wt_bull money_flow_offset", _LEVEL),
    **_each("cipher_b", "flag_minutes diamond_minutes1 diamond_minutes2 macd_minutes", _MINUTES),
    "cipher_b.money_flow_multiplier": _MULTIPLIER,
    "cipher_b.schaff_factor": Range(0, 1, above=True),
    "simulation.start_equity": Range(0, 1_000_000_000_000, above=True),
    "simulation.maker_fee_pct": _COST_PERCENT,
    "simulation.taker_fee_pct": _COST_PERCENT,
    "simulation.spread_pct": _COST_PERCENT,
    "simulation.slippage_pct": _COST_PERCENT,
    "simulation.latency_ms": Range(0, 60_000),
    "simulation.max_volume_share": Range(0, 1, above=True),
    "simulation.maintenance_pct": Range(0, 50),
    "simulation.liquidation_fee_pct": _COST_PERCENT,
    "simulation.funding_rate_pct": Range(-10, 10),
    "simulation.funding_hours": Range(1, 24),
    "simulation.max_leverage": Range(1, 125),
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
    "trading.symbol": Form(_check_symbol, "a symbol such as BTC-USD or BTC-USD-PERP"),
    "trading.symbols": Form(
        _check_symbols, "symbols such as BTC-USD or BTC-USD-PERP, at least one, each once"
    ),
    "trading.interval": Form(_check_interval, "an interval such as 1m, 15m, 4h or 1d, at most 30d"),
    "llm.model": Form(_check_model, f"{_A_MODEL}, or null"),
    "llm.fallbacks": Form(_check_models, f"models such as {_A_MODEL}, each once"),
    "llm.base_url": Form(_check_url, "an address such as http://127.0.0.1:8000/v1, or null"),
    "llm.allowed_hosts": Form(_check_hosts, "names of hosts, such as models.example.org"),
    "llm.input_prices": Form(_check_prices, f"prices by model, such as {_A_PRICE}"),
    "llm.output_prices": Form(_check_prices, f"prices by model, such as {_A_PRICE}"),
    "market.venue": Form(_check_venue, "embedded, replay, or a venue of ccxt such as kraken"),
    "risk.currency": Form(_check_currency, "a currency such as USD, or quote"),
    "risk.groups": Form(_check_groups, "groups by base currency, such as BTC=majors,SOL=alts"),
    "system.data_dir": Form(
        _check_directory, "a path of printable characters that does not begin with ~"
    ),
    "system.log_filter": Form(_check_names, "levels by name, such as risk_guard=DEBUG,ccxt=ERROR"),
}
"""What a range cannot say, by path."""
