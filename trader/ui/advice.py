"""What was advised in a run, by whom, at what cost, and what became of it."""

from collections import Counter
from decimal import Decimal

import msgspec

from trader.model.reasons import Reason
from trader.model.views import Stance
from trader.ui.render import money, signed
from trader.ui.summary import SIMULATED

_COLUMNS = "{:<19} {:<12} {:<22} {:<5} {:>5} {:>6} {:>10} {:<26} {:>11}"
_SUMS = "{:<26} {:>7} {:>6} {:>7} {:>8} {:>7} {:>4} {:>6} {:>4} {:>12} {:>9} {:>10}"


class Decided(msgspec.Struct):
    """Advice and what became of it: `outcome` is hold, refused, proposed, denied or ordered.

    A question without an answer is `unanswered`: under way, or its run ended first. `version` is
    the prompt's, None of a rule; `tokens`, `cost` (USD) and `seconds` are those of the answer, or
    the most it may have taken. `result` is the profit after costs of the trade that an entry
    began, once it is over.
    """

    time: str
    symbol: str
    source: str
    version: str | None
    digest: str | None
    stance: Stance
    conviction: float
    tokens: int
    cost: Decimal
    seconds: float
    outcome: str = "hold"
    reason: Reason | None = None
    detail: str = ""
    decision: int | None = None
    orders: tuple[str, ...] = ()
    result: Decimal | None = None


class SourceSum(msgspec.Struct):
    """The advice of one source and prompt version, summed; money of trades that are over."""

    source: str
    version: str | None
    advice: int = 0
    hold: int = 0
    refused: int = 0
    denied: int = 0
    ordered: int = 0
    unanswered: int = 0
    trades: int = 0
    wins: int = 0
    result: Decimal = Decimal(0)
    tokens: int = 0
    cost: Decimal = Decimal(0)
    reasons: dict[str, int] = {}

    def add(self, decided: Decided) -> None:
        """Add one decision."""
        self.advice += 1
        self.tokens += decided.tokens
        self.cost += decided.cost
        for name in ("hold", "refused", "denied", "ordered", "unanswered"):
            setattr(self, name, getattr(self, name) + (decided.outcome == name))
        if decided.reason is not None:
            self.reasons[decided.reason] = self.reasons.get(decided.reason, 0) + 1
        if decided.result is not None:
            self.trades += 1
            self.wins += decided.result > 0
            self.result += decided.result


class AdviceReport(msgspec.Struct):
    """The advice of a run, oldest first, and its sums by source and prompt version."""

    run: str
    simulated: bool
    advice: tuple[Decided, ...]
    sums: tuple[SourceSum, ...]


def sum_up(advice: tuple[Decided, ...]) -> tuple[SourceSum, ...]:
    """Sum advice by source and prompt version, in the order in which each first spoke."""
    sums: dict[tuple[str, str | None], SourceSum] = {}
    for decided in advice:
        key = decided.source, decided.version
        sums.setdefault(key, SourceSum(*key)).add(decided)
    return tuple(sums.values())


def to_text(report: AdviceReport) -> str:
    """Write a report for a person: the sums, their reasons, then every advice."""
    lines = [SIMULATED] if report.simulated else []
    lines += [f"advice of run {report.run}", "", _SUMS.format(*_HEAD), *map(_sum, report.sums)]
    reasons: Counter[str] = Counter()
    for each in report.sums:
        reasons.update(each.reasons)
    lines += ["", *(f"{count:6d} {reason}" for reason, count in reasons.most_common()), ""]
    return "\n".join([*lines, *(_line(decided).rstrip() for decided in report.advice)])


_HEAD = (
    "source (prompt)",
    "advice",
    "hold",
    "refused",
    "denied",
    "ordered",
    "open",
    "trades",
    "won",
    "result",
    "tokens",
    "USD",
)


def _sum(s: SourceSum) -> str:
    name = s.source if s.version is None else f"{s.source} ({s.version})"
    counts = (s.advice, s.hold, s.refused, s.denied, s.ordered, s.unanswered, s.trades, s.wins)
    return _SUMS.format(name, *counts, signed(s.result), s.tokens, money(s.cost))


def _line(d: Decided) -> str:
    return _COLUMNS.format(
        d.time,
        d.symbol,
        d.source,
        d.stance,
        f"{d.conviction:.2f}",
        d.tokens or "-",
        d.outcome,
        d.reason or "",
        "" if d.result is None else signed(d.result),
    )
