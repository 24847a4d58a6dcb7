"""Positions in a perpetual: margin, funding and liquidation, at a leverage of 10.

The account has 1000 USD. Entered at 100, 10 units stand on a margin of 100; half of a percent of
the worth is the fee of a liquidation, 1 % has to stay, 0.1 % is paid by longs every eight hours.
"""

import msgspec
import pytest

from tests.trader.matching.venue import (
    MINUTE,
    PERP,
    TENFOLD,
    D,
    candle,
    limit,
    market,
    on_perp,
    opened_perp,
    quote,
    staked,
    stop,
    story,
    target,
)
from trader.matching.engine import MatchingEngine, Reports
from trader.matching.settings import SimulationSettings
from trader.model.errors import Rejected
from trader.model.market import SECOND, Candle
from trader.model.messages import FlowReported, LiquidationReported
from trader.model.orders import Fill, Flow, FlowKind, OrderStatus, Side
from trader.model.reasons import Reason

BUY, SELL = Side.BUY, Side.SELL
FILLED, CANCELED = OrderStatus.FILLED, OrderStatus.CANCELED
EIGHT_HOURS = 8 * 3600 * SECOND


def liquidations(reports: Reports) -> list[Fill]:
    """Return the fills of the venue's own orders."""
    return [report.fill for report in reports if isinstance(report, LiquidationReported)]


def flows(reports: Reports) -> list[Flow]:
    """Return the money that moved without a fill."""
    return [report.flow for report in reports if isinstance(report, FlowReported)]


def quantity(engine: MatchingEngine) -> str:
    """Return the position as its account lists it."""
    return f"{engine.account().positions.get(PERP, D(0)).normalize():f}"


# -- margin ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(("side", "expected"), [(BUY, "10"), (SELL, "-10")])
def test_a_position_stands_on_its_margin(side: Side, expected: str) -> None:
    """The balance pays the fee alone; a tenth of the notional is not free any more."""
    engine = staked(side)

    assert quantity(engine) == expected
    assert engine.book.balance("USD") == D(1000) - 2
    assert engine.book.free("USD") == D(1000) - 2 - 100


def test_the_venue_grants_no_more_than_its_highest_leverage() -> None:
    """What it grants is in force: it is what the account names and what margin stands at."""
    assert opened_perp().account().leverages == {PERP: 10}
    terms = msgspec.structs.replace(TENFOLD.terms, leverage=10, max_leverage=5)
    instruments = {PERP: msgspec.structs.replace(TENFOLD, terms=terms)}
    engine = MatchingEngine(instruments, SimulationSettings())
    engine.on_quote(PERP, quote(100.0, 100.0), 1000.0)
    engine.submit(on_perp(market(BUY, "10")), SECOND)

    assert engine.account().leverages == {PERP: 5}
    assert engine.book.stakes[PERP].margin == D("200.02")


def test_closing_settles_the_gain_and_frees_the_margin() -> None:
    """A part frees its part; a gain on a short is a fall of the price."""
    engine = staked(SELL)
    engine.on_quote(PERP, quote(95.0, 95.0), 1000.0)
    engine.submit(on_perp(market(BUY, "4", reduce_only=True)), SECOND)

    assert engine.book.balance("USD") == D(1000) - 2 + 20 - D("0.76")
    assert engine.book.free("USD") == engine.book.balance("USD") - 60
    engine.submit(on_perp(market(BUY, "9", "all", reduce_only=True)), SECOND)
    assert engine.book.free("USD") == engine.book.balance("USD")
    assert engine.account().positions == {}


def test_an_order_through_flat_turns_the_position() -> None:
    """There is one position a symbol: what is beyond it opens the other way, on its own margin."""
    engine = staked(BUY)
    engine.submit(on_perp(market(SELL, "15")), SECOND)

    assert quantity(engine) == "-5"
    assert engine.book.free("USD") == D(1000) - 2 - 3 - 50


def test_what_opens_needs_its_margin_and_fee() -> None:
    """At tenfold leverage 1000 carry 98.03 at 100, with a fee of 0.2 %, and not one lot more."""
    order = on_perp(market(SELL, "98.039"))
    assert opened_perp().submit(order, 0)
    with pytest.raises(Rejected, match=Reason.VENUE_BALANCE):
        opened_perp().submit(msgspec.structs.replace(order, quantity=D("98.040")), 0)


def test_what_closes_needs_no_margin() -> None:
    """With everything staked, a position can be left, and protected by stop and target at once."""
    engine = staked(BUY, "98")
    assert engine.submit(on_perp(stop("98", "95", reduce_only=True)), 1)
    closing = msgspec.structs.replace(target("98", "110"), reduce_only=True)
    assert engine.submit(on_perp(closing), 1)

    assert story(engine.submit(on_perp(market(SELL, "98", "x")), 1))[1][1] is FILLED


def test_a_position_that_is_gone_takes_its_exits_along() -> None:
    """What was to close it is canceled, not left to open the other way; other orders stay."""
    engine = staked(BUY)
    engine.submit(on_perp(stop("10", "95", reduce_only=True)), 1)
    engine.submit(on_perp(limit(BUY, "1", "90")), 1)
    reports = engine.submit(on_perp(market(SELL, "10", "x")), 1)

    assert [line[:2] for line in story(reports)][-1] == ("s", CANCELED)
    assert [s.order.client_order_id for s in engine.account().open_orders] == ["l"]


def test_an_exit_closes_no_more_than_there_is() -> None:
    """A stop for ten sells the four that are left when it triggers."""
    engine = staked(BUY)
    engine.submit(on_perp(stop("10", "95", reduce_only=True)), 1)
    engine.submit(on_perp(market(SELL, "6", "x")), 1)
    reports = engine.on_quote(PERP, quote(94.0, 94.0), 1000.0)

    assert story(reports)[0][2] == "4"
    assert engine.account().positions == {}
    assert not engine.busy(PERP)


@pytest.mark.parametrize(
    ("side", "stop_at", "target_at", "there"),
    [(BUY, "95", "110", 110.0), (SELL, "105", "90", 90.0)],
)
def test_a_bracket_loses_one_leg_to_the_other(
    side: Side, stop_at: str, target_at: str, there: float
) -> None:
    """A part of the target takes as much off the stop; the rest of it takes the stop along."""
    engine, rest = staked(side), {"reduce_only": True, "group": "g", "side": side.opposite}
    changed = msgspec.structs.replace
    engine.submit(on_perp(changed(stop("10", stop_at), **rest)), 1)
    engine.submit(on_perp(changed(target("10", target_at), **rest)), 1)
    part = engine.on_quote(PERP, quote(there, there), 16.0)
    whole = engine.on_quote(PERP, quote(there, there, 2 * SECOND), 100.0)

    assert [line[:3] for line in story(part)] == [
        ("t", OrderStatus.PARTIALLY_FILLED, "4"),
        ("s", OrderStatus.OPEN, ""),
    ]
    assert [line[:3] for line in story(whole)] == [("t", FILLED, "6"), ("s", CANCELED, "")]
    assert engine.account().positions == {}


@pytest.mark.parametrize("side", Side)
def test_an_exit_on_the_wrong_side_is_refused(side: Side) -> None:
    """A reduce-only order never adds, long or short."""
    with pytest.raises(Rejected, match=Reason.NOTHING_TO_CLOSE):
        staked(side).submit(on_perp(market(side, "1", reduce_only=True)), 1)


# -- liquidation -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("side", "shape", "price"),
    [
        (BUY, candle(90.90, 101.0), "90.90"),
        (SELL, candle(99.0, 108.92), "108.92"),
        (BUY, candle(80.0, 101.0, first=90.5), "90.50"),
        (SELL, candle(99.0, 120.0, first=109.5), "109.50"),
    ],
)
def test_a_position_is_liquidated_where_its_margin_ends(
    side: Side, shape: Candle, price: str
) -> None:
    """At the mark that leaves 1 % of the worth, or at a worse open; never at a better price."""
    engine = staked(side)
    (fill,) = liquidations(engine.on_candle(PERP, shape))

    assert (fill.side, str(fill.price), fill.quantity) == (side.opposite, price, 10)
    assert engine.account().positions == {}
    assert engine.book.free("USD") == engine.book.balance("USD")


@pytest.mark.parametrize(
    ("side", "shape"), [(BUY, candle(90.92, 101.0)), (SELL, candle(99.0, 108.90))]
)
def test_short_of_that_mark_nothing_happens(side: Side, shape: Candle) -> None:
    """The maintenance margin is left: the position stays."""
    assert not staked(side).on_candle(PERP, shape)


def test_a_liquidation_has_its_fee() -> None:
    """Half of a percent of what is closed, while the margin bears it."""
    engine = staked(BUY)
    (fill,) = liquidations(engine.on_quote(PERP, quote(90.6, 90.6), 1000.0))

    assert fill.fee == D("4.53")
    assert engine.book.balance("USD") == D(1000) - 2 - 94 - D("4.53")


@pytest.mark.parametrize("side", Side)
def test_no_more_than_the_margin_is_lost(side: Side) -> None:
    """A gap beyond bankruptcy costs the margin and not a cent more."""
    engine = staked(side)
    engine.on_open(PERP, 50.0 if side is BUY else 200.0, MINUTE)

    assert engine.book.balance("USD") == D(1000) - 2 - 100


def test_a_stop_before_the_liquidation_saves_the_margin() -> None:
    """The candle came by the stop first; nothing is liquidated."""
    engine = staked(BUY)
    engine.submit(on_perp(stop("10", "95", reduce_only=True)), 1)
    reports = engine.on_candle(PERP, candle(80.0, 101.0))

    assert story(reports) == [("s", FILLED, "10", "95.00")]
    assert not liquidations(reports)


@pytest.mark.parametrize(
    ("trigger", "shape"),
    [("90", candle(80.0, 101.0)), ("95", candle(80.0, 101.0, first=90.0))],
)
def test_a_stop_beyond_the_liquidation_comes_too_late(trigger: str, shape: Candle) -> None:
    """So does one that the market has left out: the venue closes, and cancels it."""
    engine = staked(BUY)
    engine.submit(on_perp(stop("10", trigger, reduce_only=True)), 1)
    reports = engine.on_candle(PERP, shape)

    assert len(liquidations(reports)) == 1
    assert story(reports) == [("s", CANCELED, "", "")]


def test_a_liquidation_comes_before_a_target_of_the_same_candle() -> None:
    """Nobody knows which was first: in doubt to the account's disadvantage."""
    engine = staked(BUY)
    engine.submit(on_perp(msgspec.structs.replace(target("10", "110"), reduce_only=True)), 1)
    reports = engine.on_candle(PERP, candle(80.0, 120.0))

    assert len(liquidations(reports)) == 1
    assert engine.fills("t") == ()


def test_a_position_that_a_candle_opens_it_may_liquidate() -> None:
    """What a limit bought on the way down is liquidated further down."""
    engine = opened_perp()
    engine.submit(on_perp(limit(BUY, "10", "99")), 0)
    reports = engine.on_candle(PERP, candle(80.0, 101.0))

    assert story(reports)[0] == ("l", FILLED, "10", "99")
    assert len(liquidations(reports)) == 1


def test_at_a_leverage_of_one_a_long_is_never_liquidated() -> None:
    """It has paid for all of it; a short is, at about twice its price."""
    plain = msgspec.structs.replace(TENFOLD.terms, leverage=1)
    instrument = msgspec.structs.replace(TENFOLD, terms=plain)
    settings = SimulationSettings(start_equity=D(1000), spread_pct=0.0, slippage_pct=0.0)
    for side, price, gone in ((BUY, 0.02, False), (SELL, 197.0, False), (SELL, 199.0, True)):
        engine = MatchingEngine({PERP: instrument}, settings)
        engine.on_open(PERP, 100.0, 0)
        engine.submit(on_perp(market(side, "5")), 0)

        assert bool(liquidations(engine.on_open(PERP, price, MINUTE))) is gone


def test_an_account_lists_what_the_venue_did() -> None:
    """Who was not told of a liquidation or of funding finds it there."""
    engine = staked(BUY)
    paid = flows(engine.on_open(PERP, 100.0, EIGHT_HOURS))
    closed = liquidations(engine.on_open(PERP, 50.0, EIGHT_HOURS + MINUTE))

    assert engine.account().flows == tuple(paid)
    assert engine.account().fills[1:] == tuple(closed)


# -- funding and transfers -------------------------------------------------------------------------


@pytest.mark.parametrize(("side", "amount"), [(BUY, "-1.1"), (SELL, "1.1")])
def test_longs_pay_shorts_every_eight_hours(side: Side, amount: str) -> None:
    """A thousandth of the worth at the mark, when the clock says so, once."""
    engine = staked(side)
    engine.on_quote(PERP, quote(105.0, 105.0, EIGHT_HOURS - 1), 1.0)
    (flow,) = flows(engine.on_open(PERP, 108.0 if side is SELL else 110.0, EIGHT_HOURS))

    expected = D(amount) if side is BUY else D("1.08")
    assert (flow.kind, flow.symbol, flow.amount) == (FlowKind.FUNDING, PERP, expected)
    assert flow.ts_event == EIGHT_HOURS
    assert engine.book.balance("USD") == D(1000) - 2 + expected
    assert not engine.on_open(PERP, 105.0, EIGHT_HOURS + 1)


def test_funding_that_was_due_in_a_gap_is_paid_after_it() -> None:
    """Each of them, at the first price there is."""
    reports = staked(BUY).on_open(PERP, 100.0, 3 * EIGHT_HOURS)

    assert [flow.ts_event // EIGHT_HOURS for flow in flows(reports)] == [1, 2, 3]


def test_without_a_position_nothing_is_paid() -> None:
    """A position opened at the hour itself pays eight hours later."""
    engine = opened_perp()
    assert not engine.on_open(PERP, 100.0, EIGHT_HOURS)
    engine.submit(on_perp(market(BUY, "1")), EIGHT_HOURS)

    assert not engine.on_open(PERP, 100.0, 2 * EIGHT_HOURS - 1)
    assert flows(engine.on_open(PERP, 100.0, 2 * EIGHT_HOURS))


def test_funding_beyond_what_is_free_is_taken_from_the_margin() -> None:
    """Which brings the liquidation nearer."""
    engine = staked(BUY, "98")
    before = engine.book.stakes[PERP].liquidation
    engine.on_open(PERP, 100.0, EIGHT_HOURS)

    assert engine.book.free("USD") == 0
    assert engine.book.stakes[PERP].margin < 980
    assert engine.book.stakes[PERP].liquidation > before


def test_a_transfer_moves_free_money_alone() -> None:
    """A deposit is there at once; a withdrawal leaves the margin where it is."""
    engine = staked(BUY)
    (flow,) = flows(engine.transfer("USD", D(50), 5))

    assert (flow.kind, flow.amount, flow.symbol) == (FlowKind.TRANSFER, D(50), None)
    assert engine.transfer("USD", D(-948), 6)
    assert engine.book.free("USD") == 0
    with pytest.raises(Rejected, match=Reason.VENUE_BALANCE):
        engine.transfer("USD", D("-0.01"), 7)
