"""Protections by freqtrade's names: what locks, whom, and until when."""

from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.trader.risk.desk import OTHER, START, SYMBOL, Desk, placed
from trader.accounting.position import Trade
from trader.model.market import SECOND
from trader.model.messages import OrderDenied
from trader.model.orders import Side
from trader.model.reasons import Reason
from trader.risk.locks import MINUTE, Closed, Lock, closed_by, judge_trades, remembered
from trader.risk.settings import LowProfitPairs, MaxDrawdown, Protections, StoplossGuard

OFF = Protections(
    StoplossGuard(trade_limit=0), MaxDrawdown(trade_limit=0), LowProfitPairs(trade_limit=0)
)


def trade(minute: int, profit: float = -0.01, symbol: str = SYMBOL, **fields: Any) -> Closed:
    """Return a trade that a stop ended so many minutes after the start."""
    given = {"side": Side.BUY, "stopped": True} | fields
    return Closed(symbol=symbol, ts=START + minute * MINUTE, profit=profit, **given)


def guarded(*trades: Closed, **rule: Any) -> list[Lock]:
    """Judge trades by a StoplossGuard of two stops an hour, locking for ten minutes."""
    settings = {"trade_limit": 2, "lookback_period": 60, "stop_duration": 10} | rule
    return judge_trades(
        Protections(StoplossGuard(**settings), OFF.max_drawdown, OFF.low_profit_pairs), [*trades]
    )


def fallen(*trades: Closed, **rule: Any) -> list[Lock]:
    """Judge trades by a MaxDrawdown of 5 % over two trades of an hour."""
    settings = {"trade_limit": 2, "lookback_period": 60, "stop_duration": 10} | rule
    drawdown = MaxDrawdown(**({"max_allowed_drawdown": 0.05} | settings))
    return judge_trades(Protections(OFF.stoploss_guard, drawdown, OFF.low_profit_pairs), [*trades])


def poor(*trades: Closed, **rule: Any) -> list[Lock]:
    """Judge trades by LowProfitPairs: two of an hour must bring something."""
    settings = {"trade_limit": 2, "lookback_period": 60, "stop_duration": 10} | rule
    pairs = LowProfitPairs(**({"required_profit": 0.0} | settings))
    return judge_trades(Protections(OFF.stoploss_guard, OFF.max_drawdown, pairs), [*trades])


def test_stops_in_a_row_lock_everything() -> None:
    """From the last of them on, for as long as is set; on every symbol and side."""
    (lock,) = guarded(trade(0), trade(59, symbol=OTHER))
    assert (lock.reason, lock.until) == (Reason.STOPLOSS_GUARD, START + 69 * MINUTE)
    assert lock.holds(SYMBOL, Side.SELL, lock.until - 1)
    assert not lock.holds(SYMBOL, Side.SELL, lock.until)


def test_stops_that_do_not_count() -> None:
    """Too long ago, no stop, or without a loss: trailing stops may win."""
    assert guarded(trade(0), trade(60))
    assert guarded(trade(0), trade(61)) == []
    assert guarded(trade(0, stopped=False), trade(1)) == []
    assert guarded(trade(0, profit=0.01), trade(1)) == []
    assert guarded(trade(0, profit=0.0), trade(1)) == []
    assert guarded(trade(0), trade(1), trade_limit=0) == []


def test_a_guard_by_pair_and_side_counts_and_locks_them_apart() -> None:
    """Two stops of two symbols lock neither; two of one lock it alone."""
    assert guarded(trade(0), trade(1, symbol=OTHER), only_per_pair=True) == []
    (lock,) = guarded(trade(0, symbol=OTHER), trade(1), trade(2), only_per_pair=True)
    assert lock.holds(SYMBOL, Side.BUY, START)
    assert not lock.holds(OTHER, Side.BUY, START)
    assert guarded(trade(0), trade(1, side=Side.SELL), only_per_side=True) == []
    (lock,) = guarded(trade(0), trade(1), only_per_side=True)
    assert lock.holds(OTHER, Side.BUY, START)
    assert not lock.holds(OTHER, Side.SELL, START)


def test_a_fall_over_several_trades_locks_everything() -> None:
    """It is the sum of profits that falls, from its highest and not from nothing."""
    assert fallen(trade(0, -0.02), trade(1, -0.02)) == []
    (lock,) = fallen(trade(0, 0.03), trade(1, -0.02), trade(2, -0.04))
    assert (lock.reason, lock.symbol, lock.until) == (
        Reason.MAX_DRAWDOWN,
        None,
        START + 12 * MINUTE,
    )
    assert fallen(trade(0, -0.5)) == [], "one trade is too few to judge"
    assert fallen(trade(0, -0.25), trade(1, -0.25), max_allowed_drawdown=0.5) == []


def test_a_symbol_that_brings_too_little_is_locked() -> None:
    """Others are not."""
    assert poor(trade(0, -0.01), trade(1, 0.01)) == []
    assert poor(trade(0, -0.01, OTHER), trade(1)) == []
    (lock,) = poor(trade(0, 0.5, OTHER), trade(1, -0.02), trade(2, 0.01))
    assert (lock.reason, lock.symbol, lock.side) == (Reason.LOW_PROFIT_PAIRS, SYMBOL, None)
    assert lock.until == START + 12 * MINUTE
    assert poor(trade(0), trade(1, side=Side.SELL), only_per_side=True) == []
    (lock,) = poor(trade(0), trade(1), only_per_side=True)
    assert lock.side is Side.BUY


def test_a_trade_is_judged_by_what_it_brought_of_what_was_entered() -> None:
    """A gain of 10 on two at 50 is a tenth."""
    two, at = Decimal(2), Decimal(50)
    ended = Trade(SYMBOL, START, START + 1, two, at, Decimal(55), Decimal(10), Decimal(0))
    assert closed_by(ended, stopped=False) == Closed(SYMBOL, Side.BUY, START + 1, 0.1, False)


@pytest.mark.parametrize("longest", range(3))
def test_a_trade_is_remembered_for_as_long_as_any_protection_looks_back(longest: int) -> None:
    """None forgets what another counts."""
    back = [30, 30, 30]
    back[longest] = 90
    rules = StoplossGuard, MaxDrawdown, LowProfitPairs
    made = (rule(lookback_period=minutes) for rule, minutes in zip(rules, back, strict=True))
    assert remembered(Protections(*made)) == 90 * 60 * SECOND


@given(st.lists(st.floats(-1, 1), min_size=1, max_size=20), st.floats(0, 1))
def test_a_drawdown_locks_where_the_obvious_model_says_so(
    profits: list[float], allowed: float
) -> None:
    """The deepest fall is the largest drop from any earlier sum to any later one."""
    sums = [sum(profits[:n]) for n in range(len(profits) + 1)]
    deepest = max(sums[i] - sums[j] for j in range(len(sums)) for i in range(j + 1))
    if abs(deepest - allowed) > 1e-9:
        trades = [trade(0, profit) for profit in profits]
        found = fallen(*trades, trade_limit=1, max_allowed_drawdown=allowed)
        assert bool(found) == (deepest > allowed)


def test_a_stop_that_was_hit_locks_entries_and_says_until_when() -> None:
    """Through the guard: the trade ends, and the next proposal waits."""
    desk = Desk(cooldown_seconds=0.0)
    rule = StoplossGuard(trade_limit=1, lookback_period=60, stop_duration=10)
    desk.rules = type(desk.rules)(
        desk.rules.settings,
        desk.rules.max_size_pct,
        desk.rules.instruments,
        Protections(rule, OFF.max_drawdown, OFF.low_profit_pairs),
    )
    stop, _ = desk.hold()
    desk.fill(stop, desk.held, "95")
    desk.now += 5 * MINUTE
    desk.state.prices[OTHER].closed = desk.now
    (denied,) = desk.propose(decision=8, symbol=OTHER)
    assert isinstance(denied, OrderDenied)
    assert denied.reason is Reason.STOPLOSS_GUARD
    assert denied.detail == "1 stops in 60 min; until 2023-11-14 22:23 UTC"
    desk.now += 5 * MINUTE
    desk.state.prices[OTHER].closed = desk.now
    assert placed(desk.propose(decision=9, symbol=OTHER))
