"""The drill: every limit is breached, and a limit that has gone missing is noticed."""

from typing import Any

import pytest

from tests.trader.risk.desk import MEASURED, SYMBOL, rules
from trader.model.reasons import Reason
from trader.risk import checks, limits, proposals
from trader.risk.breaches import BREACHES, SIZE_BREACHES
from trader.risk.drill import drill, refused_when_sound
from trader.risk.limits import ALLOWED, LIMITS, SIZE_LIMITS, every_limit

PRICES = {SYMBOL: 100.0}


def proven(**settings: Any) -> dict[Reason, bool]:
    """Return which limits a drill proves."""
    return {proof.reason: proof.proven for proof in drill(rules(**settings), PRICES)}


def test_every_check_has_its_drill() -> None:
    """A check without a breach, or a breach without a check, is a gap."""
    assert set(BREACHES) == {ALLOWED.reason, *(limit.reason for limit in LIMITS)}
    assert set(SIZE_BREACHES) == {limit.reason for limit in SIZE_LIMITS}


@pytest.mark.parametrize(
    "settings",
    [
        {},
        MEASURED,
        MEASURED | {"max_var_pct": 0.001, "max_expected_shortfall_pct": 0.001},
        MEASURED | {"var_confidence_pct": 99.0},
        {"max_daily_loss_pct": 100.0, "max_drawdown_pct": 100.0, "max_spread_pct": 100.0},
        {"max_drawdown_pct": 5.0, "emergency_stop_pct": 5.0},
        {"max_leverage_x": 1, "max_slippage_pct": 100.0, "max_collar_pct": 0.1},
        {"cooldown_seconds": 0.0, "repeat_seconds": 0.0, "max_orders_per_second": 1},
    ],
)
def test_every_limit_denies_its_own_breach(settings: dict[str, Any]) -> None:
    """Whatever the settings, each breach is denied with its own reason."""
    found = proven(**settings)
    assert set(found) == {limit.reason for limit in every_limit()}
    assert all(found.values())


def test_a_sound_proposal_is_not_denied() -> None:
    """What the breaches change is all that is wrong with them."""
    assert refused_when_sound(rules(), PRICES) == ""
    assert refused_when_sound(rules(**MEASURED), PRICES) == ""


def test_settings_that_could_never_trade_are_noticed() -> None:
    """An order limited to less than the venue's least one denies everything."""
    said = refused_when_sound(rules(max_order_notional_quote=1), PRICES)
    assert said.startswith("ORDER_NOTIONAL: ")


def test_every_limit_denies_its_own_breach_where_equity_is_converted() -> None:
    """The conversion that is lost among them; without one there is nothing to lose."""
    converted = rules(conversion="USD-EUR", **MEASURED)
    found = {proof.reason: proof for proof in drill(converted, PRICES)}
    assert all(proof.proven for proof in found.values())
    assert found[Reason.CONVERSION_STALE].said == "CONVERSION_STALE: USD-EUR has no price yet"
    assert refused_when_sound(converted, PRICES) == ""


def test_a_limit_that_is_off_says_so() -> None:
    """Without returns there is no tail to limit: the drill does not claim to have proved it."""
    said = {proof.reason: proof.said for proof in drill(rules(), PRICES)}
    on = {proof.reason: proof.said for proof in drill(rules(**MEASURED), PRICES)}
    for reason in (Reason.VALUE_AT_RISK, Reason.EXPECTED_SHORTFALL):
        assert said[reason] == "off, by a setting of it"
        assert on[reason].startswith(f"{reason}: ")


@pytest.fixture
def gap(monkeypatch: pytest.MonkeyPatch) -> Reason:
    """Take the check of the spread out of the table that proposals are judged by."""
    left = tuple(limit for limit in LIMITS if limit.check is not checks.check_spread)
    monkeypatch.setattr(proposals, "LIMITS", left)
    assert len(left) == len(limits.LIMITS) - 1
    return Reason.SPREAD_TOO_WIDE


def test_a_check_that_is_gone_fails_its_drill(gap: Reason) -> None:
    """Its breach passes, and the drill says which."""
    assert [reason for reason, held in proven().items() if not held] == [gap]
