"""Price levels and trading rules of simulated spot instruments."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trader.matching.settings import SimulationSettings
from trader.model.errors import UsageError
from trader.model.instrument import Instrument, Terms
from trader.venues.instruments import (
    on_paper,
    price_decimals,
    price_level,
    simulated_instrument,
)

SYMBOLS = st.from_regex(r"[A-Z0-9]{1,8}-USD", fullmatch=True)


def test_known_names_have_their_level() -> None:
    """The coins everybody knows cost about what they cost."""
    levels = [price_level(f"{base}-USDT") for base in ("BTC", "ETH", "SOL")]

    assert levels == [60_000, 3_000, 150]


def test_a_level_in_another_coin_is_the_ratio() -> None:
    """A coin priced in a coin costs the ratio of their levels."""
    assert price_level("ETH-BTC") == 0.05


def test_an_unknown_name_always_has_the_same_level() -> None:
    """The level of an unknown name is fixed for ever, on every machine."""
    assert price_level("PEPE-USD") == pytest.approx(34.6736850452)


def test_a_symbol_of_another_form_is_refused() -> None:
    """A symbol that is not BASE-QUOTE is a usage error that shows the form."""
    with pytest.raises(UsageError, match="BTC-USD"):
        price_level("btc/usd")


@pytest.mark.parametrize(
    ("level", "tick", "lot"),
    [
        (60_000.0, "0.01", "0.00001"),
        (150.0, "0.01", "0.001"),
        (2.85, "0.0001", "0.1"),
        (0.6, "0.00001", "1"),
        (0.00001, "0.000000001", "1"),
    ],
)
def test_tick_and_lot_follow_the_level(level: float, tick: str, lot: str) -> None:
    """Prices have five digits and cents at least; a lot is worth a few cents to a unit."""
    rules = simulated_instrument("BTC-USD", level, SimulationSettings())

    assert (Decimal(tick), Decimal(lot)) == (rules.tick, rules.lot)


def test_fees_are_fractions_of_what_the_settings_say() -> None:
    """Fees are set in percent and charged as fractions."""
    settings = SimulationSettings(maker_fee_pct=Decimal("-0.01"), taker_fee_pct=Decimal("0.25"))

    rules = simulated_instrument("ETH-EUR", 3_000.0, settings)

    assert (Decimal("-0.0001"), Decimal("0.0025")) == (rules.maker_fee, rules.taker_fee)
    assert (rules.base, rules.quote) == ("ETH", "EUR")


@given(SYMBOLS)
def test_every_symbol_has_rules_that_a_small_order_can_meet(symbol: str) -> None:
    """Whatever the name, a hundred units of money buy at least a lot and move in ticks."""
    level = price_level(symbol)

    rules = simulated_instrument(symbol, level, SimulationSettings())

    assert Decimal(100) > rules.min_notional
    assert float(rules.lot) * level < 100 or rules.lot < 1
    assert float(rules.tick) * 100 <= level
    assert Decimal(10) ** -price_decimals(level) == rules.tick


def test_a_perpetual_has_terms_and_costs_what_its_spot_does() -> None:
    """Rates are set in percent, the interval in hours; spot lends nothing, whatever is asked."""
    settings = SimulationSettings(funding_rate_pct=Decimal("-0.02"), funding_hours=4)
    perp = simulated_instrument("BTC-USDT-PERP", 60_000.0, settings, 5)
    spot = simulated_instrument("BTC-USDT", 60_000.0, settings, 5)

    assert perp.terms == Terms(
        leverage=5,
        maintenance=Decimal("0.005"),
        liquidation_fee=Decimal("0.005"),
        funding_rate=Decimal("-0.0002"),
        funding_interval=4 * 3600 * 10**9,
    )
    assert (perp.base, perp.quote, perp.stake) == ("BTC", "USDT", Decimal("0.2"))
    assert (spot.terms, spot.stake) == (None, 1)
    assert price_level("BTC-USDT-PERP") == price_level("BTC-USDT")


REAL = Instrument(
    "BTC-USDT-PERP",
    "BTC",
    "USDT",
    *map(Decimal, ("0.1", "0.001", "0.001", "5", "0.0001", "0.0006")),
    terms=Terms(max_leverage=20),
)
"""A perpetual as its venue tells of it."""


def test_a_real_instrument_on_paper_is_the_venue_s_where_the_venue_tells() -> None:
    """Margin and funding are assumed; so is what may rest together."""
    settings = SimulationSettings(maintenance_pct=Decimal(1), paired_exits=False)
    paper = on_paper(REAL, settings, 10)

    assert (paper.tick, paper.lot, paper.taker_fee) == (REAL.tick, REAL.lot, REAL.taker_fee)
    assert paper.terms is not None
    assert (paper.terms.leverage, paper.terms.max_leverage) == (10, 20)
    assert paper.terms.maintenance == Decimal("0.01")
    assert not paper.pairs


def test_a_leverage_that_the_venue_does_not_grant_is_refused() -> None:
    """Before anything has begun."""
    with pytest.raises(UsageError, match="leverage = 21: BTC-USDT-PERP has 20 at most; lower it"):
        on_paper(REAL, SimulationSettings(), 21)
