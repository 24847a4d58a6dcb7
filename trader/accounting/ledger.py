"""Cash and positions of one account in one quote currency, each fill counted once."""

from collections.abc import Mapping
from decimal import Decimal

import msgspec

from trader.accounting.money import worth
from trader.accounting.position import Position, Trade
from trader.model.instrument import ZERO
from trader.model.orders import Fill

REMEMBERED = 4096
"""How many of the newest trade ids are kept; a venue repeats recent fills, not old ones."""


class Ledger(msgspec.Struct):
    """The account as its fills make it; a position without a mark is valued at its cost.

    `realized + unrealized(marks) - fees` is the change of `equity(marks)`, to the last digit.
    """

    cash: Decimal
    positions: dict[str, Position] = {}
    seen: dict[str, None] = {}

    def knows(self, fill: Fill) -> bool:
        """Tell whether a fill has been applied."""
        return _key(fill) in self.seen

    def apply(self, fill: Fill) -> Trade | None:
        """Fold a fill unless it is known; return the trade it ends."""
        if self.knows(fill):
            return None
        position = self.positions.get(fill.symbol) or Position(fill.symbol)
        trade = position.apply(fill)
        self.positions[fill.symbol] = position
        self.cash -= fill.side.sign * fill.quantity * fill.price + fill.fee
        self._remember(_key(fill))
        return trade

    def quantity(self, symbol: str) -> Decimal:
        """Return what is held of a symbol."""
        position = self.positions.get(symbol)
        return position.quantity if position else ZERO

    def equity(self, marks: Mapping[str, float]) -> Decimal:
        """Return cash plus the worth of every position."""
        values = (_value(position, marks) for position in self.positions.values())
        return sum(values, self.cash)

    def unrealized(self, marks: Mapping[str, float]) -> Decimal:
        """Return what the positions would bring beyond their cost, before fees."""
        gains = (_value(p, marks) - p.cost for p in self.positions.values())
        return sum(gains, ZERO)

    @property
    def realized(self) -> Decimal:
        """What sales brought beyond the cost of what was sold, before fees."""
        return sum((position.realized for position in self.positions.values()), ZERO)

    @property
    def fees(self) -> Decimal:
        """Every fee paid, less rebates."""
        return sum((position.fees for position in self.positions.values()), ZERO)

    def _remember(self, key: str) -> None:
        self.seen[key] = None
        if len(self.seen) > REMEMBERED:
            del self.seen[next(iter(self.seen))]


def _key(fill: Fill) -> str:
    # Venues number trades per symbol.
    return f"{fill.symbol}/{fill.trade_id}"


def _value(position: Position, marks: Mapping[str, float]) -> Decimal:
    if not position.quantity:
        return ZERO
    mark = marks.get(position.symbol)
    return position.cost if mark is None else worth(position.quantity, mark)
