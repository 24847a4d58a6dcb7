"""Which message is shown, at which level, with which fields; the kernel's tap."""

import re
from collections.abc import Callable, Mapping
from typing import Any

import msgspec

from trader.model import messages as m
from trader.model.market import FeedCondition
from trader.model.messages import Message
from trader.model.reasons import Reason
from trader.model.views import TradingState
from trader.topology import EDGES
from trader.ui.levels import LEVELS, Levels, parse_levels
from trader.ui.log import log_event
from trader.ui.render import text, utc

Fields = dict[str, Any]

_BY_LEVEL: dict[str, tuple[type[Message], ...]] = {
    # From WARNING on something is wrong; that it no longer is, is INFO.
    "TRACE": (
        m.CandleReceived,
        m.QuoteReceived,
        m.QuoteUpdated,
        m.Heartbeat,
        m.StaleCheckDue,
        m.StreamRetryDue,
        m.QueryDue,
        m.ReconcileDue,
        m.ProtectionDue,
        m.RestartDue,
        m.HeartbeatDue,
        m.VerifyDue,
    ),
    "DEBUG": (
        m.HistoryReceived,
        m.HistoryLoaded,
        m.CandleClosed,
        m.SnapshotTaken,
        m.QuestionDue,
        m.ProposeOrder,
        m.SubmitAnswered,
        m.CancelAnswered,
        m.QueryAnswered,
        m.AccountReceived,
        m.ExecutionReported,
        m.FlowReported,
        m.LiquidationReported,
        m.OrderSubmitted,
        m.HoldingsSetApart,
        m.StreamConfirmed,
        m.StreamEnded,
        m.ExecutionsEnded,
        m.ActorStarted,
    ),
    "INFO": (
        m.SessionStarted,
        m.ModelAnswered,
        m.WarmupAdvanced,
        m.AdviceGiven,
        m.AdviceRefused,
        m.OrderDenied,
        m.SubmitOrder,
        m.CancelOrder,
        m.OrderAccepted,
        m.OrderCanceled,
        m.OrderExpired,
        m.PositionChanged,
        m.CashMoved,
        m.AccountReconciled,
        m.FeedEnded,
        m.FeedRecovered,
        m.JournalRecovered,
        m.StopRequested,
        m.ResumeTrading,
    ),
    "SUCCESS": (m.OrderPartiallyFilled, m.OrderFilled),
    "WARNING": (
        m.FeedStalled,
        m.DataFaulted,
        m.DataQuarantined,
        m.TradingStateChanged,
        m.HaltTrading,
        m.HaltRequested,
        m.ShutdownCompleted,
        m.RestartActor,
        m.OrderRejected,
        m.OrderUnknown,
        m.ModelFailed,
        m.HistoryFailed,
        m.StreamFailed,
        m.SubmitFailed,
        m.CancelFailed,
        m.QueryFailed,
        m.AccountFailed,
        m.ExecutionsFailed,
    ),
    "ERROR": (m.ActorFailed, m.MessageLost, m.LimitBreached, m.PositionLiquidated),
    "CRITICAL": (m.ActorGaveUp, m.MailboxOverflowed, m.JournalFailed, m.ProgressStalled),
}

_SILENT = frozenset({"approval", "beat", "curve", "key", "result", "ts_event", "ts_open"})
"""Fields that tell a reader nothing; the line bears the time."""

_REMEMBERED = 10_000
"""Orders whose symbol the tap knows; the oldest is forgotten first."""


class Line(msgspec.Struct, frozen=True):
    """What is shown of something that happened."""

    level: str
    event: str
    symbol: str | None
    fields: Fields


class Row(msgspec.Struct, frozen=True):
    """How the messages of one type are shown; `level` is that of the gravest."""

    level: str
    event: str
    fields: Callable[[Message], Fields]


def to_line(message: Message) -> Line | None:
    """Return what is shown of a message; None for a type without a row."""
    row = ROWS.get(type(message))
    if row is None:
        return None
    fields = row.fields(message)
    symbol = fields.pop("symbol", None)
    level = _calmer(message) or row.level
    return Line(level, row.event, None if symbol is None else str(symbol), fields)


def shown_types(levels: Levels) -> frozenset[type[Message]]:
    """Return the message types that at least one of their senders shows."""
    return frozenset(
        edge.message for edge in EDGES if LEVELS[ROWS[edge.message].level] >= levels.of(edge.sender)
    )


def log_line(actor: str, line: Line, market_time_ns: int | None) -> None:
    """Log a line of an actor."""
    log_event(line.level, actor, line.symbol, line.event, market_time_ns, **line.fields)


class LogTap:
    """Logs messages as they are sent; the kernel calls it for the types in `types` alone."""

    def __init__(self, level: str, filters: Mapping[str, str]) -> None:
        self._levels = parse_levels(level, filters)
        self._symbols: dict[str, str] = {}
        self.types = shown_types(self._levels) | {m.SubmitOrder}

    def __call__(self, sender: str, message: Message, time_ns: int) -> None:
        """Log a message that `sender` sent at `time_ns` (the run's clock), if it is to be shown."""
        if isinstance(message, m.SubmitOrder):
            self._remember(message)
        line = to_line(message)
        if line is not None and LEVELS[line.level] >= self._levels.of(sender):
            log_line(sender.partition("[")[0], self._with_symbol(line), time_ns)

    def _remember(self, message: m.SubmitOrder) -> None:
        if len(self._symbols) >= _REMEMBERED:
            del self._symbols[next(iter(self._symbols))]
        self._symbols[message.order.client_order_id] = message.order.symbol

    def _with_symbol(self, line: Line) -> Line:
        # What follows on a SubmitOrder bears the order's id alone, and readers grep for symbols.
        order = line.fields.get("client_order_id")
        if line.symbol is not None or not isinstance(order, str):
            return line
        return Line(line.level, line.event, self._symbols.get(order), line.fields)


def flat(value: msgspec.Struct) -> Fields:
    """Return the fields of a Struct and of those inside it, without the empty and the silent."""
    fields: Fields = {}
    for name in value.__struct_fields__:
        item = getattr(value, name)
        if name in _SILENT or item is None:
            continue
        fields.update(flat(item) if isinstance(item, msgspec.Struct) else {name: _brief(item)})
    return fields


def _brief(item: object) -> object:
    match item:
        case dict():
            return ",".join(f"{key}:{text(amount)}" for key, amount in item.items()) or "none"
        case tuple() if all(isinstance(name, str) for name in item):
            return ",".join(item) or "none"
        case tuple():
            return len(item)
    return item


def _calmer(message: Message) -> str | None:
    """Return a level below that of the type, for a message that tells of nothing unusual."""
    match message:
        # It is compared every few minutes, and hardly ever does anything differ.
        case m.AccountReconciled(note=""):
            return "DEBUG"
        # The Validator says the same again, with its reason.
        case m.AdviceGiven(fault=Reason()):
            return "DEBUG"
        # A start and an end as they should be; what ends a run against its will has said so, and
        # so has the halt that keeps an order back.
        case (
            m.FeedStalled(condition=FeedCondition.CONNECTING)
            | m.TradingStateChanged(reason=Reason.START_RECONCILING | Reason.HALT_SHUTDOWN)
            | m.TradingStateChanged(state=TradingState.ACTIVE)
            | m.HaltTrading(reason=Reason.HALT_SHUTDOWN)
            | m.ShutdownCompleted(remaining=(), settled=True)
            | m.OrderRejected(reason=Reason.INTERLOCK_EPOCH)
        ):
            return "INFO"
    return None


def _stalled(message: m.FeedStalled) -> Fields:
    fields = {"symbol": message.symbol, "since": utc(message.since)}
    fields["condition"] = str(message.condition)
    return {**fields, "detail": message.detail} if message.detail else fields


def _asked(key: str) -> Fields:
    symbol, model, digest = (*key.split(" "), "", "")[:3]
    return {"symbol": symbol, "model": model, "digest": digest}


def _answered(message: m.ModelAnswered) -> Fields:
    answer = message.answer
    return {
        **_asked(message.key),
        "tokens": f"{answer.input_tokens}+{answer.output_tokens}",
        "usd": answer.cost,
        "s": answer.seconds,
    }


def _unanswered(message: m.ModelFailed) -> Fields:
    return {**_asked(message.key), **flat(message.failure)}


def _advised(message: m.AdviceGiven) -> Fields:
    fields = flat(message.advice)
    if message.opinion is not None:
        fields["claims"] = len(message.opinion.claims)
    return fields if message.fault is None else {**fields, "fault": message.fault}


def _held(message: m.PositionChanged) -> Fields:
    # A summary's `realized` is before costs.
    fields = flat(message)
    net = fields.pop("realized")
    return {**fields, "realized_net": net}


def _queried(message: m.QueryAnswered) -> Fields:
    fields: Fields = {"client_order_id": message.client_order_id}
    if message.found is None:
        return {**fields, "found": False}
    state, fills = message.found
    return {**fields, "found": True, **flat(state), "fills": len(fills)}


def _reported(message: m.ExecutionReported) -> Fields:
    fill = flat(message.fill) if message.fill else {}
    return {**flat(message.state), **{f"fill_{name}": value for name, value in fill.items()}}


def _rows() -> dict[type[Message], Row]:
    special: dict[type[Message], Callable[..., Fields]] = {
        m.FeedStalled: _stalled,
        m.ModelAnswered: _answered,
        m.ModelFailed: _unanswered,
        m.AdviceGiven: _advised,
        m.PositionChanged: _held,
        m.QueryAnswered: _queried,
        m.ExecutionReported: _reported,
    }
    return {
        kind: Row(level, _snake_case(kind.__name__), special.get(kind, flat))
        for level, kinds in _BY_LEVEL.items()
        for kind in kinds
    }


def _snake_case(name: str) -> str:
    return re.sub(r"(?<!^)(?=[A-Z])", "_", name).lower()


ROWS = _rows()
"""How each message is shown, by its type."""
