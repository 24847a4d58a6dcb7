"""Everything the engine remembers: balances, orders, fills, the newest prices."""

from decimal import Decimal

import msgspec

from trader.accounting.money import round_up
from trader.accounting.position import Position
from trader.model.instrument import ZERO, is_perpetual
from trader.model.market import Candle, Quote
from trader.model.messages import ExecutionReported
from trader.model.orders import BUY, SELL, Fill, Flow, Order, OrderKind, OrderState, OrderStatus

STOPS = frozenset({OrderKind.STOP, OrderKind.STOP_LIMIT, OrderKind.TRAILING})
"""The kinds that wait for the market to come to a trigger."""

KEPT = 100
"""How many finished orders can still be asked for: they are saved with every change."""

LISTED = 20
"""How many of the newest flows, and of the newest fills, an account lists."""


class Tick(msgspec.Struct, frozen=True, gc=False):
    """A price at which somebody traded."""

    ts_event: int
    price: float


class Record(msgspec.Struct):
    """An order with its fills; `currency` is what it locks while it is open.

    `budget` is the money set aside for a buy, or to open a position in a perpetual, `fees` the
    fees so far before rounding. A stop that has `triggered` is a market order, or a limit order if
    it has a price. `best` is the best price that a trailing stop has seen.
    """

    state: OrderState
    arrived: int
    currency: str
    budget: Decimal = ZERO
    fees: Decimal = ZERO
    triggered: bool = False
    best: float | None = None
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
        order = self.order
        spends = order.side is BUY or is_perpetual(order.symbol)
        return self.budget if spends else self.remaining

    @property
    def waits(self) -> bool:
        """True of a stop that has not been set off."""
        order = self.state.order
        return not self.triggered and (order.trigger is not None or order.trail is not None)

    @property
    def trigger(self) -> float | None:
        """The price that sets off a stop that has not been; None of any other order."""
        order = self.order
        if self.triggered:
            return None
        if order.trail is not None and self.best is not None:
            return self.best + order.side.sign * float(order.trail)
        return None if order.trigger is None else float(order.trigger)

    def follow(self, price: float) -> None:
        """Let a trailing stop see a price."""
        sign = self.order.side.sign
        if self.best is None or sign * price < sign * self.best:
            self.best = price

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


class Stake(msgspec.Struct):
    """An open position in a perpetual, and the margin under it in its `currency`.

    `liquidation` is the mark that ends it, `funding_due` when it next pays or is paid (ns).
    """

    position: Position
    currency: str
    funding_due: int
    margin: Decimal = ZERO
    long: bool = True
    liquidation: float = 0.0


class Book(msgspec.Struct):
    """The engine's memory; `open` lists the client order ids of each symbol that has open orders.

    They stand in the order they are matched in: stops first, so that a stop wins where its target
    could be filled as well, and by time. `stakes` are the open positions in perpetuals by symbol,
    `flows` and `fills` the newest.
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
    stakes: dict[str, Stake] = {}
    flows: list[Flow] = []
    fills: list[Fill] = []

    def balance(self, currency: str) -> Decimal:
        """Return what the account has of a currency, locked or not."""
        return self.balances.get(currency, ZERO)

    def credit(self, currency: str, amount: Decimal) -> None:
        """Add to a balance; a negative amount is taken from it."""
        self.balances[currency] = self.balance(currency) + amount

    def free(self, currency: str, candidate: Record | None = None) -> Decimal:
        """Return what is neither margin nor locked, or would not be if the candidate were open too.

        Orders of a group that sell lock the largest of them, once.
        """
        locks: dict[tuple[str, str, str], Decimal] = {}
        for record in self.opened() + ([candidate] if candidate else []):
            if record.currency == currency:
                key = _lock_key(record.order)
                locks[key] = max(locks.get(key, ZERO), record.locked)
        margins = (s.margin for s in self.stakes.values() if s.currency == currency)
        return self.balance(currency) - sum(margins, ZERO) - sum(locks.values(), ZERO)

    def newest_tick(self, symbol: str) -> Tick | None:
        """Return the newest recorded price: a candle's open, or the close of the last candle."""
        tick, candle = self.ticks.get(symbol), self.candles.get(symbol)
        if candle is None or (tick is not None and tick.ts_event >= candle.ts_event):
            return tick
        return Tick(candle.ts_event, candle.close)

    def keep(self, event: Flow | Fill) -> None:
        """List a flow or a fill with the account."""
        if isinstance(event, Flow):
            self.flows = [*self.flows[1 - LISTED :], event]
        else:
            self.fills = [*self.fills[1 - LISTED :], event]

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
        stops = sum(self.orders[cid].order.kind in STOPS for cid in resting)
        place = stops if order.kind in STOPS else len(resting)
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
    if order.group is not None and order.side is SELL:
        return order.symbol, order.group, ""
    return order.symbol, "", order.client_order_id
