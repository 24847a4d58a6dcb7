"""The simulated venue."""

import contextlib
import threading
from decimal import Decimal

import msgspec
import pytest

from tests.trader.venues.stepping import Stepper
from trader.matching.settings import SimulationSettings
from trader.model.errors import Rejected
from trader.model.ids import client_order_id, order_hash
from trader.model.market import SECOND, Candle, Quote
from trader.model.messages import ExecutionReported, FlowReported, Message
from trader.model.orders import Approval, Leg, Order, OrderKind, OrderStatus, Side
from trader.model.reasons import Reason
from trader.model.views import Account
from trader.runtime.interlock import Interlock
from trader.venues.instruments import price_level, simulated_instrument
from trader.venues.simulated import SimulatedConnection, SimulatedExchange

SETTINGS = SimulationSettings(latency_ms=50.0)
SYMBOLS = ("BTC-USD", "ETH-USD")
MILLISECOND = SECOND // 1000


def open_exchange(saved: bytes | None = None) -> SimulatedExchange:
    """Open an exchange of two symbols; a fresh one has seen a quote of the first."""
    instruments = {s: simulated_instrument(s, price_level(s), SETTINGS) for s in SYMBOLS}
    exchange = SimulatedExchange(instruments, SETTINGS, saved)
    if saved is None:
        exchange.on_quote("BTC-USD", Quote(0, 59_990.0, 60_000.0), 100.0)
    return exchange


class Session:
    """A connection with its clock and gate."""

    def __init__(self, exchange: SimulatedExchange) -> None:
        self.clock = Stepper()
        self.gate = Interlock()
        self.venue: SimulatedConnection = exchange.connect(self.clock, self.gate)

    def submit(self, order: Order) -> OrderStatus:
        """Place an order under an approval."""
        state = self.clock.run(self.venue.submit(order, approve(order)))
        return OrderStatus(state.status)


def approve(order: Order, epoch: int = 0) -> Approval:
    """Return an approval that fits an order."""
    return Approval(epoch, order_hash(order))


def limit(attempt: int, price: str = "59000", quantity: str = "0.01") -> Order:
    """Return an order to buy below the market, or wherever."""
    return Order(
        client_order_id("test", 1, Leg.ENTRY, attempt),
        "BTC-USD",
        Side.BUY,
        OrderKind.LIMIT,
        Leg.ENTRY,
        Decimal(quantity),
        Decimal(price),
    )


def listen(exchange: SimulatedExchange) -> list[Message]:
    """Subscribe to reports and return the list they come to."""
    reports: list[Message] = []
    exchange.subscribe(reports.append)
    return reports


def test_an_order_takes_half_the_latency_each_way() -> None:
    """The engine sees an order after half of the latency, the caller the answer after all of it."""
    session = Session(open_exchange())
    order = limit(0)

    state = session.clock.run(session.venue.submit(order, approve(order)))

    assert session.clock.sleeps == [25 * MILLISECOND, 50 * MILLISECOND]
    assert (state.status, state.ts_event) == (OrderStatus.OPEN, 25 * MILLISECOND)


def test_every_request_takes_as_long() -> None:
    """Cancels, queries and accounts travel as orders do, and so does a refusal."""
    session = Session(open_exchange())
    venue, order = session.venue, limit(0)
    for request in (venue.query(order), venue.account(), venue.cancel(order)):
        session.clock.sleeps.clear()
        with contextlib.suppress(Rejected):
            session.clock.run(request)

        assert len(session.clock.sleeps) == 2


def test_the_gate_stops_an_order_before_the_engine() -> None:
    """An order whose approval is void is rejected with the reason and never known to the venue."""
    session = Session(open_exchange())
    order = limit(0)
    coroutine = session.venue.submit(order, approve(order))
    session.clock.step(coroutine)
    session.gate.advance()

    with pytest.raises(Rejected) as caught:
        session.clock.run(coroutine)

    assert caught.value.reason is Reason.INTERLOCK_EPOCH
    assert session.clock.run(session.venue.query(order)) is None


def test_an_approval_is_good_for_one_order() -> None:
    """The second use of an approval is stopped at the gate."""
    session = Session(open_exchange())
    session.submit(limit(0))

    with pytest.raises(Rejected) as caught:
        session.submit(limit(0))

    assert caught.value.reason is Reason.INTERLOCK_USED


def test_an_order_that_passes_the_gate_is_in_the_account() -> None:
    """Nobody can read the account between the gate and the engine, from any thread."""
    exchange = open_exchange()
    seen: list[Account] = []
    reader = threading.Thread(target=lambda: seen.append(exchange.account()))

    class ReadMeanwhile:
        def admit(self, order: Order, approval: Approval) -> Reason | None:
            reader.start()
            reader.join(timeout=0.05)
            return None

    exchange.submit(limit(0), approve(limit(0)), ReadMeanwhile(), 0)
    reader.join()

    assert [state.order for state in seen[0].open_orders] == [limit(0)]


def test_the_engines_refusal_reaches_the_caller() -> None:
    """What the engine rejects is Rejected with its reason."""
    with pytest.raises(Rejected) as caught:
        Session(open_exchange()).submit(limit(0, quantity="0.000011"))

    assert caught.value.reason is Reason.VENUE_PRECISION


def test_a_cancel_returns_the_state_after_it() -> None:
    """A canceled order is canceled, and stays so however often it is asked."""
    session = Session(open_exchange())
    session.submit(limit(0))

    states = [session.clock.run(session.venue.cancel(limit(0))) for _ in range(2)]

    assert [state.status for state in states] == [OrderStatus.CANCELED] * 2


def test_a_query_finds_an_order_with_its_fills() -> None:
    """An order that crossed is found filled, with fills that add up."""
    session = Session(open_exchange())
    session.submit(limit(0, price="60100"))

    state, fills = session.clock.run(session.venue.query(limit(0)))

    assert OrderStatus.FILLED is state.status
    assert Decimal("0.01") == state.filled == sum(fill.quantity for fill in fills)


def test_the_account_lists_what_is_open() -> None:
    """Balances and open orders are those of the engine."""
    session = Session(open_exchange())
    session.submit(limit(0))

    account = session.clock.run(session.venue.account())

    assert {"USD": Decimal(10_000)} == account.balances
    assert [limit(0)] == [state.order for state in account.open_orders]


def test_every_subscriber_hears_of_every_change() -> None:
    """Orders of one connection are reported to the others, in the order of the engine."""
    exchange = open_exchange()
    first, second = listen(exchange), listen(exchange)

    Session(exchange).submit(limit(0, price="60100"))
    exchange.on_quote("BTC-USD", Quote(1, 58_000.0, 58_001.0), 1.0)

    assert first == second
    statuses = [m.state.status for m in first if isinstance(m, ExecutionReported)]
    assert statuses == [OrderStatus.OPEN, OrderStatus.FILLED]


def test_resting_orders_fill_on_quotes_and_candles() -> None:
    """Prices of either kind reach the engine, and what they fill is reported."""
    exchange = open_exchange()
    reports = listen(exchange)
    session = Session(exchange)
    session.submit(limit(0))
    session.submit(limit(1, price="58000"))

    exchange.on_quote("BTC-USD", Quote(SECOND, 58_900.0, 58_950.0), 10.0)
    exchange.on_open("BTC-USD", 58_950.0, 60 * SECOND)
    exchange.on_candle(
        "BTC-USD",
        Candle(60 * SECOND, 120 * SECOND, 58_950.0, 58_960.0, 57_000.0, 57_500.0, 10.0),
    )

    filled = [
        m.fill.client_order_id for m in reports if isinstance(m, ExecutionReported) and m.fill
    ]
    assert [limit(0).client_order_id, limit(1).client_order_id] == filled


def test_executions_are_posted_until_the_driver_closes_the_coroutine() -> None:
    """A subscription waits for ever and posts; once closed, the exchange has forgotten it."""
    exchange = open_exchange()
    reports: list[Message] = []
    waits = Session(exchange).venue.executions(reports.append)

    assert not Stepper().step(waits)
    Session(exchange).submit(limit(0))
    waits.close()
    Session(exchange).submit(limit(1))

    ids = [m.state.order.client_order_id for m in reports if isinstance(m, ExecutionReported)]
    assert ids == [limit(0).client_order_id]


def test_a_restored_exchange_goes_on_alike() -> None:
    """Orders, balances and prices survive; what happens next is what would have happened."""
    exchange = open_exchange()
    session = Session(exchange)
    session.submit(limit(0))
    session.submit(limit(1, price="60100"))

    restored = open_exchange(exchange.save())
    for side in (exchange, restored):
        side.on_quote("BTC-USD", Quote(SECOND, 58_900.0, 58_950.0), 10.0)

    assert exchange.save() == restored.save()
    assert exchange.account() == restored.account()


def test_two_threads_share_one_engine() -> None:
    """Orders from several threads are each booked once, and prices may come meanwhile."""
    exchange = open_exchange()
    reports = listen(exchange)

    def place(first: int) -> None:
        session = Session(exchange)
        for attempt in range(first, first + 50):
            session.submit(limit(attempt, quantity="0.001"))
            session.clock.run(session.venue.cancel(limit(attempt, quantity="0.001")))
            exchange.on_quote("BTC-USD", Quote(attempt, 59_990.0, 60_000.0), 1.0)

    threads = [threading.Thread(target=place, args=(100 * i,)) for i in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert exchange.account().open_orders == ()
    assert len(reports) == 3 * 50 * 2


def test_a_transfer_is_reported_and_listed() -> None:
    """Whoever listens hears of it, and the account lists it for those who did not."""
    exchange = open_exchange()
    reports = listen(exchange)
    exchange.transfer("USD", Decimal(-50), 7)
    (report,) = reports
    account = exchange.account()

    assert isinstance(report, FlowReported)
    assert (report.flow.amount, account.flows) == (Decimal(-50), (report.flow,))
    assert account.balances["USD"] == SETTINGS.start_equity - 50


def test_a_perpetual_is_traded_beside_spot() -> None:
    """Its position is listed by symbol; what it stands on is part of the balance."""
    instruments = {"BTC-USD-PERP": simulated_instrument("BTC-USD-PERP", 60_000.0, SETTINGS, 3)}
    exchange = SimulatedExchange(instruments, SETTINGS)
    exchange.on_quote("BTC-USD-PERP", Quote(0, 59_990.0, 60_000.0), 100.0)
    session = Session(exchange)
    short = msgspec.structs.replace(limit(0, "59000"), symbol="BTC-USD-PERP", side=Side.SELL)

    assert session.submit(short) is OrderStatus.FILLED
    again = SimulatedExchange(instruments, SETTINGS, exchange.save())
    assert again.account() == exchange.account()
    assert again.account().positions == {"BTC-USD-PERP": Decimal("-0.01")}
    margin, liquidation = again.margins()["BTC-USD-PERP"]
    assert margin == Decimal("199.94666667")
    assert liquidation > 59_990
