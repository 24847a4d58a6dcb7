"""What is held of one symbol, what it cost, and the trades it made."""

from decimal import Decimal

import msgspec

from trader.accounting.money import round_down, worth
from trader.model.instrument import ZERO
from trader.model.orders import Fill, Side


class Trade(msgspec.Struct, frozen=True):
    """A position from flat to flat; `pnl` is after `fees`, the averages are before them."""

    symbol: str
    opened: int
    closed: int
    quantity: Decimal
    entry: Decimal
    exit: Decimal
    pnl: Decimal
    fees: Decimal


class OpenTrade(msgspec.Struct):
    """What went into and came out of a position since it was last flat."""

    opened: int
    bought: Decimal = ZERO
    paid: Decimal = ZERO
    received: Decimal = ZERO
    fees: Decimal = ZERO

    def close(self, symbol: str, ts: int) -> Trade:
        """Return the record of the trade, once all that was bought is sold."""
        return Trade(
            symbol=symbol,
            opened=self.opened,
            closed=ts,
            quantity=self.bought,
            entry=self.paid / self.bought,
            exit=self.received / self.bought,
            pnl=self.received - self.paid - self.fees,
            fees=self.fees,
        )


class Position(msgspec.Struct):
    """A long holding: `cost` is what is held for, `realized` is before `fees`, both since ever.

    Whatever the fills, `realized + unrealized(mark) - fees` is the change of cash plus the worth of
    the quantity at the mark, to the last digit.
    """

    symbol: str
    quantity: Decimal = ZERO
    cost: Decimal = ZERO
    realized: Decimal = ZERO
    fees: Decimal = ZERO
    trade: OpenTrade | None = None

    @property
    def average_price(self) -> Decimal:
        """What a unit of the holding cost, before fees; 0 when flat."""
        return self.cost / self.quantity if self.quantity else ZERO

    def unrealized(self, mark: float) -> Decimal:
        """Return what the holding would bring at the mark beyond its cost, before fees."""
        return worth(self.quantity, mark) - self.cost if self.quantity else ZERO

    def apply(self, fill: Fill) -> Trade | None:
        """Fold a fill; return the trade it ends.

        Raises ValueError, and changes nothing, for a sale beyond the holding or no quantity.
        """
        if fill.quantity <= 0:
            raise ValueError(f"fill of {fill.quantity} {self.symbol}")
        amount = fill.quantity * fill.price
        trade = self.trade or OpenTrade(opened=fill.ts_event)
        if fill.side is Side.BUY:
            self._buy(fill.quantity, amount)
            trade.bought += fill.quantity
            trade.paid += amount
        else:
            self._sell(fill.quantity, amount)
            trade.received += amount
        self.fees += fill.fee
        trade.fees += fill.fee
        self.trade = trade if self.quantity else None
        return None if self.quantity else trade.close(self.symbol, fill.ts_event)

    def _buy(self, quantity: Decimal, amount: Decimal) -> None:
        self.quantity += quantity
        self.cost += amount

    def _sell(self, quantity: Decimal, amount: Decimal) -> None:
        if quantity > self.quantity:
            raise ValueError(f"sale of {quantity} {self.symbol} beyond the holding {self.quantity}")
        whole = quantity == self.quantity
        # Rounded down, so that what remains never has a negative cost.
        removed = self.cost if whole else round_down(self.cost * quantity / self.quantity)
        self.quantity -= quantity
        self.cost -= removed
        self.realized += amount - removed
