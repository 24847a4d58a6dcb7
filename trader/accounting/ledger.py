"""Cash and positions of one account in one quote currency, each fill counted once."""

from collections.abc import Iterable, Mapping
from decimal import Decimal

import msgspec

from trader.accounting.position import Position, Trade
from trader.model.instrument import ZERO, is_perpetual
from trader.model.orders import Fill, Flow, FlowKind

REMEMBERED = 4096
"""How many of the newest ids are kept; a venue repeats recent fills and flows, not old ones."""


class Ledger(msgspec.Struct):
    """The account as its fills and flows make it; a position without a mark is valued at its cost.

    Spot is paid for in cash, a perpetual settles its gains in cash. `realized +
    unrealized(marks) - fees + funding + transfers` is the change of `equity(marks)`, to the last
    digit.
    """

    cash: Decimal
    positions: dict[str, Position] = {}
    transfers: Decimal = ZERO
    seen: dict[str, None] = {}

    def knows(self, event: Fill | Flow) -> bool:
        """Tell whether a fill or a flow has been applied."""
        return event.key in self.seen

    def unknown(self, fills: Iterable[Fill]) -> list[Fill]:
        """Return the fills that have not been applied."""
        return [fill for fill in fills if fill.key not in self.seen]

    def pass_over(self, event: Fill | Flow) -> None:
        """Never apply a fill or a flow: the cash that the ledger began with holds it already."""
        self._remember(event.key)

    def apply(self, fill: Fill) -> Trade | None:
        """Fold a fill unless it is known; return the trade it ends."""
        key = fill.key
        if key in self.seen:
            return None
        position = self.positions.get(fill.symbol) or Position(fill.symbol)
        before = position.realized
        trade = position.apply(fill)
        self.positions[fill.symbol] = position
        if is_perpetual(fill.symbol):
            self.cash += position.realized - before - fill.fee
        else:
            self.cash -= fill.side.sign * fill.quantity * fill.price + fill.fee
        self._remember(key)
        return trade

    def move(self, flow: Flow) -> bool:
        """Fold a flow; tell whether it was new."""
        key = flow.key
        if key in self.seen:
            return False
        self.cash += flow.amount
        if flow.kind is FlowKind.FUNDING and flow.symbol is not None:
            self.positions.setdefault(flow.symbol, Position(flow.symbol)).fund(flow.amount)
        else:
            self.transfers += flow.amount
        self._remember(key)
        return True

    def quantity(self, symbol: str) -> Decimal:
        """Return what is held of a symbol."""
        position = self.positions.get(symbol)
        return position.quantity if position else ZERO

    def equity(self, marks: Mapping[str, float]) -> Decimal:
        """Return cash plus the value of every position: its worth, or its unrealized gain."""
        values = (_value(position, marks) for position in self.positions.values())
        return sum(values, self.cash)

    def unrealized(self, marks: Mapping[str, float]) -> Decimal:
        """Return what the positions would bring beyond their cost, before fees."""
        return sum((_unrealized(p, marks) for p in self.positions.values()), ZERO)

    @property
    def lent(self) -> Decimal:
        """What perpetuals are held for and was not paid in cash; below zero for shorts."""
        return sum((p.cost for s, p in self.positions.items() if is_perpetual(s)), ZERO)

    @property
    def realized(self) -> Decimal:
        """What closing brought beyond the cost of what was closed, before fees and funding."""
        return sum((position.realized for position in self.positions.values()), ZERO)

    @property
    def fees(self) -> Decimal:
        """Every fee paid, less rebates."""
        return sum((position.fees for position in self.positions.values()), ZERO)

    @property
    def funding(self) -> Decimal:
        """Funding received, less what was paid."""
        return sum((position.funding for position in self.positions.values()), ZERO)

    def _remember(self, key: str) -> None:
        self.seen[key] = None
        if len(self.seen) > REMEMBERED:
            del self.seen[next(iter(self.seen))]


def _unrealized(position: Position, marks: Mapping[str, float]) -> Decimal:
    mark = marks.get(position.symbol)
    return ZERO if mark is None else position.unrealized(mark)


def _value(position: Position, marks: Mapping[str, float]) -> Decimal:
    gain = _unrealized(position, marks)
    return gain if is_perpetual(position.symbol) else position.cost + gain
