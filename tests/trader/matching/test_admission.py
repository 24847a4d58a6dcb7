"""What a venue refuses, and the code it says so with.

The market opens at 100; lot 0.001, tick 0.01, at least 0.01 and 10 USD; the account has 1000 USD.
"""

from decimal import Decimal

import msgspec
import pytest

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
    story,
    target,
)
from trader.matching.engine import MatchingEngine
from trader.model.errors import Rejected
from trader.model.orders import Order, OrderKind, OrderStatus, Side, TimeInForce
from trader.model.reasons import Reason

BUY, SELL = Side.BUY, Side.SELL
FLAWS = {
    "another symbol": (
        msgspec.structs.replace(market(BUY, "1"), symbol="DOGE-USD"),
        Reason.VENUE_UNKNOWN_SYMBOL,
    ),
    "an id in use": (market(SELL, "1", "bought"), Reason.VENUE_DUPLICATE_ID),
    "no limit": (
        msgspec.structs.replace(market(BUY, "1"), kind=OrderKind.LIMIT),
        Reason.VENUE_REJECTED,
    ),
    "a market order with a price": (
        msgspec.structs.replace(market(BUY, "1"), price=D(100)),
        Reason.VENUE_REJECTED,
    ),
    "a stop without a trigger": (
        msgspec.structs.replace(market(SELL, "1"), kind=OrderKind.STOP),
        Reason.VENUE_REJECTED,
    ),
    "a negative quantity": (market(BUY, "-1"), Reason.VENUE_REJECTED),
    "no number": (limit(BUY, "1", "NaN"), Reason.VENUE_REJECTED),
    "a finer quantity than the lot": (market(BUY, "1.0001"), Reason.VENUE_PRECISION),
    "a finer limit than the tick": (limit(BUY, "1", "99.001"), Reason.VENUE_PRECISION),
    "a finer trigger than the tick": (stop("1", "94.999"), Reason.VENUE_PRECISION),
    "too little of the base": (limit(BUY, "0.009", "99"), Reason.VENUE_MINIMUM),
    "too little money": (market(BUY, "0.05"), Reason.VENUE_MINIMUM),
    "money it has not": (market(BUY, "8"), Reason.VENUE_BALANCE),
    "a holding it has not": (market(SELL, "2.001"), Reason.VENUE_BALANCE),
    "a stop above the market": (stop("1", "99.90"), Reason.VENUE_WOULD_TRIGGER),
    "a buy stop below the market": (stop("1", "100.10", side=BUY), Reason.VENUE_WOULD_TRIGGER),
    "a trailing stop without a distance": (
        msgspec.structs.replace(market(SELL, "1"), kind=OrderKind.TRAILING),
        Reason.VENUE_REJECTED,
    ),
    "a stop-limit without a limit": (
        msgspec.structs.replace(stop("1", "95"), kind=OrderKind.STOP_LIMIT),
        Reason.VENUE_REJECTED,
    ),
    "a post-only order that would take": (
        limit(BUY, "1", "100.10", post_only=True),
        Reason.VENUE_WOULD_TAKE,
    ),
    "a post-only order that does not wait": (
        limit(BUY, "1", "99", tif=TimeInForce.IOC, post_only=True),
        Reason.VENUE_REJECTED,
    ),
    "a post-only market order": (
        msgspec.structs.replace(market(BUY, "1"), post_only=True),
        Reason.VENUE_REJECTED,
    ),
    "a stop that does not wait": (
        msgspec.structs.replace(stop("1", "95"), tif=TimeInForce.FOK),
        Reason.VENUE_REJECTED,
    ),
    "a reducing buy": (market(BUY, "1", reduce_only=True), Reason.NOTHING_TO_CLOSE),
}


@pytest.mark.parametrize(("order", "reason"), FLAWS.values(), ids=FLAWS.keys())
def test_a_flaw_is_refused_with_its_code(order: Order, reason: Reason) -> None:
    """The text begins with the code, the error bears it, and the books do not change."""
    engine = holding()
    before = msgspec.msgpack.encode(engine.book)
    with pytest.raises(Rejected, match=f"^{reason}: ") as refusal:
        engine.submit(order, 1)

    assert refusal.value.reason is reason
    assert msgspec.msgpack.encode(engine.book) == before


def test_the_money_must_cover_the_worst_fee() -> None:
    """A limit buy for all the money fails for the taker's fee, whichever fee it would pay."""
    engine = opened()
    with pytest.raises(Rejected, match=Reason.VENUE_BALANCE):
        engine.submit(limit(BUY, "10", "100"), 0)
    engine.submit(limit(BUY, "10", "99.80"), 0)

    assert engine.book.free("USD") == Decimal(1000) - Decimal("999.996")


def test_resting_orders_lock_what_they_need() -> None:
    """Money promised to one order is not free for another, until the first is canceled."""
    engine = opened()
    engine.submit(limit(BUY, "6", "99", "first"), 0)
    with pytest.raises(Rejected, match=Reason.VENUE_BALANCE):
        engine.submit(limit(BUY, "6", "99", "second"), 0)
    engine.cancel("first", 0)

    assert engine.submit(limit(BUY, "6", "99", "third"), 0)


def test_an_order_that_reduces_is_cut_to_the_holding() -> None:
    """More than is held becomes all that is held, in whole lots."""
    reports = holding("2").submit(market(SELL, "5", reduce_only=True), 1)

    assert story(reports)[1] == ("m", OrderStatus.FILLED, "2", "99.80")


def test_an_order_that_reduces_nothing_is_refused() -> None:
    """With nothing held there is nothing to close."""
    with pytest.raises(Rejected, match=Reason.NOTHING_TO_CLOSE):
        opened().submit(stop("1", "95", reduce_only=True), 1)


def test_an_order_that_reduces_is_no_way_around_a_lock() -> None:
    """What a stop has locked must be freed first, as on a real venue."""
    engine = holding("2")
    engine.submit(stop("2", "95"), 1)
    with pytest.raises(Rejected, match=Reason.VENUE_BALANCE):
        engine.submit(market(SELL, "2", reduce_only=True), 1)


def test_without_a_market_only_the_order_itself_is_judged() -> None:
    """Before the first price, a stop cannot be on the wrong side and a market order has no cost."""
    engine = MatchingEngine({BTC: INSTRUMENT}, FRICTION)

    assert engine.submit(market(BUY, "1"), 0)
    assert engine.submit(stop("1", "50", side=BUY), 0)


def test_a_target_that_the_market_has_passed_takes() -> None:
    """It is a limit order: beyond its price it sells at once."""
    engine = holding()
    engine.on_candle(BTC, candle(99, 121, last=120.0))

    assert story(engine.submit(target("2", "110"), 60 * 10**9))[1][1] is OrderStatus.FILLED
