"""A fill moves money, holding and fee, to the last digit."""

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from tests.trader.matching.venue import (
    BTC,
    FRICTION,
    INSTRUMENT,
    D,
    limit,
    market,
    opened,
    quote,
)
from trader.accounting.money import round_up
from trader.matching.engine import MatchingEngine
from trader.model.orders import Side

FINE = msgspec.structs.replace(INSTRUMENT, maker_fee=D("0.00012345"))


@given(st.lists(st.integers(1, 400), min_size=1, max_size=20))
def test_a_fee_is_rounded_up_once_an_order(lots: list[int]) -> None:
    """However many fills an order takes, its fees add up to the exact fee, rounded up once."""
    engine = MatchingEngine({BTC: FINE}, FRICTION)
    engine.submit(limit(Side.BUY, "9.973", "98.77"), 0)
    for step in lots:
        engine.on_quote(BTC, quote(98.0, 98.77), step / 500)
    fills = engine.fills("l")
    exact = sum((f.quantity * f.price * FINE.maker_fee for f in fills), D(0))

    assert sum((f.fee for f in fills), D(0)) == round_up(exact)


def test_an_order_is_filled_with_the_last_of_the_money() -> None:
    """A limit order that locked every cent it may cost never lacks one, nor locks one too many."""
    engine = opened()
    engine.submit(limit(Side.BUY, "10", "99.80"), 0)
    free = [engine.book.free("USD")]
    for _ in range(20):
        engine.on_quote(BTC, quote(99.7, 99.8), 1.0)
        free.append(engine.book.free("USD"))

    assert engine.account().balances == {"USD": D(1000) - D("998.998"), "BTC": D(10)}
    assert free == [D("0.004")] * 20 + [D("1.002")]


def test_a_market_order_pays_what_is_left_and_no_more() -> None:
    """Where the money ends, the last lot that can be paid with its fee is the last bought."""
    engine = MatchingEngine({BTC: INSTRUMENT}, FRICTION)
    engine.submit(market(Side.BUY, "10.5"), 0)
    engine.on_quote(BTC, quote(99.8, 100.0), 1000.0)
    (fill,) = engine.fills("m")
    left = engine.book.balance("USD")
    lot_more = D("0.001") * fill.price * D("1.002")

    assert 0 <= left < lot_more
