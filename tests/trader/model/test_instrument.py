"""Instruments: the named rounding rules, symbols, and what a position has to be paid with."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from trader.model.instrument import Instrument, Terms, is_perpetual, split_symbol, to_decimal

STEP = Decimal("0.05")
BTC = Instrument("BTC-USD", "BTC", "USD", STEP, STEP, STEP, STEP, Decimal(0), Decimal(0))


@given(st.decimals(0, 10**6, places=8))
def test_rounding_stays_on_the_grid_and_within_a_step(value: Decimal) -> None:
    """Quantities never grow by it; prices go the way that is asked for."""
    assert BTC.floor_quantity(value) == BTC.floor_price(value)
    assert value - STEP < BTC.floor_price(value) <= value <= BTC.ceil_price(value) < value + STEP
    assert BTC.floor_price(value) % STEP == BTC.ceil_price(value) % STEP == 0


def test_leverage_is_what_a_position_need_not_be_paid_with() -> None:
    """Spot lends nothing."""
    assert BTC.stake == 1
    assert replace(BTC, terms=Terms(leverage=4)).stake == Decimal("0.25")


@given(st.floats(1e-9, 1e15))
def test_a_price_is_the_shortest_decimal_that_reads_the_same(price: float) -> None:
    """0.1 is 0.1."""
    assert float(to_decimal(price)) == price
    assert str(to_decimal(0.1)) == "0.1"


@pytest.mark.parametrize(
    ("symbol", "halves", "perpetual"),
    [("BTC-USD", ("BTC", "USD"), False), ("BTC-USDT-PERP", ("BTC", "USDT"), True)],
)
def test_a_symbol_is_a_base_and_a_quote(
    symbol: str, halves: tuple[str, str], perpetual: bool
) -> None:
    """A perpetual says so behind them."""
    assert split_symbol(symbol) == halves
    assert is_perpetual(symbol) is perpetual


@pytest.mark.parametrize("text", ["", "BTC", "BTC-", "-USD", "btc-usd", "BTC/USD", "BTC-USD-X"])
def test_what_is_no_symbol_is_refused_with_the_forms(text: str) -> None:
    """The error says how symbols are written."""
    with pytest.raises(ValueError, match="not of the form BTC-USD or BTC-USD-PERP"):
        split_symbol(text)
