"""A venue in memory that does to a request what a test tells it to."""

from collections import deque
from decimal import Decimal

import msgspec

from trader.model.errors import OutcomeUnknown, VenueError
from trader.model.instrument import Instrument
from trader.model.market import SECOND
from trader.model.messages import ExecutionReported
from trader.model.orders import Approval, Fill, Liquidity, Order, OrderState, OrderStatus
from trader.model.views import Account
from trader.ports import Post, forever

STEP = Decimal("0.001")
BTC = Instrument("BTC-USD", "BTC", "USD", STEP, STEP, Decimal("0.01"), STEP, STEP, STEP)

LOST = OutcomeUnknown("read timed out")
"""Let a request be carried out, and its answer be lost; any other error comes instead of it."""


class ScriptedVenue:
    """Carry out each request, unless `script` has an error for the next of its kind.

    `asked` lists every request that came in, by kind and client order id.
    """

    arrives_within = 60 * SECOND

    def __init__(self) -> None:
        self.orders: dict[str, OrderState] = {}
        self.fills: dict[str, tuple[Fill, ...]] = {}
        self.balances: dict[str, Decimal] = {"USD": Decimal(1_000)}
        self.script: dict[str, deque[VenueError | None]] = {}
        self.asked: list[tuple[str, str]] = []
        self.post: Post | None = None

    def fail(self, kind: str, *errors: VenueError | None) -> None:
        """Have the next requests of a kind end in these errors; None is none."""
        self.script.setdefault(kind, deque()).extend(errors)

    def count(self, kind: str) -> int:
        """Count the requests of a kind."""
        return sum(asked == kind for asked, _ in self.asked)

    # -- what happens there ------------------------------------------------------------------------

    def place(self, order: Order, status: OrderStatus = OrderStatus.OPEN) -> OrderState:
        """Put an order into the book."""
        number = f"v{len(self.orders)}"
        return self._keep(OrderState(order, number, status, Decimal(0), 0))

    def fill(self, order: Order, quantity: str, *, report: bool = True) -> Fill:
        """Fill a part of an order, or all, and report it."""
        cid = order.client_order_id
        fills, amount = self.fills.get(cid, ()), Decimal(quantity)
        trade = f"{cid}/{len(fills)}"
        price, fee = Decimal(100), Decimal("0.1")
        made = Fill(trade, cid, order.symbol, order.side, amount, price, fee, Liquidity.TAKER, 0)
        filled = self.orders[cid].filled + amount
        full = filled == order.quantity
        status = OrderStatus.FILLED if full else OrderStatus.PARTIALLY_FILLED
        self.fills[cid] = (*fills, made)
        base = order.symbol.partition("-")[0]
        held = self.balances.get(base, Decimal(0))
        self.balances[base] = held + order.side.sign * amount
        self._keep(msgspec.structs.replace(self.orders[cid], status=status, filled=filled))
        if report:
            self.report(order, made)
        return made

    def end(self, order: Order, status: OrderStatus = OrderStatus.CANCELED) -> None:
        """End an order without a word."""
        state = self.orders[order.client_order_id]
        self._keep(msgspec.structs.replace(state, status=status))

    def report(self, order: Order, fill: Fill | None = None) -> None:
        """Say on the stream how an order stands."""
        assert self.post is not None
        self.post(ExecutionReported(self.orders[order.client_order_id], fill))

    # -- the port ----------------------------------------------------------------------------------

    async def submit(self, order: Order, approval: Approval) -> OrderState:
        """Place an order."""
        self._ask("submit", order.client_order_id, lambda: self.place(order))
        return self.orders[order.client_order_id]

    async def cancel(self, order: Order) -> OrderState:
        """Cancel an order."""
        cid = order.client_order_id
        self._ask("cancel", cid, lambda: self.end(order))
        return self.orders[cid]

    async def query(self, order: Order) -> tuple[OrderState, tuple[Fill, ...]] | None:
        """Find an order."""
        cid = order.client_order_id
        self._ask("query", cid)
        return (self.orders[cid], self.fills.get(cid, ())) if cid in self.orders else None

    async def account(self) -> Account:
        """List balances and open orders."""
        self._ask("account", "")
        resting = tuple(state for state in self.orders.values() if not state.status.final)
        return Account(dict(self.balances), resting)

    async def executions(self, post: Post) -> None:
        """Take note of where to report."""
        self._ask("executions", "")
        self.post = post
        await forever()

    def _ask(self, kind: str, cid: str, carry_out: object = None) -> None:
        self.asked.append((kind, cid))
        script = self.script.get(kind)
        error = script.popleft() if script else None
        live = cid not in self.orders or not self.orders[cid].status.final
        if callable(carry_out) and error in (None, LOST) and live:
            carry_out()
        if error is not None:
            raise error

    def _keep(self, state: OrderState) -> OrderState:
        self.orders[state.order.client_order_id] = state
        return state
