"""An account by the book: a list of what was known when, added up anew for each question."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import msgspec

from trader.accounting.windows import Window
from trader.model.instrument import ZERO, to_decimal
from trader.model.orders import Fill

SECOND = 1_000_000_000
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class Entry(msgspec.Struct, frozen=True):
    """The equity at a moment (ns), and what was ever brought until then.

    `priced` once the session has known what all that is held is worth. `sharp`: a candle closed.
    """

    ts: int
    equity: Decimal
    brought: Decimal
    session: int
    priced: bool
    sharp: bool


def starts(ts: int) -> dict[Window, int]:
    """Return where the windows of a moment begin (ns), by datetime's own arithmetic."""
    day = EPOCH + timedelta(days=ts // (86_400 * SECOND))
    begin = {
        Window.DAY: day,
        Window.WEEK: day - timedelta(days=day.weekday()),
        Window.MONTH: day.replace(day=1),
    }
    return {window: (start - EPOCH).days * 86_400 * SECOND for window, start in begin.items()}


class SlowAccount:
    """Cash, holdings and every equity that was ever known; nothing is remembered but facts."""

    def __init__(self, cash: Decimal, symbols: tuple[str, ...]) -> None:
        self.cash = cash
        self.held = dict.fromkeys(symbols, ZERO)
        self.closes = dict.fromkeys(symbols, ZERO)
        self.fresh: set[str] = set()
        self.session, self.priced = 0, False
        self.known: list[Entry] = []
        self.brought = ZERO
        self.breached: dict[Window, set[int]] = {window: set() for window in Window}
        self.fallen = False
        self.month_since = self.peak_since = 0

    # -- what happens ------------------------------------------------------------------------------

    def fill(self, fill: Fill) -> None:
        """Pay, or be paid, the whole of a fill."""
        signed = fill.side.sign * fill.quantity
        self.cash -= signed * fill.price + fill.fee
        self.held[fill.symbol] += signed

    def move(self, amount: Decimal) -> None:
        """Take a transfer."""
        self.cash += amount
        self.brought += amount

    def close(self, symbol: str, price: float) -> None:
        """Price a symbol."""
        self.closes[symbol] = to_decimal(price)
        self.fresh.add(symbol)

    def begin(self) -> None:
        """Begin a session: what the market said before it is old."""
        self.session += 1
        self.fresh, self.priced = set(), False

    def note(self, ts: int, *, sharp: bool, losses: dict[Window, float], fall: float) -> None:
        """Write down what is known now, and which limits it breaches, on losses and on the fall."""
        held = {symbol for symbol, quantity in self.held.items() if quantity}
        self.priced = self.priced or held <= self.fresh
        self.known.append(Entry(ts, self.equity, self.brought, self.session, self.priced, sharp))
        for window, limit in losses.items():
            if self.loss(window) >= limit:
                self.breached[window].add(starts(ts)[window])
        self.fallen |= self.drawdown >= fall

    def resume(self) -> None:
        """Measure from here on what an operator has looked at."""
        last = len(self.known) - 1
        if self.breached[Window.MONTH]:
            self.month_since, self.breached[Window.MONTH] = last, set()
        if self.fallen:
            self.peak_since, self.fallen = last, False

    # -- what follows ------------------------------------------------------------------------------

    @property
    def equity(self) -> Decimal:
        """Cash, and every holding at its last close."""
        return self.cash + sum(q * self.closes[symbol] for symbol, q in self.held.items())

    def exposure(self, symbol: str) -> Decimal:
        """Return what is held of a symbol, at its last close."""
        return abs(self.held[symbol]) * self.closes[symbol]

    def baseline(self, window: Window) -> Decimal:
        """Return the equity at the start of the window, or the first known after it."""
        start = starts(self.known[-1].ts)[window]
        index = next(i for i, entry in enumerate(self.known) if entry.ts >= start)
        first = self.known[index]
        before = self.known[index - 1] if index else None
        if before is not None and before.session == first.session and before.priced:
            index -= not (first.sharp and first.ts == start)
        else:
            rest = range(index, len(self.known))
            index = next((i for i in rest if self.known[i].priced), len(self.known) - 1)
        if window is Window.MONTH and self.month_since >= index and self.month_since:
            index = self.month_since
        return self._grown(self.known[index])

    def loss(self, window: Window) -> float:
        """Return the loss since the window began, in %."""
        begun = self.baseline(window)
        return float((begun - self.equity) / begun) * 100

    @property
    def drawdown(self) -> float:
        """How far the equity is below the highest one, in %."""
        peak = max(map(self._grown, self.known[self.peak_since :]))
        return float((peak - self.equity) / peak) * 100

    def _grown(self, entry: Entry) -> Decimal:
        """Return an equity as if what was brought later had been there, and what left had not."""
        return entry.equity - entry.brought + self.brought
