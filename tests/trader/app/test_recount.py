"""A run whose process died, counted again from its journal."""

from pathlib import Path

import msgspec
import pytest

from tests.e2e.inside import last_run, play
from tests.trader.storage.samples import record, write_run
from trader.app.recount import recount
from trader.model.errors import JournalError
from trader.runtime.faults import Fault
from trader.storage.archive import open_archive
from trader.ui.summary import SessionSummary

FAULTS = {"well": (), "ill": (Fault("risk_guard", 50), Fault("validator", 20, always=True))}
END = ("digest", "wall_s", "limits", "exit_code")
"""What an end alone can tell."""


@pytest.mark.parametrize("symbol", ["BTC-USD", "BTC-USD-PERP"])
@pytest.mark.parametrize("state", FAULTS)
def test_the_journal_tells_what_the_run_would_have_told(
    state: str, symbol: str, tmp_path: Path
) -> None:
    """Of a run that ended, counting again comes to its own summary, to the last digit."""
    sets = "market.candles=700", f"trading.symbol={symbol}", "simulation.funding_hours=1"
    summary = play(tmp_path, *sets, faults=FAULTS[state])
    with open_archive(tmp_path / "journal.db") as archive:
        counted = recount(archive, last_run(tmp_path))

    assert summary.decisions > 0
    assert without_end(counted) == without_end(summary)


def test_a_run_of_another_version_is_refused(tmp_path: Path) -> None:
    """In one line: what it holds cannot be read as what is known now."""
    records = [msgspec.structs.replace(record(1), body=msgspec.msgpack.encode({"type": "Other"}))]
    run = write_run(tmp_path / "journal.db", records)
    with (
        open_archive(tmp_path / "journal.db") as archive,
        pytest.raises(JournalError, match="of a version that wrote otherwise"),
    ):
        recount(archive, run)


def without_end(summary: SessionSummary) -> dict[str, object]:
    """Return a summary without what its end told."""
    fields = msgspec.structs.asdict(summary)
    kept = {name: value for name, value in fields.items() if name not in END}
    drawdown = summary.equity.max_drawdown_pct
    equity = msgspec.structs.replace(summary.equity, max_drawdown_pct=round(drawdown, 9))
    return {**kept, "equity": equity}
