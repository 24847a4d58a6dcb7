"""What real models decided is read, judged, and refused for reasons a person would give."""

from pathlib import Path

import pytest

from tests.actors.real_decisions import ACCEPTED, FILE, NO_ADVICE, Decision, judge, read
from trader.model.reasons import Reason


@pytest.fixture(scope="module")
def decisions(shared: Path) -> list[Decision]:
    """Read the decisions, or skip."""
    if not (shared / FILE).is_file():
        pytest.skip(f"no {FILE.name}")
    return list(read(shared))


async def test_every_real_decision_has_a_verdict(decisions: list[Decision]) -> None:
    """Over two thousand of six models, none of which the schema cannot hold."""
    counts = await judge(decisions, as_entry=False)

    assert len({decision.model for decision in decisions}) == 6
    assert counts.total() == len(decisions) > 2_000
    assert counts[NO_ADVICE] > counts[ACCEPTED] > 0


async def test_what_enters_is_judged_by_its_levels(decisions: list[Decision]) -> None:
    """Every short is refused on spot, and no long whose stop is above the price passes."""
    counts = await judge(decisions, as_entry=True)
    shorts = sum(d.side < 0 for d in decisions if d.said["signal"] == "hold")
    wrong = [d for d in decisions if d.side > 0 and d.said["stop_loss"] >= d.price]

    assert counts[Reason.ADVICE_SHORT_ON_SPOT] >= shorts > 0
    assert counts[Reason.ADVICE_STOP_WRONG_SIDE] <= len(wrong)
    assert counts[ACCEPTED] + len(wrong) <= len(decisions)
