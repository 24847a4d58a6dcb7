"""A position is never naked: stops on fills, resizing, exits, and what happens when they fail."""

from decimal import Decimal

import pytest

from tests.trader.risk.desk import PERP, SYMBOL, Desk, canceled, legs, placed
from trader.model.market import SECOND
from trader.model.messages import ProtectionDue, SubmitOrder, TradingStateChanged
from trader.model.orders import Leg, Side
from trader.model.reasons import Reason
from trader.model.views import Stance, TradingState
from trader.risk.protection import ATTEMPTS, PAIRS, Phase, is_secure, phase_of, reach

PAIR = [Leg.STOP, Leg.TARGET]


def secure(desk: Desk) -> bool:
    """Tell whether the first symbol has nothing left to wait for."""
    instrument, campaign = desk.rules.instruments[SYMBOL], desk.campaign
    return is_secure(instrument, campaign, campaign.by_leg(), desk.held)


def phase(desk: Desk) -> Phase:
    """Return where the first symbol's campaign is."""
    instrument, campaign = desk.rules.instruments[SYMBOL], desk.campaign
    return phase_of(instrument, campaign, campaign.by_leg(), desk.held)


def test_a_fill_is_protected_at_once() -> None:
    """An entry's fill brings a stop and a target of one group, for all of it, and a watch."""
    desk = Desk()
    entry = desk.enter()
    told = desk.fill(entry, entry.quantity)
    stop, target = placed(told)
    assert (stop.leg, target.leg) == (Leg.STOP, Leg.TARGET)
    assert stop.quantity == target.quantity == entry.quantity
    assert stop.group == target.group == stop.client_order_id
    assert ProtectionDue(SYMBOL) in told


def test_a_further_fill_gets_a_pair_of_its_own() -> None:
    """What is protected stays protected while the rest comes."""
    desk = Desk()
    entry = desk.enter()
    first, _ = placed(desk.fill(entry, "5"))
    told = desk.fill(entry, entry.quantity - 5)
    second, target = placed(told)
    assert canceled(told) == []
    assert first.quantity + second.quantity == desk.held == entry.quantity
    assert second.group == target.group != first.group


def test_many_fills_are_merged_into_one_pair() -> None:
    """A venue takes only so many stops: the pairs are canceled, then one covers all."""
    desk = Desk()
    entry = desk.enter()
    pairs = [order for _ in range(PAIRS) for order in placed(desk.fill(entry, "1"))]
    assert len(pairs) == 2 * PAIRS
    told = desk.fill(entry, "1")
    assert legs(told) == []
    assert canceled(told) == [order.client_order_id for order in pairs]
    for order in pairs[:-1]:
        assert legs(desk.canceled(order)) == []
    stop, _ = placed(desk.canceled(pairs[-1]))
    assert stop.quantity == desk.held == PAIRS + 1


def test_a_fill_too_small_for_a_stop_waits_for_the_next() -> None:
    """A crumb below the venue's minimum is covered together with what follows it."""
    desk = Desk()
    entry = desk.enter()
    told = desk.fill(entry, "0.01")
    assert legs(told) == []
    stop, _ = placed(desk.fill(entry, "3"))
    assert stop.quantity == Decimal("3.01")


def test_two_crumbs_make_one_stop() -> None:
    """A target that lost its stop and a rest, both too small alone, go under one new stop."""
    desk = Desk()
    entry = desk.enter()
    stop, target = placed(desk.fill(entry, "0.15"))
    desk.accept(stop)
    desk.accept(target)
    desk.fill(target, "0.07", "110")
    desk.fill(entry, "0.07")
    assert legs(desk.canceled(stop)) == []
    assert canceled(desk.canceled(entry)) == [target.client_order_id]
    renewed, _ = placed(desk.canceled(target))
    assert renewed.quantity == desk.held == Decimal("0.15")


def test_a_last_crumb_has_the_pair_replaced() -> None:
    """A rest too small for its own stop goes under one new stop, once the old let go."""
    desk = Desk()
    entry = desk.enter()
    stop, target = placed(desk.fill(entry, "5"))
    desk.accept(stop)
    desk.accept(target)
    assert legs(desk.fill(entry, "0.01")) == []
    told = desk.canceled(entry)
    assert canceled(told) == [stop.client_order_id, target.client_order_id]
    assert legs(desk.canceled(stop)) == []
    renewed, _ = placed(desk.canceled(target))
    assert renewed.quantity == desk.held == Decimal("5.01")


def test_a_crumb_of_an_entry_under_way_closes_nothing() -> None:
    """A protected position is not given up for what is too small to protect yet."""
    desk = Desk()
    entry = desk.enter()
    stop, target = placed(desk.fill(entry, "5"))
    desk.accept(stop)
    desk.accept(target)
    desk.fill(entry, "0.01")
    assert desk.watch() == []
    assert desk.campaign.closing is None


def test_a_crumb_alone_can_be_neither_protected_nor_sold() -> None:
    """What is below the venue's minimum is left, told as flat, and does not keep a watch."""
    desk = Desk()
    entry = desk.enter()
    desk.fill(entry, "0.01")
    desk.canceled(entry)
    assert phase(desk) is Phase.WAITING
    assert secure(desk)
    assert desk.watch() == []


def test_an_accepted_stop_satisfies_the_watch() -> None:
    """A position under its stop is left alone."""
    desk = Desk()
    desk.hold()
    assert secure(desk)
    assert desk.watch() == []


def test_a_position_without_a_stop_in_time_is_closed() -> None:
    """The watch cancels the pair that is not accepted, and then sells at the market."""
    desk = Desk()
    entry = desk.enter()
    stop, target = placed(desk.fill(entry, entry.quantity))
    told = desk.watch()
    assert canceled(told) == [stop.client_order_id, target.client_order_id]
    desk.canceled(stop)
    told = desk.canceled(target)
    (exit_order,) = placed(told)
    assert (exit_order.leg, exit_order.quantity) == (Leg.EXIT, entry.quantity)
    assert desk.campaign.closing is Reason.EXIT_UNPROTECTED


def test_a_lost_stop_does_not_keep_a_position_naked() -> None:
    """Where nobody knows of the stop by the time of the watch, the exit does not wait for it."""
    desk = Desk()
    entry = desk.enter()
    stop, target = placed(desk.fill(entry, entry.quantity))
    desk.lose(stop)
    desk.accept(target)
    desk.watch()
    assert legs(desk.canceled(target)) == [Leg.EXIT]


def test_a_rejected_stop_is_sent_again_in_its_group() -> None:
    """The target that rests already gets its stop back, under a new id."""
    desk = Desk()
    entry = desk.enter()
    stop, target = placed(desk.fill(entry, entry.quantity))
    desk.accept(target)
    (again,) = placed(desk.reject(stop))
    assert again.leg is Leg.STOP
    assert again.group == stop.group
    assert again.client_order_id != stop.client_order_id


def test_a_stop_that_is_refused_too_often_has_the_position_closed() -> None:
    """After ATTEMPTS the target is canceled and what is held is sold."""
    desk = Desk()
    entry = desk.enter()
    stop, target = placed(desk.fill(entry, entry.quantity))
    desk.accept(target)
    for _ in range(ATTEMPTS - 1):
        (stop,) = placed(desk.reject(stop))
    told = desk.reject(stop)
    assert canceled(told) == [target.client_order_id]
    assert legs(desk.canceled(target)) == [Leg.EXIT]


def test_an_accepted_stop_clears_the_count() -> None:
    """Only failures in a row turn to the other way."""
    desk = Desk()
    stop, _ = desk.hold()
    for _ in range(2):
        for _ in range(ATTEMPTS - 1):
            (stop,) = placed(desk.expired(stop))
        desk.accept(stop)
    assert desk.campaign.closing is None
    assert secure(desk)


def test_a_stop_that_would_trigger_at_once_is_an_exit() -> None:
    """The price has passed the stop already: sell."""
    desk = Desk()
    entry = desk.enter()
    stop, target = placed(desk.fill(entry, entry.quantity))
    told = desk.reject(stop, Reason.VENUE_WOULD_TRIGGER)
    assert canceled(told) == [target.client_order_id]
    assert desk.campaign.closing is Reason.EXIT_STOP


def test_a_stop_that_ends_by_itself_is_replaced() -> None:
    """A stop canceled by another hand, or by the venue, comes back."""
    desk = Desk()
    stop, _ = desk.hold()
    assert legs(desk.canceled(stop)) == [Leg.STOP]


def test_a_rejected_target_leaves_the_stop() -> None:
    """The stop is what protects; a target is not insisted on."""
    desk = Desk()
    entry = desk.enter()
    stop, target = placed(desk.fill(entry, entry.quantity))
    desk.accept(stop)
    assert desk.reject(target) == []
    assert secure(desk)


def test_an_exit_waits_until_the_protection_has_let_go() -> None:
    """On spot the stop locks what the exit would sell."""
    desk = Desk()
    stop, target = desk.hold()
    told = desk.propose(Stance.FLAT, decision=9)
    assert canceled(told) == [stop.client_order_id, target.client_order_id]
    assert legs(told) == []
    assert legs(desk.canceled(target)) == []
    told = desk.canceled(stop)
    (exit_order,) = placed(told)
    assert exit_order.quantity == desk.held
    (sent,) = [m for m in told if isinstance(m, SubmitOrder)]
    assert (sent.decision, sent.reason) == (9, Reason.EXIT_ADVICE)


def test_an_exit_sells_what_the_stop_has_left() -> None:
    """A stop that fills in part while it is canceled leaves the rest to the exit."""
    desk = Desk()
    stop, target = desk.hold()
    desk.propose(Stance.FLAT, decision=9)
    desk.fill(stop, "5", "95")
    desk.canceled(target)
    (exit_order,) = placed(desk.canceled(stop))
    assert exit_order.quantity == desk.held == stop.quantity - 5


def test_a_stop_that_wins_the_race_makes_the_exit_needless() -> None:
    """Nothing is sold twice."""
    desk = Desk()
    stop, target = desk.hold()
    desk.propose(Stance.FLAT, decision=9)
    desk.fill(stop, stop.quantity, "95")
    assert legs(desk.canceled(target)) == []
    assert secure(desk)


def test_an_exit_that_fails_is_sent_again_and_then_protected_again() -> None:
    """After ATTEMPTS the position goes back under a stop."""
    desk = Desk()
    stop, target = desk.hold()
    desk.propose(Stance.FLAT, decision=9)
    desk.canceled(stop)
    (exit_order,) = placed(desk.canceled(target))
    for _ in range(ATTEMPTS - 1):
        (exit_order,) = placed(desk.expired(exit_order))
        assert exit_order.leg is Leg.EXIT
    assert legs(desk.reject(exit_order)) == PAIR


def test_a_position_that_nothing_helps_halts_trading_and_is_tried_again() -> None:
    """Where neither stops nor exits are taken, trading halts, and the watch starts over."""
    desk = Desk()
    stop, target = desk.hold()
    desk.propose(Stance.FLAT, decision=9)
    desk.canceled(stop)
    told = desk.canceled(target)
    for _ in range(2 * ATTEMPTS):
        failing = next(o for o in placed(told) if o.leg is not Leg.TARGET)
        for order in placed(told):
            if order.leg is Leg.TARGET:
                desk.reject(order)
        told = desk.reject(failing)
    (change,) = told
    assert isinstance(change, TradingStateChanged)
    assert (change.state, change.reason) == (TradingState.HALTED, Reason.EXIT_UNPROTECTED)
    assert legs(desk.watch()) == [Leg.EXIT]


def test_an_unknown_exit_is_waited_for() -> None:
    """Nothing is sent again on the same decision."""
    desk = Desk()
    stop, target = desk.hold()
    desk.propose(Stance.FLAT, decision=9)
    desk.canceled(stop)
    (exit_order,) = placed(desk.canceled(target))
    assert desk.lose(exit_order) == []
    assert legs(desk.watch()) == []


def test_a_cancel_without_an_answer_is_asked_again() -> None:
    """The watch repeats what the broker may have missed."""
    desk = Desk()
    stop, target = desk.hold()
    desk.propose(Stance.FLAT, decision=9)
    assert canceled(desk.watch()) == [stop.client_order_id, target.client_order_id]


def test_a_filled_target_asks_for_nothing() -> None:
    """The venue ends the stop of the same group; only its end is waited for."""
    desk = Desk()
    stop, target = desk.hold()
    told = desk.fill(target, target.quantity, "110")
    assert placed(told) == []
    assert canceled(told) == []
    desk.canceled(stop)
    assert secure(desk)
    assert desk.campaign.alive() == []
    assert desk.campaign.failures == 0


def test_a_sibling_that_the_venue_keeps_is_canceled() -> None:
    """The watch ends what is left of a pair that has sold everything."""
    desk = Desk()
    stop, target = desk.hold()
    desk.fill(target, target.quantity, "110")
    assert canceled(desk.watch()) == [stop.client_order_id]


def test_a_target_filled_in_part_shrinks_its_stop() -> None:
    """What rests covers what is held, and no more."""
    desk = Desk()
    _, target = desk.hold()
    told = desk.fill(target, "5", "110")
    assert placed(told) == []
    assert canceled(told) == []
    assert secure(desk)


def test_a_stop_thought_lost_that_turns_up_beside_another_is_let_go() -> None:
    """More under stops than held: all are canceled, then one covers all."""
    desk = Desk()
    entry = desk.enter()
    first, _ = placed(desk.fill(entry, entry.quantity))
    (second,) = placed(desk.reject(first))
    desk.accept(second)
    assert first.client_order_id in canceled(desk.accept(first))


def test_a_stop_that_turns_up_when_nothing_is_held_is_let_go() -> None:
    """It was given up and replaced, and the replacement has sold what there was."""
    desk = Desk()
    first, _ = desk.hold()
    desk.state.doubt_all()
    second, _ = placed(desk.reconcile())
    desk.fill(second, second.quantity, "95")
    assert canceled(desk.accept(first)) == [first.client_order_id]


def test_an_entry_is_not_added_to_a_position_that_is_being_closed() -> None:
    """A stop that fires cancels what is still to be bought."""
    desk = Desk()
    entry = desk.enter()
    stop, _ = placed(desk.fill(entry, "5"))
    told = desk.fill(stop, "5", "95")
    assert canceled(told) == [entry.client_order_id]


def test_a_late_fill_of_an_entry_is_protected_too() -> None:
    """A fill that raced the cancel of its entry gets its pair."""
    desk = Desk()
    entry = desk.enter()
    desk.canceled(entry)
    assert legs(desk.fill(entry, "5")) == PAIR
    assert desk.campaign.alive(Leg.ENTRY) == []


def test_a_short_is_protected_above_and_closed_by_buying() -> None:
    """A stop above, a target below, both reduce-only; an exit buys it back."""
    desk = Desk(symbol=PERP)
    stop, target = desk.hold()
    assert [o.side for o in (stop, target)] == [Side.BUY, Side.BUY]
    assert (stop.trigger, target.price) == (Decimal(105), Decimal(90))
    assert stop.quantity == target.quantity == -desk.held
    desk.propose(Stance.FLAT, symbol=PERP)
    (exit_,) = placed([*desk.canceled(stop), *desk.canceled(target)])
    assert (exit_.side, exit_.quantity, exit_.reduce_only) == (Side.BUY, -desk.held, True)
    desk.fill(exit_, exit_.quantity, "95")
    assert desk.held == 0


@pytest.mark.parametrize(
    ("symbol", "short_of", "there"), [(SYMBOL, 109.9, 110.0), (PERP, 90.1, 90.0)]
)
def test_where_no_pair_may_rest_the_stop_does_and_the_target_is_watched(
    symbol: str, short_of: float, there: float
) -> None:
    """At the target the stop is canceled, then the position is closed."""
    desk = Desk(symbol=symbol, pairs=False)
    entry = desk.enter()
    (stop,) = placed(desk.fill(entry, entry.quantity))
    desk.accept(stop)
    assert stop.leg is Leg.STOP
    assert reach(desk.rules, desk.state, symbol, short_of) == []
    assert canceled(reach(desk.rules, desk.state, symbol, there)) == [stop.client_order_id]
    assert reach(desk.rules, desk.state, symbol, there) == []
    (sent,) = [m for m in desk.canceled(stop) if isinstance(m, SubmitOrder)]
    assert (sent.order.leg, sent.reason) == (Leg.EXIT, Reason.EXIT_TARGET)


def test_a_stop_that_fills_before_its_cancel_leaves_nothing_to_close() -> None:
    """The race of a cancel-then-exit that the stop wins."""
    desk = Desk(symbol=PERP, pairs=False)
    entry = desk.enter()
    (stop,) = placed(desk.fill(entry, entry.quantity))
    desk.accept(stop)
    reach(desk.rules, desk.state, PERP, 89.0)
    assert legs(desk.fill(stop, stop.quantity, "105")) == []
    assert desk.held == 0


def test_a_target_that_rests_is_not_watched() -> None:
    """The venue fills it."""
    desk = Desk()
    desk.hold()
    assert reach(desk.rules, desk.state, SYMBOL, 111.0) == []


def test_a_crumb_on_the_other_side_is_not_what_an_entry_holds() -> None:
    """Too little to sell at its own stop, it may be enough at that of a short: it is no short."""
    desk = Desk(symbol=PERP)
    (crumb,) = placed(desk.propose(Stance.LONG, symbol=PERP))
    assert legs(desk.fill(crumb, "0.0998")) == []
    desk.canceled(crumb)
    desk.now += 60 * SECOND
    entry = desk.enter(decision=8)
    assert entry.side is Side.SELL
    assert desk.reconcile() == []
    stop, _ = placed(desk.fill(entry, "5"))
    assert (stop.side, stop.quantity) == (Side.BUY, Decimal("4.9002"))
    assert desk.held == -stop.quantity
