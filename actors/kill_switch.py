"""Stop trading, cancel orders, close what nobody protects; own kernel, thread and connection."""

import msgspec

from trader.model import messages as m
from trader.model.instrument import Instrument
from trader.model.market import SECOND
from trader.ports import Epoch, Venue
from trader.risk.guard import approve
from trader.runtime import Actor
from trader.safety.holdings import describe
from trader.safety.settings import ShutdownSettings
from trader.safety.shutdown import Halt, remaining, trip_of
from trader.safety.windup import Scope, WindUp
from trader.topology import KILL_SWITCH


class KillSwitchState(msgspec.Struct):
    """The halt under way, and what is being done about orders and positions."""

    halt: Halt | None = None
    windup: WindUp = msgspec.field(default_factory=WindUp)
    completed: bool = False


class KillSwitch(Actor):
    """Halt once, cancel entries until the venue's own list is free of them, end the run if asked.

    A second trip joins the halt that is under way. What is held is RiskGuard's to protect or close,
    and for the KillSwitch to close once that has had its time. `submit_seconds` bounds how long the
    venue's adapter may take to send and answer a submit.
    """

    role = KILL_SWITCH
    State = KillSwitchState
    state: KillSwitchState

    def __init__(
        self,
        venue: Venue,
        interlock: Epoch,
        shutdown: ShutdownSettings,
        instruments: tuple[Instrument, ...],
        submit_seconds: float,
    ) -> None:
        super().__init__()
        self.venue = venue
        self.interlock = interlock
        self.scope = Scope(shutdown.open_position, instruments)
        self.deadline = round(shutdown.deadline_seconds * SECOND)
        self.submit = round(submit_seconds * SECOND)

    def _trip(self, message: m.Message) -> None:
        trip, state = trip_of(message), self.state
        if trip is None or state.completed:
            return
        halt, fresh = state.halt, state.halt is None
        if halt is None:
            # Before anything is canceled: what waits behind HaltTrading must not reach the venue.
            halt = state.halt = Halt(self.interlock.advance(), self.now + self.submit)
            flatten = self.scope.policy == "flatten"
            self.send(m.HaltTrading(halt.epoch, trip.reason, trip.detail, flatten))
        over = halt.verified and not halt.ends_run and state.windup.is_settled(self.scope)
        if fresh or over:
            halt.allow(self.now, self.deadline)
        if trip.alone:
            halt.expect_nobody(self.now, self.submit)
        if trip.ends_run and not halt.ends_run:
            self._end(halt)
        if fresh or halt.verified:
            # What was protected may have lost its stop since it was last looked at.
            self._look()

    on_stop_requested = on_halt_requested = on_feed_ended = _trip
    on_limit_breached = on_actor_gave_up = on_mailbox_overflowed = on_progress_stalled = _trip

    def _leave(self, _message: m.Message) -> None:
        """Do nothing: that it was told is on record."""

    on_feed_stalled = on_feed_recovered = on_trading_state_changed = on_heartbeat = _leave
    on_journal_failed = on_journal_recovered = on_data_quarantined = _leave

    def on_account_received(self, message: m.AccountReceived) -> None:
        """Cancel the entry orders it lists; close what is not as it should be by now."""
        halt = self.state.halt
        if halt is None:
            return
        asks, venue = self.state.windup.see(message, halt, self.scope, self.now), self.venue
        for order in asks.cancel:
            key, done, failed = order.client_order_id, m.CancelAnswered, m.CancelFailed
            self.call(key, venue.cancel, order, done=done, failed=failed)
        for order in asks.query:
            key = order.client_order_id
            self.call(key, venue.query, order, done=m.QueryAnswered, failed=m.QueryFailed)
        for order in asks.submit:
            self.send(m.SubmitOrder(0, order, approve(order, halt.epoch), self.scope.reason))
        self._go_on(halt)

    def on_account_failed(self, _message: m.AccountFailed) -> None:
        """Look again: a list that cannot be read proves nothing."""
        halt = self.state.halt
        if halt is not None:
            self.after("verify", halt.wait(self.now), m.VerifyDue())

    def on_submit_order(self, message: m.SubmitOrder) -> None:
        """Send an exit of our own, once its intent is on disk; it goes even if the disk fails."""
        order, key, submit = message.order, message.order.client_order_id, self.venue.submit
        done, failed = m.SubmitAnswered, m.SubmitFailed
        promise = {"durable": True, "required": False}
        self.call(key, submit, order, message.approval, done=done, failed=failed, **promise)

    def _hear(self, message: m.Message) -> None:
        """Take in what became of a request, or what is not ours to close; the next look acts."""
        self.state.windup.hear(message, self.now, self.venue.arrives_within)

    on_submit_answered = on_submit_failed = on_query_answered = on_query_failed = _hear
    on_cancel_answered = on_cancel_failed = on_holdings_set_apart = _hear

    def on_verify_due(self, _message: m.VerifyDue) -> None:
        """Look at the list again; at the deadline say what remains."""
        halt = self.state.halt
        if halt is None or self.state.completed:
            return
        if halt.ends_run and self.now >= halt.deadline:
            self._complete(halt)
        else:
            self._look()

    def _look(self) -> None:
        key, account = str(self.state.windup.learnt), self.venue.account
        self.call(key, account, done=m.AccountReceived, failed=m.AccountFailed)

    def _end(self, halt: Halt) -> None:
        halt.ends_run = True
        halt.allow(self.now, self.deadline)
        self.after("deadline", self.deadline, m.VerifyDue())

    def _go_on(self, halt: Halt) -> None:
        if not halt.verified or not self.state.windup.is_settled(self.scope):
            self.after("verify", halt.wait(self.now), m.VerifyDue())
        elif halt.ends_run:
            self._complete(halt)

    def _complete(self, halt: Halt) -> None:
        if not self.state.completed:
            self.state.completed = True
            windup = self.state.windup
            left, settled = remaining(halt, windup.account), windup.is_settled(self.scope)
            detail = describe(windup.account, windup.holdings(self.scope))
            self.send(m.ShutdownCompleted(left, detail, settled))
