"""The engine on a feed that fails: it stops entering, goes on, and loses nothing."""

from collections import Counter
from itertools import pairwise

import pytest

from tests.e2e.feed import played, played_over_a_socket
from tests.trader.venues.shaky import MISHAPS, STEPS
from trader.model.reasons import Reason
from trader.testing.venue_server import Kind, Mishap
from trader.venues import live, rest

BREAKS = ("close", "refuse", "silence")
"""Mishaps that end the line."""
FRAMES = 3 * len(STEPS)
"""Frames of a minute."""


@pytest.mark.parametrize("kind", MISHAPS)
def test_a_fault_of_the_feed_costs_no_candle(kind: str) -> None:
    """No candle is missed, doubled or altered; no entry while the feed is not live, some after."""
    run = played(1, {20: kind})

    assert run.faults() == []
    assert run.entries
    if kind in BREAKS:
        assert [live for _, live in run.told[:4]] == [False, True, False, False]
        assert run.entries_after_a_break()


def test_mixed_faults_of_the_feed_cost_no_candle() -> None:
    """The first of a thousand: `python -m tests.e2e.campaign feed` plays them all."""
    after, refused = 0, Counter[Reason]()
    for seed in range(25):
        run = played(seed)
        assert run.faults() == [], f"seed {seed}"
        after += run.entries_after_a_break()
        refused += run.engine.tally.refusals
    assert after > 10
    assert refused[Reason.ADVICE_FEED_STALE] > 3


KINDS: tuple[Kind, ...] = ("duplicate", "reorder", "delay", "corrupt", "rename", "flood")


async def test_faults_over_a_socket_cost_no_candle(monkeypatch: pytest.MonkeyPatch) -> None:
    """The venue, its line and every actor as in a run, but time flies; the line breaks at last."""
    monkeypatch.setattr(live, "_JITTER", 0.0)
    monkeypatch.setattr(rest, "TTL", 0.0)
    # In the middle of a minute: a word that is the last on a candle is missed by nobody.
    mishaps = [Mishap(kind, (2 + at) * FRAMES + 5) for at, kind in enumerate(KINDS)]
    cut = Mishap("close", 10 * FRAMES)

    run = await played_over_a_socket(7, [*mishaps, cut])

    assert run.faults() == []
    told = [live for _, live in run.told]
    assert told[:2] == [False, True]
    # Stale, then recovering: a machine that is busy may hold the feed for a moment before.
    assert (False, False) in pairwise(told[1:])
