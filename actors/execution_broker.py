"""Carry approved orders to the venue; track each until it is final."""

from trader.execution.blotter import Change
from trader.execution.state import BrokerState
from trader.model import messages as m
from trader.model.market import SECOND
from trader.ports import Venue
from trader.runtime import Actor
from trader.topology import EXECUTION_BROKER


class ExecutionBroker(Actor):
    """Send each order once, ask until its end is known, tell each change and each doubt's end."""

    role = EXECUTION_BROKER
    State = BrokerState
    state: BrokerState

    def __init__(self, venue: Venue, reconcile_seconds: float = 300.0) -> None:
        super().__init__()
        self.venue = venue
        self.pause = round(reconcile_seconds * SECOND)

    def on_submit_order(self, message: m.SubmitOrder) -> None:
        """Send the order once its intent is on disk; an exit goes even if the disk fails."""
        order, state = message.order, self.state
        change = state.blotter.submit(order, self.correlation, halted=state.halted)
        self._follow(change)
        if not change.record.status.final:
            key, submit = order.client_order_id, self.venue.submit
            done, failed = m.SubmitAnswered, m.SubmitFailed
            promise = {"durable": True, "required": not order.reduce_only}
            self.call(key, submit, order, message.approval, done=done, failed=failed, **promise)

    def on_submit_failed(self, message: m.SubmitFailed) -> None:
        """Tell a proven refusal from an outcome that nobody knows."""
        self._follow(self.state.blotter.fail(message.client_order_id, message.failure))

    def on_cancel_order(self, message: m.CancelOrder) -> None:
        """Cancel an order, now or as soon as the venue has it; what never came here is gone."""
        client_order_id, blotter = message.client_order_id, self.state.blotter
        self._follow(*blotter.cancel(client_order_id))
        if client_order_id not in blotter.records:
            self.send(m.OrderCanceled(client_order_id))

    def on_submit_answered(self, message: m.SubmitAnswered | m.CancelAnswered) -> None:
        """Fold the state of an order after a request."""
        self._follow(*self.state.blotter.report(message.state, (), self.correlation))

    on_cancel_answered = on_submit_answered

    def on_execution_reported(self, message: m.ExecutionReported) -> None:
        """Fold what the venue's stream says."""
        fills = () if message.fill is None else (message.fill,)
        self._follow(*self.state.blotter.report(message.state, fills, self.correlation))

    def on_flow_reported(self, message: m.FlowReported | m.LiquidationReported) -> None:
        """Tell what the venue did of itself; an account that is being read may not show it."""
        self.send(self.state.blotter.overhear(message))

    on_liquidation_reported = on_flow_reported

    def on_query_due(self, message: m.QueryDue) -> None:
        """Ask about an order that is still in doubt."""
        order = self.state.blotter.ask(message.client_order_id)
        if order is not None:
            query, failed = self.venue.query, m.QueryFailed
            self.call(order.client_order_id, query, order, done=m.QueryAnswered, failed=failed)

    def on_query_answered(self, message: m.QueryAnswered) -> None:
        """Fold an order with its fills, or that the venue knows no such order."""
        client_order_id, within = message.client_order_id, self.venue.arrives_within
        answer = self.state.blotter.answer
        self._follow(answer(client_order_id, message.found, self.now, within))

    def on_cancel_failed(self, message: m.CancelFailed | m.QueryFailed) -> None:
        """Conclude nothing: the order stays as it is and is asked about."""
        self._follow(self.state.blotter.keep(message.client_order_id))

    on_query_failed = on_cancel_failed

    def on_halt_trading(self, _message: m.HaltTrading) -> None:
        """Send nothing more that adds risk."""
        self.state.halted = True

    def on_session_started(self, message: m.SessionStarted) -> None:
        """Listen to the venue, and compare before anybody trades."""
        self.state.halted = self.state.streaming = False
        if message.resumed:
            self._follow(*self.state.blotter.suspect_all("the engine was started again"))
        self.on_reconcile_due(m.ReconcileDue())

    def on_message_lost(self, message: m.MessageLost) -> None:
        """Hold nothing for certain until the venue has said it again."""
        self._follow(*self.state.blotter.suspect_all(f"{message.role} lost {message.message}"))
        self.on_reconcile_due(m.ReconcileDue())

    def on_executions_failed(self, _message: m.ExecutionsFailed | m.ExecutionsEnded) -> None:
        """Listen again soon, and compare then; what is being read now proves nothing any more."""
        self.state.streaming = False
        self.state.blotter.changes += 1
        self._read_later()

    on_executions_ended = on_executions_failed

    def on_reconcile_due(self, _message: m.ReconcileDue) -> None:
        """Read the account, and listen first where nobody does."""
        if not self.state.streaming:
            self.state.streaming = True
            listen, done, failed = self.venue.executions, m.ExecutionsEnded, m.ExecutionsFailed
            self.call("executions", listen, self.post, done=done, failed=failed)
        key, account = str(self.state.blotter.changes), self.venue.account
        self.call(key, account, done=m.AccountReceived, failed=m.AccountFailed)

    def on_account_received(self, message: m.AccountReceived) -> None:
        """Resolve what differs; tell of an account that agrees with every order of ours."""
        account, hear = message.account, self.state.reconciliation.hear
        changes, note = hear(self.state.blotter, message.key, account, self.correlation)
        self._follow(*changes)
        if note is None:
            self._read_later()
        else:
            self.send(m.AccountReconciled(account, note))
            self.after("account", self.pause, m.ReconcileDue())

    def on_account_failed(self, _message: m.AccountFailed) -> None:
        """Read again: an account that cannot be read is not an empty one."""
        self._read_later()

    def _read_later(self) -> None:
        self.after("account", self.state.reconciliation.wait(), m.ReconcileDue())

    def _follow(self, *changes: Change) -> None:
        for change in changes:
            record = change.record
            for event in change.events:
                self.send_for(record.correlation, event)
            if change.cancel:
                cancel, done, failed = self.venue.cancel, m.CancelAnswered, m.CancelFailed
                self.call(record.id, cancel, record.order, done=done, failed=failed)
            elif change.ask_in is not None:
                self.after(record.id, change.ask_in, m.QueryDue(record.id, record.asked))
