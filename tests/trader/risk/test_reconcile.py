"""The ledger against the venue's balances."""

from decimal import Decimal

import msgspec
import pytest

from tests.trader.execution.samples import order
from tests.trader.risk.desk import OTHER, PERP, SYMBOL, Desk, canceled, legs, placed
from trader.model.messages import (
    HoldingsSetApart,
    Message,
    OrderDenied,
    PositionChanged,
    ProtectionDue,
    TradingStateChanged,
)
from trader.model.orders import (
    Fill,
    Flow,
    FlowKind,
    Leg,
    Liquidity,
    OrderState,
    OrderStatus,
    Side,
)
from trader.model.reasons import Reason
from trader.model.views import Account, Stance, TradingState
from trader.risk.reconcile import begin, reconcile
from trader.risk.state import Hold, RiskState

TAKER = Liquidity.TAKER


def reasons(desk: Desk) -> set[Reason]:
    """Return why trading is not active."""
    return {known.reason for known in desk.state.holds}


def positions(told: list[Message]) -> list[Decimal]:
    """Return the quantities that were told."""
    return [message.quantity for message in told if isinstance(message, PositionChanged)]


def set_apart(told: list[Message], symbol: str = SYMBOL) -> list[Decimal]:
    """Return what was set apart."""
    return [m.quantities[symbol] for m in told if isinstance(m, HoldingsSetApart)]


def test_the_first_balances_are_taken_as_given() -> None:
    """Cash is the quote balance; base coins that we did not buy are not ours to trade."""
    desk = Desk()
    state = RiskState()
    begin(desk.rules, state, "run", desk.now)
    account = Account({"USD": Decimal(500), "BTC": Decimal(2)}, ())
    told, change = reconcile(desk.rules, state, account, desk.now)
    quantities = {SYMBOL: Decimal(2), OTHER: Decimal(0), PERP: Decimal(0)}
    assert told == HoldingsSetApart("run", quantities)
    assert isinstance(change, TradingStateChanged)
    assert (change.state, change.reason) == (TradingState.ACTIVE, Reason.START_RECONCILED)
    assert state.ledger.cash == 500
    assert state.ledger.quantity(SYMBOL) == 0
    assert reconcile(desk.rules, state, account, desk.now) == []


def test_a_position_that_differs_halts_until_it_agrees() -> None:
    """Position comes from fills: a balance does not change it, it stops trading."""
    desk = Desk()
    desk.hold()
    began = desk.now
    _, change = desk.reconcile(BTC=Decimal(1))
    assert isinstance(change, TradingStateChanged)
    assert (change.state, change.reason) == (TradingState.HALTED, Reason.HALT_ACCOUNT_DIFFERS)
    assert "BTC" in change.detail
    desk.now += 5
    desk.reconcile(BTC=Decimal(2))
    assert [known.since for known in desk.state.holds] == [began]
    _, change = desk.reconcile()
    assert isinstance(change, TradingStateChanged)
    assert change.state is TradingState.ACTIVE


def test_what_no_fill_brought_is_set_apart_for_as_long_as_the_account_differs() -> None:
    """Coins that were deposited meanwhile are not ours to sell, whatever ends the run."""
    desk = Desk()
    stop, _ = desk.hold()
    rests, quantity = OrderState(stop, "v", OrderStatus.OPEN, Decimal(0), 0), desk.held
    assert set_apart(desk.reconcile()) == []
    assert set_apart(desk.reconcile(rests, BTC=quantity + 2)) == [2]
    assert set_apart(desk.reconcile(BTC=quantity / 2)) == [0]
    assert set_apart(desk.reconcile()) == [0]
    assert set_apart(desk.reconcile()) == []


@pytest.mark.parametrize(
    ("symbol", "held", "stops", "apart"),
    [
        (SYMBOL, 3, [1], 2),
        (SYMBOL, 3, [1, 1], 1),
        (SYMBOL, 1, [2], 0),
        (PERP, 3, [1], 2),
        (PERP, -3, [-1], -2),
        (PERP, -3, [1], -3),
    ],
)
def test_what_rests_under_a_stop_of_ours_was_ours(
    symbol: str, held: int, stops: list[int], apart: int
) -> None:
    """Though neither is remembered: set apart, its stop would be one that protects nothing."""
    resting = []
    for decision, quantity in enumerate(stops):
        side = Side.SELL if quantity > 0 else Side.BUY
        fields = {"symbol": symbol, "side": side, "quantity": Decimal(abs(quantity))}
        stop = msgspec.structs.replace(order(Leg.STOP, decision), **fields)
        resting.append(OrderState(stop, "v", OrderStatus.OPEN, Decimal(0), 0))
    balances = {"USD": Decimal(500), "BTC": max(Decimal(0), Decimal(held))}
    state, desk = RiskState(), Desk()
    begin(desk.rules, state, "run", desk.now)
    account = Account(balances, tuple(resting), {PERP: Decimal(held)})

    assert set_apart(reconcile(desk.rules, state, account, desk.now), symbol) == [apart]


def test_missing_cash_halts_and_more_of_it_does_not() -> None:
    """A shortfall beyond rounding stops trading; a deposit is not ours to count."""
    desk = Desk()
    desk.reconcile(USD=Decimal(9_980))
    assert reasons(desk) == {Reason.HALT_ACCOUNT_DIFFERS}
    desk.reconcile(USD=Decimal(9_995))
    assert reasons(desk) == set()
    desk.reconcile(USD=Decimal(20_000))
    assert reasons(desk) == set()
    assert desk.state.ledger.cash == 10_000


def test_a_new_session_is_halted_and_keeps_what_lasts() -> None:
    """What a window or an operator lifts outlives the process; its own halts do not."""
    desk = Desk()
    lasting = {Reason.LOSS_WEEK, Reason.DRAWDOWN_TOTAL, Reason.HALT_OPERATOR}
    for reason in (Reason.HALT_SHUTDOWN, *sorted(lasting)):
        desk.state.holds.append(Hold(reason, TradingState.HALTED, ""))
    desk.state.epoch = 4
    begin(desk.rules, desk.state, "next", desk.now)
    assert reasons(desk) == {Reason.START_RECONCILING, *lasting}
    assert (desk.state.run, desk.state.epoch) == ("next", 0)


def test_a_new_session_watches_positions_again() -> None:
    """The timers of the last session are gone."""
    desk = Desk()
    entry = desk.enter()
    desk.fill(entry, entry.quantity)
    begin(desk.rules, desk.state, "next", desk.now)
    assert ProtectionDue(SYMBOL) in desk.reconcile()


def test_a_new_session_tells_what_is_held() -> None:
    """Those who advise and judge may have missed the last word of it; a new account has none."""
    desk = Desk()
    assert positions(begin(desk.rules, desk.state, "next", desk.now)) == []
    desk = Desk()
    stop, _ = desk.hold()
    assert positions(begin(desk.rules, desk.state, "next", desk.now)) == [desk.held]
    desk.fill(stop, stop.quantity)
    assert positions(begin(desk.rules, desk.state, "next", desk.now)) == [0]


def test_orders_that_were_lost_with_a_message_are_forgotten() -> None:
    """What the broker has not spoken of since, and the venue does not list, is not there."""
    desk = Desk()
    (entry,) = placed(desk.propose())
    desk.state.doubt_all()
    desk.reconcile()
    assert desk.campaign.alive() == []
    assert entry.client_order_id in desk.campaign.orders


def test_orders_that_are_only_young_are_kept() -> None:
    """An order sent since then is not in the venue's list yet."""
    desk = Desk()
    desk.propose()
    desk.reconcile()
    assert len(desk.campaign.alive(Leg.ENTRY)) == 1


def test_a_listed_order_is_kept() -> None:
    """What the venue lists is there."""
    desk = Desk()
    stop, target = desk.hold()
    desk.state.doubt_all()
    listed = [OrderState(o, "v", OrderStatus.OPEN, Decimal(0), desk.now) for o in (stop, target)]
    assert legs(desk.reconcile(*listed)) == []


def test_a_position_whose_stop_is_gone_is_protected_again() -> None:
    """A stop that ended unheard is replaced; halted or not."""
    desk = Desk()
    desk.hold()
    desk.state.doubt_all()
    told = desk.reconcile(BTC=Decimal(99))
    assert legs(told) == [Leg.STOP, Leg.TARGET]
    assert reasons(desk) == {Reason.HALT_ACCOUNT_DIFFERS}


def test_what_the_venue_did_and_nobody_told_is_caught_up_with() -> None:
    """A liquidation and funding that the account lists are booked before it is compared."""
    desk = Desk(symbol=PERP)
    desk.hold()
    quantity, cash = -desk.held, desk.state.ledger.cash
    fee = quantity / 100
    closed = Fill("9", "liquidation-9", PERP, Side.BUY, quantity, Decimal(149), fee, TAKER, 0)
    paid = Flow("f", FlowKind.FUNDING, Decimal(-1), 0, PERP)
    left = cash - quantity * 49 - fee - 1
    account = Account({"USD": left}, (), {}, (paid,), (closed,))
    reconcile(desk.rules, desk.state, account, desk.now)
    assert (desk.held, desk.state.ledger.cash) == (0, left)
    assert Reason.HALT_ACCOUNT_DIFFERS not in reasons(desk)
    assert reconcile(desk.rules, desk.state, account, desk.now) == []


def test_what_was_before_the_books_is_not_booked() -> None:
    """The first cash holds it already, should it be listed or told once more."""
    state, desk = RiskState(), Desk(symbol=PERP)
    begin(desk.rules, state, "run", desk.now)
    old = Flow("f", FlowKind.TRANSFER, Decimal(100), 0)
    account = Account({"USD": Decimal(500)}, (), {}, (old,))
    for _ in range(2):
        reconcile(desk.rules, state, account, desk.now)
        assert state.ledger.cash == 500


def test_a_position_in_a_perpetual_that_we_did_not_open_halts() -> None:
    """It is one with ours, but nothing of ours: it is not for an end to close."""
    state, desk = RiskState(), Desk(symbol=PERP)
    begin(desk.rules, state, "run", desk.now)
    account = Account({"USD": Decimal(500)}, (), {PERP: Decimal(-1)})
    told = reconcile(desk.rules, state, account, desk.now)
    assert set_apart(told, PERP) == [-1]
    assert Reason.HALT_ACCOUNT_DIFFERS in {known.reason for known in state.holds}
    assert PERP in state.holds[-1].detail


def test_a_fill_that_was_lost_is_booked_and_protected() -> None:
    """The account lists it: the entry is filled, the books agree, and a stop is sent for it."""
    desk = Desk()
    entry = desk.enter()
    quantity, fee = entry.quantity, entry.quantity / 10
    lost = Fill("9", entry.client_order_id, SYMBOL, Side.BUY, quantity, Decimal(100), fee, TAKER, 0)
    desk.state.doubt_all()
    cash = desk.state.ledger.cash - quantity * 100 - fee
    account = Account({"USD": cash, "BTC": quantity}, (), fills=(lost,))
    told = reconcile(desk.rules, desk.state, account, desk.now)
    assert legs(told) == [Leg.STOP, Leg.TARGET]
    assert placed(told)[0].quantity == quantity == desk.held
    assert reasons(desk) == set()
    assert desk.fill(entry, quantity, trade="9") == []


def test_a_session_that_begins_with_a_difference_says_so() -> None:
    """Halted for the difference, not for an account that was not read; until it agrees."""
    desk = Desk()
    desk.hold()
    begin(desk.rules, desk.state, "run", desk.now)
    (change,) = [m for m in desk.reconcile(BTC=Decimal(1)) if isinstance(m, TradingStateChanged)]
    assert (change.state, change.reason) == (TradingState.HALTED, Reason.HALT_ACCOUNT_DIFFERS)
    (change,) = [m for m in desk.reconcile() if isinstance(m, TradingStateChanged)]
    assert change.state is TradingState.ACTIVE


@pytest.mark.parametrize("leverages", [{}, {PERP: 3}])
def test_the_leverage_in_force_is_read_with_the_account(leverages: dict[str, int]) -> None:
    """Where it is another, or is not named, no perpetual is entered; spot is, and exits pass."""
    desk = Desk(symbol=PERP)
    stop, _ = desk.hold()
    account = Account({"USD": desk.state.ledger.cash}, (), {PERP: desk.held}, leverages=leverages)
    reconcile(desk.rules, desk.state, account, desk.now)
    (denial,) = desk.propose(Stance.LONG, symbol=PERP, stop=95.0, target=110.0)
    assert isinstance(denial, OrderDenied)
    assert denial.reason is Reason.LEVERAGE_DIFFERS
    assert legs(desk.propose(Stance.LONG, symbol=SYMBOL)) == [Leg.ENTRY]
    assert stop.client_order_id in canceled(desk.propose(Stance.FLAT, symbol=PERP))


def test_the_leverage_of_an_earlier_session_proves_nothing() -> None:
    """Somebody may have changed it meanwhile: it is read again before the first entry."""
    desk = Desk(symbol=PERP)
    begin(desk.rules, desk.state, "next", desk.now)
    assert desk.state.leverages == {}
