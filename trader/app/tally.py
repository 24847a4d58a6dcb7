"""Counts what a run does, as it is sent."""

from collections import Counter
from collections.abc import Mapping

from trader.app.trades import TradeBook
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
            m.SubmitOrder,
            m.OrderPartiallyFilled,
            m.PositionChanged,
            m.PositionLiquidated,
            m.TradingStateChanged,
            m.LimitBreached,
            m.HaltTrading,
        }
    )

    def __init__(self) -> None:
        self.orders: Counter[str] = Counter()
        self.advice: Counter[str] = Counter()
        self.denials: Counter[str] = Counter()
        """Orders that RiskGuard denied, by reason."""
        self.refusals: Counter[str] = Counter()
        """Advice that the Validator refused, by reason."""
        self.rejections: Counter[str] = Counter()
        """Orders that the venue rejected, or the last check before it, by reason."""
        self.breaches: Counter[str] = Counter()
        """How often each limit was reached."""
        self.worst: dict[str, float] = {}
        """How much of it was used then, at the most."""
        self.book = TradeBook()
        self.decisions = 0
        self.fills = 0
        self.halted: Reason | None = None
        """Why trading stands halted, other than by the orderly end."""
        self.halt: HaltTrading | None = None
        """The KillSwitch's halt, whatever its reason: it is for good."""
        self.halted_at = 0
        """When it was told (ns)."""
        self.gave_up: set[str] = set()
        """Roles that are not restarted any more."""
        self._tripped = False

    def take(self, _sender: str, message: Message, time: int) -> None:
        """Count one message of `types`."""
        if type(message) in _ORDERS:
            self.orders[_ORDERS[type(message)]] += 1
        match message:
            case m.AdviceGiven(advice):
                if advice.stance is not Stance.HOLD:
                    self.advice[advice.source] += 1
                    self.book.advised(message)
            case m.AdviceRefused() | m.ProposeOrder():
                self._decide(message, time)
            case m.OrderDenied():
                self.denials[message.reason] += 1
                self.book.denied(message)
            case m.OrderRejected():
                self.rejections[message.reason] += 1
            case m.LimitBreached():
                self._breach(message)
            case m.TradingStateChanged() | m.HaltTrading():
                self._follow(message, time)
            case _:
                self._trade(message, time)

    def _trade(self, message: Message, time: int) -> None:
        match message:
            case m.SubmitOrder():
                self.book.submitted(message)
            case m.OrderFilled(fill) | m.OrderPartiallyFilled(fill):
                self.fills += 1
                self.book.filled(fill)
            case m.PositionLiquidated(fill):
                self.fills += 1
                self.book.filled(fill, Reason.EXIT_LIQUIDATED)
            case m.PositionChanged():
                self.book.moved(message, time)

    def _decide(self, message: m.AdviceRefused | m.ProposeOrder, time: int) -> None:
        self.decisions += 1
        if isinstance(message, m.ProposeOrder):
            self.book.proposed(message, time)
        else:
            self.refusals[message.reason] += 1
            self.book.refused(message, time)

    def _breach(self, message: m.LimitBreached) -> None:
        name = message.limit
        self.breaches[name] += 1
        self.worst[name] = max(message.value, self.worst.get(name, 0.0))

    def _follow(self, message: m.TradingStateChanged | m.HaltTrading, time: int) -> None:
        if isinstance(message, m.HaltTrading):
            # RiskGuard may be down when it comes.
            self.halt, self.halted_at = message, time
            self._tripped = message.reason not in _ENDS
            self.halted = message.reason if self._tripped else self.halted
        elif message.state is TradingState.HALTED and message.reason not in _ENDS:
            self.halted = message.reason
        elif message.state is not TradingState.HALTED and not self._tripped:
            self.halted = None


def often(counts: Mapping[str, int]) -> dict[str, int]:
    """Return counts with the most frequent first."""
    return dict(sorted(counts.items(), key=lambda item: (-item[1], item[0])))
