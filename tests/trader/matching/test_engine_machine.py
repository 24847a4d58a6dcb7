"""Any course of orders, cancels, quotes and candles keeps the books of the venue straight.

A slow model believes nothing but the fills.
"""

from collections import defaultdict
from decimal import Decimal
from fractions import Fraction

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import invariant, precondition, rule

from tests.trader.matching.twins import START, Twins, cents, instrument
from trader.matching.engine import Reports
from trader.model.market import SECOND
from trader.model.orders import Fill, Order, OrderKind, OrderState, OrderStatus, Side

BTC, ETH = instrument("BTC-USD", "0.001"), instrument("ETH-USD", "-0.0001")

symbols = st.sampled_from((BTC.symbol, ETH.symbol))
prices = st.integers(8000, 12000)
quantities = st.integers(1, 200_000).map(lambda lots: Decimal(lots).scaleb(-4))
volumes = st.sampled_from([0.0, 0.3, 3.0, 1000.0])
AFTER = {OrderStatus.OPEN, OrderStatus.PARTIALLY_FILLED}


class Course(Twins):
    """A venue's life."""

    def __init__(self) -> None:
        super().__init__(BTC, ETH)
        self.asked: dict[str, Order] = {}
        self.states: dict[str, OrderState] = {}
        self.fills: dict[str, list[Fill]] = defaultdict(list)

    # -- what happens ------------------------------------------------------------------------------

    @rule(symbol=symbols, side=st.sampled_from(Side), quantity=quantities, reduce=st.booleans())
    def submit_market(self, symbol: str, side: Side, quantity: Decimal, reduce: bool) -> None:
        """Order at any price."""
        reports = self._submit(symbol, side, OrderKind.MARKET, quantity, reduce_only=reduce)
        for report in reports:
            if report.fill is not None and symbol in self.middle:
                middle = Decimal(repr(self.middle[symbol]))
                assert side.sign * report.fill.price >= side.sign * middle

    @rule(symbol=symbols, side=st.sampled_from(Side), quantity=quantities, price=prices)
    def submit_limit(self, symbol: str, side: Side, quantity: Decimal, price: int) -> None:
        """Order at a price."""
        self._submit(symbol, side, OrderKind.LIMIT, quantity, price=cents(price))

    @rule(symbol=symbols, side=st.sampled_from(Side), quantity=quantities, price=prices)
    def submit_stop(self, symbol: str, side: Side, quantity: Decimal, price: int) -> None:
        """Order from a price on."""
        self._submit(symbol, side, OrderKind.STOP, quantity, trigger=cents(price))

    @rule(symbol=symbols, price=prices)
    def spend_all(self, symbol: str, price: int) -> None:
        """Order for all the money that is free."""
        money = self.engine.book.free("USD") / (1 + self.instruments[symbol].taker_fee)
        quantity = self.instruments[symbol].floor_quantity(money / cents(price))
        self._submit(symbol, Side.BUY, OrderKind.LIMIT, quantity, price=cents(price))

    @rule(symbol=symbols, low=prices, high=prices, share=st.integers(1, 4))
    def protect(self, symbol: str, low: int, high: int, share: int) -> None:
        """Put a stop and a target on a part of the holding."""
        held = self.engine.book.balance(self.instruments[symbol].base)
        quantity = self.instruments[symbol].floor_quantity(held / share)
        group = f"g{self.count}"
        for kind, price, trigger in (
            (OrderKind.STOP, None, cents(low)),
            (OrderKind.TAKE_PROFIT, cents(high), None),
        ):
            self._submit(
                symbol, Side.SELL, kind, quantity, price=price, trigger=trigger, group=group
            )

    @precondition(lambda self: self.asked)
    @rule(data=st.data())
    def cancel(self, data: st.DataObject) -> None:
        """Cancel any order that ever was."""
        cid = data.draw(st.sampled_from(sorted(self.asked)))
        self._take(self.both(lambda engine: engine.cancel(cid, self.now)))

    @rule(symbol=symbols, bid=prices, spread=st.integers(0, 50), volume=volumes)
    def see_quote(self, symbol: str, bid: int, spread: int, volume: float) -> None:
        """Let the market quote."""
        self._take(self.quoted(symbol, bid, spread, volume))

    @rule(symbol=symbols, price=prices)
    def see_open(self, symbol: str, price: int) -> None:
        """Let a candle open."""
        self._take(self.opened(symbol, price))

    @rule(symbol=symbols, four=st.lists(prices, min_size=4, max_size=4), volume=volumes)
    def see_candle(self, symbol: str, four: list[int], volume: float) -> None:
        """Let a candle close: what it fills, it fills within its minute."""
        reports = self.closed(symbol, four, volume)
        self._take(reports)
        begin = self.now - 60 * SECOND
        assert all(begin <= report.state.ts_event < self.now for report in reports)

    # -- what must hold ----------------------------------------------------------------------------

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
        for symbol in self.instruments:
            busy = any(self.states[cid].order.symbol == symbol for cid in listed)
            assert self.engine.busy(symbol) is busy

    # -- how it is done ----------------------------------------------------------------------------

    def _submit(
        self, symbol: str, side: Side, kind: OrderKind, quantity: Decimal, **terms: object
    ) -> Reports:
        order, reports = self.submit(symbol, side, kind, quantity, **terms)
        if reports:
            self.asked[order.client_order_id] = order
        self._take(reports)
        return reports

    def _take(self, reports: Reports) -> None:
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


TestCourse = Course.TestCase
TestCourse.settings = settings(max_examples=60, stateful_step_count=40, deadline=None)
