"""What is held of one symbol, what it cost, and the trades it made."""

from decimal import Decimal

import msgspec

from trader.accounting.money import round_down, worth
from trader.model.instrument import ZERO, is_perpetual
from trader.model.orders import BUY, SELL, Fill, Side


class Trade(msgspec.Struct, frozen=True):
    """A position from flat to flat, entered by `side`; the averages are before costs.

    `pnl` is after `fees` and with `funding`.
    """

    symbol: str
    opened: int
    closed: int
    quantity: Decimal
    entry: Decimal
    exit: Decimal
    pnl: Decimal
    fees: Decimal
    side: Side = BUY
    funding: Decimal = ZERO


class OpenTrade(msgspec.Struct):
    """What went into a position since it was last flat, by `side`, and what came out of it."""

    opened: int
    side: Side = BUY
    # Named in journals as they were while there was spot alone.
    quantity: Decimal = msgspec.field(default=ZERO, name="bought")
    entered: Decimal = msgspec.field(default=ZERO, name="paid")
    left: Decimal = msgspec.field(default=ZERO, name="received")
    fees: Decimal = ZERO
    funding: Decimal = ZERO

    def close(self, symbol: str, ts: int) -> Trade:
        """Return the record of the trade, once all that was entered is left."""
        return Trade(
            symbol=symbol,
            opened=self.opened,
            closed=ts,
            quantity=self.quantity,
            entry=self.entered / self.quantity,
            exit=self.left / self.quantity,
            pnl=self.side.sign * (self.left - self.entered) - self.fees + self.funding,
            fees=self.fees,
            side=self.side,
            funding=self.funding,
        )


class Position(msgspec.Struct):
    """A holding, or a position in a perpetual: below zero, and its cost with it, when short.

    `cost` is what is held for, `realized` is before `fees` and `funding`, all since ever. Whatever
    the fills, `realized + unrealized(mark) - fees + funding` is what the position has brought, to
    the last digit.
    """

    symbol: str
    quantity: Decimal = ZERO
    cost: Decimal = ZERO
    realized: Decimal = ZERO
    fees: Decimal = ZERO
    funding: Decimal = ZERO
    trade: OpenTrade | None = None

    @property
    def average_price(self) -> Decimal:
        """What a unit of the position was entered at, before fees; 0 when flat."""
        return self.cost / self.quantity if self.quantity else ZERO

    @property
    def side(self) -> Side:
        """The side that adds to the position; BUY when flat."""
        return SELL if self.quantity < 0 else BUY

    def unrealized(self, mark: float) -> Decimal:
        """Return what the position would bring at the mark beyond its cost, before fees."""
        return worth(self.quantity, mark) - self.cost if self.quantity else ZERO

    def closes(self, side: Side, quantity: Decimal) -> Decimal:
        """Return how much of an order would close and not open."""
        return min(quantity, abs(self.quantity)) if side is not self.side else ZERO

    def apply(self, fill: Fill) -> Trade | None:
        """Fold a fill; return the trade it ends. What goes beyond flat begins another.

        Raises ValueError, and changes nothing, for no quantity, or a sale on spot beyond the
        holding.
        """
        if fill.quantity <= 0:
            raise ValueError(f"fill of {fill.quantity} {self.symbol}")
        closing = self.closes(fill.side, fill.quantity)
        opening = fill.quantity - closing
        if opening and fill.side is SELL and not is_perpetual(self.symbol):
            raise ValueError(
                f"sale of {fill.quantity} {self.symbol} beyond the holding {self.quantity}"
            )
        fee = round_down(fill.fee * closing / fill.quantity) if opening else fill.fee
        ended = self._close(fill, closing, fee) if closing else None
        if opening:
            self._open(fill, opening, fill.fee - fee)
        return ended

    def fund(self, amount: Decimal) -> None:
        """Take in funding: received, or paid where it is negative."""
        self.funding += amount
        if self.trade is not None:
            self.trade.funding += amount

    def _open(self, fill: Fill, quantity: Decimal, fee: Decimal) -> None:
        amount = quantity * fill.price
        trade = self.trade = self.trade or OpenTrade(fill.ts_event, fill.side)
        trade.quantity += quantity
        trade.entered += amount
        trade.fees += fee
        self.fees += fee
        self.quantity += fill.side.sign * quantity
        self.cost += fill.side.sign * amount

    def _close(self, fill: Fill, quantity: Decimal, fee: Decimal) -> Trade | None:
        trade, amount, sign = self.trade, quantity * fill.price, fill.side.sign
        assert trade is not None, "what is held was entered"
        whole = quantity == abs(self.quantity)
        # Rounded towards zero, so that what remains never has a cost of the other sign.
        part = abs(self.cost) if whole else round_down(abs(self.cost * quantity / self.quantity))
        self.quantity += sign * quantity
        self.cost += sign * part
        self.realized += sign * (part - amount)
        self.fees += fee
        trade.left += amount
        trade.fees += fee
        if self.quantity:
            return None
        self.trade = None
        return trade.close(self.symbol, fill.ts_event)
