"""Equity marks, loss windows and drawdown against their limits."""

import math

from trader.accounting.windows import Window
from trader.model.messages import LimitBreached, Message
from trader.model.reasons import Reason
from trader.model.views import TradingState
from trader.risk.holds import hold, release
from trader.risk.limits import loss_limit
from trader.risk.settings import RiskSettings
from trader.risk.state import RiskState

LOSSES = {
    Window.DAY: Reason.LOSS_DAY,
    Window.WEEK: Reason.LOSS_WEEK,
    Window.MONTH: Reason.LOSS_MONTH,
}


def mark(settings: RiskSettings, state: RiskState, now: int) -> list[Message]:
    """Take in the equity of now: begin windows that are due, then compare with every limit."""
    if state.baseline is None:
        return []
    equity, performance = state.equity(), state.performance
    told = _roll(state, now, equity) if now >= state.windows.next_roll else []
    performance.mark(equity)
    if equity <= state.alarm:
        told += _check_windows(settings, state, equity)
    drawdown, bound = performance.drawdown_pct(equity), settings.max_drawdown_pct
    if drawdown >= bound:
        told += _breach(state, Reason.DRAWDOWN_TOTAL, TradingState.HALTED, drawdown, bound)
    return told


def _roll(state: RiskState, now: int, equity: float) -> list[Message]:
    before = dict(state.windows.numbers)
    state.windows.roll(now, equity)
    state.alarm = math.inf
    begun = [w for w, number in state.windows.numbers.items() if before.get(w) != number]
    ended = frozenset(LOSSES[window] for window in begun)
    over = [known.reason for known in state.holds if known.reason in ended]
    return release(state, ended, over[0], "a new window has begun") if over else []


def _check_windows(settings: RiskSettings, state: RiskState, equity: float) -> list[Message]:
    told: list[Message] = []
    windows, state.alarm = state.windows, 0.0
    for window, reason in LOSSES.items():
        loss, bound = windows.loss_pct(window, equity), loss_limit(settings, window)
        # A hair early, so that no rounding hides a limit.
        alarm = windows.baselines[window] * (1 - bound / 100) * (1 + 1e-9)
        state.alarm = max(state.alarm, alarm)
        if loss >= bound:
            told += _breach(state, reason, TradingState.REDUCING, loss, bound)
    return told


def _breach(
    state: RiskState, reason: Reason, level: TradingState, value: float, bound: float
) -> list[Message]:
    if any(known.reason is reason for known in state.holds):
        return []
    told = hold(state, reason, level, f"{value:.2f} % of {bound:g} %")
    return [LimitBreached(reason, level is TradingState.HALTED, value, bound), *told]
