"""A stop follows the market and is never without its predecessor until it rests."""

from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.trader.risk.desk import PERP, SYMBOL, Desk, canceled, following, legs, placed
from trader.model.messages import CancelOrder, Message, SubmitOrder
from trader.model.orders import Leg, Order, OrderKind
from trader.model.reasons import Reason
from trader.model.views import Stance
from trader.risk.exits import followed
from trader.risk.protection import GIVE_UP, is_secure
from trader.risk.settings import ExitSettings

EVEN = following(break_even_at_r=1.0)
TRAIL = following(trail_pct=4.0)
ENTRIES = [(SYMBOL, 1), (PERP, -1)]


def desk(exits: ExitSettings, symbol: str = SYMBOL, **fields: Any) -> Desk:
    """Return a desk whose entries at 100 have their stop 5 away and their target 10."""
    return Desk(symbol=symbol, exits=exits, **fields)


def reasons(messages: list[Message]) -> list[Reason | None]:
    """Return what the orders that were sent are for."""
    return [m.reason for m in messages if isinstance(m, SubmitOrder)]


def secure(desk: Desk) -> bool:
    """Tell whether accepted stops cover all that is held."""
    instrument, campaign = desk.rules.instruments[desk.symbol], desk.campaign
    return is_secure(instrument, campaign, campaign.by_leg(), abs(desk.held))


def moved(desk: Desk, price: float) -> Order:
    """Close a candle that has the stop moved; return the new one, accepted."""
    (stop,) = placed(desk.close_candle(price))
    desk.accept(stop)
    return stop


# -- break-even ------------------------------------------------------------------------------------


@pytest.mark.parametrize(("symbol", "sign"), ENTRIES)
def test_at_one_r_the_stop_goes_to_where_leaving_costs_nothing(symbol: str, sign: int) -> None:
    """The entry and the fees of both ways, on the far side of the tick; short of it, nothing."""
    it = desk(EVEN, symbol)
    first, _ = it.hold()
    assert it.close_candle(100 + sign * 4.99) == []
    told = it.close_candle(100 + sign * 5)
    (stop,) = placed(told)
    assert stop.trigger == {1: Decimal("100.21"), -1: Decimal("99.80")}[sign]
    assert (stop.leg, stop.side, stop.quantity) == (Leg.STOP, first.side, first.quantity)
    assert stop.reduce_only
    assert reasons(told) == [Reason.EXIT_BREAK_EVEN]


def test_the_old_stop_stays_until_the_new_one_rests() -> None:
    """Both are of one group, and one of them covers the position at every moment."""
    it = desk(EVEN)
    first, target = it.hold()
    told = it.close_candle(105)
    (stop,) = placed(told)
    assert stop.group == first.group == target.group
    assert canceled(told) == []
    assert secure(it)
    (cancel,) = it.accept(stop)
    assert cancel == CancelOrder(first.client_order_id, Reason.CANCEL_REPLACED)
    assert secure(it)
    assert it.canceled(first) == []
    assert secure(it)
    assert it.campaign.alive(Leg.STOP)[0].order == stop


def test_a_gain_in_percent_will_do() -> None:
    """What is reached first counts."""
    it = desk(following(break_even_at_r=1.0, break_even_at_pct=2.0))
    it.hold()
    assert it.close_candle(101.9) == []
    assert legs(it.close_candle(102)) == [Leg.STOP]


def test_a_gain_below_the_costs_moves_nothing() -> None:
    """The stop stays on its side of the market."""
    it = desk(following(break_even_at_pct=0.1))
    it.hold()
    assert it.close_candle(100.2) == []
    assert legs(it.close_candle(100.22)) == [Leg.STOP]


def test_a_stop_is_moved_once_and_not_back() -> None:
    """Later candles, higher or lower, ask for nothing more."""
    it = desk(EVEN)
    it.hold()
    moved(it, 105)
    for price in (107, 100.5, 100.3, 106):
        assert it.close_candle(price) == []


def test_what_fills_later_goes_under_the_moved_stop() -> None:
    """A rest of the entry gets a pair of its own, at the tighter price."""
    it = desk(EVEN)
    entry = it.enter()
    for order in placed(it.fill(entry, "5")):
        it.accept(order)
    moved(it, 105)
    stop, _ = placed(it.fill(entry, "5"))
    assert stop.trigger == Decimal("100.21")


def test_a_rest_that_the_tighter_stop_makes_large_enough_is_covered() -> None:
    """What was below the venue's minimum at the old stop gets a pair of its own at the new one."""
    it = desk(EVEN)
    entry = it.enter()
    for order in placed(it.fill(entry, "5")):
        it.accept(order)
    assert placed(it.fill(entry, "0.104")) == []
    stop, target, moved_stop = placed(it.close_candle(105))
    assert stop.quantity == target.quantity == Decimal("0.104")
    assert stop.trigger == moved_stop.trigger == Decimal("100.21")


def test_each_pair_has_its_own_stop_moved() -> None:
    """One new stop a group, each for what its group covers."""
    it = desk(EVEN)
    entry = it.enter()
    pairs = [order for part in ("5", "6") for order in placed(it.fill(entry, part))]
    for order in pairs:
        it.accept(order)
    told = it.close_candle(105)
    assert [o.quantity for o in placed(told)] == [5, 6]
    assert [o.group for o in placed(told)] == [pairs[0].group, pairs[2].group]


def test_a_refused_move_leaves_the_old_stop_and_is_tried_at_the_next_candle() -> None:
    """However often: the position is protected, and is not closed for it."""
    it = desk(EVEN)
    it.hold()
    for _ in range(2 * GIVE_UP):
        (stop,) = placed(it.close_candle(105))
        assert it.reject(stop) == []
        assert secure(it)
    assert it.campaign.closing is None


def test_a_move_that_comes_too_late_is_an_exit() -> None:
    """The market has passed the new stop: the old ones are canceled, what is held is closed."""
    it = desk(EVEN)
    first, target = it.hold()
    (stop,) = placed(it.close_candle(105))
    told = it.reject(stop, Reason.VENUE_WOULD_TRIGGER)
    assert canceled(told) == [first.client_order_id, target.client_order_id]
    it.canceled(first)
    assert reasons(it.canceled(target)) == [Reason.EXIT_BREAK_EVEN]


def test_a_move_of_which_nobody_knows_is_waited_for() -> None:
    """The old stop stays; no third one is sent; once it turns up the old one is canceled."""
    it = desk(following(break_even_at_r=1.0, trail_pct=4.0), trails=False)
    first, _ = it.hold()
    (stop,) = placed(it.close_candle(104.9))
    it.lose(stop)
    assert it.close_candle(108) == []
    assert secure(it)
    assert canceled(it.accept(stop)) == [first.client_order_id]
    it.canceled(first)
    (again,) = placed(it.close_candle(108))
    assert again.trigger == Decimal(104)


def test_an_old_stop_that_fills_meanwhile_sells_once() -> None:
    """The rest of the group shrinks by what it sold, as at the venue."""
    it = desk(EVEN)
    first, _ = it.hold()
    (stop,) = placed(it.close_candle(105))
    assert it.fill(first, "4", "95")
    (working,) = [w for w in it.campaign.alive(Leg.STOP) if w.order == stop]
    assert working.remaining == it.held == first.quantity - 4
    assert canceled(it.accept(stop)) == [first.client_order_id]
    assert it.canceled(first) == []
    assert secure(it)


def test_an_exit_lets_both_stops_go_first() -> None:
    """Advice in the midst of a move waits for old, new and target."""
    it = desk(EVEN)
    first, target = it.hold()
    (stop,) = placed(it.close_candle(105))
    told = it.propose(Stance.FLAT, decision=9)
    resting = [first, target, stop]
    assert sorted(canceled(told)) == sorted(o.client_order_id for o in resting)
    for order in resting[:-1]:
        assert placed(it.canceled(order)) == []
    assert legs(it.canceled(stop)) == [Leg.EXIT]


def test_a_cancel_that_may_be_lost_is_asked_for_again() -> None:
    """After a restart the venue lists both stops; the old one is canceled, and not both."""
    it = desk(EVEN)
    first, target = it.hold()
    stop = moved(it, 105)
    it.state.doubt_all()
    for order in (first, target, stop):
        it.campaign.orders[order.client_order_id].doubtful = False
    assert canceled(it.reconcile()) == [first.client_order_id]
    assert secure(it)


# -- trailing --------------------------------------------------------------------------------------


@pytest.mark.parametrize(("symbol", "sign"), ENTRIES)
def test_a_trailing_stop_rests_beside_the_stop_where_it_may(symbol: str, sign: int) -> None:
    """It comes once it would be the tighter one, is of the same group, and comes once."""
    it = desk(TRAIL, symbol)
    first, _ = it.hold()
    assert it.close_candle(100 - sign * 1) == []
    told = it.close_candle(100 + sign * 1)
    (stop,) = placed(told)
    assert (stop.kind, stop.trail, stop.trigger) == (OrderKind.TRAILING, Decimal(4), None)
    assert (stop.leg, stop.group, stop.quantity) == (Leg.STOP, first.group, first.quantity)
    assert reasons(told) == [Reason.EXIT_TRAILING]
    assert canceled(it.accept(stop)) == []
    assert secure(it)
    assert it.close_candle(100 + sign * 5) == []


@pytest.mark.parametrize(("symbol", "sign"), ENTRIES)
def test_where_it_may_not_the_stop_is_moved_behind_the_best_close(symbol: str, sign: int) -> None:
    """By a tenth of its distance at least, and never back."""
    it = desk(TRAIL, symbol, trails=False)
    first, _ = it.hold()
    stop = moved(it, 100 + sign * 3)
    assert (stop.kind, stop.trigger) == (OrderKind.STOP, 100 - sign)
    it.canceled(first)
    assert it.close_candle(100 + sign * 3.3) == []
    assert it.close_candle(100) == []
    assert moved(it, 100 + sign * 3.5).trigger == 100 - sign * Decimal("0.5")


def test_a_distance_in_average_true_ranges_is_that_of_the_entry() -> None:
    """By the tick, upwards; advice that names no range has no trailing stop."""
    it = desk(following(trail_atr=2.5))
    entry = it.enter(atr=0.333)
    for order in placed(it.fill(entry, entry.quantity)):
        it.accept(order)
    (stop,) = placed(it.close_candle(100))
    assert stop.trail == Decimal("0.84")

    unknown = desk(following(trail_atr=2.5))
    unknown.hold()
    assert unknown.close_candle(109) == []


def test_a_stop_that_is_lost_beside_a_trailing_one_comes_back() -> None:
    """A trailing stop may lie lower than it: the venue's market had moved when it came."""
    it = desk(TRAIL)
    first, _ = it.hold()
    moved(it, 101)
    assert it.canceled(first) == []
    (again,) = placed(it.close_candle(101))
    assert (again.trigger, again.group) == (first.trigger, first.group)


# -- where no two orders may rest ------------------------------------------------------------------


def test_on_spot_without_pairs_the_tighter_stop_is_watched() -> None:
    """The first stop stays where it is; past the tighter one it lets go, and the rest is sold."""
    it = desk(EVEN, pairs=False)
    entry = it.enter()
    (first,) = placed(it.fill(entry, entry.quantity))
    it.accept(first)
    for price in (105, 100.22):
        assert it.close_candle(price) == []
    assert secure(it)
    assert canceled(it.close_candle(100.21)) == [first.client_order_id]
    assert reasons(it.canceled(first)) == [Reason.EXIT_BREAK_EVEN]


def test_a_perpetual_without_pairs_has_its_stop_moved() -> None:
    """What is reduce-only locks nothing: old and new may rest together."""
    it = desk(EVEN, PERP, pairs=False)
    entry = it.enter()
    (first,) = placed(it.fill(entry, entry.quantity))
    it.accept(first)
    (stop,) = placed(it.close_candle(95))
    assert canceled(it.accept(stop)) == [first.client_order_id]


# -- time ------------------------------------------------------------------------------------------


def test_a_position_that_lasts_too_long_is_closed() -> None:
    """Candles that the data lack count as well."""
    it = desk(following(max_candles=10))
    stop, target = it.hold()
    assert it.close_candle(100, minutes=9) == []
    assert canceled(it.close_candle(100)) == [stop.client_order_id, target.client_order_id]
    it.canceled(stop)
    assert reasons(it.canceled(target)) == [Reason.EXIT_TIME]


def test_what_is_too_little_to_sell_is_left() -> None:
    """A crumb has no exit."""
    it = desk(following(max_candles=1))
    entry = it.enter()
    it.fill(entry, "0.01")
    it.canceled(entry)
    assert it.close_candle(100, minutes=5) == []


# -- always ----------------------------------------------------------------------------------------


def test_nobody_is_followed_where_nothing_is_asked() -> None:
    """Candles cost nothing then; a target that cannot rest is watched in any case."""
    assert followed(desk(following()).rules) == frozenset()
    assert followed(desk(following(), pairs=False).rules) == {SYMBOL}
    assert SYMBOL in followed(desk(EVEN).rules)


@given(
    st.lists(st.tuples(st.floats(-0.9, 1.2), st.sampled_from("arlfc")), max_size=40),
    st.booleans(),
    st.sampled_from(ENTRIES),
)
def test_a_stop_never_loosens_and_is_never_missing(
    steps: list[tuple[float, str]], trails: bool, entry: tuple[str, int]
) -> None:
    """Whatever the market does and the venue says, the best stop that rests only gets tighter."""
    symbol, sign = entry
    exits = following(break_even_at_r=0.4, trail_pct=3.0)
    it = desk(exits, symbol, trails=trails)
    it.hold()
    price, best = 100.0, Decimal(-1000)
    for move, word in steps:
        price = round(price + sign * move, 2)
        answer(it, placed(it.close_candle(price)), word)
        if it.campaign.closing is not None:
            return
        rests = [w.order for w in it.campaign.alive(Leg.STOP) if w.rests]
        tightest = max(sign * o.trigger for o in rests if o.trigger is not None)
        assert secure(it)
        assert tightest >= best
        assert sign * it.campaign.stop >= tightest
        best = tightest


def answer(desk: Desk, orders: list[Order], word: str) -> None:
    """Answer what was sent: accept, reject, lose, or leave it; or confirm cancels first."""
    for order in orders:
        if word == "a":
            desk.accept(order)
        elif word == "r":
            desk.reject(order)
        elif word == "l":
            desk.lose(order)
    for working in desk.campaign.alive(Leg.STOP):
        if word == "c" and working.canceling:
            desk.canceled(working.order)
        elif word == "f" and working.unknown:
            desk.accept(working.order)
