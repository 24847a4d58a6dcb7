"""What a run had done whose process died: recounted from its journal, envelope by envelope."""

from collections import Counter
from decimal import Decimal

import msgspec

from trader.accounting.performance import Performance
from trader.app.ending import CRASHED
from trader.app.tally import Tally, often
from trader.matching.settings import SimulationSettings
from trader.model import messages as m
from trader.model.errors import JournalError
from trader.model.instrument import ZERO, to_decimal
from trader.model.messages import Message
from trader.model.orders import Flow, FlowKind
from trader.storage.archive import Archive
from trader.storage.schema import Record, Run
from trader.topology import EDGES
from trader.ui.summary import Equity, OrderCounts, Pnl, SessionSummary, TradeCounts

_PLACES = 8
_TYPES = Tally.types | {m.CandleClosed, m.CashMoved, m.ActorFailed, m.RestartActor}
_LISTENERS = {
    edge.message.__name__: edge
    for edge in EDGES
    if edge.message in _TYPES and edge.sender != edge.receiver
}
"""Of the roles that get a message, the one whose envelopes are counted.

An exit that the KillSwitch sends itself is in its own file.
"""


class _Money(msgspec.Struct, frozen=True):
    start_equity: Decimal = SimulationSettings().start_equity


class _Traded(msgspec.Struct, frozen=True):
    symbols: tuple[str, ...] = ()


class _Then(msgspec.Struct, frozen=True):
    """What is needed of a run's settings, which may be those of another version."""

    simulation: _Money = _Money()
    trading: _Traded = _Traded()


class Recount:
    """Takes in the envelopes of a run in their order."""

    def __init__(self, start: Decimal) -> None:
        self.tally = Tally()
        self.tally.book.on_trade = self._count_trade
        self.start = start
        self.candles = 0
        self.trades = 0
        self.wins = 0
        self.quarantined = 0
        self.restarts: Counter[str] = Counter()
        self.funding = self.transfers = ZERO
        self.open: set[str] = set()
        """Orders that were sent and have not ended."""
        self.performance = Performance()
        self.performance.mark(float(start))
        self._marks: dict[str, float] = {}
        self._newest: dict[str, int] = {}

    def take(self, record: Record) -> None:
        """Take in an envelope, unless it is one that is delivered once more."""
        edge = _LISTENERS.get(record.kind)
        if edge is None or edge.receiver != record.receiver:
            return
        if record.seq > self._newest.get(record.receiver, 0):
            self._newest[record.receiver] = record.seq
            self._count(record, msgspec.msgpack.decode(record.body, type=edge.message))

    def unrealized(self) -> dict[str, Decimal]:
        """Return by symbol what is open at the last close, before fees."""
        return self.tally.book.unrealized(self._marks)

    def realized(self) -> Decimal:
        """Return what was won after costs, funding included."""
        return sum(self.tally.book.realized.values(), ZERO)

    def _count(self, record: Record, message: Message) -> None:
        if isinstance(message, m.CandleClosed):
            self.candles += 1
            self._marks[message.symbol] = message.candle.close
            self._mark()
        elif isinstance(message, m.CashMoved):
            self._move(message.flow)
        elif isinstance(message, m.RestartActor):
            self.restarts[message.role] += 1
        elif isinstance(message, m.ActorFailed):
            self.quarantined += message.quarantined
        else:
            self._follow(message)
            self.tally.take(record.sender, message, record.time)
            if isinstance(message, m.PositionChanged):
                self._mark()

    def _follow(self, message: Message) -> None:
        if isinstance(message, m.OrderSubmitted):
            self.open.add(message.client_order_id)
        elif isinstance(message, m.OrderFilled):
            self.open.discard(message.fill.client_order_id)
        elif isinstance(message, m.OrderCanceled | m.OrderExpired | m.OrderRejected):
            self.open.discard(message.client_order_id)

    def _move(self, flow: Flow) -> None:
        if flow.kind is FlowKind.FUNDING and flow.symbol is not None:
            realized = self.tally.book.realized
            realized[flow.symbol] = realized.get(flow.symbol, ZERO) + flow.amount
            self.funding += flow.amount
        else:
            self.transfers += flow.amount
            self.performance.shift(float(flow.amount))
        self._mark()

    def equity(self) -> Decimal:
        """Return what the account is worth at the last close."""
        open_ = sum(self.unrealized().values(), ZERO)
        return self.start + self.transfers + self.realized() + open_

    def _mark(self) -> None:
        self.performance.mark(float(self.equity()))

    def _count_trade(self) -> None:
        self.trades += 1
        self.wins += self.tally.book.closed[-1].pnl > 0


def recount(archive: Archive, run: Run) -> SessionSummary:
    """Sum up a run from its envelopes: all but what an end alone can tell.

    The run must not have been resumed: where it began, its envelopes do not say.
    """
    try:
        settings = msgspec.json.decode(run.settings, type=_Then)
        counted = Recount(settings.simulation.start_equity)
        for record in archive.envelopes(run):
            counted.take(record)
    except msgspec.DecodeError as error:
        raise JournalError(f"run {run.id} is of a version that wrote otherwise: {error}") from error
    return _sum_up(counted, run, settings.trading.symbols)


def _sum_up(counted: Recount, run: Run, symbols: tuple[str, ...]) -> SessionSummary:
    tally, unrealized = counted.tally, counted.unrealized()
    return SessionSummary(
        run=run.id,
        profile=run.profile,
        mode=run.mode,
        simulated=True,
        symbols=symbols,
        candles=counted.candles,
        decisions=tally.decisions,
        advice=dict(sorted(tally.advice.items())),
        orders=_orders(counted),
        fills=tally.fills,
        trades=TradeCounts(counted.trades, counted.wins),
        pnl=_pnl(counted, unrealized),
        equity=_equity(counted),
        restarts=dict(counted.restarts),
        quarantined=counted.quarantined,
        halted=tally.halted,
        digest="",
        audit_digest=run.audit_digest,
        wall_s=0.0,
        exit_code=CRASHED,
        refusals=often(tally.refusals),
        denials=often(tally.denials),
        rejections=often(tally.rejections),
        trade_log=tally.book.trades(_won(counted, unrealized), str),
    )


def _won(counted: Recount, unrealized: dict[str, Decimal]) -> dict[str, Decimal]:
    realized = counted.tally.book.realized
    return {symbol: realized.get(symbol, ZERO) + open_ for symbol, open_ in unrealized.items()}


def _orders(counted: Recount) -> OrderCounts:
    counts = {name: counted.tally.orders[name] for name in OrderCounts.__struct_fields__}
    return OrderCounts(**{**counts, "open": len(counted.open)})


def _pnl(counted: Recount, unrealized: dict[str, Decimal]) -> Pnl:
    after_costs, is_open = counted.realized(), sum(unrealized.values(), ZERO)
    fees, funding = counted.tally.book.fees, counted.funding
    realized = after_costs + fees - funding
    return Pnl(realized, is_open, fees, funding, after_costs + is_open)


def _equity(counted: Recount) -> Equity:
    performance = counted.performance
    peak = round(to_decimal(performance.peak), _PLACES)
    drawdown = performance.max_drawdown_pct
    return Equity(counted.start, counted.equity(), peak, drawdown, counted.transfers)
