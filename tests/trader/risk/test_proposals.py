"""A proposal becomes an order with a size, or a denial with a reason."""

from collections.abc import Sequence
from decimal import Decimal

import pytest

from tests.trader.risk.desk import CASH, MEASURED, OTHER, PERP, SYMBOL, Desk, canceled, legs, placed
from trader.accounting.windows import Window
from trader.model.market import SECOND
from trader.model.messages import Message, OrderDenied, SubmitOrder
from trader.model.orders import Leg, OrderKind, Side, TimeInForce
from trader.model.reasons import Reason
from trader.model.views import Stance
from trader.risk.returns import Returns
from trader.risk.settings import SizingSettings

ROOMY = {f"max_{window}_loss_pct": 100.0 for window in ("daily", "weekly", "monthly")}


def denied(messages: list[Message]) -> Reason:
    """Return the reason of the one denial."""
    (message,) = messages
    assert isinstance(message, OrderDenied)
    return message.reason


def test_an_entry_is_sized_by_what_it_may_lose() -> None:
    """1 % of 10 000 between 100 and a stop at 95 is a quantity of 20, were it not for its size."""
    (sent,) = Desk(max_size_pct=50.0).propose()
    assert isinstance(sent, SubmitOrder)
    assert (sent.order.leg, sent.order.quantity, sent.decision) == (Leg.ENTRY, Decimal(20), 7)
    assert sent.reason is None


def test_an_entry_is_resized_to_the_largest_position() -> None:
    """20 % of 10 000 at no worse than 101 is a quantity of 19.8019."""
    (order,) = placed(Desk().propose())
    assert order.quantity == Decimal("19.8019")


def test_an_entry_without_a_stop_gets_the_default_ones() -> None:
    """The defaults of 2 % and 4 % stand where the advice names none."""
    desk = Desk()
    desk.propose(stop=None, target=None)
    assert (desk.campaign.stop, desk.campaign.target) == (Decimal(98), Decimal(104))


def test_a_newer_quote_is_the_price_of_an_entry() -> None:
    """A buyer pays the ask, where it is newer than the last close."""
    desk = Desk(max_size_pct=50.0)
    price = desk.state.prices[SYMBOL]
    price.bid, price.ask, price.quoted = 100.4, 100.5, desk.now + 1
    (order,) = placed(desk.propose())
    assert order.quantity == Decimal("18.1818")


def test_one_entry_at_a_time_on_a_symbol() -> None:
    """A second proposal waits for the fate of the first; another symbol does not."""
    desk = Desk()
    (entry,) = placed(desk.propose())
    assert denied(desk.propose(decision=8)) is Reason.ORDER_IN_FLIGHT
    desk.lose(entry)
    assert denied(desk.propose(decision=9)) is Reason.ORDER_UNKNOWN
    assert legs(desk.propose(decision=10, symbol=OTHER)) == [Leg.ENTRY]


def test_one_position_a_symbol() -> None:
    """What is held is not added to."""
    desk = Desk()
    desk.hold()
    assert denied(desk.propose(decision=8)) is Reason.EXPOSURE_POSITIONS


def test_unknown_entries_count_as_positions_and_as_spent_cash() -> None:
    """What may have been bought is counted at its worst."""
    desk = Desk(max_size_pct=60.0, risk_per_trade_pct=50.0, **ROOMY)
    (entry,) = placed(desk.propose())
    desk.lose(entry)
    (other,) = placed(desk.propose(symbol=OTHER, decision=8))
    spent = (entry.quantity + other.quantity) * 101 * Decimal("1.001")
    assert 9_990 < spent <= 10_000


@pytest.mark.parametrize(
    ("window", "baseline", "left", "reason"),
    [
        (Window.DAY, 10_200.0, 10_000 - 9_894, Reason.LOSS_DAY),
        (Window.WEEK, 10_500.0, 10_000 - 9_870, Reason.LOSS_WEEK),
        (Window.MONTH, 11_000.0, 10_000 - 9_900, Reason.LOSS_MONTH),
    ],
)
def test_a_trade_may_lose_no_more_than_what_is_left_of_a_limit(
    window: Window, baseline: float, left: int, reason: Reason
) -> None:
    """To its stop and with the fees of both ways; beyond that it is made smaller."""
    desk = Desk(max_size_pct=100.0, risk_per_trade_pct=3.0)
    desk.state.windows.baselines[window] = baseline
    (sent,) = desk.propose()
    assert isinstance(sent, SubmitOrder)
    assert sent.resized is reason
    loss = sent.order.quantity * Decimal("5.195")
    assert loss <= left < loss + Decimal("0.001")


def test_a_denial_for_too_little_names_what_left_so_little() -> None:
    """Hardly anything of the day's loss is left: an order of it could not be closed."""
    desk = Desk()
    desk.state.windows.baselines[Window.DAY] = 10_309.0
    (denial,) = desk.propose()
    assert isinstance(denial, OrderDenied)
    assert denial.reason is Reason.SIZE_BELOW_MINIMUM
    assert "LOSS_DAY leaves 0.27 USD" in denial.detail


@pytest.mark.parametrize("filled", [True, False])
def test_what_others_may_lose_is_not_left(filled: bool) -> None:
    """A position counts as lost to its stop, and so does an entry of which nobody knows."""
    desk = Desk(max_size_pct=30.0, risk_per_trade_pct=3.0, max_daily_loss_pct=2.0)
    (entry,) = placed(desk.propose())
    if filled:
        desk.fill(entry, entry.quantity)
    else:
        desk.lose(entry)
    (sent,) = desk.propose(symbol=OTHER, decision=8)
    assert isinstance(sent, SubmitOrder)
    assert sent.resized is Reason.LOSS_DAY
    price = Decimal(100) if filled else Decimal(101)
    at_stake = entry.quantity * (price - 95) + sent.order.quantity * Decimal("5.195")
    spent = entry.quantity / 10 if filled else 0
    assert 199 < at_stake + spent <= 200


def test_most_positions_at_once() -> None:
    """A position in one symbol keeps another out where one is the most."""
    desk = Desk(max_concurrent_trades=1)
    desk.hold()
    assert denied(desk.propose(symbol=OTHER, decision=8)) is Reason.EXPOSURE_POSITIONS


def test_a_crumb_does_not_keep_an_entry_out() -> None:
    """What is too little to sell is no position; the next one takes it in."""
    desk = Desk()
    entry = desk.enter()
    desk.fill(entry, "0.01")
    desk.canceled(entry)
    desk.now += 30 * SECOND
    (again,) = placed(desk.propose(decision=8))
    assert again.quantity < entry.quantity, "the crumb counts towards the largest position"
    stop, _ = placed(desk.fill(again, again.quantity))
    assert stop.quantity == again.quantity + Decimal("0.01")


def test_the_cooldown_begins_with_the_exit() -> None:
    """A symbol rests after a position was closed, and is taken up again afterwards."""
    desk = Desk()
    stop, target = desk.hold()
    desk.fill(target, target.quantity, "110")
    desk.canceled(stop)
    assert denied(desk.propose(decision=8)) is Reason.COOLDOWN_SYMBOL
    desk.now += 300 * SECOND
    desk.state.prices[SYMBOL].closed = desk.now
    assert legs(desk.propose(decision=9)) == [Leg.ENTRY]


def test_the_rate_counts_the_last_minute() -> None:
    """An entry is denied while the last minute saw the most there may be."""
    desk = Desk(max_orders_per_minute=1, repeat_seconds=0.0)
    desk.reject(desk.enter())
    assert denied(desk.propose(decision=8)) is Reason.RATE_ORDERS
    desk.now += 60 * SECOND
    assert legs(desk.propose(decision=9)) == [Leg.ENTRY]


@pytest.mark.parametrize("stance", [Stance.FLAT, Stance.SHORT])
def test_flat_and_short_close(stance: Stance) -> None:
    """On spot both ask for the same."""
    desk = Desk()
    desk.hold()
    desk.propose(stance, decision=9)
    assert desk.campaign.closing is Reason.EXIT_ADVICE


def test_an_exit_of_an_entry_under_way_cancels_it() -> None:
    """Nothing is held yet: what is being bought is canceled."""
    desk = Desk()
    entry = desk.enter()
    (told, _) = desk.propose(Stance.FLAT, decision=9)
    assert getattr(told, "client_order_id", None) == entry.client_order_id


def test_an_exit_of_nothing_is_denied() -> None:
    """There is no campaign, or it is over."""
    desk = Desk()
    assert denied(desk.propose(Stance.FLAT)) is Reason.NOTHING_TO_CLOSE
    desk.reject(desk.enter())
    assert denied(desk.propose(Stance.FLAT)) is Reason.NOTHING_TO_CLOSE


def test_an_exit_under_way_is_not_begun_again() -> None:
    """One exit at a time."""
    desk = Desk()
    desk.hold()
    desk.propose(Stance.FLAT, decision=9)
    assert denied(desk.propose(Stance.FLAT, decision=10)) is Reason.ORDER_IN_FLIGHT


def test_an_entry_waits_for_nothing_and_costs_no_more_than_is_reserved() -> None:
    """An IOC limit at the worst price that its cash and size are counted at."""
    desk = Desk()
    (order,) = placed(desk.propose())
    assert (order.kind, order.tif) == (OrderKind.LIMIT, TimeInForce.IOC)
    assert order.price == desk.campaign.alive()[0].worst == Decimal(101)


def test_leverage_multiplies_the_largest_position() -> None:
    """20 % of 10 000 is the margin: at twofold leverage 39.6039 at no worse than 101."""
    (order,) = placed(Desk(symbol=PERP, risk_per_trade_pct=10.0).propose())
    assert (order.side, order.quantity, order.price) == (Side.SELL, Decimal("39.6039"), Decimal(99))


def test_the_margin_of_a_position_is_not_free() -> None:
    """What stands under one position opens no other; what it lost is gone as well."""
    desk = Desk(max_size_pct=100.0, symbol=PERP, risk_per_trade_pct=100.0, **ROOMY)
    entry = desk.enter()
    desk.fill(entry, entry.quantity)
    spent = entry.quantity * 50 + entry.quantity / 10
    (other,) = placed(desk.propose(Stance.LONG, decision=8, symbol=OTHER))
    assert other.quantity * 101 <= CASH - spent < other.quantity * 101 * Decimal("1.002")


def test_short_on_spot_closes() -> None:
    """It is no entry there, whoever proposes it."""
    assert denied(Desk().propose(Stance.SHORT)) is Reason.NOTHING_TO_CLOSE
    desk = Desk()
    stop, target = desk.hold()
    assert canceled(desk.propose(Stance.SHORT)) == [stop.client_order_id, target.client_order_id]


def test_a_short_gets_the_default_stop_above() -> None:
    """And its default target below."""
    desk = Desk(symbol=PERP)
    desk.propose(stop=None, target=None)
    assert (desk.campaign.stop, desk.campaign.target) == (Decimal(102), Decimal(96))
    assert desk.campaign.side is Side.SELL


def test_a_stop_beyond_the_liquidation_is_denied() -> None:
    """The venue would close the position before it: with half of it for margin, at 148."""
    desk = Desk(symbol=PERP, risk_per_trade_pct=50.0)
    assert denied(desk.propose(stop=150.0)) is Reason.STOP_BEYOND_LIQUIDATION
    assert legs(desk.propose(stop=140.0)) == [Leg.ENTRY]


def test_exposure_counts_what_is_on_its_way_at_its_worst() -> None:
    """With 10 000 in all, an entry of 2 000 on its way leaves 500 of a quarter."""
    desk = Desk(max_size_pct=20.0, max_total_exposure_x=0.25)
    desk.lose(placed(desk.propose())[0])
    (sent,) = desk.propose(symbol=OTHER, decision=8)
    assert isinstance(sent, SubmitOrder)
    assert sent.resized is Reason.EXPOSURE_TOTAL
    assert sent.order.quantity * 101 <= 10_000 * Decimal("0.25") - Decimal("1999.99")


def test_the_exposure_of_a_group_is_its_symbols_together() -> None:
    """Bitcoin and ether are one group unless they are set apart."""
    together, apart = (
        Desk(max_group_exposure_x=0.2, groups=groups) for groups in ({}, {"ETH": "alts"})
    )
    for desk in (together, apart):
        desk.propose()
    assert denied(together.propose(symbol=OTHER, decision=8)) is Reason.EXPOSURE_GROUP
    assert legs(apart.propose(symbol=OTHER, decision=8)) == [Leg.ENTRY]


def test_an_order_is_made_smaller_to_the_largest_notional() -> None:
    """1 010 at no worse than 101 are 10, and the order says why."""
    (sent,) = Desk(max_order_notional_quote=1_010).propose()
    assert isinstance(sent, SubmitOrder)
    assert (sent.order.quantity, sent.resized) == (Decimal(10), Reason.ORDER_NOTIONAL)


def test_a_symbol_has_its_own_largest_exposure() -> None:
    """A tenth of equity is 1 000."""
    (sent,) = Desk(max_symbol_exposure_x=0.1).propose()
    assert isinstance(sent, SubmitOrder)
    assert sent.resized is Reason.EXPOSURE_SYMBOL


def test_a_symbol_that_is_not_traded_is_denied() -> None:
    """An exit of it too: there is nothing to close."""
    assert denied(Desk().propose(symbol="XRP-USD")) is Reason.SYMBOL_NOT_ALLOWED
    assert denied(Desk().propose(Stance.FLAT, symbol="XRP-USD")) is Reason.SYMBOL_NOT_ALLOWED


def test_entries_are_counted_by_the_second_and_by_the_day() -> None:
    """The windows move: what is older than each no longer counts."""
    desk = Desk(max_orders_per_second=1, max_orders_per_day=2, max_concurrent_trades=9)
    desk.propose()
    assert denied(desk.propose(symbol=OTHER, decision=8)) is Reason.RATE_SECOND
    desk.now += SECOND
    assert legs(desk.propose(symbol=OTHER, decision=9)) == [Leg.ENTRY]
    desk.now += SECOND
    assert denied(desk.propose(symbol=PERP, decision=10)) is Reason.RATE_DAY


def test_the_same_intent_waits() -> None:
    """An entry that came to nothing is not sent again at once."""
    desk = Desk()
    desk.expired(desk.enter())
    desk.now += 29 * SECOND
    assert denied(desk.propose(decision=8)) is Reason.REPEATED_INTENT
    desk.now += SECOND
    assert legs(desk.propose(decision=9)) == [Leg.ENTRY]


UP_AND_DOWN = [0.002, -0.001] * 30


def beside(**returns: Sequence[float]) -> SubmitOrder:
    """Return the order for ether beside a position in bitcoin of 2 000."""
    desk = Desk(sizing=SizingSettings(), **(MEASURED if returns else {}))
    desk.learn(**returns)
    desk.hold()
    (sent,) = desk.propose(symbol=OTHER, decision=8)
    assert isinstance(sent, SubmitOrder)
    return sent


def test_an_entry_that_moves_with_what_is_held_is_made_smaller_and_says_so() -> None:
    """Two that move as one are to vary as two that do not: 41 % of the second is left."""
    sent = beside(BTC=UP_AND_DOWN, ETH=UP_AND_DOWN)
    assert sent.resized is Reason.EXPOSURE_CORRELATED
    assert sent.order.quantity == pytest.approx(Decimal("8.25"), abs=Decimal("0.05"))
    assert sent.sizing is not None
    assert sent.sizing.startswith(
        "fraction: 1 % of equity to the stop; 42 % of it beside what is held; VaR 0.75 to"
    )


def test_an_entry_that_moves_otherwise_is_left_as_it_is() -> None:
    """What goes the other way, and what goes its own."""
    mirrored = [-value for value in UP_AND_DOWN]
    for other in (mirrored, [0.001, 0.002] * 30):
        sent = beside(BTC=UP_AND_DOWN, ETH=other)
        assert sent.resized is Reason.EXPOSURE_SIZE
        assert sent.order.quantity > Decimal("19.79"), "a fifth of equity, after one fee"


def test_what_nobody_knows_of_moves_as_one() -> None:
    """Two positions of one size are then as risky as the square root of two."""
    assert beside().resized is Reason.EXPOSURE_CORRELATED
    assert beside().order.quantity == pytest.approx(Decimal("8.25"), abs=Decimal("0.05"))


def test_a_short_beside_a_long_is_a_hedge() -> None:
    """It is not made smaller, whether the returns are known or not."""
    for known in ({}, {"BTC": UP_AND_DOWN}):
        desk = Desk(sizing=SizingSettings(), **(MEASURED if known else {}))
        desk.learn(**known)
        desk.state.returns[PERP] = desk.state.returns.get(SYMBOL) or Returns()
        desk.hold()
        (sent,) = desk.propose(Stance.SHORT, symbol=PERP, stop=105.0, target=90.0, decision=8)
        assert isinstance(sent, SubmitOrder)
        assert sent.resized in (None, Reason.EXPOSURE_SIZE)


def test_a_volatility_that_is_not_known_denies() -> None:
    """The denial says what is missing of what."""
    desk = Desk(sizing=SizingSettings("volatility"), **MEASURED)
    (told,) = desk.propose()
    assert isinstance(told, OrderDenied)
    assert told.detail.startswith("0 of 20 returns of BTC-USD are known")
    desk.learn(BTC=[0.0] * 60)
    (told,) = desk.propose(decision=8)
    assert isinstance(told, OrderDenied)
    assert told.reason is Reason.SIZE_BELOW_MINIMUM
    assert told.detail.startswith("volatility: the symbol has not moved")
    desk.learn(BTC=UP_AND_DOWN)
    (sent,) = desk.propose(decision=8)
    assert isinstance(sent, SubmitOrder)
    assert "volatility: 1 % a day at a volatility of 6.00 %" in (sent.sizing or "")
    assert sent.order.quantity == Decimal("16.5016"), "a sixth of 10 000 at no worse than 101"


def test_kelly_learns_from_the_account_s_own_trades() -> None:
    """Ten trades, each of which wins: from then on it risks the most that a trade may."""
    kelly = SizingSettings("kelly", reduce_correlated=False, kelly_trades=10)
    paces = {"cooldown_seconds": 0.0, "repeat_seconds": 0.0, "max_orders_per_minute": 99}
    desk = Desk(sizing=kelly, max_size_pct=50.0, **paces)
    sizes = []
    for decision in range(12):
        entry = desk.enter(decision=decision)
        sizes.append(entry.quantity)
        stop, target = placed(desk.fill(entry, entry.quantity))
        desk.accept(stop)
        desk.accept(target)
        desk.fill(target, target.quantity, "110")
        desk.canceled(stop)
        desk.now += SECOND
    assert len(desk.state.results) == 12
    assert sizes[0] == Decimal(5), "a quarter of 1 % of 10 000, between 100 and 95"
    assert sizes[9] < Decimal(6) < Decimal(20) < sizes[10]
