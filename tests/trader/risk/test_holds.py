"""What keeps trading from being active."""

import pytest

from tests.trader.risk.desk import Desk, canceled
from trader.model.messages import TradingStateChanged
from trader.model.reasons import Reason
from trader.model.views import TradingState
from trader.risk.holds import NEEDS_RESUME, current, hold, lifts, release
from trader.risk.state import RiskState

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
    told = hold(state, Reason.LOSS_DAY, REDUCING, "3 %")
    assert told == [TradingStateChanged(REDUCING, Reason.LOSS_DAY, "3 %")]


def test_the_first_reason_stays(state: RiskState) -> None:
    """A second hold of the same gravity is kept, and not told."""
    hold(state, Reason.HALT_OPERATOR, HALTED, "")
    assert hold(state, Reason.HALT_ACTOR, HALTED, "") == []
    assert len(state.holds) == 2


def test_a_graver_reason_takes_over(state: RiskState) -> None:
    """HALTED outranks REDUCING, whichever came first."""
    hold(state, Reason.LOSS_DAY, REDUCING, "")
    told = hold(state, Reason.HALT_OPERATOR, HALTED, "now")
    assert told == [TradingStateChanged(HALTED, Reason.HALT_OPERATOR, "now")]


def test_trading_is_active_once_nothing_holds_it(state: RiskState) -> None:
    """The last release makes trading active; one before it names what is left."""
    hold(state, Reason.HALT_MESSAGE_LOST, HALTED, "lost")
    hold(state, Reason.LOSS_DAY, REDUCING, "3 %")
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
    told = hold(desk.state, Reason.LOSS_DAY, REDUCING, "")
    assert canceled(told) == [entry.client_order_id]


def test_what_lifts_a_hold_is_said() -> None:
    """A window ends by itself, an operator has to resume the rest; a session's own halts end it."""
    assert lifts(Reason.LOSS_DAY) == "until 00:00 UTC"
    assert {lifts(reason) for reason in NEEDS_RESUME} == {"until `run.py resume`"}
    assert lifts(Reason.HALT_WEDGED) == ""
