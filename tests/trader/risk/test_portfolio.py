"""The account as limits see it: all symbols, at their worst."""

from decimal import Decimal

from tests.trader.risk.desk import OTHER, PERP, SYMBOL, Desk, instrument, placed, rules
from trader.risk.portfolio import OTHERS, group_exposure, group_of, take


def test_a_new_account_is_exposed_to_nothing() -> None:
    """No position, no order, no margin."""
    desk = Desk()
    empty = take(desk.rules, desk.state)
    assert (empty.positions, empty.total, empty.reserved, empty.margin) == ([], 0, 0, 0)


def test_what_is_held_counts_at_the_last_close_and_what_may_come_at_its_worst() -> None:
    """A part that has filled at 100 and closed at 104, and a rest that may cost 101."""
    desk = Desk()
    entry = desk.enter()
    desk.fill(entry, "5")
    desk.state.prices[SYMBOL].close = 104.0
    seen = take(desk.rules, desk.state)
    rest = (entry.quantity - 5) * 101
    assert seen.positions == [SYMBOL]
    assert seen.exposure == {SYMBOL: 5 * 104 + rest}
    assert seen.reserved == rest * Decimal("1.001")


def test_an_unknown_order_counts_until_its_fate_is_known() -> None:
    """What may have been bought is exposure; what was not is none."""
    desk = Desk()
    (entry,) = placed(desk.propose())
    desk.lose(entry)
    assert take(desk.rules, desk.state).exposure[SYMBOL] == entry.quantity * 101
    desk.canceled(entry)
    assert take(desk.rules, desk.state).total == 0


def test_a_perpetual_is_exposed_by_its_notional_and_stands_on_its_margin() -> None:
    """A short at twofold leverage puts up half of what it is worth."""
    desk = Desk(symbol=PERP)
    entry = desk.enter()
    desk.fill(entry, entry.quantity)
    seen = take(desk.rules, desk.state)
    assert seen.exposure == {PERP: entry.quantity * 100}
    assert seen.margin == entry.quantity * 50


def test_groups_are_of_base_currencies() -> None:
    """A perpetual moves with its spot; what nobody names is alike."""
    apart = rules(groups={"BTC": "majors"}).settings
    groups = [group_of(apart, instrument(symbol)) for symbol in (SYMBOL, PERP, OTHER)]
    assert groups == ["majors", "majors", OTHERS]


def test_the_exposure_of_a_group_leaves_others_out() -> None:
    """Bitcoin's entry is not ether's."""
    desk = Desk(groups={"BTC": "majors"})
    (entry,) = placed(desk.propose())
    seen = take(desk.rules, desk.state)
    assert group_exposure(desk.rules, seen, "majors") == entry.quantity * 101
    assert group_exposure(desk.rules, seen, OTHERS) == 0
