"""Follows what becomes of each decision: the newest ones, and the trades they made."""

from collections import deque
from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import Any, Literal

import msgspec

from trader.model import messages as m
from trader.model.instrument import ZERO, to_decimal
from trader.model.orders import ENTRY, EXIT, STOP, TARGET, Fill
from trader.model.reasons import Reason
from trader.model.views import Advice, Stance
from trader.ui.render import utc
from trader.ui.status import DecisionStatus
from trader.ui.summary import TradeRecord

KEPT = 500
"""How many of the newest trades a summary holds."""
_SHOWN = 8
"""How many of the newest decisions a status shows."""
_PLACES = Decimal("1e-8")
_BY_LEG = {STOP: Reason.EXIT_STOP, TARGET: Reason.EXIT_TARGET}


class Decision(msgspec.Struct):
    """A decision at market time `time` (ns), the advice it judged, and what has come of it."""

    number: int
    time: int
    symbol: str
    advice: Advice | None
    outcome: str

    def status(self) -> DecisionStatus:
        """Return what a status says of it."""
        advice = self.advice
        return DecisionStatus(
            decision=self.number,
            time=utc(self.time),
            symbol=self.symbol,
            stance=Stance.HOLD if advice is None else advice.stance,
            conviction=0.0 if advice is None else advice.conviction,
            source="" if advice is None else advice.source,
            rationale="" if advice is None else advice.rationale,
            outcome=self.outcome,
        )


class Deal(msgspec.Struct):
    """A position from flat to flat: what it was entered and left for, and at which prices.

    `base` is the symbol's realized profit before it, `pnl` what it added; `opened` and `closed` are
    market times (ns), 0 while they are not known.
    """

    symbol: str
    side: Literal["long", "short"]
    decision: int
    opened: int
    why: str
    base: Decimal
    entered: Decimal = ZERO
    paid: Decimal = ZERO
    left: Decimal = ZERO
    received: Decimal = ZERO
    fees: Decimal = ZERO
    exit_reason: str | None = None
    pnl: Decimal = ZERO
    closed: int = 0

    def take(self, fill: Fill, reason: str | None) -> None:
        """Add a fill; `reason` says what its order is for, where that is an exit."""
        amount = fill.quantity * fill.price
        if (fill.side.sign > 0) == (self.side == "long"):
            self.entered += fill.quantity
            self.paid += amount
        else:
            self.left += fill.quantity
            self.received += amount
            self.exit_reason = reason
        self.fees += fill.fee

    def unrealized(self, mark: Decimal) -> Decimal:
        """Return what is still held beyond what it was entered for."""
        held, sign = self.entered - self.left, 1 if self.side == "long" else -1
        return sign * (held * mark - self.paid * held / self.entered)

    def record(self, pnl: Decimal, redact: Callable[[str], str]) -> TradeRecord:
        """Return what a summary says of it, with what it has brought after costs."""
        return TradeRecord(
            symbol=self.symbol,
            side=self.side,
            decision=self.decision,
            quantity=self.entered,
            opened=utc(self.opened) if self.opened else None,
            entry=_mean(self.paid, self.entered),
            entry_reason=redact(self.why),
            closed=utc(self.closed) if self.closed else None,
            exit=_mean(self.received, self.left) if self.left else None,
            exit_reason=self.exit_reason,
            fees=self.fees,
            pnl=pnl,
        )


class TradeBook:
    """Is told of decisions, orders and fills as they are sent.

    `on_trade` is called when a trade has ended. The kernel's thread writes; any other may read
    `recent`, which is replaced as a whole.
    """

    def __init__(self) -> None:
        self.recent: tuple[Decision, ...] = ()
        self.closed: deque[Deal] = deque(maxlen=KEPT)
        self.on_trade: Callable[[], None] = lambda: None
        self._advice: dict[str, Advice] = {}
        self._judged: dict[int, Advice | None] = {}
        self._orders: dict[str, m.SubmitOrder] = {}
        self._deals: dict[str, Deal] = {}
        self.fees = ZERO
        self.realized: dict[str, Decimal] = {}
        """What each symbol has won after costs, over all its trades."""

    def resume(self, symbol: str, quantity: Decimal, price: Decimal, realized: Decimal) -> None:
        """Take down what an earlier run left of a symbol; what it `realized` is not won again."""
        self.realized[symbol] = realized
        if quantity:
            deal = self._begin(symbol, quantity > 0, 0, 0, "held since an earlier run")
            deal.entered, deal.paid = abs(quantity), abs(quantity) * price

    # -- decisions ---------------------------------------------------------------------------------

    def advised(self, message: m.AdviceGiven) -> None:
        """Remember why; the judgment follows."""
        self._advice[message.advice.symbol] = message.advice

    def refused(self, message: m.AdviceRefused, time: int) -> None:
        """Note a decision that was to change nothing."""
        self._note(message.decision, message.symbol, f"refused {message.reason}", time)

    def proposed(self, message: m.ProposeOrder, time: int) -> None:
        """Note a decision that RiskGuard is to judge."""
        advice = self._note(message.decision, message.symbol, "proposed", time)
        _remember(self._judged, message.decision, advice)

    def denied(self, message: m.OrderDenied) -> None:
        """Note that RiskGuard said no."""
        self._follow(message.decision, f"denied {message.reason}")

    def submitted(self, message: m.SubmitOrder) -> None:
        """Note an order that a decision asked for, and what each order is for."""
        order = message.order
        _remember(self._orders, order.client_order_id, message)
        if order.leg is ENTRY or order.leg is EXIT:
            self._follow(message.decision, f"{order.side} {order.quantity:f}")

    def _note(self, number: int, symbol: str, outcome: str, time: int) -> Advice | None:
        advice = self._advice.get(symbol)
        decision = Decision(number, time, symbol, advice, outcome)
        self.recent = (*self.recent[1 - _SHOWN :], decision)
        return advice

    def _follow(self, number: int, outcome: str) -> None:
        for decision in self.recent:
            if decision.number == number:
                decision.outcome = outcome

    # -- trades ------------------------------------------------------------------------------------

    def filled(self, fill: Fill, reason: str | None = None) -> None:
        """Add a fill to the deal of its symbol, which it may begin.

        `reason` is what closed it where no order of ours did.
        """
        submit = self._orders.get(fill.client_order_id)
        deal = self._deals.get(fill.symbol)
        if deal is None:
            number = 0 if submit is None else submit.decision
            advice = self._judged.get(number)
            why = "" if advice is None else f"{advice.source}: {advice.rationale}"
            deal = self._begin(fill.symbol, fill.side.sign > 0, number, fill.ts_event, why)
        if submit is not None:
            reason = submit.reason or _BY_LEG.get(submit.order.leg)
        deal.take(fill, reason)
        self.fees += fill.fee

    def moved(self, message: m.PositionChanged, time: int) -> None:
        """End the deal of a symbol that is flat."""
        deal = self._deals.get(message.symbol)
        self.realized[message.symbol] = message.realized
        if deal is not None and deal.left and not message.quantity:
            deal.pnl, deal.closed = message.realized - deal.base, time
            self.closed.append(self._deals.pop(message.symbol))
            self.on_trade()

    def unrealized(self, marks: Mapping[str, float]) -> dict[str, Decimal]:
        """Return by symbol what is open at the marks, before fees."""
        return {
            symbol: deal.unrealized(to_decimal(marks[symbol]))
            for symbol, deal in self._deals.items()
            if symbol in marks
        }

    def trades(
        self, won: Mapping[str, Decimal], redact: Callable[[str], str]
    ) -> tuple[TradeRecord, ...]:
        """Return the newest trades, then those that are open.

        `won` is what each symbol has won after costs and with what is open at the newest price.
        """
        ended = (deal.record(deal.pnl, redact) for deal in self.closed)
        under_way = (
            deal.record(won.get(symbol, deal.base) - deal.base, redact)
            for symbol, deal in self._deals.items()
        )
        return (*ended, *under_way)

    def _begin(self, symbol: str, is_long: bool, decision: int, opened: int, why: str) -> Deal:
        base = self.realized.get(symbol, ZERO)
        deal = Deal(symbol, "long" if is_long else "short", decision, opened, why, base)
        self._deals[symbol] = deal
        return deal


def _remember(known: dict[Any, Any], key: Any, value: Any) -> None:
    known[key] = value
    if len(known) > KEPT:
        del known[next(iter(known))]


def _mean(amount: Decimal, quantity: Decimal) -> Decimal:
    return (amount / quantity).quantize(_PLACES) if quantity else ZERO
