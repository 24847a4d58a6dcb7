"""Sizing: never more than any cap allows, and rounding never grows an order."""

import math
from decimal import Decimal

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.trader.risk.desk import PERP, SYMBOL, instrument
from trader.model.instrument import Terms
from trader.model.orders import Side
from trader.model.reasons import Reason
from trader.risk.sizing import (
    Band,
    Budget,
    is_tradable,
    liquidation_price,
    risk_pct,
    share,
    size_entry,
)

BTC = instrument(SYMBOL)
WIDE = Decimal(10**9)


def budget(risk: int = 10**9, size: int = 10**9, cash: int = 10**9) -> Budget:
    """Return a budget that is wide but for what is given."""
    return Budget(Decimal(risk), Decimal(cash), {Reason.EXPOSURE_SIZE: Decimal(size)})


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
    assert risk_pct(2.0, 50.0, conviction) == risk


def test_nothing_is_scaled_unless_a_profile_says_so() -> None:
    """The full risk is taken at every conviction, to the last digit."""
    assert {risk_pct(0.3, 100.0, conviction / 10) for conviction in range(11)} == {0.3}
