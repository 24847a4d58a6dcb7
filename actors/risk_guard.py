"""Approve, resize or deny proposals; own portfolio, limits and trading state."""

from collections.abc import Iterable

from trader.model import messages as m
from trader.model.market import SECOND
from trader.model.messages import Message
from trader.model.reasons import Reason
from trader.model.views import TradingState
from trader.risk import exits, orders, protection, reconcile
from trader.risk.holds import hold, release
from trader.risk.losses import mark, resume
from trader.risk.orders import STATUSES
from trader.risk.proposals import judge
from trader.risk.state import RiskState, Rules
from trader.runtime import Actor
from trader.topology import RISK_GUARD

Moved = m.OrderSubmitted | m.OrderAccepted | m.OrderCanceled | m.OrderExpired | m.OrderUnknown
Filled = m.OrderFilled | m.OrderPartiallyFilled | m.PositionLiquidated


class RiskGuard(Actor):
    """Nothing reaches the broker but what this actor approves, and no position goes unprotected."""

    role = RISK_GUARD
    State = RiskState
    state: RiskState

    def __init__(self, rules: Rules) -> None:
        super().__init__()
        self.rules, self.kept = rules, rules.settings.returns_candles
        self.conversion, self.followed = rules.conversion, exits.followed(rules)

    def initial_state(self) -> RiskState:
        """Return the memory of a guard that has seen nothing: halted until reconciled."""
        return RiskState().know(self.rules.instruments, self.rules.conversion)

    def on_candle_closed(self, message: m.CandleClosed) -> None:
        """Mark positions at the close, and follow with stops; without one, only note the price."""
        state, candle = self.state, message.candle
        price = state.prices[message.symbol]
        price.close = candle.close
        price.closed = ts = candle.ts_event
        state.returns[message.symbol].note(candle, self.kept)
        if state.held or ts >= state.windows.next_roll or message.symbol == self.conversion:
            told = mark(self.rules, state, ts, at_close=True)
            if message.symbol in self.followed:
                told += exits.follow(self.rules, state, message.symbol, candle)
            self._tell(told)

    def on_history_loaded(self, message: m.HistoryLoaded) -> None:
        """Learn how a symbol moves."""
        self.state.returns[message.symbol].learn(message.candles, self.kept)

    def on_quote_updated(self, message: m.QuoteUpdated) -> None:
        """Note the newest quote."""
        quote, price = message.quote, self.state.prices[message.symbol]
        price.bid, price.ask, price.quoted = quote.bid, quote.ask, quote.ts_event

    def on_feed_stalled(self, message: m.FeedStalled | m.FeedRecovered) -> None:
        """Deny entries on a symbol whose feed is not live; exits pass."""
        stalled = message.condition if isinstance(message, m.FeedStalled) else None
        self.state.prices[message.symbol].stalled = stalled

    on_feed_recovered = on_feed_stalled

    # -- proposals and orders ----------------------------------------------------------------------

    def on_propose_order(self, message: m.ProposeOrder) -> None:
        """Size and approve, or deny."""
        self._tell(judge(self.rules, self.state, message, self.now))

    def on_order_accepted(self, message: Moved) -> None:
        """Fold a change of an order that is not a fill."""
        cid, status = message.client_order_id, STATUSES[type(message)]
        self._tell(orders.move(self.rules, self.state, cid, status, self.now))

    on_order_submitted = on_order_canceled = on_order_accepted
    on_order_expired = on_order_unknown = on_order_accepted

    def on_order_rejected(self, message: m.OrderRejected) -> None:
        """Give an entry up; send a stop or an exit again, or the other way."""
        cid, reason = message.client_order_id, message.reason
        self._tell(orders.reject(self.rules, self.state, cid, reason, self.now))

    def on_order_filled(self, message: Filled) -> None:
        """Change the position, and have it protected."""
        status = STATUSES[type(message)]
        self._tell(orders.fill(self.rules, self.state, message.fill, status, self.now))

    on_order_partially_filled = on_position_liquidated = on_order_filled

    def on_cash_moved(self, message: m.CashMoved) -> None:
        """Book money that came or went without a fill."""
        self._tell(orders.move_cash(self.rules, self.state, message.flow, self.now))

    def on_protection_due(self, message: m.ProtectionDue) -> None:
        """Close a position that has no accepted stop by now."""
        self._tell(protection.watch(self.rules, self.state, self.state.campaigns[message.symbol]))

    # -- the trading state -------------------------------------------------------------------------

    def on_session_started(self, message: m.SessionStarted) -> None:
        """Halt until reconciled."""
        self._tell(reconcile.begin(self.rules, self.state, message.run, self.now))

    def on_account_reconciled(self, message: m.AccountReconciled) -> None:
        """Compare the ledger with the balances, positions with their stops; then trade."""
        self._tell(reconcile.reconcile(self.rules, self.state, message.account, self.now))

    def on_halt_trading(self, message: m.HaltTrading) -> None:
        """Halt for the rest of the session, and close every position if asked to."""
        self.state.epoch = message.epoch
        self._hold(message.reason, message.detail)
        for campaign in self.state.campaigns.values() if message.flatten else ():
            self._tell(protection.close(self.rules, self.state, campaign, Reason.EXIT_SHUTDOWN))

    def on_resume_trading(self, message: m.ResumeTrading) -> None:
        """Lift what an operator alone may lift."""
        self._tell(resume(self.state, message.why))

    def on_message_lost(self, message: m.MessageLost) -> None:
        """Halt until reconciled, and rely on no order until the broker speaks of it again."""
        self.state.doubt_all()
        self._hold(Reason.HALT_MESSAGE_LOST, f"{message.message} to {message.role}")

    def on_mailbox_overflowed(self, message: m.MailboxOverflowed) -> None:
        """Halt for the rest of the session."""
        self._hold(Reason.HALT_OVERFLOW, f"{message.depth} messages wait for {message.role}")

    def on_journal_failed(self, message: m.JournalFailed) -> None:
        """Open nothing that cannot be recorded; exits pass."""
        self._hold(Reason.HALT_JOURNAL, message.error, TradingState.REDUCING)

    def on_journal_recovered(self, _message: m.JournalRecovered) -> None:
        """Trade again."""
        reason = Reason.HALT_JOURNAL
        self._tell(release(self.state, frozenset({reason}), reason, "it can be written again"))

    def _hold(self, reason: Reason, detail: str, level: TradingState = TradingState.HALTED) -> None:
        self._tell(hold(self.state, reason, level, detail, self.now))

    def _tell(self, messages: Iterable[Message]) -> None:
        for message in messages:
            if isinstance(message, m.ProtectionDue):
                delay = round(self.rules.settings.protection_seconds * SECOND)
                self.after(f"protection {message.symbol}", delay, message)
            else:
                self.send(message)
