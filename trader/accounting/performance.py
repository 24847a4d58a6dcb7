"""Figures of a session, from equity marks and trades, in constant memory."""

import msgspec

from trader.accounting.position import Trade


class Performance(msgspec.Struct):
    """`peak` is the highest equity seen, `trough` the lowest since; drawdowns are in % of the peak.

    A trade wins if it gains after fees.
    """

    peak: float = 0.0
    trough: float = 0.0
    max_drawdown_pct: float = 0.0
    trades: int = 0
    wins: int = 0

    def mark(self, equity: float) -> None:
        """Take in the equity of now."""
        if equity > self.peak:
            self.peak = self.trough = equity
        elif equity < self.trough:
            self.trough = equity
            self.max_drawdown_pct = max(self.max_drawdown_pct, self.drawdown_pct(equity))

    def shift(self, amount: float) -> None:
        """Take in a transfer: as if the money had always been there, or never."""
        self.peak += amount
        self.trough += amount

    def restart(self, equity: float) -> None:
        """Measure drawdowns from this equity on; the deepest one so far stays on record."""
        self.peak = self.trough = equity

    def drawdown_pct(self, equity: float) -> float:
        """Return how far an equity is below the peak."""
        return (self.peak - equity) / self.peak * 100 if self.peak > 0 else 0.0

    def count(self, trade: Trade) -> None:
        """Take in a trade that ended."""
        self.trades += 1
        self.wins += trade.pnl > 0
