"""Who sends what to whom, and what a loss means; the kernel refuses any other edge."""

from enum import StrEnum
from textwrap import fill

import msgspec

from trader.model import messages as m
from trader.model.messages import Message

MARKET = "market"
VENUE = "venue"
MODEL = "model"
KERNEL = "kernel"
OPERATOR = "operator"
APP = "app"
MARKET_FEED = "market_feed"
INDICATOR_WORKER = "indicator_worker"
LLM_ADVISOR = "llm_advisor"
VALIDATOR = "validator"
RISK_GUARD = "risk_guard"
EXECUTION_BROKER = "execution_broker"
SUPERVISOR = "supervisor"
KILL_SWITCH = "kill_switch"

ROLES = (
    MARKET_FEED,
    INDICATOR_WORKER,
    LLM_ADVISOR,
    VALIDATOR,
    RISK_GUARD,
    EXECUTION_BROKER,
    SUPERVISOR,
    KILL_SWITCH,
)
"""The eight actors, in the order in which a candle meets them."""

KEYED = frozenset({INDICATOR_WORKER})
"""Roles of which there is one a symbol; an instance is called `role[SYMBOL]`."""


class Loss(StrEnum):
    """What it means when a message of an edge is quarantined."""

    GAP = "a gap in the data"
    HOLD = "HOLD: no trade comes of it"
    RECONCILE = "entries off until reconciled"
    REPEATED = "nothing: a later one says it again"
    HALT = "the KillSwitch halts"


class Overflow(StrEnum):
    """What a full mailbox does with a message of an edge."""

    HALT = "never shed: an overflow halts"
    NEWEST = "only the newest of a symbol is kept"


class Edge(msgspec.Struct, frozen=True):
    """One message from one role to another."""

    sender: str
    message: type[Message]
    receiver: str
    loss: Loss
    overflow: Overflow = Overflow.HALT


_ROWS: list[tuple[str, tuple[str, ...], Loss, tuple[type[Message], ...]]] = [
    (MARKET, (MARKET_FEED,), Loss.GAP, (m.CandleReceived, m.HistoryReceived, m.HistoryFailed)),
    (MARKET, (MARKET_FEED,), Loss.GAP, (m.StreamConfirmed, m.DataFaulted)),
    (MARKET, (MARKET_FEED,), Loss.HALT, (m.StreamEnded, m.StreamFailed)),
    (MARKET_FEED, (MARKET_FEED,), Loss.REPEATED, (m.StaleCheckDue, m.StreamRetryDue)),
    (MARKET_FEED, (INDICATOR_WORKER, RISK_GUARD), Loss.GAP, (m.CandleClosed, m.HistoryLoaded)),
    (
        MARKET_FEED,
        (VALIDATOR, RISK_GUARD, KILL_SWITCH),
        Loss.RECONCILE,
        (m.FeedStalled, m.FeedRecovered),
    ),
    (MARKET_FEED, (KILL_SWITCH,), Loss.REPEATED, (m.DataQuarantined,)),
    (MARKET_FEED, (LLM_ADVISOR, KILL_SWITCH), Loss.HALT, (m.FeedEnded,)),
    (INDICATOR_WORKER, (LLM_ADVISOR,), Loss.HOLD, (m.WarmupAdvanced, m.SnapshotTaken)),
    (MODEL, (LLM_ADVISOR,), Loss.HOLD, (m.ModelAnswered, m.ModelFailed)),
    (LLM_ADVISOR, (LLM_ADVISOR,), Loss.HOLD, (m.QuestionDue,)),
    (LLM_ADVISOR, (VALIDATOR,), Loss.HOLD, (m.AdviceGiven,)),
    (VALIDATOR, (LLM_ADVISOR,), Loss.REPEATED, (m.AdviceRefused,)),
    (VALIDATOR, (RISK_GUARD,), Loss.HOLD, (m.ProposeOrder,)),
    (RISK_GUARD, (LLM_ADVISOR,), Loss.REPEATED, (m.OrderDenied,)),
    (RISK_GUARD, (LLM_ADVISOR, VALIDATOR), Loss.RECONCILE, (m.PositionChanged,)),
    (RISK_GUARD, (EXECUTION_BROKER,), Loss.RECONCILE, (m.SubmitOrder, m.CancelOrder)),
    (RISK_GUARD, (KILL_SWITCH,), Loss.HALT, (m.LimitBreached, m.HoldingsSetApart)),
    (RISK_GUARD, (KILL_SWITCH,), Loss.REPEATED, (m.TradingStateChanged,)),
    (RISK_GUARD, (RISK_GUARD,), Loss.RECONCILE, (m.ProtectionDue,)),
    (
        VENUE,
        (EXECUTION_BROKER,),
        Loss.RECONCILE,
        (
            m.SubmitAnswered,
            m.SubmitFailed,
            m.CancelAnswered,
            m.CancelFailed,
            m.QueryAnswered,
            m.QueryFailed,
            m.AccountReceived,
            m.AccountFailed,
            m.ExecutionReported,
            m.FlowReported,
            m.LiquidationReported,
            m.ExecutionsEnded,
            m.ExecutionsFailed,
        ),
    ),
    (
        EXECUTION_BROKER,
        (RISK_GUARD,),
        Loss.RECONCILE,
        (
            m.OrderSubmitted,
            m.OrderAccepted,
            m.OrderRejected,
            m.OrderPartiallyFilled,
            m.OrderFilled,
            m.OrderCanceled,
            m.OrderExpired,
            m.OrderUnknown,
            m.PositionLiquidated,
            m.CashMoved,
            m.AccountReconciled,
        ),
    ),
    (EXECUTION_BROKER, (EXECUTION_BROKER,), Loss.RECONCILE, (m.QueryDue, m.ReconcileDue)),
    (KERNEL, (SUPERVISOR,), Loss.REPEATED, (m.ActorStarted,)),
    (KERNEL, (SUPERVISOR,), Loss.HALT, (m.ActorFailed,)),
    (KERNEL, (RISK_GUARD, EXECUTION_BROKER), Loss.HALT, (m.MessageLost,)),
    (KERNEL, (RISK_GUARD, KILL_SWITCH), Loss.HALT, (m.MailboxOverflowed, m.JournalFailed)),
    (KERNEL, (RISK_GUARD, KILL_SWITCH), Loss.REPEATED, (m.JournalRecovered,)),
    (
        KERNEL,
        (MARKET_FEED, LLM_ADVISOR, RISK_GUARD, EXECUTION_BROKER, SUPERVISOR),
        Loss.HALT,
        (m.SessionStarted,),
    ),
    (SUPERVISOR, (KERNEL,), Loss.HALT, (m.RestartActor,)),
    (SUPERVISOR, (SUPERVISOR,), Loss.HALT, (m.RestartDue,)),
    (SUPERVISOR, (SUPERVISOR,), Loss.REPEATED, (m.HeartbeatDue,)),
    (SUPERVISOR, (KILL_SWITCH,), Loss.HALT, (m.ActorGaveUp,)),
    (SUPERVISOR, (KILL_SWITCH,), Loss.REPEATED, (m.Heartbeat,)),
    (
        OPERATOR,
        (KILL_SWITCH,),
        Loss.HALT,
        (m.StopRequested, m.HaltRequested, m.ProgressStalled),
    ),
    (OPERATOR, (RISK_GUARD,), Loss.HALT, (m.ResumeTrading,)),
    (
        KILL_SWITCH,
        (RISK_GUARD, LLM_ADVISOR, EXECUTION_BROKER),
        Loss.HALT,
        (m.HaltTrading,),
    ),
    (
        VENUE,
        (KILL_SWITCH,),
        Loss.HALT,
        (
            m.AccountReceived,
            m.AccountFailed,
            m.CancelAnswered,
            m.CancelFailed,
            m.SubmitAnswered,
            m.SubmitFailed,
            m.QueryAnswered,
            m.QueryFailed,
        ),
    ),
    (KILL_SWITCH, (KILL_SWITCH,), Loss.HALT, (m.VerifyDue, m.SubmitOrder)),
    (KILL_SWITCH, (APP,), Loss.HALT, (m.ShutdownCompleted,)),
]


def _edges() -> tuple[Edge, ...]:
    quotes = (
        Edge(MARKET, m.QuoteReceived, MARKET_FEED, Loss.GAP, Overflow.NEWEST),
        Edge(MARKET_FEED, m.QuoteUpdated, RISK_GUARD, Loss.GAP, Overflow.NEWEST),
    )
    return quotes + tuple(
        Edge(sender, message, receiver, loss)
        for sender, receivers, loss, kinds in _ROWS
        for message in kinds
        for receiver in receivers
    )


EDGES = _edges()


def to_text(columns: int | None = None) -> str:
    """Render every edge as a table: sender, message, receiver, what its loss means.

    The last is wrapped where a row is longer than `columns`.
    """
    rows = [(e.sender, e.message.__name__, e.receiver, e.loss) for e in EDGES]
    widths = [max(len(row[i]) for row in rows) for i in range(3)]
    lines = (
        f"{s:<{widths[0]}}  {n:<{widths[1]}}  {r:<{widths[2]}}  {loss}" for s, n, r, loss in rows
    )
    below = " " * (sum(widths) + 6)
    return "\n".join(
        fill(line, columns, subsequent_indent=below) if columns else line for line in lines
    )


def to_mermaid() -> str:
    """Render the flow as a Mermaid graph: one arrow a pair of roles, labeled with its messages."""
    pairs: dict[tuple[str, str], list[str]] = {}
    for edge in EDGES:
        if edge.sender != edge.receiver:
            pairs.setdefault((edge.sender, edge.receiver), []).append(edge.message.__name__)
    lines = ["flowchart TD"]
    for (sender, receiver), names in pairs.items():
        shown = "<br/>".join(names)
        lines.append(f'    {sender} -->|"{shown}"| {receiver}')
    return "\n".join(lines)
