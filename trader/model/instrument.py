"""What is traded: precision, minimums and fees, and the named rounding rules."""

from decimal import ROUND_CEILING, ROUND_FLOOR, Decimal

import msgspec

from trader.model.market import SECOND

ZERO = Decimal(0)
ONE = Decimal(1)

PERPETUAL = "-PERP"
"""What the symbol of a perpetual ends in: BTC-USDT-PERP."""


class Terms(msgspec.Struct, frozen=True):
    """How a linear perpetual is margined, position by position; rates are fractions of notional.

    A position is opened on a margin of notional / `leverage`, which the settings ask for and the
    venue grants up to `max_leverage`, and liquidated for
    `liquidation_fee` once margin and unrealized gain are down to `maintenance`. Longs pay shorts
    `funding_rate` (shorts longs, where it is negative) every `funding_interval` ns of the clock.
    """

    leverage: int = 1
    max_leverage: int = 125
    maintenance: Decimal = Decimal("0.005")
    liquidation_fee: Decimal = Decimal("0.005")
    funding_rate: Decimal = Decimal("0.0001")
    funding_interval: int = 8 * 3_600 * SECOND


class Instrument(msgspec.Struct, frozen=True):
    """An instrument as its venue defines it; fees are fractions of notional (0.001 = 0.1 %).

    `terms` are those of a perpetual, None on spot. `pairs`: a stop and a target may rest for the
    same quantity; where they may not, the stop rests. `trails`: so may a trailing stop.
    """

    symbol: str
    base: str
    quote: str
    tick: Decimal
    lot: Decimal
    min_quantity: Decimal
    min_notional: Decimal
    maker_fee: Decimal
    taker_fee: Decimal
    terms: Terms | None = None
    pairs: bool = True
    trails: bool = True

    @property
    def stake(self) -> Decimal:
        """The part of a position's notional that its account has to put up."""
        return ONE / self.terms.leverage if self.terms else ONE

    def floor_quantity(self, quantity: Decimal) -> Decimal:
        """Round a quantity down to the lot: an order never grows by rounding."""
        return _to_step(quantity, self.lot, ROUND_FLOOR)

    def takes(self, quantity: Decimal, price: Decimal) -> bool:
        """Tell whether a quantity of whole lots meets the venue's minimums at a price."""
        return ZERO < quantity >= self.min_quantity and quantity * price >= self.min_notional

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


def is_perpetual(symbol: str) -> bool:
    """Tell a perpetual, `BTC-USDT-PERP`, from spot, `BTC-USDT`."""
    return symbol.endswith(PERPETUAL)


def split_symbol(symbol: str) -> tuple[str, str]:
    """Split `BTC-USD` or `BTC-USD-PERP` into base and quote; ValueError names the forms."""
    base, dash, quote = symbol.removesuffix(PERPETUAL).partition("-")
    if not (dash and base.isalnum() and quote.isalnum() and symbol == symbol.upper()):
        raise ValueError(f"symbol {symbol!r} is not of the form BTC-USD or BTC-USD-PERP")
    return base, quote
