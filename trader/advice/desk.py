"""What the advisor remembers, most of it for the sake of its questions to models."""

from decimal import Decimal

import msgspec

from trader.advice.breaker import Breaker
from trader.advice.brief import Holding
from trader.advice.window import Row
from trader.model.market import SECOND
from trader.model.messages import AdviceRefused, OrderDenied, PositionChanged, WarmupAdvanced
from trader.model.opinions import Answer
from trader.model.views import Advice, Stance

No = AdviceRefused | OrderDenied

REMEMBERED = 5
"""Refusals and denials kept of each symbol, the newest."""
LOST = 3_600 * SECOND
"""Market time after which a question without an answer is given up for lost."""


class Pending(msgspec.Struct, frozen=True):
    """A question under way: the row it is about, when it was asked (ns), and who was before."""

    key: str
    symbol: str
    model: str
    row: Row
    asked: int
    tried: tuple[str, ...]

    def to_hold(self) -> Advice:
        """Return the advice that stands where nothing came of the question."""
        snapshot = self.row.snapshot
        return Advice(
            symbol=self.symbol,
            stance=Stance.HOLD,
            conviction=0.0,
            price=snapshot.close,
            stop=None,
            target=None,
            source=self.model,
            rationale="",
            ts_event=snapshot.ts_event,
        )


class Usage(msgspec.Struct):
    """What a model was asked and took in this run, and how often nothing came of it."""

    questions: int = 0
    failures: int = 0
    input_tokens: int = 0
    output_tokens: int = 0
    cost: Decimal = Decimal(0)

    def add(self, answer: Answer) -> None:
        """Add what an answer took."""
        self.input_tokens += answer.input_tokens
        self.output_tokens += answer.output_tokens
        self.cost += answer.cost


class Entry(msgspec.Struct, frozen=True):
    """An open position: its signed quantity and what it was entered at."""

    quantity: Decimal
    average_price: Decimal


class Desk(msgspec.Struct):
    """Rows, questions and positions by symbol; breakers and usage by model."""

    rows: dict[str, list[Row]] = {}
    pending: dict[str, Pending] = {}
    asked: dict[str, Row] = {}
    """The newest row that was asked about."""
    entries: dict[str, Entry] = {}
    traded: dict[str, int] = {}
    """When the last fill came (ns)."""
    breakers: dict[str, Breaker] = {}
    usage: dict[str, Usage] = {}

    def breaker(self, model: str) -> Breaker:
        """Return the breaker of a model."""
        return self.breakers.get(model, Breaker())

    def used(self, model: str) -> Usage:
        """Return the usage of a model, to be added to."""
        return self.usage.setdefault(model, Usage())

    def waits(self, symbol: str, now: int) -> bool:
        """Tell whether a question about a symbol is under way."""
        pending = self.pending.get(symbol)
        return pending is not None and now - pending.asked < LOST

    def take(self, key: str) -> Pending | None:
        """End the question of a key; None where nobody waits for it any more."""
        symbol = key.partition(" ")[0]
        pending = self.pending.get(symbol)
        return self.pending.pop(symbol) if pending is not None and pending.key == key else None

    def is_newest(self, pending: Pending) -> bool:
        """Tell whether no candle closed after the one a question is about."""
        newest = self.rows[pending.symbol][-1].snapshot
        return newest.ts_event == pending.row.snapshot.ts_event

    def on_position(self, message: PositionChanged, now: int) -> None:
        """Note a fill, or a position that is told again."""
        symbol, entry = message.symbol, None
        if message.quantity:
            entry = Entry(message.quantity, message.average_price)
        if entry != self.entries.pop(symbol, None):
            self.traded[symbol] = now
        if entry is not None:
            self.entries[symbol] = entry

    def holding(self, symbol: str) -> Holding | None:
        """Return the position of a symbol in ratios, None where there is none."""
        entry = self.entries.get(symbol)
        if entry is None:
            return None
        sign = 1 if entry.quantity > 0 else -1
        close = self.rows[symbol][-1].snapshot.close
        gain = (close / float(entry.average_price) - 1.0) * 100.0 * sign
        return Holding("long" if sign > 0 else "short", gain)


class AdvisorState(msgspec.Struct):
    """What the advisor knows beside the snapshot; each dict is by symbol."""

    halted: bool = False
    positions: dict[str, Decimal] = {}
    """Quantities of the open ones."""
    entries: dict[str, int] = {}
    """When the newest candle closed on which the rules advised an entry (ns)."""
    noes: dict[str, list[AdviceRefused | OrderDenied]] = {}
    """What came of earlier advice: the next brief says why."""
    warming: dict[str, WarmupAdvanced] = {}
    """How far indicators are along that have given no snapshot yet."""
    desk: Desk = msgspec.field(default_factory=Desk)

    def remember(self, no: No) -> None:
        """Add the newest no, and forget the oldest."""
        noes = self.noes.setdefault(no.symbol, [])
        noes.append(no)
        del noes[:-REMEMBERED]
