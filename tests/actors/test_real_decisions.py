"""What real models decided is read, judged, and refused for reasons a person would give."""

from pathlib import Path

import pytest

from tests.actors.real_decisions import (
    ACCEPTED,
    FILE,
    NO_ADVICE,
    PERPETUAL,
    SPOT,
    Decision,
    broken,
    judge,
    read,
    unread,
)
from trader.model.reasons import Reason


@pytest.fixture(scope="module")
def decisions(shared: Path) -> list[Decision]:
    """Read the decisions, or skip."""
    if not (shared / FILE).is_file():
        pytest.skip(f"no {FILE.name}")
    return list(read(shared))


@pytest.mark.parametrize("instrument", [SPOT, PERPETUAL])
async def test_every_real_decision_has_a_verdict(
    decisions: list[Decision], instrument: str
) -> None:
    """Over two thousand of six models, none of which the schema cannot hold."""
    counts = (await judge(decisions, instrument, as_entry=False)).counts

    assert len({decision.model for decision in decisions}) == 6
    assert counts.total() == len(decisions) > 2_000
    assert counts[NO_ADVICE] > counts[ACCEPTED] > 0


async def test_on_spot_no_short_is_entered(decisions: list[Decision]) -> None:
    """Every short is refused, and no long whose stop is above the price passes."""
    counts = (await judge(decisions, SPOT, as_entry=True)).counts
    shorts = sum(d.side < 0 for d in decisions if d.said["signal"] == "hold")
    wrong = [d for d in decisions if d.side > 0 and d.said["stop_loss"] >= d.price]

    assert counts[Reason.ADVICE_SHORT_ON_SPOT] >= shorts > 0
    assert counts[Reason.ADVICE_STOP_WRONG_SIDE] <= len(wrong)
    assert counts[ACCEPTED] + len(wrong) <= len(decisions)


async def test_on_a_perpetual_shorts_are_judged_by_their_levels(decisions: list[Decision]) -> None:
    """As longs are, with everything the other way round: many pass, and none that is undone."""
    shorts = [d for d in decisions if d.side < 0 and d.said["signal"] != "close_position"]
    counts = (await judge(shorts, PERPETUAL, as_entry=True)).counts
    undone = sum(d.said["stop_loss"] <= d.price for d in shorts)

    assert counts[Reason.ADVICE_SHORT_ON_SPOT] == 0
    assert 100 < counts[ACCEPTED] <= len(shorts) - undone
    assert counts[Reason.ADVICE_STOP_WRONG_SIDE] <= undone


async def test_claims_in_their_own_words_are_checked(decisions: list[Decision]) -> None:
    """Hundreds say what price or entry they saw; a model that misreads it is refused."""
    own = [d for d in decisions if d.claims]
    claims = (await judge(own, PERPETUAL, as_entry=True)).claims
    count, false = sum(t.claims for t in claims.values()), sum(t.false for t in claims.values())
    misread = [
        Decision(d.model, d.coin, d.price, d.side, d.said, {"close": d.price * 1.02}, d.shown)
        for d in own
    ]
    refused = (await judge(misread, PERPETUAL, as_entry=True)).counts

    assert len(claims) > 1
    assert count > 300
    assert false < count * 0.05
    assert refused[Reason.ADVICE_FALSE_CLAIMS] > 0.9 * len(own)


def test_what_was_no_decision_is_refused(decisions: list[Decision], shared: Path) -> None:
    """The competition could not read these either: prose, two objects, nothing at all."""
    answers = broken(shared)

    assert decisions
    assert unread(answers)[Reason.MODEL_MALFORMED] == len(answers) > 1
