"""A broker and its venue in one: they take RiskGuard's orders and answer as they are told."""

from decimal import Decimal

import msgspec

from actors.risk_guard import RiskGuard
from tests.trader.risk.desk import CASH, START, STILL, instrument
from trader.accounting.ledger import Ledger
from trader.model import messages as m
from trader.model.ids import order_hash
from trader.model.instrument import ZERO
from trader.model.market import SECOND, Candle
from trader.model.messages import Message
from trader.model.orders import Fill, Leg, Liquidity, Order, OrderState, OrderStatus, Side
from trader.model.reasons import Reason
from trader.model.views import Account, TradingState
from trader.risk.settings import ExitSettings, RiskSettings
from trader.risk.state import RiskState, Rules
from trader.runtime.kernel import OUTSIDE, Kernel
from trader.runtime.virtual import VirtualDriver
from trader.topology import EDGES, KERNEL, RISK_GUARD

PERP = "SOL-USD-PERP"
SYMBOLS = ("BTC-USD", "ETH-USD", PERP)
IN_DOUBT = (OrderStatus.SUBMITTING, OrderStatus.UNKNOWN)


class Resting(msgspec.Struct):
    """An order as this venue has it; `unwanted` once its cancel was asked for.

    `lost` once nobody knew of it, or of an order that locks what it would sell: whether there is
    room for it is for the venue to say.
    """

    order: Order
    remaining: Decimal
    status: OrderStatus = OrderStatus.SUBMITTING
    unwanted: bool = False
    lost: bool = False


def under_stops(rows: list[Resting]) -> Decimal:
    """Return how much stops cover; those of one group sell the same."""
    groups: dict[str | None, Decimal] = {}
    for row in rows:
        if row.order.leg is Leg.STOP:
            group = row.order.group
            groups[group] = max(groups.get(group, ZERO), row.remaining)
    return sum(groups.values(), ZERO)


def locks(rows: list[Resting]) -> Decimal:
    """Return what orders lock of their symbol, a group counted once."""
    groups: dict[str, Decimal] = {}
    for row in rows:
        if row.order.side is Side.SELL:
            group = row.order.group or row.order.client_order_id
            groups[group] = max(groups.get(group, ZERO), row.remaining)
    return sum(groups.values(), ZERO)


class RiskVenue:
    """Runs one RiskGuard and keeps the true account; what it sends is checked as it comes."""

    def __init__(
        self,
        settings: RiskSettings,
        max_size_pct: float,
        exits: ExitSettings = STILL,
        *,
        trails: bool = True,
        start: int = START,
    ) -> None:
        self.instruments = {
            symbol: msgspec.structs.replace(instrument(symbol), trails=trails) for symbol in SYMBOLS
        }
        self.settings, self.max_size_pct = settings, max_size_pct
        self.orders: dict[str, Resting] = {}
        self.cash, self.holdings = CASH, dict.fromkeys(SYMBOLS, ZERO)
        self.true = Ledger(CASH)
        self.fills: list[Fill] = []
        self.prices = dict.fromkeys(SYMBOLS, 100.0)
        self.active = False
        self.epoch = 0
        self.trades = 0
        self.now, self.sessions = start, 0
        self.rules = Rules(settings, max_size_pct, self.instruments, exits=exits)
        self._open()
        self.tell(m.SessionStarted("run", resumed=False))
        self.reconcile()
        for symbol in SYMBOLS:
            self.close_candle(symbol, 100.0)

    def _open(self) -> None:
        # A tap that raises fells nobody: what is heard is checked outside the kernel.
        self.heard: list[tuple[str, Message]] = []
        kinds = {edge.message: (self._hear,) for edge in EDGES}
        self.kernel = Kernel(taps=kinds)
        self.role = self.kernel.add(RISK_GUARD, lambda: RiskGuard.start(self.rules))
        self.kernel.start()
        self.driver = VirtualDriver(self.kernel)
        self.pass_time(0)

    @property
    def state(self) -> RiskState:
        """The guard's memory."""
        assert self.role.actor is not None
        state: RiskState = self.role.actor.state
        return state

    def restart(self) -> None:
        """Put the guard's memory through a checkpoint."""
        assert self.role.actor is not None
        packed = msgspec.msgpack.encode(self.state)
        self.role.actor.state = msgspec.msgpack.decode(packed, type=RiskState)

    def reopen(self, seconds: float, *, arrives: bool) -> None:
        """End the process, go on so much later with its memory, and read the account.

        What was on its way has arrived at the venue, or never will.
        """
        packed = msgspec.msgpack.encode(self.state)
        self.now += round(seconds * SECOND)
        self.sessions += 1
        self._open()
        assert self.role.actor is not None
        self.role.actor.state = msgspec.msgpack.decode(packed, type=RiskState)
        self.tell(m.SessionStarted(f"run{self.sessions}", resumed=True))
        arrived = [r for r in self.alive(*IN_DOUBT) if arrives and self.fits(r)]
        for row in self.alive(*IN_DOUBT):
            row.status = OrderStatus.OPEN if row in arrived else OrderStatus.CANCELED
        for row in arrived:
            self.tell(m.OrderAccepted(row.order.client_order_id, "v"))
        self.reconcile()

    # -- telling -----------------------------------------------------------------------------------

    def tell(self, message: Message) -> None:
        """Deliver a message to the guard."""
        self.kernel.arrive(RISK_GUARD, message, OUTSIDE)
        self._run()

    def pass_time(self, seconds: float) -> None:
        """Let time pass; what is due comes due."""
        self.now += round(seconds * SECOND)
        self._run()

    def _run(self) -> None:
        self.driver.run(until=self.now)
        while self.heard:
            self._see(*self.heard.pop(0))

    def _hear(self, sender: str, message: Message, _time: int) -> None:
        self.heard.append((sender, message))

    def close_candle(self, symbol: str, price: float) -> None:
        """Close a candle now."""
        self.prices[symbol] = price
        candle = Candle(self.now - SECOND, self.now, price, price, price, price, 1.0)
        self.tell(m.CandleClosed(symbol, candle, 0))

    def reconcile(self) -> None:
        """Tell the balances and every open order."""
        balances = {s[:3]: held for s, held in self.holdings.items() if s != PERP}
        balances |= {"USD": self.cash}
        rows = [r for r in self.orders.values() if r.status is OrderStatus.OPEN]
        listed = [OrderState(r.order, "v", r.status, ZERO, self.now) for r in rows]
        perps = {PERP: self.holdings[PERP]}
        fills, leverages = tuple(self.fills[-20:]), {PERP: 2}
        account = Account(balances, tuple(listed), perps, fills=fills, leverages=leverages)
        self.tell(m.AccountReconciled(account, ""))

    # -- answering ---------------------------------------------------------------------------------

    def alive(self, *statuses: OrderStatus) -> list[Resting]:
        """Return the orders of these statuses, of all that are not final if none is named."""
        return [
            row
            for row in self.orders.values()
            if (row.status in statuses if statuses else not row.status.final)
        ]

    def accept(self, row: Resting) -> None:
        """Take an order, unless what it would sell is locked."""
        if self.fits(row):
            row.status = OrderStatus.OPEN
            self.tell(m.OrderAccepted(row.order.client_order_id, "v"))
        else:
            self.reject(row, Reason.VENUE_BALANCE)

    def reject(self, row: Resting, reason: Reason) -> None:
        """Refuse an order."""
        row.status = OrderStatus.REJECTED
        self.tell(m.OrderRejected(row.order.client_order_id, reason, ""))

    def lose(self, row: Resting) -> None:
        """Let nobody know what became of an order."""
        row.status = OrderStatus.UNKNOWN
        row.lost = True
        self.tell(m.OrderUnknown(row.order.client_order_id, ""))

    def end(self, row: Resting, status: OrderStatus = OrderStatus.CANCELED) -> None:
        """End the rest of an order, asked or not."""
        row.status = status
        kind = m.OrderCanceled if status is OrderStatus.CANCELED else m.OrderExpired
        self.tell(kind(row.order.client_order_id))

    def fill(self, row: Resting, share: float, *, told: bool = True) -> None:
        """Fill a share of what is left of an order; the rest of its group shrinks with it.

        Of a fill that is not `told`, the account alone speaks.
        """
        if not self.fits(row):
            self.reject(row, Reason.VENUE_BALANCE)
            return
        order, lot = row.order, self.instruments[row.order.symbol].lot
        most = row.remaining
        if order.symbol == PERP and order.reduce_only:
            most = min(most, -order.side.sign * self.holdings[PERP])
        quantity = max(lot, self._floor(order, most * Decimal(repr(share))))
        if most < quantity:
            return
        fill = self._execute(order.client_order_id, order.symbol, order.side, quantity, order)
        group = [r for r in self.alive() if order.group and r.order.group == order.group]
        for other in group or [row]:
            other.remaining = max(ZERO, other.remaining - quantity)
        row.status = OrderStatus.OPEN if row.remaining else OrderStatus.FILLED
        if told:
            self.tell(m.OrderPartiallyFilled(fill) if row.remaining else m.OrderFilled(fill))
        else:
            self.tell(m.MessageLost("risk_guard", "OrderFilled", 7))
            self.reconcile()
        for other in group:
            if not other.remaining and not other.status.final:
                self.end(other)
        self._let_go(order.symbol)

    def liquidate(self) -> None:
        """Close the perpetual's position, and cancel what rests for it, in this order."""
        held = self.holdings[PERP]
        if held:
            side = Side.SELL if held > 0 else Side.BUY
            fill = self._execute("liquidation-1", PERP, side, abs(held))
            self.tell(m.PositionLiquidated(fill))
            self._let_go(PERP)

    def _execute(
        self, cid: str, symbol: str, side: Side, quantity: Decimal, order: Order | None = None
    ) -> Fill:
        self.trades += 1
        price = Decimal(repr(self.prices[symbol]))
        if order is not None:
            price = order.trigger or self._price(order)
        fee = quantity * price / 1000
        fill = Fill(
            str(self.trades), cid, symbol, side, quantity, price, fee, Liquidity.TAKER, self.now
        )
        self.holdings[symbol] += side.sign * quantity
        self.true.apply(fill)
        self.fills.append(fill)
        self.cash = self.true.cash
        return fill

    def _price(self, order: Order) -> Decimal:
        """Return the market's price, an entry's within its limit; targets fill at their own."""
        price = Decimal(repr(self.prices[order.symbol]))
        if order.price is None:
            return price
        worse = max if order.side is Side.SELL else min
        return order.price if order.leg is Leg.TARGET else worse(price, order.price)

    def _let_go(self, symbol: str) -> None:
        """End what was to close a position in a perpetual that is not there any more."""
        rows = [r for r in self.alive() if r.order.symbol == symbol == PERP and r.order.reduce_only]
        for row in rows:
            if -row.order.side.sign * self.holdings[PERP] <= 0 and row.status is OrderStatus.OPEN:
                self.end(row)

    def answer(self) -> None:
        """Answer everything as a good venue does."""
        for row in self.alive():
            if row.status is OrderStatus.SUBMITTING:
                self.accept(row)
            if row.status is OrderStatus.UNKNOWN:
                self.reject(row, Reason.VENUE_REJECTED)
            if row.status is OrderStatus.OPEN and row.unwanted:
                self.end(row)
            if row.status is OrderStatus.OPEN and row.order.leg in (Leg.ENTRY, Leg.EXIT):
                self.fill(row, 1.0)

    def settle(self) -> None:
        """Answer until there is nothing left to answer, and every watch has come due."""
        for _ in range(12):
            self.answer()
            self.pass_time(10)

    # -- what is true ------------------------------------------------------------------------------

    def fits(self, row: Resting) -> bool:
        """Tell whether what an order would sell is free, or it rests already."""
        symbol = row.order.symbol
        if symbol == PERP:
            return not row.order.reduce_only or -row.order.side.sign * self.holdings[PERP] > 0
        if row.status is OrderStatus.OPEN or row.order.side is Side.BUY:
            return True
        resting = [r for r in self.alive(OrderStatus.OPEN) if r.order.symbol == symbol]
        return locks([*resting, row]) <= self.holdings[symbol]

    def _floor(self, order: Order, quantity: Decimal) -> Decimal:
        return self.instruments[order.symbol].floor_quantity(quantity)

    # -- what the guard sends ----------------------------------------------------------------------

    def _see(self, sender: str, message: Message) -> None:
        if sender == KERNEL:
            assert not isinstance(message, m.ActorFailed), message
        elif isinstance(message, m.TradingStateChanged):
            self.active = message.state is TradingState.ACTIVE
        elif isinstance(message, m.CancelOrder):
            self.orders[message.client_order_id].unwanted = True
        elif isinstance(message, m.SubmitOrder):
            self._take(message)

    def _take(self, message: m.SubmitOrder) -> None:
        order = message.order
        assert order.client_order_id not in self.orders, "an id is used once"
        assert message.approval.order_hash == order_hash(order)
        assert message.approval.epoch == self.epoch
        assert order.quantity > 0
        in_the_way = [r for r in self.alive(OrderStatus.UNKNOWN) if r.order.symbol == order.symbol]
        row = self.orders[order.client_order_id] = Resting(order, order.quantity)
        row.lost = order.leg is Leg.EXIT and bool(in_the_way)
        if order.leg is Leg.ENTRY:
            assert self.active, "nothing that adds risk is sent while trading is not active"
            worst = Decimal(
                repr(self.prices[order.symbol] * (1 + self.settings.max_slippage_pct / 100))
            )
            equity = float(self.true.equity(self.prices))
            size = float((order.quantity + abs(self.holdings[order.symbol])) * worst)
            size *= float(self.instruments[order.symbol].stake)
            assert size <= equity * self.max_size_pct / 100 * 1.01
        else:
            assert order.reduce_only
