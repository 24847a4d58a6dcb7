"""What keeps trading from being active."""

import msgspec
import pytest

from tests.trader.risk.desk import Desk, canceled
from trader.model.market import SECOND
from trader.model.messages import TradingStateChanged
from trader.model.reasons import Reason
from trader.model.views import TradingState
from trader.risk.holds import NEEDS_RESUME, current, hold, lifts, lifts_at, release
from trader.risk.state import RiskState

NOW = 1_704_463_200 * SECOND
"""Friday, 5 January 2024, 14:00 UTC."""
HALTED, REDUCING, ACTIVE = TradingState.HALTED, TradingState.REDUCING, TradingState.ACTIVE


@pytest.fixture
def state() -> RiskState:
    """Return a state that nothing holds."""
    return RiskState(holds=[])


def test_trading_starts_halted() -> None:
    """A guard that has seen nothing is halted until reconciled."""
    found = current(RiskState())
    assert found is not None
    assert (found.level, found.reason) == (HALTED, Reason.START_RECONCILING)


def test_a_hold_changes_the_trading_state(state: RiskState) -> None:
    """The first hold is told with its reason."""
    told = hold(state, Reason.LOSS_DAY, REDUCING, "3 %", NOW)
    assert told == [TradingStateChanged(REDUCING, Reason.LOSS_DAY, "3 %")]


def test_the_first_reason_stays(state: RiskState) -> None:
    """A second hold of the same gravity is kept, and not told."""
    hold(state, Reason.HALT_OPERATOR, HALTED, "", NOW)
    assert hold(state, Reason.HALT_ACTOR, HALTED, "", NOW) == []
    assert len(state.holds) == 2


def test_a_graver_reason_takes_over(state: RiskState) -> None:
    """HALTED outranks REDUCING, whichever came first."""
    hold(state, Reason.LOSS_DAY, REDUCING, "", NOW)
    told = hold(state, Reason.HALT_OPERATOR, HALTED, "now", NOW)
    assert told == [TradingStateChanged(HALTED, Reason.HALT_OPERATOR, "now")]


def test_trading_is_active_once_nothing_holds_it(state: RiskState) -> None:
    """The last release makes trading active; one before it names what is left."""
    hold(state, Reason.HALT_MESSAGE_LOST, HALTED, "lost", NOW)
    hold(state, Reason.LOSS_DAY, REDUCING, "3 %", NOW)
    lost = frozenset({Reason.HALT_MESSAGE_LOST})
    assert release(state, lost, Reason.START_RECONCILED, "") == [
        TradingStateChanged(REDUCING, Reason.LOSS_DAY, "3 %")
    ]
    assert release(state, frozenset({Reason.LOSS_DAY}), Reason.LOSS_DAY, "over") == [
        TradingStateChanged(ACTIVE, Reason.LOSS_DAY, "over")
    ]


def test_a_release_of_nothing_is_silent(state: RiskState) -> None:
    """What was not held is not told to be released."""
    assert release(state, frozenset({Reason.LOSS_DAY}), Reason.LOSS_DAY, "") == []


def test_entries_are_canceled_and_protection_is_not() -> None:
    """Whatever holds trading cancels what is still to open, and nothing that protects."""
    desk = Desk()
    entry = desk.enter()
    desk.fill(entry, "1")
    told = hold(desk.state, Reason.LOSS_DAY, REDUCING, "", NOW)
    assert canceled(told) == [entry.client_order_id]


def test_a_hold_knows_since_when(state: RiskState) -> None:
    """And keeps it in the journal's checkpoints, for the run that goes on with them."""
    hold(state, Reason.LOSS_DAY, REDUCING, "3 %", NOW)
    kept = msgspec.msgpack.decode(msgspec.msgpack.encode(state), type=RiskState)
    assert [known.since for known in kept.holds] == [NOW]


def test_what_lifts_a_hold_is_said() -> None:
    """A window ends by itself, an operator has to resume the rest; a session's own halts end it."""
    assert lifts(Reason.LOSS_DAY) == "until 00:00 UTC"
    assert {lifts(reason) for reason in NEEDS_RESUME} == {"until `run.py resume`"}
    assert lifts(Reason.START_RECONCILING) == "until the account agrees with our fills"
    assert lifts(Reason.HALT_WEDGED) == "until the run ends"


@pytest.mark.parametrize(
    ("reason", "hours"),
    [(Reason.LOSS_DAY, 10), (Reason.LOSS_WEEK, 58), (Reason.LOSS_MONTH, None)],
)
def test_a_hold_that_time_lifts_says_when(reason: Reason, hours: int | None) -> None:
    """At midnight, or on Monday; no time lifts what an operator has to."""
    expected = None if hours is None else NOW + hours * 3_600 * SECOND
    assert lifts_at(reason, NOW) == expected
