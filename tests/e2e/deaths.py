"""What a kill leaves, whatever its moment: the journal as some flush left it, and the account."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.e2e.inside import play
from tests.e2e.venue import account_left, faults_of
from trader.model.reasons import Reason
from trader.runtime import recorder
from trader.storage.journal import Journal
from trader.topology import EXECUTION_BROKER, RISK_GUARD, VENUE

_PASSING = shutil.ignore_patterns("*status.json*")
"""Written anew each second by another thread: a draft may be gone before it is copied."""
SPEAK_OF_ORDERS = {RISK_GUARD, EXECUTION_BROKER, VENUE}


def die_often(folder: Path, *sets: str) -> Iterator[Path]:
    """Run a market; yield a copy of its data directory after each row about an order."""
    home, deaths = folder / "run", folder / "deaths"
    flush = Journal.flush

    def flush_and_copy(journal: Journal, *, durable: bool) -> None:
        rows = [(row[3], row[7]) for row in journal._rows]
        flush(journal, durable=durable)
        for sender, kind in rows[-1:]:
            if sender in SPEAK_OF_ORDERS and not kind.startswith("Account"):
                shutil.copytree(home, deaths / f"{journal.run.rows:05d} {kind}", ignore=_PASSING)

    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(recorder, "_FLUSH_ROWS", 1)
        patched.setattr(Journal, "flush", flush_and_copy)
        assert play(home, *sets).trades.count
    yield from sorted(deaths.iterdir())


def faults_after(death: Path, *sets: str) -> list[str]:
    """Go on with what a kill left; return what was wrong with that."""
    summary = play(death, *sets, "market.candles=1", resume=True)
    found = faults_of(account_left(death), "protect")
    if summary.exit_code:
        found.append(f"exit code {summary.exit_code}")
    if summary.equity.end - summary.equity.start != summary.pnl.net:
        found.append("the books do not balance")
    reasons = {trade.exit_reason for trade in summary.trade_log}
    if Reason.EXIT_UNPROTECTED in reasons:
        found.append("a position was closed for want of a stop")
    return found
