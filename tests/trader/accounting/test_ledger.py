"""A ledger is its fills, each counted once."""

from decimal import Decimal
from fractions import Fraction

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.trader.accounting.fills import PERP, SYMBOLS, courses, fill, histories, marks
from trader.accounting.ledger import REMEMBERED, Ledger
from trader.accounting.money import worth
from trader.model.instrument import ZERO
from trader.model.orders import Fill, Flow, FlowKind, Side

START = Decimal(1_000_000)


def replay(fills: list[Fill], prices: dict[str, float]) -> Fraction:
    """Value an account the slow way: every fill again, in fractions."""
    cash, held = Fraction(START), dict.fromkeys(SYMBOLS, Decimal(0))
    for each in fills:
        cash -= each.side.sign * Fraction(each.quantity) * Fraction(each.price)
        cash -= Fraction(each.fee)
        held[each.symbol] += each.side.sign * each.quantity
    return cash + sum(Fraction(worth(held[s], prices[s])) for s in SYMBOLS)


def ledger_of(fills: list[Fill]) -> Ledger:
    """Fold fills into a fresh ledger."""
    ledger = Ledger(cash=START)
    for each in fills:
        ledger.apply(each)
    return ledger


@given(histories(), marks, marks)
def test_equity_is_cash_and_positions_and_gains(fills: list[Fill], one: float, two: float) -> None:
    """Equity equals the slow replay, and the gains are its change, to the last digit."""
    prices = dict(zip(SYMBOLS, (one, two), strict=True))
    ledger = ledger_of(fills)
    gains = ledger.realized + ledger.unrealized(prices) - ledger.fees

    assert Fraction(ledger.equity(prices)) == replay(fills, prices)
    assert gains == ledger.equity(prices) - START


@given(histories(), st.data())
def test_a_repeated_fill_changes_nothing(fills: list[Fill], data: st.DataObject) -> None:
    """Any fill may come again, at any time: the ledger stays as it is."""
    ledger = ledger_of(fills)
    before = msgspec.msgpack.encode(ledger)
    again = data.draw(st.sampled_from(fills))

    assert ledger.knows(again)
    assert ledger.unknown([again]) == []
    assert ledger.apply(again) is None
    assert msgspec.msgpack.encode(ledger) == before


@given(histories(), st.integers(0, 16))
def test_a_ledger_survives_a_restart(fills: list[Fill], at: int) -> None:
    """Encoded and decoded amid its fills, it goes on to the same bytes."""
    half = msgspec.msgpack.encode(ledger_of(fills[:at]))
    ledger = msgspec.msgpack.decode(half, type=Ledger)
    for each in fills[at:]:
        ledger.apply(each)

    assert msgspec.msgpack.encode(ledger) == msgspec.msgpack.encode(ledger_of(fills))


def value(events: list[Fill | Flow], prices: dict[str, float]) -> Fraction:
    """Value an account the slow way: every fill pays its whole notional, in fractions."""
    cash, held = Fraction(START), dict.fromkeys(prices, Decimal(0))
    for each in events:
        if isinstance(each, Flow):
            cash += Fraction(each.amount)
            continue
        cash -= each.side.sign * Fraction(each.quantity) * Fraction(each.price)
        cash -= Fraction(each.fee)
        held[each.symbol] += each.side.sign * each.quantity
    return cash + sum(Fraction(worth(held[s], mark)) for s, mark in prices.items())


@given(courses(), marks, marks)
def test_gains_and_transfers_are_the_change_of_equity(
    events: list[Fill | Flow], one: float, two: float
) -> None:
    """After any fills of spot and perpetual, funding and transfers, to the last digit.

    Equity is cash + the worth of spot + the unrealized gain of perpetuals; its change is realized +
    unrealized - fees + funding + transfers.
    """
    prices, ledger = {"ETH-USD": one, PERP: two}, Ledger(cash=START)
    for count, each in enumerate(events, 1):
        if isinstance(each, Flow):
            assert ledger.move(each)
        else:
            ledger.apply(each)
        gains = ledger.realized + ledger.unrealized(prices) - ledger.fees + ledger.funding
        moved = sum((e.amount for e in events[:count] if _is_transfer(e)), ZERO)

        assert ledger.transfers == moved
        assert Fraction(ledger.equity(prices)) == value(events[:count], prices)
        assert gains + moved == ledger.equity(prices) - START


@given(courses())
def test_the_trades_of_a_perpetual_add_up(events: list[Fill | Flow]) -> None:
    """Flat, a position has earned what its trades say, and what was paid on it while flat."""
    ledger, earned = Ledger(cash=START), Decimal(0)
    for each in events:
        if isinstance(each, Flow):
            idle = each.symbol == PERP and not ledger.quantity(PERP)
            earned += each.amount if idle else 0
            ledger.move(each)
        else:
            trade = ledger.apply(each)
            earned += trade.pnl if trade and each.symbol == PERP else 0
        position = ledger.positions.get(PERP)
        if position is not None and not position.quantity:
            assert position.cost == ZERO
            assert position.realized - position.fees + position.funding == earned


@given(courses(), st.data())
def test_a_repeated_flow_changes_nothing(events: list[Fill | Flow], data: st.DataObject) -> None:
    """Money that moved once is counted once."""
    ledger, flow = Ledger(cash=START), data.draw(st.sampled_from(events))
    for each in events:
        ledger.move(each) if isinstance(each, Flow) else ledger.apply(each)
    before = msgspec.msgpack.encode(ledger)

    assert ledger.knows(flow)
    assert not (ledger.move(flow) if isinstance(flow, Flow) else ledger.apply(flow))
    assert msgspec.msgpack.encode(ledger) == before


def test_what_the_first_cash_holds_already_is_passed_over() -> None:
    """A flow or a fill from before the ledger began moves nothing when it is heard of again."""
    ledger, old = Ledger(cash=START), fill(Side.BUY, "1", "100", symbol=PERP)
    flow = Flow("f", FlowKind.TRANSFER, Decimal(5), 0)
    ledger.pass_over(old)
    ledger.pass_over(flow)

    assert (ledger.apply(old), ledger.move(flow)) == (None, False)
    assert (ledger.cash, ledger.quantity(PERP), ledger.transfers) == (START, ZERO, ZERO)


def test_a_perpetual_is_not_paid_for_in_cash() -> None:
    """Cash takes fees, funding and gains; what a short is held for counts as lent."""
    ledger = ledger_of([fill(Side.SELL, "2", "100", "1", symbol=PERP)])

    assert (ledger.cash, ledger.lent) == (START - 1, Decimal(-200))
    ledger.move(Flow("f", FlowKind.FUNDING, Decimal(3), 0, PERP))
    ledger.apply(fill(Side.BUY, "2", "90", "1", symbol=PERP, trade_id="2"))
    assert (ledger.cash, ledger.lent) == (START - 1 + 3 + 20 - 1, ZERO)
    assert (ledger.realized, ledger.funding) == (Decimal(20), Decimal(3))


def test_venues_number_trades_per_symbol() -> None:
    """The same trade id on another symbol is another fill."""
    ledger = ledger_of([fill(Side.BUY, "1", "100"), fill(Side.BUY, "1", "9", symbol="ETH-USD")])

    assert ledger.cash == START - 109


def test_a_trade_is_returned_when_a_position_ends() -> None:
    """The ledger passes the position's trade on, and then holds nothing."""
    ledger = ledger_of([fill(Side.BUY, "1", "100", "1")])
    trade = ledger.apply(fill(Side.SELL, "1", "120", "1", trade_id="2"))

    assert trade is not None
    assert trade.pnl == Decimal(18)
    assert (ledger.quantity("BTC-USD"), ledger.quantity("NEVER-HELD")) == (ZERO, ZERO)


def test_a_position_without_a_mark_is_worth_its_cost() -> None:
    """A fill that comes before the first price changes equity by its fee alone."""
    ledger = ledger_of([fill(Side.BUY, "1", "100", "1")])

    assert (ledger.equity({}), ledger.unrealized({})) == (START - 1, ZERO)


def test_a_fill_that_cannot_be_leaves_the_ledger_as_it_was() -> None:
    """A sale beyond the holding moves no cash, and its id stays unknown."""
    ledger = ledger_of([fill(Side.BUY, "1", "100")])
    before = msgspec.msgpack.encode(ledger)
    with pytest.raises(ValueError, match="beyond the holding"):
        ledger.apply(fill(Side.SELL, "2", "100", trade_id="2"))

    assert msgspec.msgpack.encode(ledger) == before


def test_the_newest_trade_ids_are_kept() -> None:
    """Memory is bounded: the oldest id goes first, the newest stay known."""
    fills = [fill(Side.BUY, "1", "1", trade_id=str(n)) for n in range(REMEMBERED + 2)]
    ledger = ledger_of(fills)

    assert len(ledger.seen) == REMEMBERED
    assert [ledger.knows(fills[n]) for n in (0, 1, 2, -1)] == [False, False, True, True]


def _is_transfer(event: Fill | Flow) -> bool:
    return isinstance(event, Flow) and event.kind is FlowKind.TRANSFER
