"""How often a role may fail, and how long it waits."""

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from trader.model.market import SECOND
from trader.safety.restart import (
    POLICIES,
    GiveUp,
    Policy,
    RestartAfter,
    RestartNow,
    decide,
    policy_of,
    recent,
)
from trader.topology import ROLES

POLICY = Policy("validator", 5, 300 * SECOND, "")


def test_every_role_has_a_policy() -> None:
    """And says in words what its loss means."""
    assert set(POLICIES) == set(ROLES)
    assert all(policy.loss for policy in POLICIES.values())


def test_an_instance_has_the_policy_of_its_role() -> None:
    """The workers of two symbols share limits, and not the jitter."""
    btc, eth = (policy_of(f"indicator_worker[{symbol}]") for symbol in ("BTC-USD", "ETH-USD"))

    assert btc.restarts == POLICIES["indicator_worker"].restarts
    assert decide(btc, 2, 2) != decide(eth, 2, 2)


def test_the_first_restart_comes_at_once() -> None:
    """A single crash costs no time."""
    assert decide(POLICY, 1, 1) == RestartNow()


def test_then_the_wait_doubles_with_a_jitter_of_up_to_a_quarter() -> None:
    """1, 2, 4, 8 s, each up to a quarter longer."""
    for attempt in range(1, 5):
        decision = decide(POLICY, attempt + 1, 1)

        assert isinstance(decision, RestartAfter)
        assert 1 <= decision.delay / (SECOND << (attempt - 1)) < 1.25


def test_no_wait_is_longer_than_a_minute_and_a_quarter() -> None:
    """The market feed may fail ten times."""
    decision = decide(POLICIES["market_feed"], 10, 1)

    assert isinstance(decision, RestartAfter)
    assert 60 * SECOND <= decision.delay < 75 * SECOND


@pytest.mark.parametrize("policy", POLICIES.values(), ids=POLICIES)
def test_past_its_window_a_role_is_given_up(policy: Policy) -> None:
    """One failure more than it may have restarts."""
    assert decide(policy, policy.restarts, 1) != GiveUp()
    assert decide(policy, policy.restarts + 1, 1) == GiveUp()


def test_a_role_that_handles_nothing_is_given_up() -> None:
    """Six failures are three messages lost, and rare ones may never fill a window."""
    assert decide(POLICY, 1, 5) == RestartNow()
    assert decide(POLICY, 1, 6) == GiveUp()


@example([0, 1, POLICY.window])
@given(st.lists(st.integers(0, 10**12), min_size=1, max_size=20).map(sorted))
def test_what_left_the_window_does_not_count(times: list[int]) -> None:
    """Failures are forgotten as they grow old."""
    now = times[-1]
    young = tuple(time for time in times if now - time < POLICY.window)

    assert recent(POLICY, tuple(times), now) == young
