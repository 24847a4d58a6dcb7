"""An operator's word lifts a hard halt, once, and of one run alone."""

from pathlib import Path

import pytest

from tests.e2e.inside import last_run, play
from tests.trader.storage.samples import info
from trader.app import results
from trader.app.resuming import find_word, forget_word, give_word
from trader.app.session import Crashed
from trader.model.errors import UsageError
from trader.model.reasons import Reason
from trader.storage.archive import open_journal
from trader.storage.journal import Journal

LOSING = ("market.candles=400", "risk.max_drawdown_pct=0.01")
"""The first loss of any size halts."""


def test_a_drawdown_outlives_the_run_until_an_operator_resumes(tmp_path: Path) -> None:
    """Going on is not enough; the operator's word is, and it is good for one run."""
    first = play(tmp_path, *LOSING)
    assert first.halted is Reason.HALT_LIMIT
    halted = play(tmp_path, *LOSING, resume=True)
    assert halted.orders.submitted == halted.trades.count == 0
    assert set(halted.denials) <= {Reason.DRAWDOWN_TOTAL, Reason.STATE_HALTED}

    said = give_word(tmp_path, "looked at")
    assert said == f"lifted once `run.py --resume` goes on with {halted.run}: DRAWDOWN_TOTAL"
    resumed = play(tmp_path, "market.candles=400", "risk.max_drawdown_pct=50", resume=True)
    assert resumed.orders.submitted > 0
    assert find_word(tmp_path, halted.run) is None


def test_where_nothing_waits_for_an_operator_nothing_is_lifted(tmp_path: Path) -> None:
    """It says so and keeps no word, which would lift a halt that is yet to come."""
    run = play(tmp_path, "market.candles=2").run

    said = give_word(tmp_path, "looked at")
    assert said == f"there is nothing to lift: {run} left no halt that waits for an operator"
    assert find_word(tmp_path, run) is None


def test_a_run_that_died_may_have_left_a_halt(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its roles are rebuilt as it is resumed: the word is kept for what they will know then."""
    monkeypatch.setattr(results, "summary_of", None)
    with pytest.raises(Crashed):
        play(tmp_path, "market.candles=2")
    run = last_run(tmp_path)
    with open_journal(tmp_path / "journal.db") as archive:
        Journal.start(archive, info(run.account))  # and one that died before its first row

    assert f"goes on with {run.id}: whatever halts it left" in give_word(tmp_path, "looked at")
    assert find_word(tmp_path, run.id) == "looked at"


def test_a_word_is_for_one_run(tmp_path: Path) -> None:
    """What was said of an earlier run lifts no later halt."""
    run = play(tmp_path, *LOSING).run
    give_word(tmp_path, "looked at")
    assert find_word(tmp_path, run) == "looked at"
    assert find_word(tmp_path, "0099-x") is None
    forget_word(tmp_path)
    forget_word(tmp_path)
    assert find_word(tmp_path, run) is None


@pytest.mark.parametrize("why", ["", "  ", "two\nlines"])
def test_a_word_says_why(why: str, tmp_path: Path) -> None:
    """The reason is typed, for whoever asks later."""
    with pytest.raises(UsageError, match="say in a few words"):
        give_word(tmp_path, why)


def test_a_word_needs_a_run(tmp_path: Path) -> None:
    """A directory without a journal has nothing to lift."""
    with pytest.raises(UsageError, match=r"journal\.db"):
        give_word(tmp_path, "looked at")


def test_a_damaged_word_is_named(tmp_path: Path) -> None:
    """It is not taken for silence."""
    (tmp_path / "resume.json").write_text("{")
    with pytest.raises(UsageError, match="delete it"):
        find_word(tmp_path, "0001")


def test_a_word_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    """It is not taken for silence either."""
    (tmp_path / "resume.json").mkdir()
    with pytest.raises(UsageError, match=r"resume\.json: Is a directory; delete it"):
        find_word(tmp_path, "0001")
