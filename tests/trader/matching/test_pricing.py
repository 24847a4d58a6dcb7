"""No simulated price is better than the market it was seen in."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.trader.matching.venue import (
    FRICTION,
    INSTRUMENT,
    MINUTE,
    limit,
    market,
    stop,
    stop_limit,
    trailing,
)
from trader.matching.book import Record
from trader.matching.pricing import Pricing, quiet_range
from trader.matching.settings import SimulationSettings
from trader.model.instrument import ZERO, to_decimal
from trader.model.market import Candle, Quote
from trader.model.orders import Order, OrderState, OrderStatus, Side

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


sides = st.sampled_from(Side)
levels = st.integers(90, 110).map(str)
resting = st.one_of(
    st.builds(lambda side, price: limit(side, "1", price), sides, levels),
    st.builds(lambda side, trigger: stop("1", trigger, side=side), sides, levels),
    st.builds(lambda trigger, price: stop_limit("1", trigger, price), levels, levels),
)


@given(st.lists(resting, min_size=1, max_size=4), st.data())
def test_prices_in_the_quiet_range_do_nothing_to_any_order(
    orders: list[Order], data: st.DataObject
) -> None:
    """No quote and no candle that stays inside it fills an order or sets one off."""
    records = [to_record(order) for order in orders]
    low, high = quiet_range(records)
    pricing = Pricing(INSTRUMENT, FRICTION)
    inside = st.floats(max(low, 80.0), min(high, 120.0), exclude_min=True, exclude_max=True)
    if min(high, 120.0) - max(low, 80.0) < 1e-6:
        return
    first, second, third, last = sorted(data.draw(st.tuples(inside, inside, inside, inside)))
    candle, quote = Candle(0, MINUTE, second, last, first, third, 1.0), Quote(1, first, last)

    for record in records:
        assert pricing.in_candle(record, candle) is None
        assert pricing.at_quote(record, quote) is None


@given(sides, levels)
def test_the_quiet_range_ends_where_an_order_acts(side: Side, level: str) -> None:
    """A stop is set off at its trigger, not beyond: the range is as wide as it may be."""
    record = to_record(stop("1", level, side=side))
    price = float(level)

    assert price in quiet_range([record])
    assert Pricing(INSTRUMENT, FRICTION).at_quote(record, Quote(1, price, price)) is not None


@pytest.mark.parametrize("order", [market(Side.BUY, "1"), trailing(Side.SELL, "1", "2")])
def test_an_order_that_follows_the_market_leaves_no_quiet_range(order: Order) -> None:
    """Every price matters to what waits for liquidity, or trails."""
    low, high = quiet_range([to_record(order)])

    assert low > high


def to_record(order: Order) -> Record:
    """Make an order that rests since before the first candle."""
    return Record(OrderState(order, "v", OrderStatus.OPEN, ZERO, 0), arrived=0, currency="USD")
