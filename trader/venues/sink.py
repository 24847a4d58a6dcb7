"""Where simulated markets show their prices before anybody hears of them."""

from typing import Protocol

from trader.model.market import SECOND, Candle, Quote

SETTLE = 5 * SECOND
"""Market time (ns) between the last candle and the end: what is under way then comes home."""


class PriceSink(Protocol):
    """What fills orders on the prices of a market; `SimulatedExchange` is one."""

    def on_quote(self, symbol: str, quote: Quote, volume: float) -> None:
        """Take a quote and the volume, in base units, traded since the one before it."""
        ...

    def on_open(self, symbol: str, price: float, ts: int) -> None:
        """Take the first price of a candle at the time it opens (ns)."""
        ...

    def on_candle(self, symbol: str, candle: Candle) -> None:
        """Take a whole candle at the time it closes."""
        ...
