"""Everything the engine remembers: balances, orders, fills, the newest prices."""

from decimal import Decimal

import msgspec

from trader.accounting.money import round_up
from trader.model.instrument import ZERO
from trader.model.market import Candle, Quote
from trader.model.messages import ExecutionReported
from trader.model.orders import Fill, Order, OrderKind, OrderState, OrderStatus, Side

KEPT = 100
"""How many finished orders can still be asked for: they are saved with every change."""


class Tick(msgspec.Struct, frozen=True, gc=False):
    """A price at which somebody traded."""

    ts_event: int
    price: float


class Record(msgspec.Struct):
    """An order with its fills; `currency` is what it locks while it is open.

    `budget` is the money set aside for a buy, `fees` the fees so far before rounding. A stop that
    has `triggered` is a market order.
    """

    state: OrderState
    arrived: int
    currency: str
    budget: Decimal = ZERO
    fees: Decimal = ZERO
    triggered: bool = False
    fills: list[Fill] = []

    @property
    def order(self) -> Order:
        """The order as it stands, reductions by siblings included."""
        return self.state.order

    @property
    def remaining(self) -> Decimal:
        """What is yet to be filled."""
        return self.state.order.quantity - self.state.filled

    @property
    def locked(self) -> Decimal:
        """What it keeps from other orders, in its `currency`."""
        return self.budget if self.order.side is Side.BUY else self.remaining

    def fee(self, due: Decimal) -> Decimal:
        """Return what an unrounded fee adds: an order's fee is rounded up once, not per fill."""
        return round_up(self.fees + due) - round_up(self.fees)

    def move(self, status: OrderStatus, ts: int) -> ExecutionReported:
        """Change the status and report it."""
        self.state = msgspec.structs.replace(self.state, status=status, ts_event=ts)
        return ExecutionReported(self.state, None)

    def take(self, fill: Fill) -> ExecutionReported:
        """Take in a fill and report it."""
        self.fills.append(fill)
        done = fill.quantity == self.remaining
        self.state = msgspec.structs.replace(
            self.state,
            status=OrderStatus.FILLED if done else OrderStatus.PARTIALLY_FILLED,
            filled=self.state.filled + fill.quantity,
            ts_event=fill.ts_event,
        )
        return ExecutionReported(self.state, fill)

    def reduce(self, quantity: Decimal, ts: int) -> ExecutionReported:
        """Ask for less, because a sibling was filled; cancel what is left with nothing to fill."""
        if quantity >= self.remaining:
            return self.move(OrderStatus.CANCELED, ts)
        order = msgspec.structs.replace(self.order, quantity=self.order.quantity - quantity)
        self.state = msgspec.structs.replace(self.state, order=order, ts_event=ts)
        return ExecutionReported(self.state, None)


class Book(msgspec.Struct):
    """The engine's memory; `open` lists the client order ids of each symbol that has open orders.

    They stand in the order they are matched in: stops first, so that a stop wins where its target
    could be filled as well, and by time.
    """

    balances: dict[str, Decimal]
    orders: dict[str, Record] = {}
    open: dict[str, list[str]] = {}
    finished: list[str] = []
    quotes: dict[str, Quote] = {}
    ticks: dict[str, Tick] = {}
    candles: dict[str, Candle] = {}
    order_count: int = 0
    trade_count: int = 0

    def balance(self, currency: str) -> Decimal:
        """Return what the account has of a currency, locked or not."""
        return self.balances.get(currency, ZERO)

    def credit(self, currency: str, amount: Decimal) -> None:
        """Add to a balance; a negative amount is taken from it."""
        self.balances[currency] = self.balance(currency) + amount

    def free(self, currency: str, candidate: Record | None = None) -> Decimal:
        """Return what is not locked, or would not be if the candidate were open too.

        Orders of a group that sell lock the largest of them, once.
        """
        locks: dict[tuple[str, str, str], Decimal] = {}
        for record in self.opened() + ([candidate] if candidate else []):
            if record.currency == currency:
                key = _lock_key(record.order)
                locks[key] = max(locks.get(key, ZERO), record.locked)
        return self.balance(currency) - sum(locks.values(), ZERO)

    def newest_tick(self, symbol: str) -> Tick | None:
        """Return the newest recorded price: a candle's open, or the close of the last candle."""
        tick, candle = self.ticks.get(symbol), self.candles.get(symbol)
        if candle is None or (tick is not None and tick.ts_event >= candle.ts_event):
            return tick
        return Tick(candle.ts_event, candle.close)

    def opened(self) -> list[Record]:
        """Return every open order."""
        return [self.orders[cid] for resting in self.open.values() for cid in resting]

    def resting(self, symbol: str) -> list[Record]:
        """Return the open orders of a symbol as they are matched."""
        return [self.orders[cid] for cid in self.open.get(symbol, ())]

    def siblings(self, record: Record) -> list[Record]:
        """Return the open orders that share the record's group."""
        if record.order.group is None:
            return []
        open_orders = self.resting(record.order.symbol)
        return [r for r in open_orders if r.order.group == record.order.group and r is not record]

    def add(self, record: Record) -> None:
        """Take in an order that is open."""
        order = record.order
        self.orders[order.client_order_id] = record
        resting = self.open.setdefault(order.symbol, [])
        stops = sum(self.orders[cid].order.kind is OrderKind.STOP for cid in resting)
        place = stops if order.kind is OrderKind.STOP else len(resting)
        resting.insert(place, order.client_order_id)

    def finish(self, record: Record) -> None:
        """Put away an order that is final; the oldest of them are forgotten."""
        order = record.order
        resting = self.open[order.symbol]
        resting.remove(order.client_order_id)
        if not resting:
            del self.open[order.symbol]
        self.finished.append(order.client_order_id)
        if len(self.finished) > KEPT:
            del self.orders[self.finished.pop(0)]


def _lock_key(order: Order) -> tuple[str, str, str]:
    if order.group is not None and order.side is Side.SELL:
        return order.symbol, order.group, ""
    return order.symbol, "", order.client_order_id
