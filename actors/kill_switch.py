"""Stop trading and cancel orders; own kernel, own thread, own venue connection."""

import msgspec

from trader.model import messages as m
from trader.model.instrument import Instrument
from trader.model.market import SECOND
from trader.model.views import Account
from trader.ports import Epoch, Venue
from trader.runtime import Actor
from trader.safety.settings import ShutdownSettings
from trader.safety.shutdown import Halt, describe, is_flat, remaining, trip_of
from trader.topology import KILL_SWITCH


class KillSwitchState(msgspec.Struct):
    """The halt under way with the account last read, and the newest of what else was heard."""

    halt: Halt | None = None
    account: Account | None = None
    canceling: dict[str, None] = {}
    completed: bool = False
    heard: dict[str, str] = {}


class KillSwitch(Actor):
    """Halt once, cancel entries until the venue's own list is free of them, end the run if asked.

    A second trip joins the halt that is under way. What is only noted is there for a dump.
    `submit_seconds` bounds how long the venue's adapter may take to send and answer a submit.
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
        self.flatten = shutdown.open_position == "flatten"
        self.deadline = round(shutdown.deadline_seconds * SECOND)
        self.submit = round(submit_seconds * SECOND)
        self.instruments = instruments

    def _trip(self, message: m.Message) -> None:
        trip, state = trip_of(message), self.state
        if trip is None or state.completed:
            return
        if state.halt is None:
            # Before anything is canceled: what waits behind HaltTrading must not reach the venue.
            epoch = self.interlock.advance()
            self.send(m.HaltTrading(epoch, trip.reason, trip.detail, self.flatten))
            state.halt = Halt(self.now + self.submit, self.now + self.deadline)
            self._look()
        if trip.ends_run and not state.halt.ends_run:
            self._end(state.halt)

    on_stop_requested = on_halt_requested = on_feed_ended = _trip
    on_limit_breached = on_actor_gave_up = on_mailbox_overflowed = on_progress_stalled = _trip

    def _note(self, message: m.Message) -> None:
        self.state.heard[type(message).__name__] = str(message)

    on_feed_stalled = on_feed_recovered = on_trading_state_changed = on_heartbeat = _note
    on_journal_failed = on_journal_recovered = on_data_quarantined = _note

    def on_account_received(self, message: m.AccountReceived) -> None:
        """Cancel the entry orders it lists; what is already being canceled waits for its answer."""
        state = self.state
        if state.halt is None:
            return
        state.account = message.account
        for order in state.halt.see(message.account, self.now):
            key = order.client_order_id
            if key not in state.canceling:
                state.canceling[key] = None
                cancel, done, failed = self.venue.cancel, m.CancelAnswered, m.CancelFailed
                self.call(key, cancel, order, done=done, failed=failed)
        self._go_on(state.halt)

    def on_account_failed(self, _message: m.AccountFailed) -> None:
        """Look again: a list that cannot be read proves nothing."""
        if self.state.halt is not None:
            self._go_on(self.state.halt)

    def on_cancel_answered(self, message: m.CancelAnswered | m.CancelFailed) -> None:
        """Believe the venue's list alone: cancel again what it still shows."""
        self.state.canceling.pop(message.client_order_id, None)

    on_cancel_failed = on_cancel_answered

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
        self.call("account", self.venue.account, done=m.AccountReceived, failed=m.AccountFailed)

    def _end(self, halt: Halt) -> None:
        halt.ends_run = True
        halt.deadline = self.now + self.deadline
        self.after("deadline", self.deadline, m.VerifyDue())
        if halt.verified:
            self._look()

    def _go_on(self, halt: Halt) -> None:
        account = self.state.account
        flat = account is not None and is_flat(account, self.instruments)
        if not halt.verified or (halt.ends_run and self.flatten and not flat):
            self.after("verify", halt.wait(self.now), m.VerifyDue())
        elif halt.ends_run:
            self._complete(halt)

    def _complete(self, halt: Halt) -> None:
        if not self.state.completed:
            self.state.completed = True
            account = self.state.account
            detail = describe(account, self.instruments)
            self.send(m.ShutdownCompleted(remaining(halt, account), detail))
