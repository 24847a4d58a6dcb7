"""A kill leaves the journal as some flush left it, whatever its moment: each is gone on with."""

import shutil
from pathlib import Path

import pytest

from tests.e2e.inside import play
from tests.e2e.venue import account_left, faults_of, held_in, legs_of
from trader.model.orders import Leg
from trader.model.reasons import Reason
from trader.runtime import recorder
from trader.storage.journal import Journal
from trader.topology import EXECUTION_BROKER, RISK_GUARD, VENUE

SPEAK_OF_ORDERS = {RISK_GUARD, EXECUTION_BROKER, VENUE}


def die_often(home: Path, deaths: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Run an entry to its target; keep what a kill would leave after each row about an order."""
    flush = Journal.flush

    def flush_and_copy(journal: Journal, *, durable: bool) -> None:
        rows = [(row[3], row[7]) for row in journal._rows]
        flush(journal, durable=durable)
        for sender, kind in rows[-1:]:
            if sender in SPEAK_OF_ORDERS and not kind.startswith("Account"):
                shutil.copytree(home, deaths / f"{journal.run.rows:04d} {kind}")

    with monkeypatch.context() as patched:
        patched.setattr(recorder, "_FLUSH_ROWS", 1)
        patched.setattr(Journal, "flush", flush_and_copy)
        assert play(home, "market.candles=45").trades.wins == 1


def test_no_moment_to_die_at_costs_a_position_its_stop(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whatever word died with the process: what rests stays, what is held has its stop again."""
    deaths = tmp_path / "deaths"
    die_often(tmp_path / "run", deaths, monkeypatch)
    stopped = []
    for death in sorted(deaths.iterdir()):
        left = account_left(death)
        if held_in(left):
            stopped.append(Leg.STOP in legs_of(left).get("BTC-USD", set()))
        summary = play(death, "market.candles=1", resume=True)
        reasons = {trade.exit_reason for trade in summary.trade_log}

        assert (death.name, summary.exit_code) == (death.name, 0)
        assert (death.name, faults_of(account_left(death), "protect")) == (death.name, [])
        assert (death.name, reasons & {Reason.EXIT_UNPROTECTED}) == (death.name, set())
        assert summary.equity.end - summary.equity.start == summary.pnl.net
    assert stopped.count(True) > 4
    assert stopped.count(False) > 4
