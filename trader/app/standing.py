"""Why trading is not active, since when, and what lifts it."""

from trader.app.tally import Tally
from trader.model.views import TradingState
from trader.risk.holds import current, lifts, lifts_at
from trader.risk.state import Hold, RiskState
from trader.ui.render import iso
from trader.ui.status import HoldStatus


def level_of(tally: Tally, state: RiskState) -> TradingState:
    """Return the trading state."""
    hold = current(state)
    if tally.halt is not None:
        return TradingState.HALTED
    return TradingState.ACTIVE if hold is None else hold.level


def holds_of(tally: Tally, state: RiskState, now: int) -> tuple[HoldStatus, ...]:
    """Return what keeps trading from being active at market time `now` (ns), the gravest first.

    RiskGuard may have been down when the KillSwitch halted, whose word comes before all others.
    """
    holds = sorted(state.holds, key=lambda hold: hold.level is not TradingState.HALTED)
    if tally.halt is not None:
        # Its time is ahead of an engine that cannot keep pace.
        halt, since = tally.halt, min(tally.halted_at, now)
        holds = [hold for hold in holds if hold.reason is not halt.reason]
        holds.insert(0, Hold(halt.reason, TradingState.HALTED, halt.detail, since))
    return tuple(_status(hold, now) for hold in holds)


def _status(hold: Hold, now: int) -> HoldStatus:
    ends = lifts_at(hold.reason, now)
    return HoldStatus(
        reason=hold.reason,
        state=hold.level,
        detail=hold.detail,
        since=iso(hold.since) if hold.since else None,
        lifts=lifts(hold.reason),
        lifts_at=None if ends is None else iso(ends),
    )
