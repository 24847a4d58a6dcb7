"""The protocol: every message of the engine, grouped by sender.

A command is verb + noun and has one receiver; an event is noun + participle. `topology.py` says who
may send which to whom and what its loss would mean. Answers to port calls are messages to the role
that called: the first field is the call's key, the second its result or failure.
"""

from decimal import Decimal
from enum import StrEnum

import msgspec

from trader.model.market import Candle, FeedCondition, Quote
from trader.model.opinions import Answer, Opinion, Reading
from trader.model.orders import Approval, Fill, Flow, Order, OrderState
from trader.model.reasons import Reason
from trader.model.views import Account, Advice, Snapshot, Stance, TradingState


class Message(msgspec.Struct, frozen=True, tag=True, gc=False):
    """Anything that an actor can be sent."""


class Failure(StrEnum):
    """What is known of a port call that did not end in an answer."""

    NOT_SENT = "not_sent"
    REJECTED = "rejected"
    UNKNOWN = "unknown"


class CallFailure(msgspec.Struct, frozen=True):
    """Why a port call has no answer; `reason` where one of ours is proven."""

    failure: Failure
    text: str
    reason: Reason | None = None


# -- the market -> MarketFeed ----------------------------------------------------------------------


class CandleReceived(Message, frozen=True):
    """A candle came from the market, unchecked."""

    symbol: str
    candle: Candle


class QuoteReceived(Message, frozen=True):
    """A quote came from the market, unchecked."""

    symbol: str
    quote: Quote


class HistoryReceived(Message, frozen=True):
    """The candles before the first live one, oldest first; the answer to a history call."""

    symbol: str
    candles: tuple[Candle, ...]


class HistoryFailed(Message, frozen=True):
    """The history call has no answer."""

    symbol: str
    failure: CallFailure


class StreamConfirmed(Message, frozen=True):
    """The market has confirmed that it streams a symbol from here on."""

    symbol: str


class DataFaulted(Message, frozen=True):
    """The market sent what is no data, or lost some; an empty `symbol` is the whole stream."""

    symbol: str
    reason: str
    detail: str


class StreamEnded(Message, frozen=True):
    """The market has no more to give: recorded data are at their end, or `--candles` is reached."""

    key: str
    result: None


class StreamFailed(Message, frozen=True):
    """The market's stream broke."""

    key: str
    failure: CallFailure


# -- MarketFeed -> ---------------------------------------------------------------------------------


class CandleClosed(Message, frozen=True):
    """A checked candle, newer than any before it; `gap` counts the intervals missing before it."""

    symbol: str
    candle: Candle
    gap: int


class HistoryLoaded(Message, frozen=True):
    """Checked candles to warm the indicators with, oldest first; nobody trades on them."""

    symbol: str
    candles: tuple[Candle, ...]


class QuoteUpdated(Message, frozen=True):
    """The newest checked quote; an older one that is still queued may be replaced by it."""

    symbol: str
    quote: Quote


class FeedStalled(Message, frozen=True):
    """The feed of a symbol is not live; no entries until FeedRecovered.

    Nothing good came since `since` (ns); `detail` says why, or is empty after mere silence.
    """

    symbol: str
    since: int
    condition: FeedCondition = FeedCondition.STALE
    detail: str = ""


class FeedRecovered(Message, frozen=True):
    """The feed of a symbol is live."""

    symbol: str


class DataQuarantined(Message, frozen=True):
    """A bad row was kept from everybody; `candle` is None where it was not even a candle."""

    symbol: str
    reason: str
    candle: Candle | None
    detail: str


class FeedEnded(Message, frozen=True):
    """The market is over: the run may end."""

    text: str


# -- IndicatorWorker -> ----------------------------------------------------------------------------


class WarmupAdvanced(Message, frozen=True):
    """So many candles of those that the indicators of a symbol need have come; no snapshot yet."""

    symbol: str
    candles: int
    needed: int


class SnapshotTaken(Message, frozen=True, omit_defaults=True):
    """The indicators of one symbol at one closed candle; sent once they are warm.

    The candle itself comes along where a model is to be shown it. Then those before it come too,
    of the warm-up and of what was missed: they are `past`, and nobody advises on them.
    """

    symbol: str
    snapshot: Snapshot
    candle: Candle | None = None
    past: bool = False


# -- the model -> LLMAdvisor -----------------------------------------------------------------------


class ModelAnswered(Message, frozen=True):
    """A model said something, unread; the key names symbol, model and what it was shown."""

    key: str
    answer: Answer


class ModelFailed(Message, frozen=True):
    """A question has no answer, or could not be asked."""

    key: str
    failure: CallFailure


# -- LLMAdvisor -> ---------------------------------------------------------------------------------


class QuestionDue(Message, frozen=True):
    """To itself: a question leaves, and takes at most so many tokens and USD.

    Where no answer follows in the journal, that is what it counts for.
    """

    key: str
    symbol: str
    model: str
    version: str
    tokens: int
    cost: Decimal


class AdviceGiven(Message, frozen=True, omit_defaults=True):
    """Advice, by a model or by rules.

    A model's comes with its `opinion` and with what it was `shown`, by name, to hold its claims
    against. Where nothing came of a question, the advice is HOLD and `fault` says why.
    """

    advice: Advice
    opinion: Opinion | None = None
    shown: dict[str, Reading] = {}
    fault: Reason | None = None
    detail: str = ""


# -- Validator -> ----------------------------------------------------------------------------------


class AdviceRefused(Message, frozen=True):
    """Advice was judged and will not be followed."""

    decision: int
    symbol: str
    source: str
    reason: Reason
    detail: str


class ProposeOrder(Message, frozen=True):
    """Accepted advice; RiskGuard sizes or denies it. `target` may be None; on an exit both are.

    `atr` is the average true range that it was given at, 0 where nobody names it.
    """

    decision: int
    symbol: str
    stance: Stance
    conviction: float
    price: float
    stop: float | None
    target: float | None
    source: str
    atr: float = 0.0


# -- RiskGuard -> ----------------------------------------------------------------------------------


class OrderDenied(Message, frozen=True):
    """A proposal was judged and will not be carried out."""

    decision: int
    symbol: str
    reason: Reason
    detail: str


class SubmitOrder(Message, frozen=True):
    """Carry this order to the venue; `reason` says what it is for where it is an exit.

    `sizing` says what the size of an entry follows from; `resized` is the limit that made it
    smaller than that.
    """

    decision: int
    order: Order
    approval: Approval
    reason: Reason | None
    resized: Reason | None = None
    sizing: str | None = None


class CancelOrder(Message, frozen=True):
    """Cancel an order of ours at the venue."""

    client_order_id: str
    reason: Reason


class PositionChanged(Message, frozen=True):
    """The position of a symbol after a fill; `realized` is after costs, over all its trades.

    `quantity` is below zero when short; 0 means flat: nothing is held, or a rest too small to sell.
    """

    symbol: str
    quantity: Decimal
    average_price: Decimal
    realized: Decimal


class LimitBreached(Message, frozen=True):
    """A limit was reached: `value` against `bound`, both in % of equity."""

    limit: Reason
    hard: bool
    value: float
    bound: float


class TradingStateChanged(Message, frozen=True):
    """What may reach the venue has changed."""

    state: TradingState
    reason: Reason
    detail: str


class HoldingsSetApart(Message, frozen=True):
    """What of each instrument no fill of ours explains: of the first account that a run reads.

    And of one that differs from our fills, and of the first that agrees with them again.
    """

    run: str
    quantities: dict[str, Decimal]


# -- the venue -> ExecutionBroker, KillSwitch ------------------------------------------------------


class SubmitAnswered(Message, frozen=True):
    """The venue accepted an order."""

    client_order_id: str
    state: OrderState


class SubmitFailed(Message, frozen=True):
    """A submit was refused, never left, or has no known outcome."""

    client_order_id: str
    failure: CallFailure


class CancelAnswered(Message, frozen=True):
    """The state of an order after a cancel request."""

    client_order_id: str
    state: OrderState


class CancelFailed(Message, frozen=True):
    """A cancel request has no known outcome."""

    client_order_id: str
    failure: CallFailure


class QueryAnswered(Message, frozen=True):
    """What the venue knows of an order with its fills; None where it knows no such order."""

    client_order_id: str
    found: tuple[OrderState, tuple[Fill, ...]] | None


class QueryFailed(Message, frozen=True):
    """The venue could not be asked about an order; nothing follows from that."""

    client_order_id: str
    failure: CallFailure


class AccountReceived(Message, frozen=True):
    """Balances and every open order, as the venue has them."""

    key: str
    account: Account


class AccountFailed(Message, frozen=True):
    """The account could not be read; nothing follows from that."""

    key: str
    failure: CallFailure


class ExecutionReported(Message, frozen=True):
    """The venue's own stream reports a change of an order, with its fill if there is one."""

    state: OrderState
    fill: Fill | None


class FlowReported(Message, frozen=True):
    """The venue's own stream reports money that came or went without a fill."""

    flow: Flow


class LiquidationReported(Message, frozen=True):
    """The venue's own stream reports that its own order closed a position, or a part of it."""

    fill: Fill


class ExecutionsEnded(Message, frozen=True):
    """The venue's stream of order changes ended."""

    key: str
    result: None


class ExecutionsFailed(Message, frozen=True):
    """The venue's stream of order changes broke."""

    key: str
    failure: CallFailure


# -- ExecutionBroker -> ----------------------------------------------------------------------------


class OrderSubmitted(Message, frozen=True):
    """The order is on its way: from here on it counts as exposure."""

    client_order_id: str


class OrderAccepted(Message, frozen=True):
    """The venue took the order."""

    client_order_id: str
    venue_order_id: str


class OrderRejected(Message, frozen=True):
    """The order proved refused, by the venue or before it left."""

    client_order_id: str
    reason: Reason
    detail: str


class OrderPartiallyFilled(Message, frozen=True):
    """A fill that leaves a rest open."""

    fill: Fill


class OrderFilled(Message, frozen=True):
    """The fill that completes an order."""

    fill: Fill


class OrderCanceled(Message, frozen=True):
    """The rest of an order will not be filled."""

    client_order_id: str


class OrderExpired(Message, frozen=True):
    """The venue ended the rest of an order by its own rule."""

    client_order_id: str


class OrderUnknown(Message, frozen=True):
    """Nobody knows whether the venue has the order: it counts as exposure until resolved."""

    client_order_id: str
    detail: str


class PositionLiquidated(Message, frozen=True):
    """A fill by which the venue closed a position of ours that its margin no longer carried."""

    fill: Fill


class CashMoved(Message, frozen=True):
    """Funding, a deposit or a withdrawal."""

    flow: Flow


class AccountReconciled(Message, frozen=True):
    """Our orders agree with the venue's; `note` says what was found to differ, empty if nothing."""

    account: Account
    note: str


# -- the kernel -> ---------------------------------------------------------------------------------


class SessionStarted(Message, frozen=True):
    """Every role is up; `resumed` where an earlier run's state was restored."""

    run: str
    resumed: bool


class ActorStarted(Message, frozen=True):
    """A role has a living actor."""

    role: str


class ActorFailed(Message, frozen=True):
    """A handler raised, or a rebuild did; the role is down until the Supervisor restarts it.

    `streak` counts the failures since the role last handled a message.
    """

    role: str
    message: str
    error: str
    quarantined: bool
    streak: int = 1


class MessageLost(Message, frozen=True):
    """A message that crashed its role twice was quarantined; the edge says what its loss means."""

    role: str
    message: str
    seq: int


class MailboxOverflowed(Message, frozen=True):
    """A mailbox holds more than it may of messages that are never shed."""

    role: str
    depth: int


class JournalFailed(Message, frozen=True):
    """The journal cannot be written: no entries until JournalRecovered."""

    error: str


class JournalRecovered(Message, frozen=True):
    """The journal can be written again, and nothing of the time between is missing in it."""


# -- Supervisor -> ---------------------------------------------------------------------------------


class RestartActor(Message, frozen=True):
    """Rebuild a role from its last checkpoint and go on with its mailbox."""

    role: str


class ActorGaveUp(Message, frozen=True):
    """A role failed more often than its policy allows."""

    role: str
    detail: str


class Heartbeat(Message, frozen=True):
    """The Supervisor is there."""

    beat: int


# -- an operator, a signal, or the end of the data -> KillSwitch, RiskGuard ------------------------


class StopRequested(Message, frozen=True):
    """End the run in order: entries off, entry orders canceled and verified.

    `alone`: the main kernel has failed, and protects and closes nothing any more.
    """

    source: str
    alone: bool = False


class HaltRequested(Message, frozen=True):
    """Stop trading without ending the run."""

    source: str


class ResumeTrading(Message, frozen=True):
    """Lift the halts that an operator alone may lift; to the RiskGuard, as a session begins."""

    why: str


class ProgressStalled(Message, frozen=True):
    """A handler of the main kernel is past its limit."""

    role: str
    message: str
    seconds: float


# -- KillSwitch -> ---------------------------------------------------------------------------------


class HaltTrading(Message, frozen=True):
    """No new risk from here on; `flatten` asks RiskGuard to close positions as well."""

    epoch: int
    reason: Reason
    detail: str
    flatten: bool


class ShutdownCompleted(Message, frozen=True):
    """The run may end; `remaining` names entry orders that the venue still lists, or may have.

    `settled`: what is held is as `shutdown.open_position` asks for.
    """

    remaining: tuple[str, ...]
    detail: str
    settled: bool = True


# -- timers: a role to itself ----------------------------------------------------------------------


class StaleCheckDue(Message, frozen=True):
    """Look whether the feed still moves."""

    beat: int


class StreamRetryDue(Message, frozen=True):
    """Open the stream again."""

    attempt: int


class QueryDue(Message, frozen=True):
    """Ask the venue about an unknown order again."""

    client_order_id: str
    attempt: int


class ReconcileDue(Message, frozen=True):
    """Read the account again."""


class ProtectionDue(Message, frozen=True):
    """Look whether a position has its stop by now."""

    symbol: str


class RestartDue(Message, frozen=True):
    """A role's back-off is over."""

    role: str


class HeartbeatDue(Message, frozen=True):
    """Time to beat."""

    beat: int


class VerifyDue(Message, frozen=True):
    """Read the venue's list of open orders once more."""
