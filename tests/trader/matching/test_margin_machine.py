"""Any course of orders, marks, funding, transfers and liquidations keeps the books straight.

One venue, spot and perpetual under one balance. A ledger follows what is reported; a slow model
pays and is paid the whole notional of every fill, in fractions.
"""

from decimal import Decimal
from fractions import Fraction

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import invariant, precondition, rule

from tests.trader.matching.twins import START, Twins, cents, instrument
from trader.accounting.money import worth
from trader.matching.engine import Reports
from trader.model.instrument import Terms
from trader.model.market import SECOND
from trader.model.messages import ExecutionReported, FlowReported, LiquidationReported
from trader.model.orders import Fill, Flow, FlowKind, OrderKind, OrderState, Side, TimeInForce

PERP, SPOT = "BTC-USD-PERP", "BTC-USD"
TERMS = Terms(leverage=7, funding_rate=Decimal("0.00037"), maintenance=Decimal("0.01"))

symbols = st.sampled_from((PERP, PERP, PERP, SPOT))
prices = st.integers(7000, 13000)
quantities = st.integers(1, 1_000_000).map(lambda lots: Decimal(lots).scaleb(-4))
volumes = st.sampled_from([0.3, 30.0, 1000.0])


class Course(Twins):
    """A venue's life."""

    def __init__(self) -> None:
        super().__init__(instrument(SPOT, "-0.0001"), instrument(PERP, "-0.0001", TERMS))
        self.states: dict[str, OrderState] = {}
        self.events: list[Fill | Flow] = []
        self.earned = Decimal(0)

    # -- what happens ------------------------------------------------------------------------------

    @rule(symbol=symbols, side=st.sampled_from(Side), quantity=quantities, reduce=st.booleans())
    def submit_market(self, symbol: str, side: Side, quantity: Decimal, reduce: bool) -> None:
        """Order at any price."""
        self._submit(symbol, side, OrderKind.MARKET, quantity, reduce_only=reduce)

    @rule(
        symbol=symbols,
        side=st.sampled_from(Side),
        quantity=quantities,
        price=prices,
        tif=st.sampled_from(TimeInForce),
    )
    def submit_limit(
        self, symbol: str, side: Side, quantity: Decimal, price: int, tif: TimeInForce
    ) -> None:
        """Order at a price."""
        self._submit(symbol, side, OrderKind.LIMIT, quantity, price=cents(price), tif=tif)

    @rule(
        side=st.sampled_from(Side),
        quantity=quantities,
        price=prices,
        kind=st.sampled_from((OrderKind.STOP, OrderKind.STOP_LIMIT, OrderKind.TRAILING)),
        reduce=st.booleans(),
    )
    def submit_stop(
        self, side: Side, quantity: Decimal, price: int, kind: OrderKind, reduce: bool
    ) -> None:
        """Order from a price on."""
        at = cents(price)
        places = {
            OrderKind.STOP: {"trigger": at},
            OrderKind.STOP_LIMIT: {"trigger": at, "price": at - side.sign},
            OrderKind.TRAILING: {"trail": at - 69},
        }
        self._submit(PERP, side, kind, quantity, reduce_only=reduce, **places[kind])

    @rule(side=st.sampled_from(Side))
    def stake_all(self, side: Side) -> None:
        """Open for all the money that is free."""
        if PERP in self.middle:
            money = self.engine.book.free("USD") * 6
            quantity = self.instruments[PERP].floor_quantity(money / cents(13000))
            self._submit(PERP, side, OrderKind.MARKET, quantity)

    @rule(low=prices, high=prices)
    def protect(self, low: int, high: int) -> None:
        """Put a stop and a target on the position."""
        quantity = self.ledger.quantity(PERP)
        side = Side.SELL if quantity > 0 else Side.BUY
        stop, target = (low, high) if quantity > 0 else (high, low)
        rest = {"reduce_only": True, "group": f"g{self.count}"}
        self._submit(PERP, side, OrderKind.STOP, abs(quantity), trigger=cents(stop), **rest)
        self._submit(PERP, side, OrderKind.TAKE_PROFIT, abs(quantity), price=cents(target), **rest)

    @precondition(lambda self: self.states)
    @rule(data=st.data())
    def cancel(self, data: st.DataObject) -> None:
        """Cancel any order that ever was."""
        cid = data.draw(st.sampled_from(sorted(self.states)))
        self._take(self.both(lambda engine: engine.cancel(cid, self.now)))

    @rule(amount=st.integers(-(10**6), 10**6).map(cents))
    def transfer(self, amount: Decimal) -> None:
        """Bring money, or take it away."""
        self._take(self.request(lambda engine: engine.transfer("USD", amount, self.now)))

    @rule(symbol=symbols, bid=prices, spread=st.integers(0, 50), volume=volumes)
    def see_quote(self, symbol: str, bid: int, spread: int, volume: float) -> None:
        """Let the market quote."""
        self._take(self.quoted(symbol, bid, spread, volume))

    @rule(symbol=symbols, price=prices, hours=st.integers(0, 20))
    def see_open(self, symbol: str, price: int, hours: int) -> None:
        """Let time pass, and a candle open."""
        self._take(self.opened(symbol, price, SECOND + hours * 3600 * SECOND))

    @rule(symbol=symbols, four=st.lists(prices, min_size=4, max_size=4), volume=volumes)
    def see_candle(self, symbol: str, four: list[int], volume: float) -> None:
        """Let a candle close."""
        self._take(self.closed(symbol, four, volume))

    # -- what must hold ----------------------------------------------------------------------------

    @invariant()
    def position_and_balance_are_the_venues(self) -> None:
        """Cash and positions by the reports are those the venue has, to the last digit."""
        account = self.engine.account()
        assert self.ledger.cash == account.balances["USD"]
        assert self.ledger.quantity(PERP) == account.positions.get(PERP, 0)
        assert self.ledger.quantity(SPOT) == account.balances.get("BTC", 0)

    @invariant()
    def gains_and_transfers_are_the_change_of_equity(self) -> None:
        """By the ledger, by the slow model, and by the trades that ended."""
        ledger, marks = self.ledger, self.middle
        equity = ledger.equity(marks)
        gains = ledger.realized + ledger.unrealized(marks) - ledger.fees + ledger.funding
        assert equity - START == gains + ledger.transfers
        assert Fraction(equity) == self._slow_equity()
        position = ledger.positions.get(PERP)
        if position is not None and not position.quantity:
            assert self.earned == position.realized - position.fees + position.funding

    @invariant()
    def margins_stand_under_positions_alone(self) -> None:
        """Each position has its margin and is on the safe side of its liquidation."""
        assert set(self.engine.book.stakes) == {PERP} if self.ledger.quantity(PERP) else True
        for stake in self.engine.book.stakes.values():
            assert stake.position.quantity
            assert stake.margin >= 0
            sign = stake.position.side.sign
            if self.middle[PERP] and stake.margin:
                assert sign * float(stake.position.average_price) > sign * stake.liquidation

    @invariant()
    def exits_rest_for_a_position_alone(self) -> None:
        """Without a position nothing is left that was to close it."""
        if not self.ledger.quantity(PERP):
            resting = self.engine.book.resting(PERP)
            assert not [record for record in resting if record.order.reduce_only]

    @invariant()
    def orders_are_within_their_limits(self) -> None:
        """No order fills more than it asked for, or beyond its price."""
        for state in self.states.values():
            assert state.filled <= state.order.quantity
            price, sign = state.order.price, state.order.side.sign
            for fill in self.engine.fills(state.order.client_order_id):
                assert price is None or sign * fill.price <= sign * price

    # -- how it is done ----------------------------------------------------------------------------

    def _slow_equity(self) -> Fraction:
        cash, held = Fraction(START), {PERP: Decimal(0), SPOT: Decimal(0)}
        for event in self.events:
            if isinstance(event, Flow):
                cash += Fraction(event.amount)
            else:
                signed = event.side.sign * event.quantity
                cash -= Fraction(signed) * Fraction(event.price) + Fraction(event.fee)
                held[event.symbol] += signed
        marks = {s: self.middle[s] for s, quantity in held.items() if quantity}
        return cash + sum(Fraction(worth(held[s], mark)) for s, mark in marks.items())

    def _submit(
        self, symbol: str, side: Side, kind: OrderKind, quantity: Decimal, **terms: object
    ) -> None:
        if symbol in self.middle:  # a fill needs a mark to be valued at
            _, reports = self.submit(symbol, side, kind, quantity, **terms)
            self._take(reports)

    def _take(self, reports: Reports) -> None:
        for report in reports:
            if isinstance(report, FlowReported):
                self.events.append(report.flow)
                assert self.ledger.move(report.flow)
                assert report.flow.kind is FlowKind.TRANSFER or self.ledger.quantity(PERP)
                continue
            if isinstance(report, LiquidationReported):
                self._liquidated(report.fill)
            if isinstance(report, ExecutionReported):
                self.states[report.state.order.client_order_id] = report.state
            if report.fill is not None:
                self.events.append(report.fill)
                trade = self.ledger.apply(report.fill)
                self.earned += trade.pnl if trade and trade.symbol == PERP else 0

    def _liquidated(self, fill: Fill) -> None:
        position = self.ledger.positions[PERP]
        assert (fill.side, fill.quantity) == (position.side.opposite, abs(position.quantity))
        loss = position.cost - position.quantity * fill.price + fill.fee
        # A margin of notional / 7, rounded up with each fill that opened.
        assert loss <= abs(position.cost) / 7 + Decimal("0.0001")


TestCourse = Course.TestCase
TestCourse.settings = settings(max_examples=60, stateful_step_count=40, deadline=None)
