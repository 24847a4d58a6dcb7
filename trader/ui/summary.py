"""The session summary: what a run has done."""

from decimal import Decimal

import msgspec

from trader.model.reasons import Reason
from trader.ui import render
from trader.ui.render import money

SIMULATED = "SIMULATED: market or fills are not real, and no money has moved"
"""Said by every report of a simulated run."""


class OrderCounts(msgspec.Struct, frozen=True):
    """How many orders came to what; `open` rest at the venue, `denied` never left RiskGuard."""

    submitted: int
    filled: int
    canceled: int
    rejected: int
    denied: int
    open: int


class TradeCounts(msgspec.Struct, frozen=True):
    """Trades run from flat to flat; a win has a profit after costs."""

    count: int
    wins: int


class Pnl(msgspec.Struct, frozen=True):
    """Profit and loss in the quote currency; `net` is what is left after fees and funding."""

    realized: Decimal
    unrealized: Decimal
    fees: Decimal
    funding: Decimal
    net: Decimal


class Equity(msgspec.Struct, frozen=True):
    """Equity over the run, in the quote currency; the drawdown is in % of the peak before it.

    `transfers`: deposits less withdrawals. `end - start - transfers` is the net profit.
    """

    start: Decimal
    end: Decimal
    peak: Decimal
    max_drawdown_pct: float
    transfers: Decimal = Decimal(0)


class SessionSummary(msgspec.Struct, frozen=True):
    """What a run has done: the one object that `--json` prints. Keys are added, never renamed.

    `decisions`: advice judged; `advice`: given, by source; `restarts`: by role; `quarantined`:
    messages that crashed their role twice; `halted`: what other than the orderly end stopped
    trading; `wall_s`: duration on the wall clock.
    """

    run: str
    profile: str
    mode: str
    simulated: bool
    symbols: tuple[str, ...]
    candles: int
    decisions: int
    advice: dict[str, int]
    orders: OrderCounts
    fills: int
    trades: TradeCounts
    pnl: Pnl
    equity: Equity
    restarts: dict[str, int]
    quarantined: int
    halted: Reason | None
    digest: str
    audit_digest: str
    wall_s: float
    exit_code: int


def to_json(summary: SessionSummary) -> bytes:
    """Encode a summary as one JSON object; money as decimal strings."""
    return render.to_json(summary)


def to_text(summary: SessionSummary) -> str:
    """Write a summary for a person."""
    s = summary
    rate = f" ({s.candles / s.wall_s:,.0f} a second)" if s.wall_s else ""
    rows = {
        "run": f"{s.run}  profile {s.profile}  mode {s.mode}  exit {s.exit_code}",
        "market": f"{' '.join(s.symbols)}  {s.candles:,} candles in {s.wall_s:.1f} s{rate}",
        "decisions": f"{s.decisions}  advice {_counts(s.advice)}",
        "orders": f"{_counts(msgspec.structs.asdict(s.orders))}  fills {s.fills}",
        "trades": f"{s.trades.count}  wins {s.trades.wins}",
        "P&L": "  ".join(f"{k} {money(v)}" for k, v in msgspec.structs.asdict(s.pnl).items()),
        "equity": f"{money(s.equity.start)} -> {money(s.equity.end)}  peak {money(s.equity.peak)}"
        f"  max drawdown {s.equity.max_drawdown_pct:.2f} %",
        "faults": f"restarts {_counts(s.restarts)}  quarantined {s.quarantined}"
        f"  halted {s.halted or 'no'}",
        "digest": s.digest,
        "audit": s.audit_digest,
    }
    lines = [f"{name:<10} {text}" for name, text in rows.items()]
    return "\n".join([SIMULATED, *lines] if s.simulated else lines)


def _counts(counts: dict[str, int]) -> str:
    return "  ".join(f"{name} {count}" for name, count in counts.items()) or "none"
