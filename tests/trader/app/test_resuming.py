"""An operator's word lifts a hard halt, once, and of one run alone."""

from pathlib import Path

import pytest

from tests.e2e.inside import play
from trader.app.resuming import find_word, forget_word, give_word
from trader.model.errors import UsageError
from trader.model.reasons import Reason

LOSING = ("market.candles=400", "risk.max_drawdown_pct=0.01")
"""The first loss of any size halts."""


def test_a_drawdown_outlives_the_run_until_an_operator_resumes(tmp_path: Path) -> None:
    """Going on is not enough; the operator's word is, and it is good for one run."""
    first = play(tmp_path, *LOSING)
    assert first.halted is Reason.HALT_LIMIT
    halted = play(tmp_path, *LOSING, resume=True)
    assert halted.orders.submitted == halted.trades.count == 0
    assert set(halted.denials) <= {Reason.DRAWDOWN_TOTAL, Reason.STATE_HALTED}

    run = give_word(tmp_path, "looked at")
    assert run == halted.run
    resumed = play(tmp_path, "market.candles=400", "risk.max_drawdown_pct=50", resume=True)
    assert resumed.orders.submitted > 0
    assert find_word(tmp_path, run) is None


def test_a_word_is_for_one_run(tmp_path: Path) -> None:
    """What was said of an earlier run lifts no later halt."""
    play(tmp_path, "market.candles=2")
    run = give_word(tmp_path, "looked at")
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
