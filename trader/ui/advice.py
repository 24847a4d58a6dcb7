"""What was advised in a run, by whom, at what cost, and what became of it."""

from collections import Counter
from collections.abc import Iterator
from decimal import Decimal

import msgspec

from trader.model.reasons import Reason
from trader.model.views import Stance
from trader.ui.render import money, signed
from trader.ui.summary import SIMULATED

_COLUMNS = "{} {:<13} {:<5} {:>4} {:<8} {}"
_AFTER_OUTCOME = 31
"""Columns after the outcome: the longest reason, or a result at their end."""


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
    """Write a report for a person, in 80 columns: the sums, their reasons, then every advice."""
    head = [SIMULATED] if report.simulated else []
    reasons: Counter[str] = Counter()
    for each in report.sums:
        reasons.update(each.reasons)
    parts = [
        [*head, f"advice of run {report.run}"],
        [line for each in report.sums for line in _sum(each)],
        [f"{count:6d} {reason}" for reason, count in reasons.most_common()],
        [line for decided in report.advice for line in _lines(decided)],
    ]
    return "\n\n".join("\n".join(part) for part in parts if part)


def _sum(s: SourceSum) -> list[str]:
    """Write a sum as a run's summary writes its own: each number under its name."""
    names = ("advice", "hold", "refused", "denied", "ordered", "unanswered")
    counts = "  ".join(f"{name} {getattr(s, name)}" for name in names)
    came = f"trades {s.trades}  wins {s.wins}  net {signed(s.result)}"
    cost = f"tokens {s.tokens}  USD {money(s.cost)}"
    return [_source(s.source, s.version), f"  {counts}", f"  {came}  {cost}"]


def _lines(d: Decided) -> Iterator[str]:
    """Yield a line of an advice, and of what a model took for it."""
    result = "" if d.result is None else f"{signed(d.result):>{_AFTER_OUTCOME}}"
    cells = d.symbol, d.stance, f"{d.conviction:.2f}", d.outcome, d.reason or result
    yield _COLUMNS.format(d.time[5:16], *cells).rstrip()
    if d.version is not None:
        took = f"tokens {d.tokens}  USD {money(d.cost)}  {d.seconds:.1f} s"
        yield f"    {_source(d.source, d.version)}  {took}"


def _source(source: str, version: str | None) -> str:
    return source if version is None else f"{source} (prompt {version})"
