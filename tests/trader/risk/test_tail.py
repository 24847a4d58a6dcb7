"""Value at risk and expected shortfall: what they are, and what they do to an entry."""

import math
from collections.abc import Sequence
from decimal import Decimal
from statistics import NormalDist
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.trader.risk.desk import MEASURED, OTHER, PERP, SYMBOL, Desk, instrument
from trader.model.messages import Message, OrderDenied, SubmitOrder
from trader.model.reasons import Reason
from trader.model.views import Stance
from trader.risk.checks import check_shortfall, check_var
from trader.risk.returns import Moves
from trader.risk.settings import RiskSettings
from trader.risk.situation import Entry, Sized, Tail
from trader.risk.tail import bound_tail, historical, parametric, tail_now

BTC = instrument(SYMBOL)

TWENTY = [-0.05, -0.04, *[0.01] * 18]
"""The worst of twenty returns is the tail at 95 %."""


def test_value_at_risk_is_the_least_loss_of_the_tail_and_shortfall_their_mean() -> None:
    """At 95 % the tail of twenty outcomes is one, of forty two; at 90 % of twenty two as well."""
    assert historical(TWENTY, 95.0).var == pytest.approx(5.0)
    assert historical(TWENTY, 95.0).shortfall == pytest.approx(5.0)
    for found in (historical(TWENTY, 90.0), historical(TWENTY + [0.0] * 20, 95.0)):
        assert (found.var, found.shortfall) == pytest.approx((4.0, 4.5))


def test_the_tail_of_a_few_outcomes_is_the_worst_of_them() -> None:
    """It is never empty."""
    found = historical([0.01, -0.05], 95.0)
    assert (found.var, found.shortfall) == pytest.approx((5.0, 5.0))


def test_a_tail_of_gains_is_no_loss() -> None:
    """Nor is it a licence to lose."""
    assert historical([0.01] * 20, 95.0).var == 0.0
    assert historical([0.01] * 20, 95.0).shortfall == 0.0


def test_a_day_is_reached_by_the_square_root_of_time() -> None:
    """Candles of a quarter of an hour: 96 of them, 9.80 times the loss."""
    assert historical(TWENTY, 95.0, math.sqrt(96)).var == pytest.approx(5.0 * 9.798, rel=1e-3)


def test_the_parametric_tail_is_that_of_a_normal_distribution() -> None:
    """At 95 %: 1.645 and 2.063 deviations; and both forms agree on outcomes that are normal."""
    found = parametric(0.01, 95.0)
    assert (found.var, found.shortfall) == pytest.approx((1.6449, 2.0627), abs=1e-4)
    spread = [NormalDist(0, 0.01).inv_cdf((i + 0.5) / 20_000) for i in range(20_000)]
    drawn = historical(spread, 95.0)
    assert (drawn.var, drawn.shortfall) == pytest.approx((found.var, found.shortfall), rel=1e-3)


@given(
    outcomes=st.lists(st.floats(-1, 1), min_size=20, max_size=60),
    confidence=st.sampled_from((50.0, 90.0, 95.0)),
)
def test_shortfall_is_never_less_than_value_at_risk(
    outcomes: list[float], confidence: float
) -> None:
    """A mean is no better than the best of what it is of; and neither is below nothing."""
    found = historical(outcomes, confidence)
    assert found.shortfall >= found.var * (1 - 1e-9) >= 0


WILD = [0.004, -0.004, 0.001, -0.001, 0.0] * 20
"""15.18 % a day at the 95th percentile: 0.4 % a minute."""


def judged(returns: dict[str, Sequence[float]], *, hold: bool = False, **settings: Any) -> Message:
    """Return what becomes of a proposal in ether, of bitcoin held or not."""
    desk = Desk(**MEASURED | settings)
    if hold:
        desk.learn(BTC=[0.0] * 20)
        desk.hold()
    desk.learn(**returns)
    (told,) = desk.propose(symbol=OTHER, decision=8)
    return told


def test_an_entry_says_what_the_portfolio_may_lose_without_it_and_with_it() -> None:
    """A fifth of equity that loses 15.18 % of its worth; its deviation is 9.90 % a day."""
    told = judged({"ETH": WILD}, max_var_pct=50.0, max_expected_shortfall_pct=50.0)
    assert isinstance(told, SubmitOrder)
    assert told.sizing == (
        "fraction: 1 % of equity to the stop; VaR 0.00 to 3.04 % a day (normal 3.26), ES 0.00"
        " to 3.04 % (normal 4.08)"
    )


@pytest.mark.parametrize(
    ("bounds", "reason"),
    [
        ({"max_var_pct": 1.0}, Reason.VALUE_AT_RISK),
        ({"max_expected_shortfall_pct": 1.0}, Reason.EXPECTED_SHORTFALL),
    ],
)
@pytest.mark.parametrize("hold", [False, True])
def test_an_entry_is_made_smaller_until_the_tail_is_within_its_limit(
    bounds: dict[str, float], reason: Reason, hold: bool
) -> None:
    """It names the limit, and the lot is all that is left of it."""
    wide = {"max_var_pct": 100.0, "max_expected_shortfall_pct": 100.0}
    calm = [value / 10 for value in WILD]
    told = judged({"BTC": calm, "ETH": WILD}, hold=hold, **wide | bounds)
    assert isinstance(told, SubmitOrder)
    assert told.resized is reason
    # What is held is 1980 of an equity that one fee has left at 9998; it loses 1.518 % of that.
    room, equity = (1.0 - 1.518 * 1_980.2 / 9_998, 9_998) if hold else (1.0, 10_000)
    most = Decimal(room / 15.18 * equity / 101)
    assert told.order.quantity == pytest.approx(most, rel=Decimal("0.001"))


def test_a_portfolio_at_its_limit_takes_no_entry() -> None:
    """The denial names what it may lose already, and of how much."""
    for most, said in (
        (3.007, "3.01 % a day without it, of 3.007 %, leaves 0.0"),
        (2.0, "3.01 % a day of 2 %, 3.01 % without it"),
    ):
        told = judged({"BTC": WILD, "ETH": WILD}, hold=True, max_var_pct=most)
        assert isinstance(told, OrderDenied)
        assert told.reason is Reason.VALUE_AT_RISK
        assert told.detail.startswith(said)


@pytest.mark.parametrize(("known", "passes"), [(0, False), (19, False), (20, True)])
def test_too_few_returns_deny(known: int, passes: bool) -> None:
    """Nothing is entered on a guess."""
    told = judged({"ETH": WILD[:known]}, max_var_pct=100.0, max_expected_shortfall_pct=100.0)
    assert isinstance(told, SubmitOrder) is passes
    if isinstance(told, OrderDenied):
        assert told.reason is Reason.VALUE_AT_RISK
        assert told.detail == f"{known} of 20 returns of {OTHER} are known"


def test_a_position_whose_returns_are_not_known_lets_nothing_else_in() -> None:
    """Its tail is part of the portfolio's."""
    desk = Desk(**MEASURED)
    desk.learn(BTC=[value / 10 for value in WILD], ETH=WILD)
    desk.hold()
    desk.learn(BTC=[])
    (told,) = desk.propose(symbol=OTHER, decision=8)
    assert isinstance(told, OrderDenied)
    assert told.detail == f"0 of 20 returns of {OTHER}, {SYMBOL} are known"


def test_a_hedge_makes_the_tail_shorter() -> None:
    """A short of the perpetual beside the same in spot loses what the other gains."""
    desk = Desk(max_group_exposure_x=2.0, **MEASURED | {"max_expected_shortfall_pct": 10.0})
    desk.learn(BTC=[value / 2 for value in WILD])
    desk.state.returns[PERP] = desk.state.returns[SYMBOL]
    desk.hold()
    (told,) = desk.propose(Stance.SHORT, symbol=PERP, stop=105.0, target=90.0, decision=8)
    assert isinstance(told, SubmitOrder)
    assert "VaR 1.50 to 0.0" in (told.sizing or "")


@given(
    held=st.lists(st.floats(-0.02, 0.02), min_size=40, max_size=40),
    own=st.lists(st.floats(-0.05, 0.05), min_size=40, max_size=40),
    most=st.tuples(st.floats(0.01, 30), st.floats(0.01, 30)),
    size=st.floats(0.01, 3),
)
def test_what_passes_never_has_a_tail_beyond_its_limits(
    held: list[float], own: list[float], most: tuple[float, float], size: float
) -> None:
    """Whatever the returns: it is within both limits, or its check denies it."""
    settings = RiskSettings(max_var_pct=most[0], max_expected_shortfall_pct=most[1])
    moves = Moves(own, held, math.sqrt(24), "")
    asked = Decimal(repr(size)) * 100
    entry = Entry(asked, asked, asked, Decimal(100), asked, {}, BTC.floor_quantity(asked))
    bounded, tails = bound_tail(settings, BTC, entry, moves, 10_000.0)
    part = float(bounded.quantity * 100) / 10_000
    found = historical([h + part * o for h, o in zip(held, own, strict=True)], 95.0, moves.per_day)
    assert tails.after == found
    assert bounded.quantity % BTC.lot == 0
    assert bounded.quantity <= entry.quantity
    sized = Sized(BTC, bounded, settings, 100.0, "", tails)
    passes = check_var(sized) is None and check_shortfall(sized) is None
    hair = 1 + 1e-9
    within = found.var <= most[0] * hair and found.shortfall <= most[1] * hair
    assert within or not passes
    if bounded.quantity == entry.quantity:
        assert passes is within


@pytest.mark.parametrize("equity", [0.0, -1.0])
def test_without_equity_there_is_no_tail(equity: float) -> None:
    """Nothing is a share of it."""
    at, moves = Decimal(100), Moves(TWENTY, TWENTY, 1.0, "")
    entry = Entry(at, at, at, at, Decimal(1), {}, Decimal(1))
    bounded, tails = bound_tail(RiskSettings(), BTC, entry, moves, equity)
    assert (bounded, tails.missing) == (entry, "there is no equity")


def test_the_tail_of_now_is_of_what_is_held() -> None:
    """None where nobody knows; nothing where nothing is held."""
    desk = Desk(**MEASURED)
    assert tail_now(desk.rules, desk.state) == Tail()
    desk.learn(BTC=[0.0] * 20)
    desk.hold()
    desk.learn(BTC=WILD)
    found = tail_now(desk.rules, desk.state)
    assert found is not None
    assert found.var == pytest.approx(1_980.2 / 9_998 * 15.179, rel=1e-3)
    desk.learn(BTC=WILD[:19])
    assert tail_now(desk.rules, desk.state) is None
    assert tail_now(Desk().rules, Desk().state) is None, "nothing is measured"
