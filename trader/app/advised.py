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
from trader.storage.archive import open_archive
from trader.storage.schema import Record, Run
from trader.topology import VALIDATOR
from trader.ui.advice import AdviceReport, Decided, sum_up
from trader.ui.render import utc


def report_of(run: Run, directory: Path) -> AdviceReport:
    """Return the advice of a run; raise JournalError where the journal is damaged."""
    reader = _Reader(resumed=run.resumed_from is not None)
    with open_archive(directory / "journal.db") as archive:
        for record in archive.envelopes(run):
            reader.take(record)
    advice = tuple(reader.advice)
    return AdviceReport(run.id, True, advice, sum_up(advice))


class _Trade(msgspec.Struct):
    """A position under way: whose entry began it, and what was realized before it."""

    entry: Decided | None
    before: Decimal | None


class _Reader:
    """Follows each advice through the envelopes of a run, by cause and by decision."""

    def __init__(self, *, resumed: bool) -> None:
        self.advice: list[Decided] = []
        self._first = None if resumed else ZERO
        self._answers: dict[int, m.ModelAnswered] = {}
        self._given: dict[int, Decided] = {}
        self._by_decision: dict[int, Decided] = {}
        self._entries: dict[str, Decided] = {}
        self._trades: dict[str, _Trade] = {}
        self._realized: dict[str, Decimal] = {}
        self._kinds: dict[str, tuple[type[m.Message], Callable[[Record, Any], None]]] = {
            kind.__name__: (kind, take)
            for kind, take in (
                (m.ModelAnswered, self._answered),
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

    def _answered(self, record: Record, message: m.ModelAnswered) -> None:
        self._answers[record.seq] = message

    def _advised(self, record: Record, message: m.AdviceGiven) -> None:
        advice, answered = message.advice, self._answers.get(record.cause)
        # What the rules say where a model failed has the failure for its cause, and no cost.
        by_model = message.opinion is not None or message.fault is not None
        answer = answered.answer if answered is not None and by_model else None
        decided = Decided(
            time=utc(record.time),
            symbol=advice.symbol,
            source=advice.source,
            version=None if answer is None else answer.version,
            digest=None if answer is None else answer.digest,
            stance=advice.stance,
            conviction=advice.conviction,
            tokens=0 if answer is None else answer.input_tokens + answer.output_tokens,
            cost=ZERO if answer is None else answer.cost,
            seconds=0.0 if answer is None else answer.seconds,
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
