"""Why trading is not active, since when, and what lifts it."""

import pytest

from trader.app.standing import holds_of, level_of
from trader.app.tally import Tally
from trader.model.market import SECOND
from trader.model.messages import HaltTrading
from trader.model.reasons import Reason
from trader.model.views import TradingState
from trader.risk.state import Hold, RiskState
from trader.topology import KILL_SWITCH

HALTED, REDUCING, ACTIVE = TradingState.HALTED, TradingState.REDUCING, TradingState.ACTIVE
NOW = 1_704_463_200 * SECOND
"""Friday, 5 January 2024, 14:00 UTC."""
DAY = Hold(Reason.LOSS_DAY, REDUCING, "3.10 % of 3 %", NOW - 3_600 * SECOND)
OPERATOR = Hold(Reason.HALT_OPERATOR, HALTED, "SIGUSR2", NOW)


@pytest.mark.parametrize(
    ("holds", "level"), [([], ACTIVE), ([DAY], REDUCING), ([DAY, OPERATOR], HALTED)]
)
def test_the_gravest_hold_is_the_trading_state(holds: list[Hold], level: TradingState) -> None:
    """Without one, trading is active."""
    state = RiskState(holds=holds)

    assert level_of(Tally(), state) is level
    assert [hold.state for hold in holds_of(Tally(), state, NOW)][:1] == [level] * bool(holds)


def test_each_hold_says_why_since_when_and_what_lifts_it() -> None:
    """By time, or by an operator's word."""
    operator, day = holds_of(Tally(), RiskState(holds=[DAY, OPERATOR]), NOW)

    assert (operator.reason, operator.detail) == (Reason.HALT_OPERATOR, "SIGUSR2")
    assert (operator.lifts, operator.lifts_at) == ("until `run.py resume`", None)
    assert day.since == "2024-01-05T13:00:00+00:00"
    assert (day.lifts, day.lifts_at) == ("until 00:00 UTC", "2024-01-06T00:00:00+00:00")


@pytest.mark.parametrize("heard", [[], [Hold(Reason.HALT_ACTOR, HALTED, "broken", NOW)]])
def test_the_kill_switch_has_the_first_word(heard: list[Hold]) -> None:
    """Whether RiskGuard heard it, or was down; it is said once."""
    tally = Tally()
    tally.take(KILL_SWITCH, HaltTrading(1, Reason.HALT_ACTOR, "broken", flatten=False), NOW)
    state = RiskState(holds=[OPERATOR, *heard])
    first, second = holds_of(tally, state, NOW)

    assert level_of(tally, state) is HALTED
    assert (first.reason, first.since) == (Reason.HALT_ACTOR, "2024-01-05T14:00:00+00:00")
    assert second.reason is Reason.HALT_OPERATOR


def test_no_halt_stands_since_a_time_to_come() -> None:
    """The KillSwitch's time is ahead of an engine that cannot keep pace."""
    tally = Tally()
    halt = HaltTrading(1, Reason.HALT_SHUTDOWN, "SIGINT", flatten=False)
    tally.take(KILL_SWITCH, halt, NOW + 86_400 * 10**9)

    assert holds_of(tally, RiskState(holds=[]), NOW)[0].since == "2024-01-05T14:00:00+00:00"


def test_what_an_older_journal_held_has_no_time() -> None:
    """It was kept without one."""
    (hold,) = holds_of(Tally(), RiskState(holds=[Hold(Reason.LOSS_MONTH, HALTED, "")]), NOW)
    assert hold.since is None
