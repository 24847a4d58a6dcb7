"""Equity marks, loss windows and drawdown against their limits."""

import math

from trader.accounting.windows import Window
from trader.model.messages import LimitBreached, Message
from trader.model.orders import ENTRY
from trader.model.reasons import Reason
from trader.model.views import TradingState
from trader.risk.checks import loss_limit
from trader.risk.holds import NEEDS_RESUME, hold, release
from trader.risk.protection import close, is_held
from trader.risk.state import Campaign, RiskState, Rules

LOSSES = {
    Window.DAY: Reason.LOSS_DAY,
    Window.WEEK: Reason.LOSS_WEEK,
    Window.MONTH: Reason.LOSS_MONTH,
}


def mark(rules: Rules, state: RiskState, now: int, *, at_close: bool = False) -> list[Message]:
    """Take in the equity of now: begin windows that are due, then compare with every limit.

    A window begins with what was last known before it, so that no fill and no hole in the data
    takes a loss out of it; with the equity of now where that is `at_close` of its very first
    moment, or where nobody looked until now.
    """
    if state.baseline is None:
        return []
    equity, measured = state.equity(), state.performance
    measured.mark(equity)
    if state.converted is not None:
        state.rate = state.prices[rules.conversion].mid or state.rate
        equity *= state.rate
        if not equity:
            return []
        measured = state.converted
        measured.mark(equity)
    told: list[Message] = []
    if state.marked is None:
        told = _take_over(rules, state, now, equity)
    elif now >= state.windows.next_roll:
        told = _roll(state, now, state.marked, equity if at_close else None)
        state.begun = []
        state.marked = equity
    else:
        state.marked = equity
    # A new peak raises the alarm.
    if not state.alarm < equity < measured.peak:
        told += _check_limits(rules, state, equity, now)
    return told


def room(rules: Rules, state: RiskState) -> tuple[Reason, float]:
    """Return which loss limit is the nearest, and what may yet be lost until it is reached.

    In the quote currency. What is held, or on its way, counts as lost to its stop.
    """
    worth, windows = state.worth(), state.windows
    left = {
        reason: worth - baseline * (1 - loss_limit(rules.settings, window) / 100)
        for window, reason in LOSSES.items()
        if (baseline := windows.baselines.get(window)) is not None
    }
    nearest = min(left, key=lambda reason: left[reason], default=Reason.LOSS_DAY)
    at_stake = sum(_at_stake(state, campaign) for campaign in state.campaigns.values())
    return nearest, left.get(nearest, math.inf) / (state.rate or 1.0) - at_stake


def _at_stake(state: RiskState, campaign: Campaign) -> float:
    """Return what a position, and entries on their way, may lose from here to the stop."""
    sign, stop = campaign.side.sign, float(campaign.stop)
    held = abs(state.held.get(campaign.symbol, 0.0))
    lost = held * max(0.0, sign * (state.prices[campaign.symbol].close - stop)) if held else 0.0
    for entry in campaign.alive(ENTRY):
        lost += float(entry.remaining) * max(0.0, sign * (float(entry.worst) - stop))
    return lost


def resume(state: RiskState, why: str) -> list[Message]:
    """Lift what an operator alone may lift, and measure what led to it from now on."""
    lifted = {known.reason for known in state.holds} & NEEDS_RESUME
    if Reason.LOSS_MONTH in lifted:
        state.windows.baselines[Window.MONTH] = state.worth()
    if lifted & {Reason.DRAWDOWN_TOTAL, Reason.EMERGENCY_STOP}:
        state.measured.restart(state.worth())
    state.alarm = math.inf
    return release(state, frozenset(lifted), Reason.RESUME_OPERATOR, why)


def _take_over(rules: Rules, state: RiskState, now: int, equity: float) -> list[Message]:
    """Begin a session: what is held is worth what the market says in it, not before."""
    told = _roll(state, now, equity, None) if now >= state.windows.next_roll else []
    for window in state.begun:
        state.windows.baselines[window] = equity
    state.alarm = math.inf
    if all(state.prices[s].closed for s in (*state.held, *filter(None, [rules.conversion]))):
        state.marked, state.begun = equity, []
    return told


def _roll(state: RiskState, now: int, equity: float, sharp: float | None) -> list[Message]:
    before = dict(state.windows.numbers)
    state.windows.roll(now, equity, sharp)
    state.alarm = math.inf
    state.begun += [w for w, number in state.windows.numbers.items() if before.get(w) != number]
    ended = frozenset(LOSSES[window] for window in state.begun) - NEEDS_RESUME
    over = [known.reason for known in state.holds if known.reason in ended]
    return release(state, ended, over[0], "a new window has begun") if over else []


def _check_limits(rules: Rules, state: RiskState, equity: float, now: int) -> list[Message]:
    told: list[Message] = []
    windows, settings, drawdown = state.windows, rules.settings, state.measured.drawdown_pct(equity)
    alarm = max(0.0, state.measured.peak * (1 - settings.max_drawdown_pct / 100))
    for window, reason in LOSSES.items():
        loss, bound = windows.loss_pct(window, equity), loss_limit(settings, window)
        alarm = max(alarm, windows.baselines[window] * (1 - bound / 100))
        if loss >= bound:
            told += _breach(state, reason, loss, bound, now)
    if drawdown >= settings.max_drawdown_pct:
        bound = settings.max_drawdown_pct
        told += _breach(state, Reason.DRAWDOWN_TOTAL, drawdown, bound, now)
    if drawdown >= settings.emergency_pct:
        told += _stop_all(rules, state, drawdown, now)
    # A hair early, so that no rounding hides a limit.
    state.alarm = alarm * (1 + 1e-9)
    return told


def _stop_all(rules: Rules, state: RiskState, drawdown: float, now: int) -> list[Message]:
    """Halt and close every position, once."""
    bound = rules.settings.emergency_pct
    told = _breach(state, Reason.EMERGENCY_STOP, drawdown, bound, now)
    for campaign in state.campaigns.values() if told else ():
        if campaign.alive(ENTRY) or is_held(rules, state, campaign):
            told += close(rules, state, campaign, Reason.EXIT_LIMIT)
    return told


def _breach(
    state: RiskState, reason: Reason, value: float, bound: float, now: int
) -> list[Message]:
    if any(known.reason is reason for known in state.holds):
        return []
    hard = reason in NEEDS_RESUME
    level = TradingState.HALTED if hard else TradingState.REDUCING
    told = hold(state, reason, level, f"{value:.2f} % of {bound:g} %", now)
    return [LimitBreached(reason, hard, value, bound), *told]
