"""Loss windows and drawdown: what they stop, and until when."""

from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path

import pytest

from tests.trader.risk.desk import PERP, START, SYMBOL, Desk, canceled, legs, placed
from trader.accounting.windows import Window
from trader.model.market import SECOND, interval_ns
from trader.model.messages import (
    LimitBreached,
    Message,
    OrderDenied,
    SubmitOrder,
    TradingStateChanged,
)
from trader.model.orders import Flow, FlowKind, Leg
from trader.model.reasons import Reason
from trader.model.views import TradingState
from trader.risk.losses import mark, resume, room
from trader.risk.orders import move_cash
from trader.risk.reconcile import begin
from trader.risk.returns import Returns
from trader.venues.candle_file import load_candles

MINUTE = 60 * SECOND
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


# -- in another currency ----------------------------------------------------------------------

RATE = "USD-EUR"


def converted(rate: float = 1.0, **settings: float) -> Desk:
    """Return a desk that holds nothing, its equity measured in euros."""
    desk = Desk(conversion=RATE, **ROOMY | settings)
    desk.state.prices[RATE].close = rate
    mark(desk.rules, desk.state, START)
    return desk


def rated(desk: Desk, rate: float, now: int = START) -> list[Message]:
    """Mark the account at a rate."""
    desk.state.prices[RATE].close = rate
    return mark(desk.rules, desk.state, now)


def test_a_currency_that_falls_is_a_loss_though_nothing_is_held() -> None:
    """10 000 dollars are 9 000 euros, and 8 700 after a fall of 3.33 %."""
    desk = converted(0.9, max_daily_loss_pct=3.0)
    assert desk.state.windows.baselines[Window.DAY] == 9_000
    assert rated(desk, 0.875) == []
    breach, change = rated(desk, 0.87)
    assert isinstance(breach, LimitBreached)
    assert (breach.limit, breach.value) == (Reason.LOSS_DAY, pytest.approx(100 / 30))
    assert isinstance(change, TradingStateChanged)
    assert change.state is TradingState.REDUCING


def test_the_drawdown_is_that_of_the_converted_equity() -> None:
    """What the account has lost in its own currency, and reports, is nothing."""
    desk = converted(1.0, max_drawdown_pct=10.0)
    rated(desk, 1.25)
    told = rated(desk, 1.12)
    assert [m.limit for m in told if isinstance(m, LimitBreached)] == [Reason.DRAWDOWN_TOTAL]
    assert desk.state.performance.max_drawdown_pct == 0.0
    assert desk.state.measured.drawdown_pct(desk.state.worth()) == pytest.approx(10.4)


def test_an_operator_resumes_from_the_converted_equity() -> None:
    """Drawdown and month are measured from then on."""
    desk = converted(1.0, max_drawdown_pct=10.0, max_monthly_loss_pct=10.0)
    rated(desk, 0.85)
    resume(desk.state, "the peg is back")
    assert desk.state.windows.baselines[Window.MONTH] == 8_500
    assert rated(desk, 0.85) == []
    assert desk.state.holds == []


def test_nothing_is_measured_before_the_rate_is_known() -> None:
    """No window begins with a guess, and nothing is entered meanwhile."""
    desk = converted(0.0)
    assert desk.state.windows.baselines == {}
    (told,) = desk.propose()
    assert isinstance(told, OrderDenied)
    assert (told.reason, told.detail) == (Reason.CONVERSION_STALE, "USD-EUR has no price yet")
    rated(desk, 0.9)
    assert desk.state.windows.baselines[Window.DAY] == 9_000


def test_a_transfer_moves_the_converted_baselines_by_what_it_is_worth() -> None:
    """A deposit of 1 000 dollars at 0.90 is 900 euros, and no gain."""
    desk = converted(0.9)
    flow = Flow("f", FlowKind.TRANSFER, Decimal(1_000), START)
    move_cash(desk.rules, desk.state, flow, START)
    assert desk.state.windows.baselines[Window.DAY] == pytest.approx(9_900)
    assert desk.state.windows.loss_pct(Window.DAY, desk.state.worth()) == pytest.approx(0.0)
    assert desk.state.measured.peak == pytest.approx(9_900)


def test_an_entry_is_as_large_as_the_equity_in_its_own_currency_allows() -> None:
    """A rate changes what is a loss, not what a fifth of equity is."""
    desk = converted(0.5)
    (plain,), (order,) = placed(Desk().propose()), placed(desk.propose())
    assert order.quantity == plain.quantity


def test_a_currency_that_moves_is_part_of_the_tail() -> None:
    """All of equity is in it: its worst day of twenty is the portfolio's without any entry."""
    desk = Desk(conversion=RATE, returns_candles=100, max_var_pct=50.0)
    desk.state.prices[RATE].close = 1.0
    desk.learn(BTC=[0.0] * 20)
    known = desk.state.returns[SYMBOL]
    wild = Returns(known.newest, list(known.times), [0.001, -0.001] * 10)
    desk.state.returns[RATE] = wild
    (told,) = desk.propose()
    assert isinstance(told, OrderDenied | SubmitOrder)
    said = told.detail if isinstance(told, OrderDenied) else told.sizing
    assert "VaR 3.79 to 3.79 % a day" in (said or "")


def test_the_depeg_of_march_2023_is_a_loss_in_dollars(shared: Path) -> None:
    """An account in USDC that trades nothing: the day's limit and the drawdown see the 11th."""
    folder = shared / "data" / "ohlcv"
    coin = load_candles(folder / "kraken_XBTUSDC_1m_2023Q1.csv.gz", interval_ns("1m"))
    dollar = load_candles(folder / "kraken_XBTUSD_15m_2023Q1.csv", interval_ns("15m"))
    paid = dict(zip((ts + MINUTE for ts in coin.ts_open), coin.close, strict=True))
    desk = Desk(conversion=RATE, max_drawdown_pct=9.0)
    days = {}
    for opened, close in zip(dollar.ts_open, dollar.close, strict=True):
        now = opened + dollar.interval
        if now in paid:
            for message in rated(desk, close / paid[now], now):
                if isinstance(message, LimitBreached):
                    days.setdefault(
                        message.limit, datetime.fromtimestamp(now // SECOND, UTC).date()
                    )
    assert days == {
        Reason.LOSS_DAY: date(2023, 3, 11),
        Reason.LOSS_WEEK: date(2023, 3, 11),
        Reason.DRAWDOWN_TOTAL: date(2023, 3, 11),
        Reason.LOSS_MONTH: date(2023, 3, 11),
    }
    assert desk.state.performance.max_drawdown_pct == 0.0, "in USDC nothing was lost"


@pytest.mark.parametrize(
    ("limits", "reached"),
    [
        ({"max_daily_loss_pct": 50}, [Reason.LOSS_DAY]),
        ({"max_drawdown_pct": 50, "emergency_stop_pct": 60}, [Reason.DRAWDOWN_TOTAL]),
        (
            {"max_drawdown_pct": 50, "emergency_stop_pct": 50},
            [Reason.DRAWDOWN_TOTAL, Reason.EMERGENCY_STOP],
        ),
    ],
)
def test_a_limit_is_reached_by_a_loss_that_is_as_large(
    limits: dict[str, float], reached: list[Reason]
) -> None:
    """Half is half, and what was less has not had it overlooked."""
    desk = converted(1.0, **{"max_drawdown_pct": 80, "emergency_stop_pct": 90} | limits)
    assert rated(desk, 0.75) == []
    told = rated(desk, 0.5)
    assert [m.limit for m in told if isinstance(m, LimitBreached)] == reached


def test_what_is_held_counts_as_lost_to_its_stop() -> None:
    """At 98, 10 units entered at 100 with a fee of 1 may lose 30 more of the day's 300."""
    desk = Desk()
    desk.hold("10", stop=95.0)
    at(desk, 98.0)
    assert room(desk.rules, desk.state) == (Reason.LOSS_DAY, pytest.approx(300 - 21 - 30))
    at(desk, 94.0)
    assert room(desk.rules, desk.state) == (Reason.LOSS_DAY, pytest.approx(300 - 61))


def test_what_is_on_its_way_counts_as_lost_from_the_worst_price_to_its_stop() -> None:
    """What has arrived counts from the market: 5 units of 19.8019 at 100, the rest at 101."""
    desk = Desk()
    entry = desk.enter(stop=95.0)
    lost = float(entry.quantity) * 6
    assert room(desk.rules, desk.state) == (Reason.LOSS_DAY, pytest.approx(300 - lost))
    desk.fill(entry, "5")
    left = 300 - 0.5 - 5 * 5 - float(entry.quantity - 5) * 6
    assert room(desk.rules, desk.state) == (Reason.LOSS_DAY, pytest.approx(left))


def test_a_short_counts_as_lost_upwards() -> None:
    """At 102, 10 units sold at 100 with a fee of 1 may lose 30 more."""
    desk = Desk(symbol=PERP)
    desk.hold("10", stop=105.0)
    desk.state.prices[PERP].close = 102.0
    mark(desk.rules, desk.state, START)
    assert room(desk.rules, desk.state) == (Reason.LOSS_DAY, pytest.approx(300 - 21 - 30))


def test_what_may_yet_be_lost_is_told_in_the_currency_that_is_traded() -> None:
    """3 % of a day that began with 8 000 euros is 300 dollars, where one costs 0.8."""
    desk = converted(0.8, max_daily_loss_pct=3.0)
    assert room(desk.rules, desk.state) == (Reason.LOSS_DAY, pytest.approx(300))
    rated(desk, 0.79)
    left = 10_000 - 8_000 * 0.97 / 0.79
    assert room(desk.rules, desk.state) == (Reason.LOSS_DAY, pytest.approx(left))
