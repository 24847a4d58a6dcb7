"""No course of orders, prices, restarts and days opens risk beyond a limit, or loses a loss.

Beside the RiskGuard stands an account by the book (`slow_account`), which is told the same facts
and adds everything up anew for each question.
"""

from collections import Counter
from decimal import Decimal

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
)

from tests.actors.risk_venue import IN_DOUBT, SYMBOLS, Resting, RiskVenue
from tests.actors.slow_account import EPOCH, SlowAccount, starts
from tests.trader.risk.desk import CASH
from trader.accounting.windows import Window
from trader.model import messages as m
from trader.model.instrument import ZERO, to_decimal
from trader.model.market import SECOND
from trader.model.messages import Message
from trader.model.orders import Fill, Flow, FlowKind, Leg, Order, OrderStatus, Side
from trader.model.reasons import Reason
from trader.model.views import Stance
from trader.risk.losses import LOSSES
from trader.risk.settings import RiskSettings
from trader.risk.sizing import is_tradable

DAY = 86_400
LIMITS = RiskSettings(
    max_daily_loss_pct=2.0,
    max_weekly_loss_pct=3.5,
    max_monthly_loss_pct=5.0,
    max_drawdown_pct=6.0,
    emergency_stop_pct=8.0,
    max_concurrent_trades=2,
    max_symbol_exposure_x=0.5,
    max_group_exposure_x=0.7,
    max_total_exposure_x=0.8,
    groups={"BTC": "majors", "ETH": "majors"},
    max_order_notional_quote=4_500,
    risk_per_trade_pct=5.0,
    max_orders_per_second=1,
    max_orders_per_minute=1,
    max_orders_per_day=5,
    repeat_seconds=90.0,
    cooldown_seconds=120.0,
)
LOSS_LIMITS = {
    Window.DAY: LIMITS.max_daily_loss_pct,
    Window.WEEK: LIMITS.max_weekly_loss_pct,
    Window.MONTH: LIMITS.max_monthly_loss_pct,
}
HAIR = 1e-9
NOTED = (
    m.CandleClosed,
    m.OrderFilled,
    m.OrderPartiallyFilled,
    m.PositionLiquidated,
    m.CashMoved,
    m.AccountReconciled,
)
"""What the equity may change with."""

days = st.sampled_from(
    ["2024-02-28", "2024-02-29", "2023-02-28", "2023-03-26", "2023-12-31", "2024-06-30"]
)
seconds = st.sampled_from([-60, -1, 0, 1, 3_600])


class WatchedVenue(RiskVenue):
    """A venue whose account is also kept by the book; an entry must be within every limit."""

    def __init__(self, start: int) -> None:
        self.slow = SlowAccount(CASH, SYMBOLS)
        self.priced = dict.fromkeys(SYMBOLS, 0)
        self.sent: list[tuple[int, Order]] = []
        self.left: dict[str, int] = {}
        self.proposed: m.ProposeOrder | None = None
        self.denied: Counter[Reason] = Counter()
        super().__init__(LIMITS, 60.0, start=start)

    def tell(self, message: Message) -> None:
        """Tell both."""
        if isinstance(message, m.SessionStarted):
            self.slow.begin()
            self.priced = dict.fromkeys(SYMBOLS, 0)
        if isinstance(message, m.ProposeOrder):
            self.proposed = message
        if isinstance(message, m.CandleClosed):
            self.slow.close(message.symbol, message.candle.close)
            self.priced[message.symbol] = self.now
        super().tell(message)
        if isinstance(message, NOTED):
            fall, sharp = LIMITS.max_drawdown_pct, isinstance(message, m.CandleClosed)
            self.slow.note(self.now, sharp=sharp, losses=LOSS_LIMITS, fall=fall)

    def _execute(
        self, cid: str, symbol: str, side: Side, quantity: Decimal, order: Order | None = None
    ) -> Fill:
        fill = super()._execute(cid, symbol, side, quantity, order)
        self.slow.fill(fill)
        if not self.slow.held[symbol]:
            self.left[symbol] = self.now
        return fill

    def _see(self, sender: str, message: Message) -> None:
        super()._see(sender, message)
        if isinstance(message, m.OrderDenied):
            self.denied[message.reason] += 1
            self._check_denial(message.reason)

    def _take(self, message: m.SubmitOrder) -> None:
        super()._take(message)
        if message.order.leg is Leg.ENTRY:
            self._check_losses()
            self._check_exposure(message.order)
            self._check_pace(message.order)
            self.sent.append((self.now, message.order))

    # -- what must hold ----------------------------------------------------------------------------

    def _check_denial(self, reason: Reason) -> None:
        """Deny nobody for a loss that was not made."""
        for window, named in LOSSES.items():
            assert reason is not named or self.slow.loss(window) >= LOSS_LIMITS[window] - HAIR
        if reason in (Reason.DRAWDOWN_TOTAL, Reason.EMERGENCY_STOP):
            assert self.slow.drawdown >= LIMITS.max_drawdown_pct - HAIR

    def _check_losses(self) -> None:
        begun = starts(self.slow.known[-1].ts)
        for window, limit in LOSS_LIMITS.items():
            assert self.slow.loss(window) < limit + HAIR
            assert begun[window] not in self.slow.breached[window]
        assert not self.slow.fallen

    def _check_exposure(self, order: Order) -> None:
        slow = self.slow

        def most(multiple: float) -> Decimal:
            return slow.equity * to_decimal(multiple * (1 + HAIR))

        entries = [row for row in self.alive() if row.order.leg is Leg.ENTRY]
        exposure = {s: slow.exposure(s) + sum(map(worth, of(entries, s))) for s in SYMBOLS}
        group = [s for s in SYMBOLS if group_of(s) == group_of(order.symbol)]
        assert exposure[order.symbol] <= most(LIMITS.max_symbol_exposure_x)
        assert sum(exposure[s] for s in group) <= most(LIMITS.max_group_exposure_x)
        assert sum(exposure.values()) <= most(LIMITS.max_total_exposure_x)
        assert order.quantity * (order.price or 0) <= LIMITS.max_order_notional_quote
        held = {s for s in SYMBOLS if of(entries, s) or self.is_held(s)}
        assert len(held) <= LIMITS.max_concurrent_trades
        assert len(of(entries, order.symbol)) == 1
        assert not self.is_held(order.symbol)
        assert self.proposed is not None
        assert self.proposed.stop is not None
        risk = order.quantity * abs(slow.closes[order.symbol] - to_decimal(self.proposed.stop))
        assert risk <= most(LIMITS.risk_per_trade_pct / 100)
        self._check_room(risk)

    def _check_room(self, risk: Decimal) -> None:
        """See that no limit is passed should every stop be reached."""
        for symbol, campaign in self.state.campaigns.items():
            away = campaign.side.sign * (self.slow.closes[symbol] - campaign.stop)
            risk += max(ZERO, away) * abs(self.slow.held[symbol])
        for window, limit in LOSS_LIMITS.items():
            least = self.slow.baseline(window) * to_decimal(1 - limit / 100 - HAIR)
            assert self.slow.equity - risk >= least

    def _check_pace(self, order: Order) -> None:
        unknown = [
            row for row in self.alive(OrderStatus.UNKNOWN) if row.order.symbol == order.symbol
        ]
        assert not unknown
        paces = (
            (1, LIMITS.max_orders_per_second),
            (60, LIMITS.max_orders_per_minute),
            (DAY, LIMITS.max_orders_per_day),
        )
        for length, most in paces:
            recent = [ts for ts, _ in self.sent if ts > self.now - length * SECOND]
            assert len(recent) < most
        same = [ts for ts, o in self.sent if (o.symbol, o.side) == (order.symbol, order.side)]
        assert self._ago(max(same, default=0)) >= LIMITS.repeat_seconds
        assert self._ago(self.left.get(order.symbol, 0)) >= LIMITS.cooldown_seconds
        assert self._ago(self.priced[order.symbol]) <= LIMITS.max_price_age_seconds

    def _ago(self, ts: int) -> float:
        return (self.now - ts) / SECOND

    def is_held(self, symbol: str) -> bool:
        """Tell whether enough is held to be sold at the campaign's stop."""
        campaign = self.state.campaigns.get(symbol)
        if campaign is None:
            return False
        held = campaign.side.sign * self.holdings[symbol]
        return is_tradable(self.instruments[symbol], held, campaign.stop)


def worth(row: Resting) -> Decimal:
    """Return what an entry may still add, at its limit."""
    assert row.order.price is not None
    return row.remaining * row.order.price


def of(rows: list[Resting], symbol: str) -> list[Resting]:
    """Return the orders of a symbol."""
    return [row for row in rows if row.order.symbol == symbol]


def group_of(symbol: str) -> str:
    """Return the group of a symbol."""
    return LIMITS.groups.get(symbol[:3], "others")


class AnyDays(RuleBasedStateMachine):
    """Whatever happens on whatever day."""

    @initialize(day=days, time=st.sampled_from(["00:00", "12:34", "23:50", "23:58"]))
    def begin(self, day: str, time: str) -> None:
        """Begin on a day beside a boundary that is easily got wrong."""
        start = (EPOCH.fromisoformat(f"{day}T{time}Z") - EPOCH).total_seconds()
        self.venue = WatchedVenue(int(start) * SECOND)
        self.decision = self.transfers = 0

    @rule(
        symbol=st.sampled_from(SYMBOLS),
        stance=st.sampled_from([Stance.LONG, Stance.LONG, Stance.SHORT]),
        wait=st.sampled_from([0, 1, 30, 100, 400]),
        kind=st.booleans(),
    )
    def propose(self, symbol: str, stance: Stance, wait: int, kind: bool) -> None:
        """Propose an entry, or what closes one, to a venue that may be kind."""
        self.decision += 1
        if wait:
            self.venue.pass_time(wait)
            self.venue.close_candle(symbol, self.venue.prices[symbol])
        price, sign = self.venue.prices[symbol], 1 if stance is Stance.LONG else -1
        stop, target = price * (1 - sign * 0.05), price * (1 + sign * 0.1)
        args = (self.decision, symbol, stance, 0.9, price, stop, target, "test")
        self.venue.tell(m.ProposeOrder(*args))
        if kind:
            self.venue.answer()

    @rule(place=st.integers(0, 2), move=st.sampled_from([0.9, 0.96, 0.99, 1.0, 1.03, 1.08]))
    def trade(self, place: int, move: float) -> None:
        """Close a candle, of what is held if anything is."""
        held = [symbol for symbol, quantity in self.venue.holdings.items() if quantity]
        symbol = (held or SYMBOLS)[place % len(held or SYMBOLS)]
        self.venue.close_candle(symbol, round(self.venue.prices[symbol] * move, 2))

    @rule(wait=st.sampled_from([1, 59, 100, 500]))
    def wait(self, wait: int) -> None:
        """Let time pass."""
        self.venue.pass_time(wait)

    @rule(day=st.sampled_from([0, 0, 0, 1, 6, 30]), off=seconds)
    def jump(self, day: int, off: int) -> None:
        """Let time pass to about a midnight to come; no venue is silent for hours."""
        wait = max(1, self.until_midnight(day) + off)
        if wait > 600:
            self.venue.settle()
        self.venue.pass_time(max(1, self.until_midnight(day) + off))

    @rule()
    def answer(self) -> None:
        """Answer all that waits for an answer, as a good venue does."""
        self.venue.answer()

    @precondition(lambda self: self.venue.alive(OrderStatus.SUBMITTING))
    @rule(place=st.integers(0, 20))
    def lose(self, place: int) -> None:
        """Let nobody know what became of an order."""
        rows = self.venue.alive(OrderStatus.SUBMITTING)
        self.venue.lose(rows[place % len(rows)])

    @precondition(lambda self: self.venue.alive())
    @rule(place=st.integers(0, 20), share=st.sampled_from([0.3, 1.0]), told=st.booleans())
    def fill(self, place: int, share: float, told: bool) -> None:
        """Fill an order in part or in whole; of one that is not told the account alone speaks."""
        rows = self.venue.alive()
        told = told or bool(self.venue.alive(*IN_DOUBT))
        self.venue.fill(rows[place % len(rows)], share, told=told)

    @rule()
    def liquidate(self) -> None:
        """Let the venue close the perpetual's position."""
        self.venue.liquidate()

    @rule(amount=st.integers(-400, 400))
    def transfer(self, amount: int) -> None:
        """Bring money, or take it away."""
        self.transfers += 1
        flow = Flow(str(self.transfers), FlowKind.TRANSFER, Decimal(amount), self.venue.now)
        self.venue.true.move(flow)
        self.venue.cash = self.venue.true.cash
        self.venue.slow.move(Decimal(amount))
        self.venue.tell(m.CashMoved(flow))

    @rule(day=st.sampled_from([None, 0, 0, 6, 30]), off=seconds, arrives=st.booleans())
    def restart(self, day: int | None, off: int, arrives: bool) -> None:
        """Be down for a moment, or over a midnight or many."""
        down = 5 if day is None else max(1, self.until_midnight(day) + off)
        self.venue.reopen(down, arrives=arrives)

    @rule()
    def resume(self) -> None:
        """Have an operator lift what he may lift."""
        self.venue.tell(m.ResumeTrading("looked at"))
        self.venue.slow.resume()

    def until_midnight(self, days: int) -> int:
        """Return the seconds to a midnight so many days after the next one."""
        return DAY - self.venue.now // SECOND % DAY + days * DAY

    # -- what must hold ----------------------------------------------------------------------------

    @invariant()
    def windows_begin_with_what_was_known(self) -> None:
        """Day, week and month by the calendar, over restarts, holes and transfers."""
        for window in Window:
            kept = self.venue.state.windows.baselines[window]
            assert kept == pytest.approx(float(self.venue.slow.baseline(window)), rel=HAIR), window

    @invariant()
    def no_loss_is_lost(self) -> None:
        """Whatever happened since: what was lost in a window that lasts still holds trading."""
        slow, holds = self.venue.slow, {hold.reason for hold in self.venue.state.holds}
        begun = starts(slow.known[-1].ts)
        lost = {LOSSES[w] for w in Window if begun[w] in slow.breached[w]}
        assert lost <= holds
        assert not slow.fallen or Reason.DRAWDOWN_TOTAL in holds

    @invariant()
    def equity_and_its_fall_are_those_of_the_book(self) -> None:
        """To a float's last digits."""
        state, slow = self.venue.state, self.venue.slow
        assert state.equity() == pytest.approx(float(slow.equity), rel=HAIR)
        fall = state.performance.drawdown_pct(state.equity())
        assert fall == pytest.approx(slow.drawdown, abs=1e-6)


TestAnyDays = AnyDays.TestCase
TestAnyDays.settings = settings(max_examples=60, stateful_step_count=50, deadline=None)
