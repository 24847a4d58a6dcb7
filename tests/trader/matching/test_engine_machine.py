"""Any course of orders, cancels, quotes and candles keeps the books of the venue straight.

Two engines live the same course: one looks only at orders that a price could concern, the other at
all, and is saved and restored now and then. A slow model
believes nothing but the fills.
"""

from collections import defaultdict
from decimal import Decimal
from fractions import Fraction

import msgspec
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from tests.trader.matching.venue import Watchful
from trader.accounting.ledger import Ledger
from trader.matching.book import Book
from trader.matching.engine import MatchingEngine, Reports
from trader.matching.settings import SimulationSettings
from trader.model.errors import Rejected
from trader.model.instrument import Instrument
from trader.model.market import SECOND, Candle, Quote
from trader.model.orders import Fill, Leg, Order, OrderKind, OrderState, OrderStatus, Side

START = Decimal(3000)
COSTS = SimulationSettings(
    start_equity=START, spread_pct=0.1, slippage_pct=0.05, max_volume_share=0.5
)
INSTRUMENTS = {
    f"{base}-USD": Instrument(
        symbol=f"{base}-USD",
        base=base,
        quote="USD",
        tick=Decimal("0.01"),
        lot=Decimal("0.0001"),
        min_quantity=Decimal("0.0001"),
        min_notional=Decimal(1),
        maker_fee=Decimal(maker),
        taker_fee=Decimal("0.00175"),
    )
    for base, maker in (("BTC", "0.001"), ("ETH", "-0.0001"))
}

symbols = st.sampled_from(sorted(INSTRUMENTS))
cents = st.integers(8000, 12000)
quantities = st.integers(1, 200_000).map(lambda lots: Decimal(lots).scaleb(-4))
volumes = st.sampled_from([0.0, 0.3, 3.0, 1000.0])
AFTER = {OrderStatus.OPEN, OrderStatus.PARTIALLY_FILLED}


class Course(RuleBasedStateMachine):
    """A venue's life."""

    def __init__(self) -> None:
        super().__init__()
        self.now = 0
        self.count = 0
        self.middle: dict[str, float] = {}
        self.asked: dict[str, Order] = {}
        self.states: dict[str, OrderState] = {}
        self.fills: dict[str, list[Fill]] = defaultdict(list)
        self.ledger = Ledger(cash=START)
        self.engine = MatchingEngine(INSTRUMENTS, COSTS)
        self.twin = Watchful(INSTRUMENTS, COSTS)

    # -- what happens ------------------------------------------------------------------------------

    @rule(symbol=symbols, side=st.sampled_from(Side), quantity=quantities, reduce=st.booleans())
    def submit_market(self, symbol: str, side: Side, quantity: Decimal, reduce: bool) -> None:
        """Order at any price."""
        reports = self._submit(symbol, side, OrderKind.MARKET, quantity, reduce_only=reduce)
        for report in reports:
            if report.fill is not None and symbol in self.middle:
                middle = Decimal(repr(self.middle[symbol]))
                assert side.sign * report.fill.price >= side.sign * middle

    @rule(symbol=symbols, side=st.sampled_from(Side), quantity=quantities, price=cents)
    def submit_limit(self, symbol: str, side: Side, quantity: Decimal, price: int) -> None:
        """Order at a price."""
        self._submit(symbol, side, OrderKind.LIMIT, quantity, price=_decimal(price))

    @rule(symbol=symbols, side=st.sampled_from(Side), quantity=quantities, price=cents)
    def submit_stop(self, symbol: str, side: Side, quantity: Decimal, price: int) -> None:
        """Order from a price on."""
        self._submit(symbol, side, OrderKind.STOP, quantity, trigger=_decimal(price))

    @rule(symbol=symbols, price=cents)
    def spend_all(self, symbol: str, price: int) -> None:
        """Order for all the money that is free."""
        money = self.engine.book.free("USD") / (1 + INSTRUMENTS[symbol].taker_fee)
        quantity = INSTRUMENTS[symbol].floor_quantity(money / _decimal(price))
        self._submit(symbol, Side.BUY, OrderKind.LIMIT, quantity, price=_decimal(price))

    @rule(symbol=symbols, low=cents, high=cents, share=st.integers(1, 4))
    def protect(self, symbol: str, low: int, high: int, share: int) -> None:
        """Put a stop and a target on a part of the holding."""
        held = self.engine.book.balance(INSTRUMENTS[symbol].base)
        quantity = INSTRUMENTS[symbol].floor_quantity(held / share)
        group = f"g{self.count}"
        for kind, price, trigger in (
            (OrderKind.STOP, None, _decimal(low)),
            (OrderKind.TAKE_PROFIT, _decimal(high), None),
        ):
            self._submit(
                symbol, Side.SELL, kind, quantity, price=price, trigger=trigger, group=group
            )

    @precondition(lambda self: self.asked)
    @rule(data=st.data())
    def cancel(self, data: st.DataObject) -> None:
        """Cancel any order that ever was."""
        cid = data.draw(st.sampled_from(sorted(self.asked)))
        self._take(self.engine.cancel(cid, self.now), self.twin.cancel(cid, self.now))

    @rule(symbol=symbols, bid=cents, spread=st.integers(0, 50), volume=volumes)
    def see_quote(self, symbol: str, bid: int, spread: int, volume: float) -> None:
        """Let the market quote."""
        self.now += SECOND
        quote = Quote(self.now, bid / 100, (bid + spread) / 100)
        self.middle[symbol] = (bid + spread / 2) / 100
        self._take(*(e.on_quote(symbol, quote, volume) for e in (self.engine, self.twin)))

    @rule(symbol=symbols, price=cents)
    def see_open(self, symbol: str, price: int) -> None:
        """Let a candle open."""
        self.now += SECOND
        self.middle[symbol] = price / 100
        args = (symbol, price / 100, self.now)
        self._take(self.engine.on_open(*args), self.twin.on_open(*args))

    @rule(symbol=symbols, prices=st.lists(cents, min_size=4, max_size=4), volume=volumes)
    def see_candle(self, symbol: str, prices: list[int], volume: float) -> None:
        """Let a minute pass and its candle close."""
        low, first, last, high = (price / 100 for price in sorted(prices))
        begin, self.now = self.now, self.now + 60 * SECOND
        candle = Candle(begin, self.now, first, high, low, last, volume)
        self.middle[symbol] = last
        reports = self.engine.on_candle(symbol, candle)
        self._take(reports, self.twin.on_candle(symbol, candle))
        assert all(begin <= report.state.ts_event < self.now for report in reports)

    @rule()
    def restart(self) -> None:
        """Save one engine's book and go on with what was read back."""
        saved = msgspec.msgpack.encode(self.twin.book)
        book = msgspec.msgpack.decode(saved, type=Book)
        self.twin = Watchful(INSTRUMENTS, COSTS, book)

    # -- what must hold ----------------------------------------------------------------------------

    @invariant()
    def a_restart_changed_nothing(self) -> None:
        """Both engines remember the same, byte for byte."""
        mine, theirs = (msgspec.msgpack.encode(e.book) for e in (self.engine, self.twin))
        assert mine == theirs

    @invariant()
    def balances_follow_from_the_fills(self) -> None:
        """Cash and holdings are the start and every fill since; the ledger agrees."""
        balances = {currency: Fraction(0) for currency in ("BTC", "ETH")} | {"USD": Fraction(START)}
        for fill in (fill for fills in self.fills.values() for fill in fills):
            sign = fill.side.sign
            balances[fill.symbol[:3]] += sign * Fraction(fill.quantity)
            balances["USD"] -= sign * Fraction(fill.quantity) * Fraction(fill.price)
            balances["USD"] -= Fraction(fill.fee)
        for currency, expected in balances.items():
            assert Fraction(self.engine.book.balance(currency)) == expected
        assert self.ledger.cash == self.engine.book.balance("USD")

    @invariant()
    def gains_are_the_change_of_equity(self) -> None:
        """At the market's own marks, to the last digit."""
        equity = self.ledger.equity(self.middle)
        gains = self.ledger.realized + self.ledger.unrealized(self.middle) - self.ledger.fees
        assert equity - START == gains

    @invariant()
    def nothing_is_negative_and_locks_are_covered(self) -> None:
        """Free money and holdings are never below zero."""
        for currency in ("USD", "BTC", "ETH"):
            assert 0 <= self.engine.book.free(currency) <= self.engine.book.balance(currency)

    @invariant()
    def orders_are_the_sum_of_their_fills(self) -> None:
        """Every fill was reported, and is within its order and its limit."""
        for cid, state in self.states.items():
            order, fills = state.order, self.fills[cid]
            assert self.engine.order(cid) == state
            assert self.engine.fills(cid) == tuple(fills)
            assert state.filled == sum((fill.quantity for fill in fills), Decimal(0))
            assert state.filled <= order.quantity
            assert (state.filled == order.quantity) == (state.status is OrderStatus.FILLED)
            for fill in fills:
                price = fill.price if order.price is None else order.price
                assert order.side.sign * fill.price <= order.side.sign * price

    @invariant()
    def a_group_sells_its_quantity_once(self) -> None:
        """Stop and target together never sell more than either was for."""
        sold: dict[str, Decimal] = defaultdict(Decimal)
        for cid, order in self.asked.items():
            if order.group is not None:
                sold[order.group] += self.states[cid].filled
                assert sold[order.group] <= order.quantity

    @invariant()
    def the_account_lists_what_is_open(self) -> None:
        """Exactly the symbols of open orders are busy."""
        listed = {state.order.client_order_id for state in self.engine.account().open_orders}
        assert listed == {c for c, s in self.states.items() if not s.status.final}
        for symbol in INSTRUMENTS:
            busy = any(self.states[cid].order.symbol == symbol for cid in listed)
            assert self.engine.busy(symbol) is busy

    # -- how it is done ----------------------------------------------------------------------------

    def _submit(
        self,
        symbol: str,
        side: Side,
        kind: OrderKind,
        quantity: Decimal,
        *,
        price: Decimal | None = None,
        trigger: Decimal | None = None,
        reduce_only: bool = False,
        group: str | None = None,
    ) -> Reports:
        self.now += SECOND
        self.count += 1
        leg = Leg.ENTRY if side is Side.BUY else Leg.EXIT
        cid = f"c{self.count}"
        order = Order(cid, symbol, side, kind, leg, quantity, price, trigger, reduce_only, group)
        mine, theirs = (self._attempt(e, order) for e in (self.engine, self.twin))
        if mine:
            self.asked[cid] = order
        self._take(mine, theirs)
        return mine

    def _attempt(self, engine: MatchingEngine, order: Order) -> Reports:
        try:
            return engine.submit(order, self.now)
        except Rejected:
            return []

    def _take(self, reports: Reports, others: Reports) -> None:
        assert reports == others
        for report in reports:
            cid = report.state.order.client_order_id
            before = self.states.get(cid)
            if before is not None:
                assert before.status in AFTER
                assert before.ts_event <= report.state.ts_event
            self.states[cid] = report.state
            if report.fill is not None:
                self.fills[cid].append(report.fill)
                self.ledger.apply(report.fill)


def _decimal(price: int) -> Decimal:
    return Decimal(price).scaleb(-2)


TestCourse = Course.TestCase
TestCourse.settings = settings(max_examples=60, stateful_step_count=40, deadline=None)
