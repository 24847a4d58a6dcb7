"""The counts that no actor keeps."""

from trader.app.tally import Tally
from trader.model.messages import HaltTrading, TradingStateChanged
from trader.model.reasons import Reason
from trader.model.views import TradingState

ACTIVE, HALTED = TradingState.ACTIVE, TradingState.HALTED


def told(*messages: HaltTrading | TradingStateChanged) -> Tally:
    """Tell a tally of messages."""
    tally = Tally()
    for message in messages:
        tally.take("anyone", message, 0)
    return tally


def halt(reason: Reason) -> HaltTrading:
    """Return a halt of the KillSwitch's."""
    return HaltTrading(1, reason, "", flatten=False)


def test_the_beginning_and_the_end_are_no_halts() -> None:
    """Every run starts halted and ends halted; neither is why it stopped trading."""
    tally = told(
        TradingStateChanged(HALTED, Reason.START_RECONCILING, ""),
        TradingStateChanged(ACTIVE, Reason.START_RECONCILED, ""),
        halt(Reason.HALT_SHUTDOWN),
        TradingStateChanged(HALTED, Reason.HALT_SHUTDOWN, ""),
    )

    assert tally.halted is None
    assert tally.halt == halt(Reason.HALT_SHUTDOWN)


def test_a_halt_of_risk_guards_passes() -> None:
    """A limit whose window is over is no reason any more."""
    breached = TradingStateChanged(HALTED, Reason.HALT_LIMIT, "")

    assert told(breached).halted is Reason.HALT_LIMIT
    assert told(breached, TradingStateChanged(ACTIVE, Reason.HALT_LIMIT, "")).halted is None


def test_a_halt_of_the_kill_switch_is_for_good() -> None:
    """Not even RiskGuard, restarted meanwhile, talks it away."""
    tally = told(halt(Reason.HALT_ACTOR), TradingStateChanged(ACTIVE, Reason.START_RECONCILED, ""))

    assert tally.halted is Reason.HALT_ACTOR
