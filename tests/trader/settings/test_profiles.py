"""The shipped profiles are complete, commented, and each stricter than the next."""

import tomllib
from collections.abc import Callable
from operator import eq, gt, le, lt
from pathlib import Path
from typing import Any

import pytest

from trader.settings.files import read_tree
from trader.settings.layers import load
from trader.settings.schema import Settings, fields, leaves
from trader.settings.sources import CONFIG, profiles

PROTECTIONS = ("stoploss_guard", "max_drawdown", "low_profit_pairs")
WHOLE = ("risk", "sizing", "exits", *PROTECTIONS, "advice", "shutdown", "indicators")
PARTS = (
    "trading.interval",
    "trading.leverage",
    "trading.max_size_pct",
    "system.dry_run",
    "system.update_frequency_seconds",
    "system.handler_limit_seconds",
    "system.journal",
)


def sooner(strict: float, loose: float) -> bool:
    """Tell whether what 0 switches off comes earlier, or at the same point."""
    return strict == loose or (strict > 0 and (loose == 0 or strict < loose))


STRICTER: dict[str, Callable[[Any, Any], bool]] = {
    "trading.interval": eq,
    "trading.leverage": le,
    "trading.max_size_pct": lt,
    "risk.max_daily_loss_pct": lt,
    "risk.max_weekly_loss_pct": lt,
    "risk.max_monthly_loss_pct": lt,
    "risk.max_drawdown_pct": lt,
    "risk.emergency_stop_pct": lt,
    "risk.max_concurrent_trades": lt,
    "risk.max_symbol_exposure_x": lt,
    "risk.max_group_exposure_x": lt,
    "risk.max_total_exposure_x": lt,
    "risk.groups": eq,
    "risk.max_leverage_x": lt,
    "risk.max_order_notional_quote": lt,
    "risk.risk_per_trade_pct": lt,
    "risk.min_conviction_size_pct": eq,
    "risk.default_stop_loss_pct": lt,
    "risk.default_take_profit_pct": lt,
    "risk.max_spread_pct": lt,
    "risk.max_slippage_pct": lt,
    "risk.max_collar_pct": lt,
    "risk.max_price_age_seconds": lt,
    "risk.max_orders_per_second": lt,
    "risk.max_orders_per_minute": lt,
    "risk.max_orders_per_day": lt,
    "risk.repeat_seconds": gt,
    "risk.cooldown_seconds": gt,
    "risk.max_var_pct": lt,
    "risk.max_expected_shortfall_pct": lt,
    "risk.var_confidence_pct": eq,
    "risk.returns_candles": eq,
    "risk.currency": eq,
    "risk.max_rate_age_seconds": lt,
    "risk.protection_seconds": lt,
    "sizing.method": eq,
    "sizing.volatility_target_pct": lt,
    "sizing.kelly_share_pct": lt,
    "sizing.kelly_floor_pct": lt,
    "sizing.kelly_trades": gt,
    "sizing.amount_quote": lt,
    "sizing.reduce_correlated": eq,
    "exits.break_even_at_r": sooner,
    "exits.break_even_at_pct": eq,
    "exits.trail_pct": eq,
    "exits.trail_atr": eq,
    "exits.max_candles": lt,
    "stoploss_guard.trade_limit": lt,
    "stoploss_guard.lookback_period": gt,
    "stoploss_guard.stop_duration": gt,
    "stoploss_guard.required_profit": eq,
    "stoploss_guard.only_per_pair": eq,
    "stoploss_guard.only_per_side": eq,
    "max_drawdown.trade_limit": lt,
    "max_drawdown.lookback_period": gt,
    "max_drawdown.stop_duration": gt,
    "max_drawdown.max_allowed_drawdown": lt,
    "low_profit_pairs.trade_limit": lt,
    "low_profit_pairs.lookback_period": gt,
    "low_profit_pairs.stop_duration": gt,
    "low_profit_pairs.required_profit": gt,
    "low_profit_pairs.only_per_side": eq,
    "advice.advisor": eq,
    "advice.min_conviction": gt,
    "advice.min_reward_risk": gt,
    "advice.min_stop_pct": gt,
    "advice.max_stop_pct": lt,
    "advice.max_age_seconds": lt,
    "advice.max_false_claims": lt,
    "advice.claim_tolerance_pct": eq,
    "advice.stop_atr": eq,
    "advice.target_atr": eq,
    "advice.oversold": lt,
    "advice.overbought": eq,
    "advice.rsi_ceiling": lt,
    "advice.rsi_floor": eq,
}
"""How a stricter profile's value compares with a looser one's."""


def given(profile: str) -> dict[str, Any]:
    """Return what a profile sets, by path."""
    tree = read_tree(CONFIG / f"{profile}.toml")
    return {f"{section}.{name}": v for section, body in tree.items() for name, v in body.items()}


@pytest.mark.parametrize("profile", profiles())
def test_a_profile_is_complete(profile: str) -> None:
    """A profile sets all that shapes how the engine trades, and nothing beside it."""
    whole = {path for path in fields() if path.split(".")[0] in WHOLE}
    assert set(given(profile)) == whole | set(PARTS)


@pytest.mark.parametrize("profile", profiles())
def test_every_value_of_a_profile_is_commented(profile: str) -> None:
    """Each line that sets a value says what the value means."""
    lines = (CONFIG / f"{profile}.toml").read_text().splitlines()
    setting = [line for line in lines if tomllib.loads(line) and not line.startswith("[")]
    assert len(setting) == len(given(profile))
    assert all(len(line.partition("#")[2]) > 10 for line in setting)


@pytest.mark.parametrize(
    ("strict", "loose"), [("conservative", "moderate"), ("moderate", "aggressive")]
)
def test_each_profile_is_stricter_than_the_next(strict: str, loose: str) -> None:
    """Limit by limit; every setting of risk and advice has its direction."""
    tight, wide = given(strict), given(loose)
    assert {
        path
        for path in tight
        if path.split(".")[0] in ("risk", "sizing", "exits", "advice", *PROTECTIONS)
    } <= set(STRICTER)
    for path, stricter in STRICTER.items():
        assert stricter(tight[path], wide[path]), path


def test_moderate_says_what_the_defaults_say() -> None:
    """The default profile changes nothing, so that a missing line is never looser than it."""
    defaults = dict(leaves(Settings()))
    moderate = given("moderate")
    assert moderate == {path: defaults[path] for path in moderate}


@pytest.mark.parametrize("profile", profiles())
def test_a_profile_loads_and_follows_its_own_rules(profile: str) -> None:
    """The rules' targets, and the default ones, pay more than the profile asks for."""
    settings = load(profile, environ={}).settings
    risk, advice = settings.risk, settings.advice
    assert settings.system.dry_run
    assert advice.target_atr / advice.stop_atr > advice.min_reward_risk
    assert risk.default_take_profit_pct / risk.default_stop_loss_pct > advice.min_reward_risk
    assert advice.min_stop_pct < risk.default_stop_loss_pct < advice.max_stop_pct


def test_the_example_of_a_dot_env_holds_settings_that_exist(tmp_path: Path) -> None:
    """Every line of `.env.example`, its # taken off, is accepted."""
    lines = (CONFIG.parent / ".env.example").read_text().splitlines()
    settings = [line.removeprefix("# ") for line in lines if line.startswith("# TRADER__")]
    path = tmp_path / ".env"
    path.write_text("\n".join(settings))
    path.chmod(0o600)
    loaded = load(environ={}, env_file=path)
    assert sum(value.layer == str(path) for value in loaded.values) == len(settings) > 5
