"""Loss windows and drawdown: what they stop, and until when."""

from datetime import datetime

import pytest

from tests.trader.risk.desk import START, SYMBOL, Desk, canceled, legs
from trader.accounting.windows import Window
from trader.model.market import SECOND
from trader.model.messages import LimitBreached, Message, TradingStateChanged
from trader.model.orders import Leg
from trader.model.reasons import Reason
from trader.model.views import TradingState
from trader.risk.losses import mark, resume
from trader.risk.reconcile import begin

HOUR = 3_600 * SECOND
DAY = 24 * HOUR
ROOMY = {f"max_{window}_loss_pct": 100.0 for window in ("daily", "weekly", "monthly")}


def at(desk: Desk, close: float, now: int = START) -> list[Message]:
    """Mark the position at a close."""
    desk.state.prices[SYMBOL].close = close
    return mark(desk.rules, desk.state, now)


def open_desk(**settings: float) -> Desk:
    """Return a desk that holds about 99 units at 100: a fall of 1 is about 1 % of equity."""
    desk = Desk(max_size_pct=100.0, risk_per_trade_pct=100.0, **settings)
    # So near that no loss limit makes the position smaller.
    desk.hold(stop=99.9)
    return desk


def test_a_daily_loss_stops_entries_once() -> None:
    """The limit is told once, with what was lost; trading only reduces from then on."""
    desk = open_desk()
    breach, change = at(desk, 96.9)
    assert isinstance(breach, LimitBreached)
    assert (breach.limit, breach.hard, breach.bound) == (Reason.LOSS_DAY, False, 3.0)
    assert breach.value > 3.0
    assert isinstance(change, TradingStateChanged)
    assert (change.state, change.reason) == (TradingState.REDUCING, Reason.LOSS_DAY)
    assert at(desk, 96.8) == []


def test_a_gain_does_not_lift_a_loss() -> None:
    """A window that was lost stays lost until it ends."""
    desk = open_desk()
    at(desk, 96.0)
    assert at(desk, 110.0) == []
    assert desk.state.holds


def test_the_next_day_lifts_a_daily_loss() -> None:
    """The new day begins with the equity of then, and trading is active again."""
    desk = open_desk()
    at(desk, 96.0)
    (change,) = at(desk, 96.0, START + DAY)
    assert isinstance(change, TradingStateChanged)
    assert change.state is TradingState.ACTIVE
    assert at(desk, 95.0, START + DAY) == []


def test_losses_of_days_add_up_to_the_week() -> None:
    """The week's limit is reached though no day's is, and outlasts the day."""
    desk = open_desk(max_weekly_loss_pct=4.0)
    assert at(desk, 98.0) == []
    assert at(desk, 98.0, START + DAY) == []
    breach, _ = at(desk, 95.5, START + DAY)
    assert isinstance(breach, LimitBreached)
    assert breach.limit is Reason.LOSS_WEEK
    assert at(desk, 95.5, START + 2 * DAY) == []
    assert desk.state.holds


def test_losses_of_weeks_add_up_to_the_month() -> None:
    """The month's limit is reached though no week's is."""
    desk = open_desk(max_monthly_loss_pct=4.5)
    assert at(desk, 97.5) == []
    assert at(desk, 97.5, START + 7 * DAY) == []
    breach, _ = at(desk, 95.2, START + 7 * DAY)
    assert isinstance(breach, LimitBreached)
    assert breach.limit is Reason.LOSS_MONTH


def test_a_drawdown_halts_and_tells_the_kill_switch() -> None:
    """The fall is measured from the highest equity seen, and is a hard limit."""
    desk = open_desk(max_daily_loss_pct=100, max_weekly_loss_pct=100, max_monthly_loss_pct=100)
    assert at(desk, 130.0) == []
    breach, change = at(desk, 103.0)
    assert isinstance(breach, LimitBreached)
    assert (breach.limit, breach.hard) == (Reason.DRAWDOWN_TOTAL, True)
    assert isinstance(change, TradingStateChanged)
    assert change.state is TradingState.HALTED


def test_a_months_loss_halts_until_an_operator_resumes() -> None:
    """No new month lifts it; the operator's word does, and the month is measured from then on."""
    desk = open_desk(max_daily_loss_pct=100, max_weekly_loss_pct=100, max_monthly_loss_pct=5)
    breach, change = at(desk, 94.0)
    assert isinstance(breach, LimitBreached)
    assert (breach.limit, breach.hard) == (Reason.LOSS_MONTH, True)
    assert isinstance(change, TradingStateChanged)
    assert change.state is TradingState.HALTED
    assert at(desk, 94.0, START + 40 * DAY) == []
    (change,) = resume(desk.state, "the feed was wrong")
    assert change == TradingStateChanged(
        TradingState.ACTIVE, Reason.RESUME_OPERATOR, "the feed was wrong"
    )
    assert at(desk, 90.0, START + 40 * DAY) == []
    assert at(desk, 88.0, START + 40 * DAY) != []


def test_a_drawdown_is_measured_anew_once_resumed() -> None:
    """Else the next candle would halt again what an operator has looked at."""
    desk = open_desk(**ROOMY, max_drawdown_pct=10, emergency_stop_pct=50)
    assert at(desk, 89.0)
    assert resume(desk.state, "looked at")
    assert at(desk, 88.0) == []
    assert [b.limit for b in at(desk, 79.0) if isinstance(b, LimitBreached)] == [
        Reason.DRAWDOWN_TOTAL
    ]


def test_an_operator_does_not_lift_what_lifts_itself() -> None:
    """A day's loss lasts for the day, and a session not yet reconciled stays halted."""
    desk = open_desk()
    at(desk, 96.0)
    assert resume(desk.state, "go on") == []
    assert [hold.reason for hold in desk.state.holds] == [Reason.LOSS_DAY]


def test_the_emergency_stop_closes_every_position() -> None:
    """Protection lets go, then what is held is sold at the market; once."""
    desk = open_desk(**ROOMY, max_drawdown_pct=10, emergency_stop_pct=15)
    assert canceled(at(desk, 89.0)) == []
    told = at(desk, 84.0)
    assert [b.limit for b in told if isinstance(b, LimitBreached)] == [Reason.EMERGENCY_STOP]
    assert len(canceled(told)) == 2
    assert desk.campaign.closing is Reason.EXIT_LIMIT
    assert at(desk, 83.0) == []


def test_an_emergency_stop_does_not_come_before_the_drawdown_halts() -> None:
    """Set below it, it counts as being as high."""
    desk = open_desk(**ROOMY, max_drawdown_pct=30, emergency_stop_pct=5)
    assert at(desk, 90.0) == []
    assert [b.limit for b in at(desk, 69.0) if isinstance(b, LimitBreached)] == [
        Reason.DRAWDOWN_TOTAL,
        Reason.EMERGENCY_STOP,
    ]


@pytest.mark.parametrize("day", ["2024-02-29", "2023-02-28", "2024-12-31", "2023-03-26"])
def test_no_boundary_loses_a_loss(day: str) -> None:
    """What falls over midnight falls in the new day, whatever begins with it."""
    desk, noon = open_desk(), int(datetime.fromisoformat(f"{day}T12:00Z").timestamp()) * SECOND
    desk.state.windows.next_roll = 0
    at(desk, 100.0, noon)
    at(desk, 98.0, noon + 12 * HOUR - 1)
    at(desk, 98.0, noon + 12 * HOUR)
    assert desk.state.holds == []
    at(desk, 94.9, noon + 12 * HOUR)
    assert Reason.LOSS_DAY in {hold.reason for hold in desk.state.holds}


def test_a_limit_cancels_no_protection() -> None:
    """Losses stop entries; stops and targets stay."""
    desk = open_desk(max_drawdown_pct=1.0)
    told = at(desk, 90.0)
    assert legs(told) == []
    assert len(desk.campaign.alive()) == 2


def test_nothing_is_measured_before_the_account_is_known() -> None:
    """An equity of zero before the first balances is no loss, and begins no window."""
    desk = Desk()
    desk.state.baseline = None
    desk.state.windows.next_roll = 0
    assert at(desk, 1.0) == []
    assert desk.state.windows.next_roll == 0


# -- where a window begins -------------------------------------------------------------------------


def boundary(desk: Desk) -> int:
    """Return the next midnight of a desk."""
    return desk.state.windows.next_roll


def test_what_a_stop_loses_first_thing_in_a_day_is_that_days_loss() -> None:
    """The day began with what was last known before it, not with what the fill has left."""
    desk = open_desk()
    stop = desk.campaign.alive(Leg.STOP)[0].order
    at(desk, 100.0, boundary(desk) - HOUR)
    desk.now = boundary(desk) + SECOND
    told = desk.fill(stop, stop.quantity, "95")
    assert [m.limit for m in told if isinstance(m, LimitBreached)] == [Reason.LOSS_DAY]


def test_a_fall_over_a_hole_in_the_data_is_the_new_days_loss() -> None:
    """The first candle of a day is not where it began, unless it closes at midnight."""
    desk = open_desk()
    at(desk, 100.0, boundary(desk) - HOUR)
    breach, _ = at(desk, 96.0, boundary(desk) + HOUR)
    assert isinstance(breach, LimitBreached)

    sharp = open_desk()
    midnight = boundary(sharp)
    at(sharp, 100.0, midnight - HOUR)
    assert mark_close(sharp, 96.0, midnight) == []
    assert mark_close(sharp, 95.0, midnight + HOUR) == []
    assert sharp.state.windows.baselines[Window.DAY] == pytest.approx(sharp.state.equity(), 0.02)


def mark_close(desk: Desk, close: float, now: int) -> list[Message]:
    """Mark the position as a candle closes."""
    desk.state.prices[SYMBOL].close = close
    desk.state.prices[SYMBOL].closed = now
    return mark(desk.rules, desk.state, now, at_close=True)


def test_a_day_that_began_while_the_engine_was_down_begins_with_what_is_first_known() -> None:
    """That is: the account was read, and the market has said what the position is worth."""
    desk = open_desk()
    week = desk.state.windows.baselines[Window.WEEK]
    begin(desk.rules, desk.state, "next", desk.now)
    desk.now += DAY
    desk.reconcile()
    mark_close(desk, 120.0, desk.now + HOUR)
    assert desk.state.windows.baselines[Window.DAY] == desk.state.equity()
    assert desk.state.windows.baselines[Window.WEEK] == week
    breach, _ = mark_close(desk, 116.0, desk.now + 2 * HOUR)
    assert isinstance(breach, LimitBreached)
    assert breach.limit is Reason.LOSS_DAY


def test_a_restart_within_a_day_keeps_its_loss() -> None:
    """What was lost before it, and while the engine was down, is lost since the day began."""
    desk = open_desk()
    at(desk, 98.0)
    begin(desk.rules, desk.state, "next", desk.now)
    desk.reconcile()
    breach, *_ = mark_close(desk, 96.5, desk.now + HOUR)
    assert isinstance(breach, LimitBreached)
    assert breach.limit is Reason.LOSS_DAY
