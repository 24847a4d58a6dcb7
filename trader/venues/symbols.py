"""Users' spellings of a symbol -> the engine's -> ccxt's."""

import re
from collections.abc import Iterable
from difflib import get_close_matches

from trader.model.instrument import PERPETUAL, is_perpetual

_QUOTES = ("USDT", "USDC", "FDUSD", "TUSD", "USD", "EUR", "GBP", "JPY", "BTC", "ETH")
"""What a symbol without a mark between its halves may end in; the longest first."""


def to_symbol(text: str) -> str:
    """Return the engine's spelling of `BTC-USD`, `BTC/USD`, `BTCUSDT` or `BTC-USDT-PERP`.

    What cannot be told apart is returned in capitals: the venue then names the nearest.
    """
    plain = re.sub(r"[/_:\s]", "-", text.strip().upper())
    perpetual = plain.endswith("PERP")
    plain = plain.removesuffix("PERP").rstrip("-")
    if "-" not in plain:
        for quote in _QUOTES:
            if plain.endswith(quote) and len(plain) > len(quote):
                plain = f"{plain.removesuffix(quote)}-{quote}"
                break
    return f"{plain}{PERPETUAL}" if perpetual else plain


def to_ccxt(symbol: str) -> str:
    """Return ccxt's unified spelling; a perpetual settles in its quote currency."""
    pair = symbol.removesuffix(PERPETUAL).replace("-", "/", 1)
    return f"{pair}:{pair.partition('/')[2]}" if is_perpetual(symbol) else pair


def from_ccxt(symbol: str) -> str:
    """Return the engine's spelling of ccxt's."""
    pair, colon, _ = symbol.partition(":")
    return pair.replace("/", "-") + (PERPETUAL if colon else "")


def nearest(symbol: str, known: Iterable[str]) -> str:
    """Name the symbols that look most like one that is unknown."""
    names = sorted(known)
    base = symbol.partition("-")[0]
    same = [name for name in names if name.partition("-")[0] == base]
    close = get_close_matches(symbol, same or names, n=5, cutoff=0.0)
    return ", ".join(close) or "none"
