"""What keeps trading from being active, and what it says of the trading state."""

from trader.accounting.windows import Window, end_of
from trader.model.messages import Message, TradingStateChanged
from trader.model.orders import ENTRY
from trader.model.reasons import Reason
from trader.model.views import TradingState
from trader.risk.guard import cancel
from trader.risk.state import Hold, RiskState

NEEDS_RESUME = frozenset(
    {Reason.LOSS_MONTH, Reason.DRAWDOWN_TOTAL, Reason.EMERGENCY_STOP, Reason.HALT_OPERATOR}
)
"""Hard halts: an operator alone lifts them, by `run.py resume`."""

LASTING = NEEDS_RESUME | {Reason.LOSS_DAY, Reason.LOSS_WEEK}
"""Holds that outlive a session: until their window ends, or an operator resumes."""

_ENDS = {Reason.LOSS_DAY: Window.DAY, Reason.LOSS_WEEK: Window.WEEK}
_LIFTS = {
    Reason.LOSS_DAY: "until 00:00 UTC",
    Reason.LOSS_WEEK: "until Monday 00:00 UTC",
    Reason.HALT_JOURNAL: "until the journal can be written",
    Reason.START_RECONCILING: "until the account agrees with our fills",
    Reason.HALT_MESSAGE_LOST: "until the account agrees with our fills",
    Reason.HALT_ACCOUNT_DIFFERS: "until the account agrees with our fills",
    **dict.fromkeys((*NEEDS_RESUME, Reason.HALT_LIMIT), "until `run.py resume`"),
}


def lifts(reason: Reason) -> str:
    """Say what lifts a hold."""
    return _LIFTS.get(reason, "until the run ends")


def lifts_at(reason: Reason, now: int) -> int | None:
    """Return when (ns) a hold lifts by itself, None where time alone does not lift it."""
    window = _ENDS.get(reason)
    return None if window is None else end_of(window, now)


def current(state: RiskState) -> Hold | None:
    """Return the hold that the trading state is named after: the first of the gravest."""
    halts = [hold for hold in state.holds if hold.level is TradingState.HALTED]
    return next(iter(halts or state.holds), None)


def hold(
    state: RiskState, reason: Reason, level: TradingState, detail: str, now: int
) -> list[Message]:
    """Keep trading from being active for one more reason, and cancel what is still to open."""
    if any(known.reason is reason for known in state.holds):
        return []
    before = current(state)
    state.holds.append(Hold(reason, level, detail, now))
    return [*_changes(before, state), *cancel_entries(state, Reason.CANCEL_HALTED)]


def release(
    state: RiskState, reasons: frozenset[Reason], because: Reason, detail: str
) -> list[Message]:
    """Drop holds; where none is left trading is active, `because` of this."""
    before = current(state)
    state.holds = [known for known in state.holds if known.reason not in reasons]
    if before is not None and not state.holds:
        return [TradingStateChanged(TradingState.ACTIVE, because, detail)]
    return _changes(before, state)


def cancel_entries(state: RiskState, reason: Reason) -> list[Message]:
    """Cancel every entry order that is still to open a position."""
    entries = [w for campaign in state.campaigns.values() for w in campaign.alive(ENTRY)]
    return [*cancel(entries, reason)]


def _changes(before: Hold | None, state: RiskState) -> list[Message]:
    after = current(state)
    if after is None or after == before:
        return []
    return [TradingStateChanged(after.level, after.reason, after.detail)]
