"""The simulated venue: an exchange in memory, and connections to it that take their time.

Simulated fills: no order leaves this process.
"""

import threading
from collections.abc import Mapping
from decimal import Decimal

import msgspec

from trader.matching.book import Book
from trader.matching.engine import MatchingEngine, Reports
from trader.matching.settings import SimulationSettings
from trader.model.errors import Rejected
from trader.model.instrument import Instrument
from trader.model.market import SECOND, Candle, Quote
from trader.model.orders import Approval, Fill, Order, OrderState
from trader.model.views import Account
from trader.ports import Clock, Gate, Post, forever, sleep_until


class SimulatedExchange:
    """One account at a matching engine; the sink of a market's prices.

    Safe from any thread: each step of the engine and the reports on it are one. `saved` is what
    `save` gave in an earlier run.
    """

    def __init__(
        self,
        instruments: Mapping[str, Instrument],
        settings: SimulationSettings,
        saved: bytes | None = None,
    ) -> None:
        book = None if saved is None else msgspec.msgpack.decode(saved, type=Book)
        self.instruments = instruments
        self.latency = round(settings.latency_ms * SECOND / 1000)
        self._engine = MatchingEngine(instruments, settings, book)
        self._lock = threading.Lock()
        # Twice a candle `with` would look both up: a seventieth of all that a candle takes.
        self._acquire, self._release = self._lock.acquire, self._lock.release
        self._posts: list[Post] = []

    def connect(self, clock: Clock, gate: Gate) -> "SimulatedConnection":
        """Open a connection; there can be several, each on a clock and thread of its own."""
        return SimulatedConnection(self, clock, gate)

    def save(self) -> bytes:
        """Return the memory of the exchange."""
        with self._lock:
            return msgspec.msgpack.encode(self._engine.book)

    # -- prices ------------------------------------------------------------------------------------

    def on_quote(self, symbol: str, quote: Quote, volume: float) -> None:
        """Take a quote and the volume traded since the one before it."""
        with self._lock:
            if reports := self._engine.on_quote(symbol, quote, volume):
                self._publish(reports)

    def on_open(self, symbol: str, price: float, ts: int) -> None:
        """Take the first price of a candle."""
        self._acquire()
        try:
            if reports := self._engine.on_open(symbol, price, ts):
                self._publish(reports)
        finally:
            self._release()

    def on_candle(self, symbol: str, candle: Candle) -> None:
        """Take a candle that has just closed."""
        self._acquire()
        try:
            if reports := self._engine.on_candle(symbol, candle):
                self._publish(reports)
        finally:
            self._release()

    # -- orders ------------------------------------------------------------------------------------

    def submit(self, order: Order, approval: Approval, gate: Gate, ts: int) -> OrderState:
        """Place an order at `ts` if the gate admits it; raise Rejected.

        Gate and engine are one step: whoever closes the gate, then reads the account, finds every
        order that passed.
        """
        with self._lock:
            reason = gate.admit(order, approval)
            if reason is not None:
                raise Rejected(f"{reason}: stopped before the venue", reason)
            self._publish(self._engine.submit(order, ts))
            return self._state(order.client_order_id)

    def cancel(self, client_order_id: str, ts: int) -> OrderState:
        """Cancel an order at `ts`; raise Rejected where there is none."""
        with self._lock:
            self._publish(self._engine.cancel(client_order_id, ts))
            return self._state(client_order_id)

    def transfer(self, currency: str, amount: Decimal, ts: int) -> None:
        """Take a deposit, or pay a withdrawal (negative), at `ts`; raise Rejected beyond it."""
        with self._lock:
            self._publish(self._engine.transfer(currency, amount, ts))

    def find(self, client_order_id: str) -> tuple[OrderState, tuple[Fill, ...]] | None:
        """Return an order and its fills."""
        with self._lock:
            state = self._engine.order(client_order_id)
            return None if state is None else (state, self._engine.fills(client_order_id))

    def account(self) -> Account:
        """Return balances and open orders."""
        with self._lock:
            return self._engine.account()

    def margins(self) -> dict[str, tuple[Decimal, float]]:
        """Return the margin under each position in a perpetual, and the mark that liquidates it."""
        with self._lock:
            stakes = self._engine.book.stakes
            return {symbol: (stake.margin, stake.liquidation) for symbol, stake in stakes.items()}

    def subscribe(self, post: Post) -> None:
        """Report every change of an order to `post` from here on."""
        with self._lock:
            self._posts.append(post)

    def unsubscribe(self, post: Post) -> None:
        """Report to `post` no more."""
        with self._lock:
            self._posts.remove(post)

    def _publish(self, reports: Reports) -> None:
        for report in reports:
            for post in self._posts:
                post(report)

    def _state(self, client_order_id: str) -> OrderState:
        state = self._engine.order(client_order_id)
        assert state is not None, "the engine remembers what it has just changed"
        return state


class SimulatedConnection:
    """A connection to a simulated exchange; half of the latency lies before it, half behind."""

    def __init__(self, exchange: SimulatedExchange, clock: Clock, gate: Gate) -> None:
        self._exchange = exchange
        self._clock = clock
        self._gate = gate

    @property
    def arrives_within(self) -> int:
        """Twice what an order takes; no order outlives the process that sent it."""
        return self._exchange.latency

    async def submit(self, order: Order, approval: Approval) -> OrderState:
        """Place an order that the gate admits; raise Rejected."""
        await self._travel()
        try:
            return self._exchange.submit(order, approval, self._gate, self._clock.now())
        finally:
            await self._travel()

    async def cancel(self, order: Order) -> OrderState:
        """Cancel an order and return its state after it; raise Rejected where there is none."""
        await self._travel()
        try:
            return self._exchange.cancel(order.client_order_id, self._clock.now())
        finally:
            await self._travel()

    async def query(self, order: Order) -> tuple[OrderState, tuple[Fill, ...]] | None:
        """Return an order and its fills by client order id; None where there is none."""
        await self._travel()
        found = self._exchange.find(order.client_order_id)
        await self._travel()
        return found

    async def account(self) -> Account:
        """Return balances and every open order."""
        await self._travel()
        account = self._exchange.account()
        await self._travel()
        return account

    async def executions(self, post: Post) -> None:
        """Post ExecutionReported for every change of an order, until the run ends."""
        self._exchange.subscribe(post)
        try:
            await forever()
        finally:
            self._exchange.unsubscribe(post)

    async def _travel(self) -> None:
        await sleep_until(self._clock.now() + self._exchange.latency // 2)
