"""No simulated price is better than the market it was seen in."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.trader.matching.venue import FRICTION, INSTRUMENT
from trader.matching.pricing import Pricing
from trader.matching.settings import SimulationSettings
from trader.model.instrument import to_decimal
from trader.model.market import Quote
from trader.model.orders import Side

prices = st.integers(100, 10**7).map(lambda cents: cents / 100)
percents = st.floats(0.0, 5.0)


@given(prices, percents, percents)
def test_taking_is_never_better_than_the_touch(price: float, spread: float, slip: float) -> None:
    """Bid below price below ask; a buy pays the ask or more, a sale gets the bid or less."""
    pricing = Pricing(INSTRUMENT, SimulationSettings(spread_pct=spread, slippage_pct=slip))
    quote = pricing.around(price, 0)

    assert quote.bid <= price <= quote.ask
    assert pricing.take(Side.BUY, quote) >= to_decimal(quote.ask)
    assert pricing.take(Side.SELL, quote) <= to_decimal(quote.bid)


@given(prices, st.sampled_from(Side))
def test_a_taken_price_is_on_the_tick(price: float, side: Side) -> None:
    """An order never fills at a price that the instrument does not have."""
    pricing = Pricing(INSTRUMENT, FRICTION)

    assert pricing.take(side, pricing.around(price, 0)) % INSTRUMENT.tick == 0


@pytest.mark.parametrize(("side", "expected"), [(Side.BUY, "100.1"), (Side.SELL, "99.9")])
def test_no_friction_no_difference(side: Side, expected: str) -> None:
    """Without slippage one takes the touch itself: no digit is lost between float and Decimal."""
    pricing = Pricing(INSTRUMENT, SimulationSettings(slippage_pct=0.0))

    assert pricing.take(side, Quote(0, 99.9, 100.1)) == Decimal(expected)
