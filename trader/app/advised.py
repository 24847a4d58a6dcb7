"""What was advised in a past run and what became of it, read from its journal."""

from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from typing import Any

import msgspec

from trader.model import messages as m
from trader.model.instrument import ZERO
from trader.model.orders import Leg
from trader.model.views import Stance
from trader.storage.archive import JOURNAL_FILE, open_archive
from trader.storage.schema import Record, Run
from trader.topology import VALIDATOR
from trader.ui.advice import AdviceReport, Decided, sum_up
from trader.ui.render import utc


def report_of(run: Run, directory: Path) -> AdviceReport:
    """Return the advice of a run; raise JournalError where the journal is damaged."""
    reader = _Reader(resumed=run.resumed_from is not None)
    with open_archive(directory / JOURNAL_FILE) as archive:
        for record in archive.envelopes(run):
            reader.take(record)
    advice = tuple(sorted([*reader.advice, *reader.unanswered()], key=lambda each: each.time))
    return AdviceReport(run.id, True, advice, sum_up(advice))


class _Trade(msgspec.Struct):
    """A position under way: whose entry began it, and what was realized before it."""

    entry: Decided | None
    before: Decimal | None


class _Asked(msgspec.Struct, frozen=True):
    """A question, when it left, and what it took so far as is known."""

    record: Record
    due: m.QuestionDue
    tokens: int
    cost: Decimal
    seconds: float = 0.0


class _Reader:
    """Follows each advice through the envelopes of a run, by cause and by decision."""

    def __init__(self, *, resumed: bool) -> None:
        self.advice: list[Decided] = []
        self._first = None if resumed else ZERO
        self._asked: dict[int, _Asked] = {}
        self._ended: dict[int, _Asked] = {}
        self._given: dict[int, Decided] = {}
        self._by_decision: dict[int, Decided] = {}
        self._entries: dict[str, Decided] = {}
        self._trades: dict[str, _Trade] = {}
        self._realized: dict[str, Decimal] = {}
        self._kinds: dict[str, tuple[type[m.Message], Callable[[Record, Any], None]]] = {
            kind.__name__: (kind, take)
            for kind, take in (
                (m.QuestionDue, self._questioned),
                (m.ModelAnswered, self._answered),
                (m.ModelFailed, self._failed),
                (m.AdviceGiven, self._advised),
                (m.AdviceRefused, self._refused),
                (m.ProposeOrder, self._proposed),
                (m.OrderDenied, self._denied),
                (m.SubmitOrder, self._submitted),
                (m.PositionChanged, self._changed),
            )
        }

    def take(self, record: Record) -> None:
        """Follow one envelope; a message to several roles counts as the Validator got it."""
        kind, take = self._kinds.get(record.kind, (None, None))
        if kind is None or take is None:
            return
        if kind is m.PositionChanged and record.receiver != VALIDATOR:
            return
        take(record, msgspec.msgpack.decode(record.body, type=kind))

    def _questioned(self, record: Record, message: m.QuestionDue) -> None:
        self._asked[record.seq] = _Asked(record, message, message.tokens, message.cost)

    def _answered(self, record: Record, message: m.ModelAnswered) -> None:
        a = message.answer
        self._end(record, a.input_tokens + a.output_tokens, a.cost, a.seconds)

    def _failed(self, record: Record, message: m.ModelFailed) -> None:
        # What nobody knows to have been answered stays booked; what was turned away was free.
        if message.failure.failure is m.Failure.UNKNOWN:
            self._end(record)
        else:
            self._end(record, 0, ZERO)

    def _end(self, record: Record, *took: Any) -> None:
        asked = self._asked.pop(record.cause, None)
        if asked is not None:
            self._ended[record.seq] = _Asked(asked.record, asked.due, *took) if took else asked

    def unanswered(self) -> list[Decided]:
        """Return the questions that nothing came of, at what they count for."""
        return [_unanswered(asked) for asked in self._asked.values()]

    def _advised(self, record: Record, message: m.AdviceGiven) -> None:
        advice = message.advice
        # What the rules say where a model failed has the failure for its cause, and no cost.
        by_model = message.opinion is not None or message.fault is not None
        asked = self._ended.get(record.cause) if by_model else None
        decided = Decided(
            time=utc(record.time),
            symbol=advice.symbol,
            source=advice.source,
            version=None if asked is None else asked.due.version,
            digest=None if asked is None else _digest(asked),
            stance=advice.stance,
            conviction=advice.conviction,
            tokens=0 if asked is None else asked.tokens,
            cost=ZERO if asked is None else asked.cost,
            seconds=0.0 if asked is None else asked.seconds,
        )
        if advice.stance is not Stance.HOLD or message.fault is not None:
            decided.outcome = "given"
        self.advice.append(decided)
        self._given[record.seq] = decided

    def _refused(self, record: Record, message: m.AdviceRefused) -> None:
        decided = self._given.get(record.cause)
        if decided is not None:
            decided.outcome, decided.decision = "refused", message.decision
            decided.reason, decided.detail = message.reason, message.detail

    def _proposed(self, record: Record, message: m.ProposeOrder) -> None:
        decided = self._given.get(record.cause)
        if decided is not None:
            decided.outcome, decided.decision = "proposed", message.decision
            self._by_decision[message.decision] = decided

    def _denied(self, _record: Record, message: m.OrderDenied) -> None:
        decided = self._by_decision.get(message.decision)
        if decided is not None:
            decided.outcome = "denied"
            decided.reason, decided.detail = message.reason, message.detail

    def _submitted(self, _record: Record, message: m.SubmitOrder) -> None:
        decided = self._by_decision.get(message.decision)
        if decided is not None:
            decided.outcome = "ordered"
            decided.orders = (*decided.orders, message.order.client_order_id)
            if message.order.leg is Leg.ENTRY:
                self._entries[message.order.symbol] = decided

    def _changed(self, _record: Record, message: m.PositionChanged) -> None:
        symbol = message.symbol
        before = self._realized.get(symbol, self._first)
        self._realized[symbol] = message.realized
        trade = self._trades.setdefault(symbol, _Trade(self._entries.get(symbol), before))
        if not message.quantity:
            del self._trades[symbol]
            if trade.entry is not None and trade.before is not None:
                trade.entry.result = message.realized - trade.before


def _unanswered(asked: _Asked) -> Decided:
    due = asked.due
    return Decided(
        time=utc(asked.record.time),
        symbol=due.symbol,
        source=due.model,
        version=due.version,
        digest=_digest(asked),
        stance=Stance.HOLD,
        conviction=0.0,
        tokens=asked.tokens,
        cost=asked.cost,
        seconds=0.0,
        outcome="unanswered",
    )


def _digest(asked: _Asked) -> str:
    return asked.due.key.rpartition(" ")[2]
