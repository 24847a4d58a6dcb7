"""Sizing: never more than any cap allows, and rounding never grows an order."""

import math
from collections.abc import Sequence
from decimal import Decimal
from typing import Any, get_args

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.trader.risk.desk import PERP, SYMBOL, instrument
from trader.model.instrument import Terms
from trader.model.orders import Side
from trader.model.reasons import Reason
from trader.risk.returns import Moves
from trader.risk.settings import RiskSettings, SizingSettings
from trader.risk.sizing import (
    Band,
    Budget,
    Wish,
    apart,
    is_tradable,
    kelly_pct,
    liquidation_price,
    loss_of,
    scaled,
    share,
    size_entry,
    tighten,
    wish,
)

BTC = instrument(SYMBOL)
WIDE = Decimal(10**9)


def budget(risk: int = 10**9, size: int = 10**9, cash: int = 10**9) -> Budget:
    """Return a budget that is wide but for what is given; `risk` is what is asked for as well."""
    asked = Wish("", risk=Decimal(risk))
    return Budget(asked, Decimal(risk), Decimal(cash), {Reason.EXPOSURE_SIZE: Decimal(size)})


def band(slip: float = 1.0, mid: float = 100.0, collar: float = 2.0) -> Band:
    """Return a band of 1 % from the market and 2 % from a mid price of 100."""
    return Band(slip, mid, collar)


def test_the_risk_of_a_trade_sizes_it() -> None:
    """Losing 100 between 100 and a stop at 95 is a quantity of 20."""
    assert size_entry(BTC, Side.BUY, 100.0, 95.0, 110.0, band(), budget(risk=100)).quantity == 20


def test_the_largest_position_is_counted_at_the_worst_price() -> None:
    """A position of 2020 at no worse than 101 is a quantity of 20."""
    assert size_entry(BTC, Side.BUY, 100.0, 95.0, 110.0, band(), budget(size=2020)).quantity == 20


def test_cash_pays_for_the_fee_too() -> None:
    """10 000 pay for 98.9098 at 101 with a fee of 0.1 %, not for 99.0099."""
    quantity = size_entry(BTC, Side.BUY, 100.0, 95.0, 110.0, band(), budget(cash=10_000)).quantity
    assert quantity == Decimal("98.9109")


def test_a_unit_loses_the_way_to_its_stop_and_the_fee_of_both_ways() -> None:
    """0.1 % of 100 and of 95, or of 105 where it is short; a rebate is not counted on."""
    rebated = msgspec.structs.replace(BTC, taker_fee=Decimal("-0.001"))

    assert loss_of(BTC, 100.0, 95.0) == pytest.approx(5.195)
    assert loss_of(BTC, 100.0, 105.0) == pytest.approx(5.205)
    assert loss_of(rebated, 100.0, 95.0) == 5.0


def test_no_cash_is_no_quantity() -> None:
    """What is overdrawn buys nothing."""
    assert size_entry(BTC, Side.BUY, 100.0, 95.0, 110.0, band(), budget(cash=-5)).quantity == 0


def test_the_stop_is_rounded_away_from_the_price_and_the_target_too() -> None:
    """Rounding never brings a stop or a target to where it would trigger at once."""
    entry = size_entry(BTC, Side.BUY, 100.0, 99.999, 100.001, band(), budget())
    assert (entry.stop, entry.target) == (Decimal("99.99"), Decimal("100.01"))


def test_what_is_below_a_minimum_of_the_venue_is_not_tradable() -> None:
    """The quantity counts as floored to the lot, its worth at the price given."""
    assert is_tradable(BTC, Decimal("0.1"), Decimal(100))
    assert not is_tradable(BTC, Decimal("0.0999"), Decimal(100))
    assert not is_tradable(BTC, Decimal("0.00009"), Decimal(10**9))
    assert not is_tradable(BTC, Decimal(0), Decimal(100))
    assert not is_tradable(BTC, Decimal(-1), Decimal(100))


@given(
    price=st.floats(0.5, 1e5),
    stop_pct=st.floats(0.01, 50),
    slip=st.floats(0.01, 5),
    caps=st.tuples(*[st.integers(0, 10**7)] * 3),
)
def test_no_cap_is_ever_exceeded(
    price: float, stop_pct: float, slip: float, caps: tuple[int, int, int]
) -> None:
    """At the worst price, the loss to the stop, the size and the cost stay within the budget."""
    limits = budget(*caps)
    within = band(slip, price, 5.0)
    entry = size_entry(
        BTC, Side.BUY, price, price * (1 - stop_pct / 100), price * 2, within, limits
    )
    quantity = entry.quantity
    assert quantity % BTC.lot == 0
    assert quantity * (Decimal(repr(price)) - entry.stop) <= limits.risk
    assert quantity * entry.worst <= limits.notional[Reason.EXPOSURE_SIZE]
    assert quantity * entry.worst * (1 + BTC.taker_fee) <= limits.cash


def test_a_share_is_exact() -> None:
    """Percentages are taken as they are written."""
    assert share(0.1, Decimal(1000)) == 1


PERPETUAL = instrument(PERP)


@pytest.mark.parametrize(("side", "limit"), [(Side.BUY, "100.5"), (Side.SELL, "99.5")])
def test_the_collar_brings_a_limit_nearer(side: Side, limit: str) -> None:
    """At half a percent from the mid price an entry does not chase the market by one."""
    stop = 100 - 5 * side.sign
    entry = size_entry(PERPETUAL, side, 100.0, stop, 100.0, band(collar=0.5), budget())
    assert entry.limit == Decimal(limit)


def test_a_resized_entry_says_what_made_it_smaller() -> None:
    """The tightest cap is named, where it allows less than the risk does."""
    small = size_entry(BTC, Side.BUY, 100.0, 95.0, 110.0, band(), budget(risk=100, size=1_000))
    whole = size_entry(BTC, Side.BUY, 100.0, 95.0, 110.0, band(), budget(risk=100))
    assert (small.resized, whole.resized) == (Reason.EXPOSURE_SIZE, None)


def test_leverage_asks_for_less_cash() -> None:
    """At twofold leverage 10 000 carry 197.6245 at 101, with a fee of 0.1 %."""
    entry = size_entry(PERPETUAL, Side.BUY, 100.0, 95.0, 110.0, band(), budget(cash=10_000))
    assert entry.quantity == Decimal("197.6245")


def test_a_short_is_the_mirror_of_a_long() -> None:
    """Its stop is rounded up and its target down; it does not sell below its limit."""
    entry = size_entry(PERPETUAL, Side.SELL, 100.0, 105.001, 89.999, band(), budget(risk=100))
    assert (entry.stop, entry.target) == (Decimal("105.01"), Decimal("89.99"))
    assert (entry.limit, entry.worst) == (Decimal(99), Decimal(101))
    assert entry.quantity == Decimal("19.9600")


@pytest.mark.parametrize(
    ("side", "leverage", "price"),
    [
        (Side.BUY, 1, 0.0),
        (Side.BUY, 10, 90.4523),
        (Side.SELL, 1, 199.005),
        (Side.SELL, 10, 109.4527),
    ],
)
def test_liquidation_is_where_the_margin_ends(side: Side, leverage: int, price: float) -> None:
    """Entered at 100 with half of a percent to be kept."""
    perpetual = msgspec.structs.replace(PERPETUAL, terms=Terms(leverage=leverage))
    assert liquidation_price(perpetual, 100.0, side) == pytest.approx(price, abs=1e-4)


def test_spot_is_not_liquidated() -> None:
    """It is paid for."""
    assert liquidation_price(BTC, 100.0, Side.BUY) == 0.0


@pytest.mark.parametrize(
    ("conviction", "risk"),
    [(math.nan, 1.0), (-1.0, 1.0), (0.0, 1.0), (0.5, 1.5), (1.0, 2.0), (7.0, 2.0)],
)
def test_conviction_scales_the_risk_within_its_bounds(conviction: float, risk: float) -> None:
    """From half of 2 % to all of it, whatever an advisor claims."""
    assert scaled(2.0, 50.0, conviction) == risk


def test_nothing_is_scaled_unless_a_profile_says_so() -> None:
    """The full risk is taken at every conviction, to the last digit."""
    assert {scaled(0.3, 100.0, conviction / 10) for conviction in range(11)} == {0.3}


EQUITY = Decimal(10_000)
HALF = RiskSettings(min_conviction_size_pct=50.0)


def asked(
    method: str, conviction: float = 1.0, results: Sequence[float] = (), **fields: Any
) -> Wish:
    """Return what a method asks for, at a volatility of 4 % a day."""
    sizing = SizingSettings(method, **fields)
    return wish(sizing, HALF, EQUITY, conviction, results, Moves([0.04], [], 1.0, ""))


def test_a_fraction_is_risked_to_the_stop() -> None:
    """1 % of 10 000."""
    assert asked("fraction").risk == 100
    assert asked("fraction").said == "1 % of equity to the stop"


def test_a_position_has_the_volatility_that_is_aimed_at() -> None:
    """At 4 % a day, a quarter of equity moves equity by 1 % a day."""
    assert asked("volatility").notional == 2_500
    assert asked("volatility").said == "1 % a day at a volatility of 4.00 %"


def test_an_unknown_volatility_asks_for_nothing() -> None:
    """It is never taken for a small one."""
    sizing = SizingSettings("volatility")
    still, unknown = Moves([0.0], [], 1.0, ""), Moves([0.04], [], 1.0, "too new")
    assert wish(sizing, HALF, EQUITY, 1.0, (), still) == Wish("the symbol has not moved")
    assert wish(sizing, HALF, EQUITY, 1.0, (), unknown) == Wish("too new")


def test_an_amount_is_asked_for_as_it_is() -> None:
    """In the quote currency."""
    assert asked("amount", amount_quote=1_234).notional == 1_234
    assert asked("amount", amount_quote=1_234).said == "1234 of the quote currency"


@pytest.mark.parametrize("method", get_args(SizingSettings.__annotations__["method"]))
def test_conviction_scales_every_method(method: str) -> None:
    """At a floor of half, no conviction takes half of what full conviction takes."""
    full, none = asked(method), asked(method, conviction=0.0)
    assert (none.risk or 0) * 2 == (full.risk or 0)
    assert none.notional * 2 == full.notional
    assert full.risk or full.notional


WON = [0.03] * 20 + [-0.01] * 30
"""Two of five win, three times as much as others lose: Kelly's fraction is 0.4 - 0.6 / 3 = 0.2."""


@pytest.mark.parametrize(
    ("results", "share_pct", "pct", "said"),
    [
        (WON, 25.0, 3.0, "Kelly's fraction is 20.0 %: 40 % of 50 trades won"),
        (WON, 10.0, 2.0, "Kelly's fraction is 20.0 %"),
        (WON, 0.5, 0.25, "Kelly's fraction is 20.0 %"),
        (WON[:-1], 25.0, 0.25, "the floor: 49 of 50 trades are known"),
        ([0.01] * 20 + [-0.01] * 30, 25.0, 0.25, "the floor: no edge, 40 % of 50 trades won"),
        ([0.01] * 25 + [-0.01] * 25, 25.0, 0.25, "the floor: no edge, 50 % of 50 trades won"),
        ([-0.01] * 50, 25.0, 0.25, "the floor: no edge, 0 % of 50 trades won"),
        ([0.0] * 50, 25.0, 0.25, "the floor: no edge, 0 % of 50 trades won"),
        ([0.01] * 50, 1.0, 1.0, "Kelly's fraction is 100.0 %: 100 % of 50 trades won"),
    ],
)
def test_kelly_risks_a_part_of_its_fraction_between_floor_and_cap(
    results: Sequence[float], share_pct: float, pct: float, said: str
) -> None:
    """The floor stands while trades are too few, or have no edge; 3 % is the most."""
    found, why = kelly_pct(SizingSettings("kelly", kelly_share_pct=share_pct), results, 3.0)
    assert found == pytest.approx(pct)
    assert said in why


def test_what_moves_as_the_rest_does_is_sized_as_if_the_risks_were_apart() -> None:
    """Of equal positions that move as one, k have the variance of k that do not."""
    held = 1.0
    for count in range(2, 6):
        held += apart(1.0, held)
        assert held == pytest.approx(math.sqrt(count))


@given(notional=st.floats(1e-3, 1e6), pull=st.floats(-1e6, 1e6))
def test_what_is_held_never_makes_an_entry_larger(notional: float, pull: float) -> None:
    """A hedge leaves it as it is; whatever is left adds the variance of the whole alone."""
    part = apart(notional, pull)
    assert 0 < part <= 1
    left = part * notional
    if pull > 0:
        assert left * left + 2 * left * pull == pytest.approx(notional * notional, rel=1e-6)
    else:
        assert part == 1


def test_a_cap_is_rounded_down_to_the_lot_and_named() -> None:
    """A third of 20 is 6.6666, and it says what made it so; all of it changes nothing."""
    entry = size_entry(BTC, Side.BUY, 100.0, 95.0, 110.0, band(), budget(risk=100))
    third = tighten(BTC, entry, Reason.EXPOSURE_CORRELATED, 1 / 3)
    assert (third.quantity, third.resized) == (Decimal("6.6666"), Reason.EXPOSURE_CORRELATED)
    assert tighten(BTC, entry, Reason.EXPOSURE_CORRELATED, 1.0) == entry


def test_an_amount_is_bought_at_the_worst_price() -> None:
    """2020 at no worse than 101 is a quantity of 20, wherever the stop is."""
    limits = msgspec.structs.replace(budget(), wish=asked("amount", amount_quote=2_020))
    for stop in (50.0, 99.0):
        entry = size_entry(BTC, Side.BUY, 100.0, stop, 110.0, band(), limits)
        assert (entry.wanted, entry.quantity, entry.resized) == (20, 20, None)


def test_no_method_loses_more_to_the_stop_than_a_trade_may() -> None:
    """An amount of 5000 with its stop at 95 would lose 247.50; at 1 % of 10 000 it may lose 100."""
    limits = msgspec.structs.replace(budget(), wish=asked("amount", amount_quote=5_000))
    limits = msgspec.structs.replace(limits, risk=Decimal(100))
    entry = size_entry(BTC, Side.BUY, 100.0, 95.0, 110.0, band(), limits)
    assert (entry.quantity, entry.resized) == (20, Reason.RISK_PER_TRADE)
