"""Users' spellings of a symbol, the engine's, and ccxt's."""

import pytest

from trader.venues.symbols import from_ccxt, nearest, to_ccxt, to_symbol


@pytest.mark.parametrize(
    ("text", "symbol", "unified"),
    [
        ("BTC-USD", "BTC-USD", "BTC/USD"),
        ("btc/usd", "BTC-USD", "BTC/USD"),
        ("BTCUSDT", "BTC-USDT", "BTC/USDT"),
        ("ETHBTC", "ETH-BTC", "ETH/BTC"),
        ("BTC_USDC", "BTC-USDC", "BTC/USDC"),
        ("BTC-USDT-PERP", "BTC-USDT-PERP", "BTC/USDT:USDT"),
        ("btcusdtperp", "BTC-USDT-PERP", "BTC/USDT:USDT"),
    ],
)
def test_every_spelling_is_understood(text: str, symbol: str, unified: str):
    """And ccxt's leads back."""
    assert to_symbol(text) == symbol
    assert to_ccxt(symbol) == unified
    assert from_ccxt(unified) == symbol


def test_what_cannot_be_told_apart_stays_as_it_is():
    """The venue then names the nearest."""
    assert to_symbol("usd") == "USD"
    assert to_symbol("FOOBAR") == "FOOBAR"


def test_the_nearest_are_of_the_same_base():
    """What users mistake is the quote, mostly."""
    known = ["ETH-USD", "BTC-EUR", "BTC-USD", "BCH-USDT"]
    assert nearest("BTC-USDT", known) == "BTC-USD, BTC-EUR"
    assert nearest("X", []) == "none"
