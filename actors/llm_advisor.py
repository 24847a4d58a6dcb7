"""Advise on snapshots: by a model where one is configured, else by the rules; never block."""

from trader.advice.asking import NO_MODEL, Asking, Ended, answered, begin, failed, merits
from trader.advice.checks import opens
from trader.advice.desk import AdvisorState
from trader.advice.rules import ADVISORS, rules_advice
from trader.advice.settings import AdviceSettings
from trader.model import messages as m
from trader.model.market import SECOND
from trader.model.views import Advice
from trader.ports import Model
from trader.runtime import Actor
from trader.topology import LLM_ADVISOR


class LLMAdvisor(Actor):
    """Gives entries at most so often a symbol, and none once trading is halted; exits at any time.

    The rules' exits are given at once, and entries too where no model may be asked or none answers
    by the next candle. Every advice names its source: a rule, or the model that was asked.
    """

    role = LLM_ADVISOR
    State = AdvisorState
    state: AdvisorState

    def __init__(
        self,
        settings: AdviceSettings,
        update_frequency_seconds: float,
        asking: Asking = NO_MODEL,
        model: Model | None = None,
    ) -> None:
        super().__init__()
        self.settings = settings
        self.rule = ADVISORS.get(settings.advisor, rules_advice)
        self.pause = round(update_frequency_seconds * SECOND)
        self.asking = asking
        self.model = model

    def on_session_started(self, _message: m.SessionStarted) -> None:
        """Forget the halt that ended an earlier run, and the questions that died with it."""
        self.state.halted = False
        self.state.desk.give_up()

    def on_warmup_advanced(self, _message: m.WarmupAdvanced) -> None:
        """Do nothing: no advice on the symbol is possible yet, and that is on record."""

    def on_snapshot_taken(self, message: m.SnapshotTaken) -> None:
        """Give the advice that the snapshot merits, or ask for it."""
        symbol, desk, asks = message.symbol, self.state.desk, self.model is not None
        if asks:
            desk.see(message)
        if message.past:
            return
        advice = self.rule(self.settings, symbol, message.snapshot, desk.side(symbol))
        if advice is not None and not opens(advice, desk.side(symbol)):
            self.send(m.AdviceGiven(advice))
        elif asks and not desk.waits(symbol, self.now) and self._asks(symbol):
            return
        elif advice is not None:
            self._enter(advice)

    def _enter(self, advice: Advice) -> None:
        """Give the rules' advice to enter, where they are to give it."""
        alone = self.asking.settings.without_model == "rules"
        if alone and self.state.may_enter(advice, self.pause):
            self.send(m.AdviceGiven(advice))

    def _asks(self, symbol: str) -> bool:
        """Ask a model if the candle merits it; False where it would but nobody may be asked."""
        desk = self.state.desk
        held = symbol in desk.entries
        may = held or not self.state.halted
        if may and merits(self.asking.settings, desk, symbol, held, self.pause):
            return self._ask(symbol, ())
        return True

    def _ask(self, symbol: str, tried: tuple[str, ...]) -> bool:
        noes = self.state.noes.get(symbol, ())
        due = begin(self.asking, self.state.desk, symbol, tried, noes, self.now)
        if due is not None:
            self.send(due)
        return due is not None

    def on_question_due(self, message: m.QuestionDue) -> None:
        """Have the question leave, now that what it may cost is on record."""
        key, model, durable = message.key, self.model, self.asking.durable
        question = self.state.desk.let_go(key)
        if question is not None and model is not None:
            done, failed = m.ModelAnswered, m.ModelFailed
            self.call(key, model.ask, question, done=done, failed=failed, durable=durable)

    def on_model_answered(self, message: m.ModelAnswered) -> None:
        """Pass a sound opinion on, with what the model was shown."""
        self._end(answered(self.asking, self.state.desk, message, self.now))

    def on_model_failed(self, message: m.ModelFailed) -> None:
        """Say so, and ask the next model or the rules."""
        self._end(failed(self.asking, self.state.desk, message, self.now))

    def _end(self, ended: Ended | None) -> None:
        if ended is None:
            return
        pending, given, symbol = ended.pending, ended.given, ended.pending.question.symbol
        if not self.state.halted or not opens(given.advice, self.state.desk.side(symbol)):
            self.send(given)
        if given.fault is None or not self.state.desk.is_newest(pending):
            return
        if not self._ask(symbol, pending.tried):
            side = self.state.desk.side(symbol)
            advice = self.rule(self.settings, symbol, pending.row.snapshot, side)
            if advice is not None:
                self._enter(advice)

    def on_position_changed(self, message: m.PositionChanged) -> None:
        """Note which positions are open."""
        self.state.desk.take_position(message, self.now)

    def on_halt_trading(self, _message: m.HaltTrading) -> None:
        """Advise no more entries."""
        self.state.halted = True

    def on_feed_ended(self, _message: m.FeedEnded) -> None:
        """Advise no more entries: an answer that comes now is about a market nobody sees."""
        self.state.halted = True

    def on_advice_refused(self, message: m.AdviceRefused) -> None:
        """Remember why advice was not followed."""
        self.state.remember(message)

    def on_order_denied(self, message: m.OrderDenied) -> None:
        """Remember why an order did not come of it."""
        self.state.remember(message)
