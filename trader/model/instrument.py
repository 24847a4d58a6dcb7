"""What is traded: precision, minimums and fees, and the named rounding rules."""

from decimal import ROUND_CEILING, ROUND_FLOOR, ROUND_HALF_EVEN, Decimal

import msgspec

ZERO = Decimal(0)


class Instrument(msgspec.Struct, frozen=True):
    """A spot instrument as its venue defines it; fees are fractions of notional (0.001 = 0.1 %)."""

    symbol: str
    base: str
    quote: str
    tick: Decimal
    lot: Decimal
    min_quantity: Decimal
    min_notional: Decimal
    maker_fee: Decimal
    taker_fee: Decimal

    def floor_quantity(self, quantity: Decimal) -> Decimal:
        """Round a quantity down to the lot: an order never grows by rounding."""
        return _to_step(quantity, self.lot, ROUND_FLOOR)

    def nearest_price(self, price: Decimal) -> Decimal:
        """Round a price to the nearest tick."""
        return _to_step(price, self.tick, ROUND_HALF_EVEN)

    def floor_price(self, price: Decimal) -> Decimal:
        """Round a price down to the tick."""
        return _to_step(price, self.tick, ROUND_FLOOR)

    def ceil_price(self, price: Decimal) -> Decimal:
        """Round a price up to the tick."""
        return _to_step(price, self.tick, ROUND_CEILING)


def to_decimal(value: float) -> Decimal:
    """Turn a market observation into the shortest Decimal that reads the same (0.1 -> 0.1)."""
    return Decimal(repr(value))


def _to_step(value: Decimal, step: Decimal, rounding: str) -> Decimal:
    return (value / step).to_integral_value(rounding) * step


def split_symbol(symbol: str) -> tuple[str, str]:
    """Split `BTC-USD` into base and quote; raise ValueError with the accepted form."""
    base, dash, quote = symbol.partition("-")
    if not (dash and base.isalnum() and quote.isalnum() and symbol == symbol.upper()):
        raise ValueError(f"symbol {symbol!r} is not of the form BTC-USD")
    return base, quote
