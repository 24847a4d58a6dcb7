"""At which price an order fills, if it does.

Prices are judged with the sign of the side: times +1 for a buy and -1 for a sell, a greater number
is always the worse price for the order. A stop waits for its trigger; then, as any other order, it
is a limit order if it has a `price`, and a market order if it has none: admission sees to it.
"""

import math
from collections.abc import Iterable
from decimal import Decimal

import msgspec

from trader.matching.book import Record
from trader.matching.settings import SimulationSettings
from trader.model.instrument import Instrument, to_decimal
from trader.model.market import Candle, Quote
from trader.model.orders import BUY, Liquidity, Order, Side

_LATE = 100
"""An order that came after the first 1/100 of a candle did not rest through it."""


Range = tuple[float, float]
"""The prices between two, both excluded."""


class Match(msgspec.Struct, frozen=True):
    """A price that an order can be filled at now; None of a stop that now rests at its limit."""

    price: Decimal | None
    liquidity: Liquidity


class Pricing:
    """The prices of one instrument, as the simulation's costs make them."""

    def __init__(self, instrument: Instrument, settings: SimulationSettings) -> None:
        self.instrument = instrument
        self._half_spread = to_decimal(settings.spread_pct) / 200
        self._slippage = to_decimal(settings.slippage_pct) / 100

    def around(self, price: float, ts: int) -> Quote:
        """Return the quote that stood around a price of which only the trade was recorded."""
        middle = to_decimal(price)
        bid, ask = middle * (1 - self._half_spread), middle * (1 + self._half_spread)
        return Quote(ts, float(bid), float(ask))

    def take(self, side: Side, quote: Quote) -> Decimal:
        """Return what an order pays that takes: the touch and slippage, rounded against it."""
        worse = to_decimal(touch(side, quote)) * (1 + side.sign * self._slippage)
        rounded = self.instrument.ceil_price if side is BUY else self.instrument.floor_price
        return rounded(worse)

    def fee_rate(self, liquidity: Liquidity) -> Decimal:
        """Return the fee as a fraction of notional."""
        maker = liquidity is Liquidity.MAKER
        return self.instrument.maker_fee if maker else self.instrument.taker_fee

    def on_arrival(self, record: Record, quote: Quote) -> Match | None:
        """Match an order that has just come: it takes what it crosses, a stop waits."""
        if record.waits:
            return None
        match = self._taking(record.order, quote)
        return None if match.price is None else match

    def crosses(self, order: Order, quote: Quote) -> bool:
        """Tell whether an order would take from the book."""
        sign = order.side.sign
        return order.price is None or sign * touch(order.side, quote) <= sign * float(order.price)

    def _taking(self, order: Order, quote: Quote) -> Match:
        """Take what is there, within the limit if there is one."""
        if not self.crosses(order, quote):
            return Match(None, Liquidity.TAKER)
        price, sign = self.take(order.side, quote), order.side.sign
        if order.price is not None:
            price = sign * min(sign * price, sign * order.price)
        return Match(price, Liquidity.TAKER)

    def at_quote(self, record: Record, quote: Quote) -> Match | None:
        """Match a resting order against bid and ask."""
        order, sign = record.order, record.order.side.sign
        if record.waits:
            if order.trail is not None:
                record.follow(touch(order.side, quote))
            trigger = record.trigger
            assert trigger is not None, "it has seen a price"
            reached = sign * touch(order.side, quote) >= sign * trigger
            return self._taking(order, quote) if reached else None
        if order.price is not None:
            crossed = self.crosses(order, quote)
            return Match(order.price, Liquidity.MAKER) if crossed else None
        return Match(self.take(order.side, quote), Liquidity.TAKER)

    def in_candle(self, record: Record, candle: Candle) -> Match | None:
        """Match a resting order against a candle that has closed, in doubt to its disadvantage.

        A limit must be traded through, by a candle that found it resting; a stop fills at its
        trigger or a worse open, whenever it came; what waits for liquidity fills at the close.
        """
        order = record.order
        if record.arrived >= candle.ts_event:
            return None
        if record.waits:
            reached = _sets_off(record, candle)
            if reached is None:
                return None
            return self._taking(order, self.around(reached, candle.ts_event))
        if order.price is not None:
            through = _rested_through(record, candle) and _trades_beyond(order, order.price, candle)
            return Match(order.price, Liquidity.MAKER) if through else None
        quote = self.around(candle.close, candle.ts_event)
        return Match(self.take(order.side, quote), Liquidity.TAKER)


def touch(side: Side, quote: Quote) -> float:
    """Return the price of a quote that an order of a side would take."""
    return quote.ask if side is BUY else quote.bid


def quiet_range(orders: Iterable[Record]) -> Range:
    """Return the prices of the market that do nothing to resting orders, none if all do."""
    low, high = 0.0, math.inf
    for record in orders:
        order, waits = record.order, record.waits
        level = record.trigger if waits else order.price
        if level is None or (waits and order.trail is not None):
            return math.inf, 0.0
        # A stop to buy waits for the market above it, a limit below.
        if (order.side is BUY) is waits:
            high = min(high, float(level))
        else:
            low = max(low, float(level))
    return low, high


def _sets_off(record: Record, candle: Candle) -> float | None:
    """Return the price at which a candle sets off a stop, None if it does not.

    Of a trailing stop's candle it is only known that the close came after the best price, and of
    one in which it arrived not even that it saw the best price.
    """
    side, trigger = record.order.side, record.trigger
    reached = None if trigger is None else _reaches(side, trigger, candle)
    if reached is not None or record.order.trail is None:
        return reached
    best = candle.low if side is BUY else candle.high
    record.follow(best if _rested_through(record, candle) else candle.close)
    trigger = record.trigger
    assert trigger is not None, "it has seen a price"
    return trigger if side.sign * candle.close >= side.sign * trigger else None


def _rested_through(record: Record, candle: Candle) -> bool:
    return (record.arrived - candle.ts_open) * _LATE <= candle.ts_event - candle.ts_open


def _trades_beyond(order: Order, limit: Decimal, candle: Candle) -> bool:
    return candle.low < float(limit) if order.side is BUY else candle.high > float(limit)


def _reaches(side: Side, trigger: float, candle: Candle) -> float | None:
    """Return the price at which the market came to the trigger, None if it did not."""
    if side is BUY:
        return max(candle.open, trigger) if candle.high >= trigger else None
    return min(candle.open, trigger) if candle.low <= trigger else None
