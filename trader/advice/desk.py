"""What the advisor remembers, most of it for the sake of its questions to models."""

from decimal import Decimal

import msgspec

from trader.advice.breaker import Breaker
from trader.advice.brief import Holding
from trader.advice.cost import Cost
from trader.advice.window import Row, Window
from trader.model.market import SECOND
from trader.model.messages import (
    AdviceRefused,
    OrderDenied,
    PositionChanged,
    SnapshotTaken,
    WarmupAdvanced,
)
from trader.model.opinions import Question
from trader.model.views import Advice, Snapshot, Stance

No = AdviceRefused | OrderDenied

REMEMBERED = 5
"""Refusals and denials kept of each symbol, the newest."""
LOST = 3_600 * SECOND
"""Market time after which a question without an answer is given up for lost."""


class Pending(msgspec.Struct, frozen=True):
    """A question under way: the row it is about, when it was asked (ns), and who was before.

    It has `left` once what it may cost at `most` is in the journal.
    """

    key: str
    question: Question
    row: Row
    asked: int
    tried: tuple[str, ...]
    most: Cost
    left: bool = False

    def to_hold(self) -> Advice:
        """Return the advice that stands where nothing came of the question."""
        snapshot = self.row.snapshot
        return Advice(
            symbol=self.question.symbol,
            stance=Stance.HOLD,
            conviction=0.0,
            price=snapshot.close,
            stop=None,
            target=None,
            source=self.question.model,
            rationale="",
            ts_event=snapshot.ts_event,
        )


class Usage(msgspec.Struct):
    """What a model was asked and took, and how often nothing came of it; `cost` in USD.

    What was `refused` the budget kept from being asked. Of a question that nobody knows to have
    been answered, the most it may have taken counts.
    """

    questions: int = 0
    failures: int = 0
    tokens: int = 0
    cost: Decimal = Decimal(0)
    refused: int = 0

    def refuse(self) -> None:
        """Take a question back that the budget did not let leave."""
        self.questions -= 1
        self.refused += 1

    def add(self, tokens: int, cost: Decimal) -> None:
        """Add what a question took."""
        self.tokens += tokens
        self.cost += cost


class Entry(msgspec.Struct, frozen=True):
    """An open position: its signed quantity and what it was entered at."""

    quantity: Decimal
    average_price: Decimal


class Desk(msgspec.Struct):
    """Candles, questions and positions by symbol; breakers and usage by model."""

    windows: dict[str, Window] = {}
    pending: dict[str, Pending] = {}
    asked: dict[str, Snapshot] = {}
    """The newest that was asked about."""
    entries: dict[str, Entry] = {}
    traded: dict[str, int] = {}
    """When the last fill came (ns)."""
    breakers: dict[str, Breaker] = {}
    usage: dict[str, Usage] = {}

    def see(self, message: SnapshotTaken) -> None:
        """Add a candle to the window of its symbol."""
        window = self.windows.setdefault(message.symbol, Window())
        window.add(message.snapshot, message.candle)

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

    def let_go(self, key: str) -> Question | None:
        """Return the question of a key, which leaves now; None where nobody waits for it."""
        symbol = key.partition(" ")[0]
        pending = self.pending.get(symbol)
        if pending is None or pending.key != key or pending.left:
            return None
        self.pending[symbol] = msgspec.structs.replace(pending, left=True)
        self.used(pending.question.model).questions += 1
        return pending.question

    def take(self, key: str) -> Pending | None:
        """End the question of a key; None where nobody waits for it any more."""
        symbol = key.partition(" ")[0]
        pending = self.pending.get(symbol)
        return self.pending.pop(symbol) if pending is not None and pending.key == key else None

    def give_up(self) -> None:
        """Wait for no answer any more; what left may have been answered, and billed."""
        for pending in self.pending.values():
            if pending.left:
                usage = self.used(pending.question.model)
                usage.failures += 1
                usage.add(pending.most.tokens, pending.most.usd)
        self.pending.clear()

    def is_newest(self, pending: Pending) -> bool:
        """Tell whether no candle closed after the one a question is about."""
        newest = self.windows[pending.question.symbol].newest
        return newest.ts_event == pending.row.snapshot.ts_event

    def take_position(self, message: PositionChanged, now: int) -> None:
        """Note a fill, or a position that is told again."""
        symbol, entry = message.symbol, None
        if message.quantity:
            entry = Entry(message.quantity, message.average_price)
        if entry != self.entries.pop(symbol, None):
            self.traded[symbol] = now
        if entry is not None:
            self.entries[symbol] = entry

    def side(self, symbol: str) -> int:
        """Return 1 for a long position, -1 for a short one, 0 for none."""
        entry = self.entries.get(symbol)
        return 0 if entry is None else 1 if entry.quantity > 0 else -1

    def holding(self, symbol: str) -> Holding | None:
        """Return the position of a symbol in ratios, None where there is none."""
        entry = self.entries.get(symbol)
        if entry is None:
            return None
        side, close = self.side(symbol), self.windows[symbol].newest.close
        gain = (close / float(entry.average_price) - 1.0) * 100.0 * side
        return Holding("long" if side > 0 else "short", gain)


class AdvisorState(msgspec.Struct):
    """What the advisor knows beside the snapshot; each dict is by symbol."""

    halted: bool = False
    advised: dict[str, int] = {}
    """When the newest candle closed on which the rules advised an entry (ns)."""
    noes: dict[str, list[No]] = {}
    """What came of earlier advice: the next brief says why."""
    warming: dict[str, WarmupAdvanced] = {}
    """How far indicators are along that have given no snapshot yet."""
    desk: Desk = msgspec.field(default_factory=Desk)

    def may_enter(self, advice: Advice, pause: int) -> bool:
        """Tell whether the rules may advise an entry, `pause` ns after the last; note it if so."""
        last = self.advised.get(advice.symbol)
        if self.halted or (last is not None and advice.ts_event - last < pause):
            return False
        self.advised[advice.symbol] = advice.ts_event
        return True

    def remember(self, no: No) -> None:
        """Add the newest no, and forget the oldest."""
        noes = self.noes.setdefault(no.symbol, [])
        noes.append(no)
        del noes[:-REMEMBERED]
