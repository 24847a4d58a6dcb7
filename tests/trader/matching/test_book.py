"""The book: what is locked, what is matched first, what is forgotten."""

import msgspec

from tests.trader.matching.venue import (
    BTC,
    FRICTION,
    INSTRUMENT,
    D,
    candle,
    holding,
    limit,
    market,
    opened,
    stop,
    target,
)
from trader.matching.book import KEPT, Book
from trader.matching.engine import MatchingEngine
from trader.model.orders import Side


def test_a_group_locks_its_largest_order() -> None:
    """A stop for all and a target for half lock all, once; another order adds to that."""
    engine = holding("2")
    engine.submit(stop("1", "95", group="g"), 0)
    engine.submit(target("0.5", "110", group="g"), 0)
    engine.submit(target("0.25", "120", "other"), 0)

    assert engine.book.free("BTC") == D("0.75")


def test_stops_are_matched_first() -> None:
    """Stops by time, then the others by time."""
    engine = holding("2")
    for order in (
        target("0.5", "110", "t1"),
        stop("0.5", "95", "s1"),
        target("0.5", "120", "t2"),
        stop("0.5", "96", "s2"),
    ):
        engine.submit(order, 0)
    ids = [record.order.client_order_id for record in engine.book.resting(BTC)]

    assert ids == ["s1", "s2", "t1", "t2"]


def test_the_oldest_finished_orders_are_forgotten() -> None:
    """Memory is bounded: open orders stay, the newest finished ones can be asked for."""
    engine = opened()
    engine.submit(limit(Side.BUY, "1", "50", "open"), 0)
    for number in range(KEPT + 1):
        engine.submit(limit(Side.BUY, "1", "50", str(number)), 0)
        engine.cancel(str(number), 0)

    assert len(engine.book.orders) == KEPT + 1
    assert engine.order("0") is None
    assert None not in (engine.order("open"), engine.order("1"), engine.order(str(KEPT)))


def test_a_restored_book_goes_on() -> None:
    """An engine that is given a decoded book knows orders, groups, prices and balances."""
    engine = holding("2")
    engine.submit(stop("2", "95", group="g"), 0)
    engine.submit(target("2", "110", group="g"), 0)
    copy = msgspec.msgpack.decode(msgspec.msgpack.encode(engine.book), type=Book)
    other = MatchingEngine({BTC: INSTRUMENT}, FRICTION, copy)

    assert other.account() == engine.account()
    for each in (engine, other):
        each.on_candle(BTC, candle(94, 120))
        each.submit(market(Side.BUY, "1"), 60 * 10**9)
    assert other.book == engine.book
