"""Price levels and trading rules of simulated instruments."""

import math
import zlib
from decimal import Decimal

import msgspec

from trader.matching.settings import SimulationSettings
from trader.model.errors import UsageError
from trader.model.instrument import Instrument, Terms, is_perpetual, split_symbol
from trader.model.market import SECOND

_LEVELS = {
    "BTC": 60_000.0,
    "XBT": 60_000.0,
    "ETH": 3_000.0,
    "BNB": 600.0,
    "SOL": 150.0,
    "LTC": 80.0,
    "XRP": 0.6,
    "ADA": 0.4,
    "DOGE": 0.15,
    "USD": 1.0,
    "USDT": 1.0,
    "USDC": 1.0,
    "EUR": 1.1,
}
_DOLLARS = {"USD", "USDC", "USDT"}
_MIN_NOTIONAL = Decimal(5)
_HUNDRED = Decimal(100)


def price_level(symbol: str) -> float:
    """Return about what a symbol costs in the embedded market: known, or derived from its name."""
    base, quote = _split(symbol)
    return (_LEVELS.get(base) or _hashed_level(base)) / _LEVELS.get(quote, 1.0)


def is_pegged(symbol: str) -> bool:
    """Tell whether a symbol is one dollar against another, such as USDT-USD."""
    return set(_split(symbol)) <= _DOLLARS


def price_decimals(level: float) -> int:
    """Return the decimals of a price: five significant digits, and cents at least."""
    return max(2, 4 - math.floor(math.log10(level)))


def simulated_instrument(
    symbol: str, level: float, settings: SimulationSettings, leverage: int = 1
) -> Instrument:
    """Return the rules under which a symbol that costs about `level` is simulated.

    Spot lends nothing, whatever the leverage.
    """
    base, quote = _split(symbol)
    lot = Decimal(1).scaleb(-max(0, math.floor(math.log10(level)) + 1))
    return Instrument(
        symbol=symbol,
        base=base,
        quote=quote,
        tick=Decimal(1).scaleb(-price_decimals(level)),
        lot=lot,
        min_quantity=lot,
        min_notional=_MIN_NOTIONAL,
        maker_fee=settings.maker_fee_pct / _HUNDRED,
        taker_fee=settings.taker_fee_pct / _HUNDRED,
        terms=_terms(settings, leverage) if is_perpetual(symbol) else None,
        pairs=settings.paired_exits,
        trails=settings.trailing_orders,
    )


def on_paper(instrument: Instrument, settings: SimulationSettings, leverage: int) -> Instrument:
    """Return a venue's instrument as its orders are simulated.

    Steps, minimums, fees and the highest leverage are the venue's; maintenance, funding and what a
    liquidation costs are assumed as the settings have them. Raise UsageError for a leverage that
    the venue does not grant.
    """
    terms = None
    if instrument.terms is not None:
        most = min(instrument.terms.max_leverage, settings.max_leverage)
        if leverage > most:
            name = instrument.symbol
            raise UsageError(f"trading.leverage = {leverage}: {name} has {most} at most; lower it")
        terms = msgspec.structs.replace(_terms(settings, leverage), max_leverage=most)
    return msgspec.structs.replace(
        instrument, terms=terms, pairs=settings.paired_exits, trails=settings.trailing_orders
    )


def _terms(settings: SimulationSettings, leverage: int) -> Terms:
    return Terms(
        leverage=leverage,
        max_leverage=settings.max_leverage,
        maintenance=settings.maintenance_pct / _HUNDRED,
        liquidation_fee=settings.liquidation_fee_pct / _HUNDRED,
        funding_rate=settings.funding_rate_pct / _HUNDRED,
        funding_interval=settings.funding_hours * 3_600 * SECOND,
    )


def _split(symbol: str) -> tuple[str, str]:
    try:
        return split_symbol(symbol)
    except ValueError as error:
        raise UsageError(str(error)) from None


def _hashed_level(base: str) -> float:
    """Spread unknown names over 0.01 to 1000, evenly by order of magnitude."""
    return float(10.0 ** (zlib.crc32(base.encode()) % 500 / 100 - 2))
