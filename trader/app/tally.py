"""Counts what a run does, as it is sent."""

from collections import Counter

from trader.model import messages as m
from trader.model.messages import HaltTrading, Message
from trader.model.reasons import Reason
from trader.model.views import Stance, TradingState

_ORDERS: dict[type[Message], str] = {
    m.OrderSubmitted: "submitted",
    m.OrderFilled: "filled",
    m.OrderCanceled: "canceled",
    m.OrderExpired: "canceled",
    m.OrderRejected: "rejected",
    m.OrderDenied: "denied",
}
_ENDS = frozenset({Reason.HALT_SHUTDOWN, Reason.START_RECONCILING})


class Tally:
    """The counts of the session summary that no actor keeps."""

    types = frozenset(
        {
            *_ORDERS,
            m.AdviceGiven,
            m.AdviceRefused,
            m.ProposeOrder,
            m.OrderPartiallyFilled,
            m.PositionLiquidated,
            m.TradingStateChanged,
            m.HaltTrading,
        }
    )

    def __init__(self) -> None:
        self.orders: Counter[str] = Counter()
        self.advice: Counter[str] = Counter()
        self.decisions = 0
        self.fills = 0
        self.halted: Reason | None = None
        """Why trading stands halted, other than by the orderly end."""
        self.halt: HaltTrading | None = None
        """The KillSwitch's halt, whatever its reason: it is for good."""
        self.gave_up: set[str] = set()
        """Roles that are not restarted any more."""
        self._tripped = False

    def take(self, _sender: str, message: Message, _time: int) -> None:
        """Count one message of `types`."""
        if isinstance(message, m.AdviceGiven):
            if message.advice.stance is not Stance.HOLD:
                self.advice[message.advice.source] += 1
        elif isinstance(message, m.AdviceRefused | m.ProposeOrder):
            self.decisions += 1
        elif isinstance(message, m.TradingStateChanged | m.HaltTrading):
            self._follow(message)
        else:
            if type(message) in _ORDERS:
                self.orders[_ORDERS[type(message)]] += 1
            if isinstance(message, m.OrderFilled | m.OrderPartiallyFilled | m.PositionLiquidated):
                self.fills += 1

    def _follow(self, message: m.TradingStateChanged | m.HaltTrading) -> None:
        if isinstance(message, m.HaltTrading):
            # RiskGuard may be down when it comes.
            self.halt = message
            self._tripped = message.reason not in _ENDS
            self.halted = message.reason if self._tripped else self.halted
        elif message.state is TradingState.HALTED and message.reason not in _ENDS:
            self.halted = message.reason
        elif message.state is not TradingState.HALTED and not self._tripped:
            self.halted = None
