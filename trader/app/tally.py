"""Counts what a run does, as it is sent."""

from collections import Counter
from collections.abc import Callable, Mapping
from typing import Any, ClassVar

from trader.app.trades import TradeBook
from trader.model import messages as m
from trader.model.messages import HaltTrading, Message
from trader.model.reasons import Reason
from trader.model.views import Stance, TradingState

_ENDS = frozenset({Reason.HALT_SHUTDOWN, Reason.START_RECONCILING})


class Tally:
    """The counts of the session summary that no actor keeps."""

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
        self._folds[type(message)](self, message, time)

    def _advise(self, message: m.AdviceGiven, _time: int) -> None:
        if message.advice.stance is not Stance.HOLD:
            self.advice[message.advice.source] += 1
            self.book.advised(message)

    def _refuse(self, message: m.AdviceRefused, time: int) -> None:
        self.decisions += 1
        self.refusals[message.reason] += 1
        self.book.refused(message, time)

    def _propose(self, message: m.ProposeOrder, time: int) -> None:
        self.decisions += 1
        self.book.proposed(message, time)

    def _deny(self, message: m.OrderDenied, _time: int) -> None:
        self.orders["denied"] += 1
        self.denials[message.reason] += 1
        self.book.denied(message)

    def _approve(self, message: m.SubmitOrder, _time: int) -> None:
        self.book.submitted(message)

    def _submit(self, _message: m.OrderSubmitted, _time: int) -> None:
        self.orders["submitted"] += 1

    def _cancel(self, _message: m.OrderCanceled | m.OrderExpired, _time: int) -> None:
        self.orders["canceled"] += 1

    def _reject(self, message: m.OrderRejected, _time: int) -> None:
        self.orders["rejected"] += 1
        self.rejections[message.reason] += 1

    def _fill(self, message: m.OrderFilled, time: int) -> None:
        self.orders["filled"] += 1
        self._fill_part(message, time)

    def _fill_part(self, message: m.OrderFilled | m.OrderPartiallyFilled, _time: int) -> None:
        self.fills += 1
        self.book.filled(message.fill)

    def _liquidate(self, message: m.PositionLiquidated, _time: int) -> None:
        self.fills += 1
        self.book.filled(message.fill, Reason.EXIT_LIQUIDATED)

    def _move(self, message: m.PositionChanged, time: int) -> None:
        self.book.moved(message, time)

    def _breach(self, message: m.LimitBreached, _time: int) -> None:
        name = message.limit
        self.breaches[name] += 1
        self.worst[name] = max(message.value, self.worst.get(name, 0.0))

    def _halt(self, message: HaltTrading, time: int) -> None:
        # RiskGuard may be down when it comes.
        self.halt, self.halted_at = message, time
        self._tripped = message.reason not in _ENDS
        self.halted = message.reason if self._tripped else self.halted

    def _change(self, message: m.TradingStateChanged, _time: int) -> None:
        if message.state is not TradingState.HALTED:
            self.halted = self.halted if self._tripped else None
        elif message.reason not in _ENDS:
            self.halted = message.reason

    _folds: ClassVar[dict[type[Message], Callable[["Tally", Any, int], None]]] = {
        m.AdviceGiven: _advise,
        m.AdviceRefused: _refuse,
        m.ProposeOrder: _propose,
        m.OrderDenied: _deny,
        m.SubmitOrder: _approve,
        m.OrderSubmitted: _submit,
        m.OrderCanceled: _cancel,
        m.OrderExpired: _cancel,
        m.OrderRejected: _reject,
        m.OrderPartiallyFilled: _fill_part,
        m.OrderFilled: _fill,
        m.PositionLiquidated: _liquidate,
        m.PositionChanged: _move,
        m.LimitBreached: _breach,
        m.HaltTrading: _halt,
        m.TradingStateChanged: _change,
    }
    types = frozenset(_folds)


def often(counts: Mapping[str, int]) -> dict[str, int]:
    """Return counts with the most frequent first."""
    return dict(sorted(counts.items(), key=lambda item: (-item[1], item[0])))
