"""The memory of the RiskGuard survives a checkpoint."""

import msgspec

from tests.trader.risk.desk import SYMBOL, Desk
from trader.model.orders import Leg, Side
from trader.risk.returns import Returns
from trader.risk.state import Price, RiskState


def test_the_memory_round_trips() -> None:
    """Every field comes back from msgpack as it was."""
    desk = Desk()
    stop, _ = desk.hold()
    desk.lose(stop)
    packed = msgspec.msgpack.encode(desk.state)
    assert msgspec.msgpack.decode(packed, type=RiskState) == desk.state


def test_the_memory_of_an_earlier_version_can_be_read() -> None:
    """It knew that a feed stood still, not how, and kept a close and its time for the returns."""
    price = {"close": 100.0, "closed": 5, "stalled": True}
    returns = {"close": 100.0, "ts": 5, "interval": 5, "times": [5], "values": [0.1]}
    packed = msgspec.msgpack.encode({"prices": {SYMBOL: price}, "returns": {SYMBOL: returns}})
    state = msgspec.msgpack.decode(packed, type=RiskState)

    assert state.prices[SYMBOL] == Price(close=100.0, closed=5)
    assert state.returns[SYMBOL] == Returns(None, [5], [0.1])


def test_alive_orders_are_those_that_are_not_final() -> None:
    """A filled entry is not alive, its stop and target are."""
    desk = Desk()
    desk.hold()
    assert [w.order.leg for w in desk.campaign.alive()] == [Leg.STOP, Leg.TARGET]
    assert desk.campaign.alive(Leg.ENTRY) == []


def test_the_newest_word_of_the_market_is_the_price() -> None:
    """A quote no newer than the close does not count."""
    assert Price(close=100.0, closed=5, bid=90.0, ask=91.0, quoted=5).of(Side.BUY) == 100.0
    assert Price(close=100.0, closed=5, bid=90.0, ask=91.0, quoted=6).of(Side.BUY) == 91.0


def test_equity_is_cash_and_positions_at_their_last_close() -> None:
    """The floats of the marks agree with the ledger."""
    desk = Desk()
    desk.hold()
    desk.state.prices[SYMBOL].close = 103.5
    exact = desk.state.ledger.equity({SYMBOL: 103.5})
    assert abs(desk.state.equity() - float(exact)) < 1e-6
