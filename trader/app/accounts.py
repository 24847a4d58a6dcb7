"""Which paper account a run trades, and what an earlier run left of it."""

from pathlib import Path
from typing import Any

import msgspec

from actors.execution_broker import ExecutionBroker
from actors.indicator_worker import IndicatorWorker
from actors.llm_advisor import LLMAdvisor
from actors.market_feed import MarketFeed
from actors.risk_guard import RiskGuard
from actors.validator import Validator
from trader.model import messages as m
from trader.model.errors import JournalError, UsageError
from trader.model.instrument import is_perpetual
from trader.model.messages import Message
from trader.model.views import Account
from trader.runtime.kernel import Kernel
from trader.runtime.recovery import Memory
from trader.settings.schema import Settings
from trader.storage.archive import Archive
from trader.storage.journal import Journal
from trader.storage.schema import Record, Run
from trader.topology import (
    EDGES,
    EXECUTION_BROKER,
    INDICATOR_WORKER,
    KERNEL,
    LLM_ADVISOR,
    MARKET_FEED,
    RISK_GUARD,
    VALIDATOR,
)
from trader.venues.simulated import SimulatedExchange

EXCHANGE = "simulated_exchange"
"""The name under which the journal keeps the memory of the simulated exchange."""

_RESUMED = (MARKET_FEED, LLM_ADVISOR, VALIDATOR, RISK_GUARD, EXECUTION_BROKER)
"""Roles that go on where they were, beside the indicator workers; supervision begins afresh."""

_STATES: dict[str, type[msgspec.Struct]] = {
    actor.role: actor.State
    for actor in (MarketFeed, IndicatorWorker, LLMAdvisor, Validator, RiskGuard, ExecutionBroker)
}
_BY_NAME: dict[str, type[Message]] = {edge.message.__name__: edge.message for edge in EDGES}


class Estate(msgspec.Struct):
    """What a run left: the memory of its roles, of its exchange, and where its market stood."""

    run: Run
    roles: dict[str, Memory]
    exchange: bytes | None
    resume_at: int | None


class Keeper:
    """Journals the memory of the simulated exchange with every change of an account.

    A real exchange outlives the engine's process: what anybody was told of an order must not be
    lost with it.
    """

    types = (
        m.OrderAccepted,
        m.OrderRejected,
        m.OrderPartiallyFilled,
        m.OrderFilled,
        m.OrderCanceled,
        m.OrderExpired,
        m.PositionLiquidated,
        m.CashMoved,
    )

    def __init__(self, exchange: SimulatedExchange, journal: Journal) -> None:
        self._exchange = exchange
        self._journal = journal
        self._kernel: Kernel | None = None
        self._changed = True

    def attach(self, kernel: Kernel) -> None:
        """Begin to keep: with what the kernel journals, and soon after each change."""
        self._kernel = kernel
        if kernel.recorder is not None:
            kernel.recorder.before_flush = self._save
        self._exchange.subscribe(self._on_report)

    def on_told(self, _sender: str, _message: Message, _time: int) -> None:
        """Journal a change before anybody is told of it; the tap of `types`."""
        if self._changed:
            self._flush()

    def _on_report(self, _report: Message) -> None:
        # Whoever reports holds the lock of the exchange, and need not be on the kernel's thread.
        if not self._changed and self._kernel is not None:
            self._changed = True
            self._kernel.soon(self._flush)

    def _save(self) -> None:
        """Add the exchange to what is about to be written, if it has changed."""
        if self._changed:
            self._changed = False
            self._journal.checkpoint(EXCHANGE, 0, self._exchange.save())

    def _flush(self) -> None:
        if self._changed and self._kernel is not None:
            self._kernel.flush(durable=False)


def account_of(settings: Settings) -> str:
    """Name the paper account of a run: environment, venue and what fixes its market."""
    market = settings.market
    source = f"seed {market.seed}" if market.venue == "embedded" else Path(market.data or "").name
    trading = settings.trading
    # Margin that stands at one leverage cannot be counted at another.
    leverage = f"/{trading.leverage}x" if any(map(is_perpetual, trading.symbols)) else ""
    symbols = ",".join(trading.symbols)
    # A loss in one currency is none that was measured in another.
    counted = f"/{settings.risk.currency}" if settings.conversion else ""
    return f"paper/{market.venue}/{source}/{symbols}/{trading.interval}{leverage}{counted}"


def find_estate(archive: Archive, settings: Settings) -> Estate | None:
    """Read what the newest run of an account left; None where each died before its first row.

    Raise UsageError if it has no run, or none that this version can read, and JournalError where
    it was pruned or is damaged.
    """
    account = account_of(settings)
    run = archive.last_run(account)
    if run is None:
        if any(begun.account == account for begun in archive.runs()):
            return None
        raise UsageError(f"--resume: the journal has no run of {account}; start without --resume")
    try:
        return _estate(archive, run, settings)
    except msgspec.MsgspecError as error:
        cure = "start without --resume, or with that version"
        text = f"--resume: run {run.id} was written by another version of the engine"
        raise UsageError(f"{text} ({error}); {cure}") from None


def _estate(archive: Archive, run: Run, settings: Settings) -> Estate:
    checkpoints, lost = archive.restore(run), _lost(archive, run)
    workers = [f"{INDICATOR_WORKER}[{symbol}]" for symbol in settings.trading.symbols]
    roles = {
        role: _memory(archive, run, role, checkpoints.get(role), lost)
        for role in [*_RESUMED, *workers]
    }
    for role, memory in roles.items():
        if memory.checkpoint is not None:
            msgspec.msgpack.decode(memory.checkpoint, type=_STATES[role.partition("[")[0]])
    _, exchange = checkpoints.get(EXCHANGE, (0, None))
    if exchange is not None:
        SimulatedExchange({}, settings.simulation, exchange)
    return Estate(run, roles, exchange, _resume_at(roles[MARKET_FEED]))


def left_by(archive: Archive, run: Run, settings: Settings) -> dict[str, object]:
    """Say what a run that did not end in order left, in the fields of a log line."""
    found = archive.restore(run).get(EXCHANGE)
    fields: dict[str, object] = {
        "ended_without_stop": run.id,
        "cure": "--resume goes on with it; else it starts afresh",
    }
    if found is not None and (account := _account(found[1], settings)) is not None:
        fields["balances"] = " ".join(f"{c} {v}" for c, v in account.balances.items() if v)
        if account.positions:
            fields["positions"] = " ".join(f"{s} {q}" for s, q in account.positions.items())
        fields["open_orders"] = (
            " ".join(
                f"{o.order.leg.name.lower()}:{o.order.side}:{o.order.quantity}:{o.order.symbol}"
                for o in account.open_orders
            )
            or "none"
        )
    return fields


def _account(saved: bytes, settings: Settings) -> Account | None:
    """Read the account of a simulated exchange; None where another version has written it."""
    try:
        return SimulatedExchange({}, settings.simulation, saved).account()
    except msgspec.MsgspecError:
        return None


def _memory(
    archive: Archive, run: Run, role: str, found: tuple[int, bytes] | None, lost: set[int]
) -> Memory:
    seq, checkpoint = (0, None) if found is None else found
    log = [
        (record.time, record.cause, record.correlation, _decode(record))
        for record in archive.messages_after(run, role, seq)
        if record.seq not in lost
    ]
    return Memory(checkpoint, log)


def _lost(archive: Archive, run: Run) -> set[int]:
    """Return the seqs of messages that their roles never took in."""
    told = (_decode(record) for record in archive.messages_after(run, KERNEL, 0))
    return {message.seq for message in told if isinstance(message, m.MessageLost)}


def _decode(record: Record) -> Message:
    kind = _BY_NAME.get(record.kind)
    if kind is None:
        raise JournalError(f"the journal holds a {record.kind}, which this version does not know")
    return msgspec.msgpack.decode(record.body, type=kind)


def _resume_at(feed: Memory) -> int | None:
    """Return the close of the newest candle that the feed had seen."""
    closes = [
        message.candle.ts_event for *_, message in feed.log if isinstance(message, m.CandleReceived)
    ]
    if feed.checkpoint is not None:
        closes += _newest(msgspec.msgpack.decode(feed.checkpoint))
    return max(closes, default=None)


def _newest(state: Any) -> list[int]:
    return [lane["closed"] for lane in state["lanes"].values() if lane["closed"]]
