"""The results of a run for a person: well-formed in 80 columns, and without colours."""

import textwrap
from collections.abc import Iterable, Iterator, Mapping, Sequence

from msgspec.structs import asdict

from trader.ui.render import money, printable, signed
from trader.ui.summary import (
    NO_RUN,
    SIMULATED,
    SIZED_UP_TO,
    LimitUse,
    SessionSummary,
    TradeRecord,
)

NEAR = 0.8
"""Share of a limit from which on it counts as near."""

_WIDTH = 80
_LABEL = 11
_COLUMNS = "{:>5} {:<13} {:<5} {:>12} {:>12} {:>12} {:>13}"
_NEWEST = 10
"""Trades that the end of a run shows; `show` has them all."""


def to_text(summary: SessionSummary, whole: bool = False) -> str:
    """Write a summary; with `whole`, every trade that it holds."""
    s = summary
    took = f" in {s.wall_s:.1f} s ({s.candles / s.wall_s:,.0f} a second)" if s.wall_s else ""
    came = "nothing came" if s.run == NO_RUN else f"{s.candles:,} candles{took}"
    rows: dict[str, list[str]] = {
        "run": [s.run, f"profile {s.profile}", f"mode {s.mode}", _end(s)],
        "market": [*s.symbols, came],
        "decisions": [str(s.decisions), f"advice {_counts(s.advice)}"],
        "refused": _each(s.refusals),
        "denied": _each(s.denials),
        "orders": [*_each(asdict(s.orders)), f"fills {s.fills}"],
        "rejected": _each(s.rejections),
        "trades": _trades(s),
        "P&L": [f"{name} {money(amount)}" for name, amount in asdict(s.pnl).items()],
        "equity": [
            f"{money(s.equity.start)} -> {money(s.equity.end)}",
            f"peak {money(s.equity.peak)}",
            f"max drawdown {s.equity.max_drawdown_pct:.2f} %",
        ],
        "limits": _limits(s.limits) if s.digest else ["not known"],
        "faults": [
            f"restarts {_counts(s.restarts)}",
            f"quarantined {s.quarantined}",
            f"halted {s.halted or 'no'}",
        ],
        "digest": [s.digest or "none: the process died, and this is what its journal tells"],
        "audit": [s.audit_digest or "none: no journal was written"],
    }
    lines = [line for name, parts in rows.items() for line in _row(name, parts)]
    head = [SIMULATED] if s.simulated else []
    return "\n".join([*head, *_table(s, whole), *lines])


def _end(s: SessionSummary) -> str:
    return f"exit {s.exit_code}" if s.digest else "died"


def _row(name: str, parts: Sequence[str]) -> Iterator[str]:
    """Yield a named row, with a second where the first is full."""
    line = f"{name:<{_LABEL}}"
    for part in parts or ["none"]:
        if len(line) > _LABEL and len(line) + len(part) > _WIDTH:
            yield line.rstrip()
            line = " " * _LABEL
        line += f"{part}  "
    yield line.rstrip()


def _each(counts: Mapping[str, int]) -> list[str]:
    return [f"{name} {count}" for name, count in counts.items()]


def _counts(counts: Mapping[str, int]) -> str:
    return "  ".join(_each(counts)) or "none"


def _trades(s: SessionSummary) -> list[str]:
    if not s.trades.count:
        return ["0"]
    return [f"{s.trades.count}", f"wins {s.trades.wins} ({s.trades.wins / s.trades.count:.0%})"]


def _limits(limits: Iterable[LimitUse]) -> list[str]:
    # What limits a size is gone up to, as it may be.
    told = []
    for limit in limits:
        how = f"{limit.name} {limit.highest:.2f} of {limit.bound:g} {limit.unit}"
        if limit.reached:
            told.append(f"{how}: reached {limit.reached} x")
        elif limit.highest >= NEAR * limit.bound and not limit.name.startswith(SIZED_UP_TO):
            # Over from the first: an earlier run, with whose account this one went on, reached it.
            told.append(f"{how}: {'over' if limit.highest > limit.bound else 'near'}")
    return told or [f"none came near ({NEAR:.0%})"]


def _table(s: SessionSummary, whole: bool) -> Iterator[str]:
    """Yield the trades: what, at which prices and after costs; then why and when."""
    if not s.trade_log:
        return
    shown = s.trade_log if whole else s.trade_log[-_NEWEST:]
    first = max(s.trades.count - sum(1 for trade in s.trade_log if trade.closed), 0) + 1
    first += len(s.trade_log) - len(shown)
    yield _COLUMNS.format("", "symbol", "side", "quantity", "entry", "exit", "P&L")
    for number, trade in enumerate(shown, first):
        yield from _trade(number, trade)
    if first > 1:
        more = "; `run.py show last` prints more" if s.audit_digest and not whole else ""
        yield f"{'':>5} the newest {len(shown)} of {first - 1 + len(shown)}{more}"
    yield ""


def _trade(number: int, trade: TradeRecord) -> Iterator[str]:
    left = "open" if trade.exit is None else money(trade.exit)
    quantity, entry = f"{trade.quantity:f}", money(trade.entry)
    yield _COLUMNS.format(
        number, trade.symbol, trade.side, quantity, entry, left, signed(trade.pnl)
    )
    yield from _why("in", trade.opened, trade.entry_reason or "not known")
    if trade.closed is not None:
        yield from _why("out", trade.closed, trade.exit_reason or "not known")


def _why(word: str, time: str | None, text: str) -> Iterator[str]:
    lead = f"{'':>6}{word:<4}{time[:16] if time else 'earlier'}  "
    yield from textwrap.wrap(
        printable(text), _WIDTH, initial_indent=lead, subsequent_indent=" " * len(lead)
    )
