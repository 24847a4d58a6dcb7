"""What is held, what of ours rests for it, and whether that is settled."""

from decimal import Decimal

import msgspec
import pytest

from tests.trader.execution.samples import SYMBOL, fill, foreign, order, state
from trader.model.instrument import Instrument, Terms
from trader.model.orders import Leg, Order, OrderState, Side
from trader.model.views import Account
from trader.safety.holdings import Holding, describe, holdings_of
from trader.safety.settings import OpenPosition

STEP = Decimal("0.001")
BTC = Instrument(SYMBOL, "BTC", "USD", STEP, STEP, Decimal("0.01"), Decimal(5), STEP, STEP)
PERP = msgspec.structs.replace(BTC, symbol="BTC-USD-PERP", terms=Terms())


def sized(quantity: str, leg: Leg = Leg.STOP, group: str | None = None, **fields: object) -> Order:
    """Return an order of ours that closes so much."""
    decision = len(quantity) + len(group or "")
    changed = {"quantity": Decimal(quantity), "group": group, **fields}
    return msgspec.structs.replace(order(leg, decision), **changed)


def holding(quantity: str, *orders: Order | OrderState, instrument: Instrument = BTC) -> Holding:
    """Return what an account holds under orders."""
    resting = tuple(each if isinstance(each, OrderState) else state(each) for each in orders)
    positions = {PERP.symbol: Decimal(quantity)} if instrument.terms else {}
    balances = {"USD": Decimal(5), "BTC": Decimal(0 if instrument.terms else quantity)}
    (found,) = holdings_of(Account(balances, resting, positions), (instrument,), {})
    return found


def short(quantity: str, *orders: Order) -> Holding:
    """Return a short position in a perpetual under orders that buy."""
    buys = [msgspec.structs.replace(o, symbol=PERP.symbol, side=Side.BUY) for o in orders]
    return holding(f"-{quantity}", *buys, instrument=PERP)


# -- settled ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("held", "settled"),
    [
        (holding("0"), True),
        (holding("0.009"), True),
        (holding("0.01"), False),
        (holding("1", sized("1")), True),
        (holding("1", sized("0.995")), True),
        (holding("1", sized("0.9")), False),
        (holding("1", sized("0.4", group="g"), sized("0.6")), True),
        (holding("1", sized("0.6", group="g"), sized("0.60", group="g")), False),
        (holding("1", state(sized("1"), filled="0.3")), False),
        (holding("1", foreign()), False),
        (holding("1", sized("1", Leg.TARGET)), False),
        (holding("1", sized("1", Leg.EXIT)), False),
        (holding("1", sized("1"), sized("1", Leg.TARGET, "g")), False),
        (holding("0", sized("1")), False),
        (holding("0", foreign()), True),
        (short("1"), False),
        (short("1", sized("1")), True),
    ],
)
def test_protect_asks_for_a_stop_over_all_that_could_be_sold(held: Holding, settled: bool) -> None:
    """Of ours, on the right side, as large as the position, and nothing rests in vain."""
    assert held.is_settled("protect") is settled


def test_a_stop_and_a_target_of_one_group_are_settled() -> None:
    """That is how a position rests where the venue lets a pair."""
    pair = sized("1", group="g"), sized("1", Leg.TARGET, group="g")

    assert holding("1", *pair).is_settled("protect")


def test_stops_on_the_other_side_protect_nothing() -> None:
    """A position that has turned is under none of its earlier stops."""
    sells = msgspec.structs.replace(sized("1"), symbol=PERP.symbol)
    turned = holding("-1", sells, instrument=PERP)

    assert not turned.is_settled("protect")
    assert turned.to_close("protect") == 1
    assert turned.idle() == (sells,)


@pytest.mark.parametrize(
    ("held", "settled"),
    [
        (holding("0"), True),
        (holding("0.009"), True),
        (holding("0.01"), False),
        (holding("1", sized("1")), False),
        (holding("0", sized("1")), False),
        (holding("0", foreign()), True),
    ],
)
def test_flatten_asks_for_nothing_to_sell_and_no_order_of_ours(
    held: Holding, settled: bool
) -> None:
    """Dust below what may be sold does not count, nor do other people's orders."""
    assert held.is_settled("flatten") is settled


@pytest.mark.parametrize("held", [holding("1"), holding("0", sized("1"))])
def test_leave_asks_for_nothing(held: Holding) -> None:
    """All stays as it is."""
    assert held.is_settled("leave")
    assert held.to_close("leave") == 0


def test_a_crumb_that_is_worth_too_little_is_settled() -> None:
    """Its worth is that of the newest fill: 4 USD, where the venue takes no order below 5."""
    entry = order()
    dear = msgspec.structs.replace(fill(entry), price=Decimal(1_000))
    account = Account({"BTC": Decimal("0.04")}, (), fills=(dear, fill(entry)))
    (crumb,) = holdings_of(account, (BTC,), {})
    (twice,) = holdings_of(
        msgspec.structs.replace(account, balances={"BTC": Decimal("0.08")}), (BTC,), {}
    )

    assert crumb.is_settled("flatten")
    assert not twice.is_settled("protect")


def test_a_stop_covers_what_is_held_of_its_own_instrument() -> None:
    """That of another is no protection."""
    account = Account({"BTC": Decimal(1)}, (state(order(Leg.STOP)),), {PERP.symbol: Decimal(1)})
    spot, perp = holdings_of(account, (BTC, PERP), {})

    assert (spot.under(Leg.STOP), perp.under(Leg.STOP)) == (1, 0)


@pytest.mark.parametrize(
    ("held", "apart", "ours"),
    [(3, 2, 1), (3, 0, 3), (2, 3, 0), (3, -1, 3), (-3, -2, -1), (-3, 1, -3), (-3, -4, 0)],
)
def test_what_is_set_apart_is_not_held(held: int, apart: int, ours: int) -> None:
    """What no fill of ours brought is no position, and a position never more than what is there."""
    account = Account({"BTC": Decimal(held)}, (), {PERP.symbol: Decimal(held)})
    sets = dict.fromkeys((SYMBOL, PERP.symbol), Decimal(apart))
    spot, perp = holdings_of(account, (BTC, PERP), sets)

    assert perp.quantity == ours
    assert held < 0 or spot.quantity == ours


# -- what is to be done ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("held", "policy", "quantity"),
    [
        (holding("1.0005"), "protect", "1"),
        (holding("1"), "flatten", "1"),
        (holding("0.009"), "flatten", "0"),
        (holding("1", sized("0.4")), "protect", "0.6"),
        (holding("1", sized("0.995")), "protect", "0"),
        (holding("1", sized("1")), "protect", "0"),
        (holding("1", sized("1")), "flatten", "0"),
        (holding("1", sized("1", Leg.TARGET)), "protect", "0"),
        (holding("1", sized("0.4", Leg.EXIT)), "flatten", "0.6"),
        (short("1", sized("0.4")), "protect", "0.6"),
        (short("1", sized("1")), "flatten", "1"),
        (short("1", sized("1", Leg.TARGET)), "protect", "1"),
        (short("1", sized("0.4", Leg.EXIT)), "flatten", "0.6"),
    ],
)
def test_what_is_closed_is_under_nothing_that_stays(
    held: Holding, policy: OpenPosition, quantity: str
) -> None:
    """On spot a resting order locks what it would sell; a stop of ours is not canceled for it."""
    assert held.to_close(policy) == Decimal(quantity)


def test_a_long_is_sold_and_a_short_bought() -> None:
    """What closes a position is on its other side."""
    assert (holding("1").closing, short("1").closing) == (Side.SELL, Side.BUY)


def test_orders_that_protect_nothing_are_idle() -> None:
    """All of ours where nothing is held; a target whose stop is gone, which locks the holding."""
    stop, lone = sized("1", group="g"), sized("1", Leg.TARGET)
    target = sized("1", Leg.TARGET, group="g")

    assert holding("0", stop, target, foreign(), order()).idle() == (stop, target)
    assert holding("1", stop, target, lone).idle() == (lone,)


# -- what is said ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("held", "words"),
    [
        (holding("0"), "nothing is held"),
        (holding("0.5", sized("0.5")), "held: 0.5 BTC with a stop"),
        (holding("0.5"), "held: 0.5 BTC WITHOUT a stop"),
        (holding("0.5", sized("0.3")), "held: 0.5 BTC WITHOUT a stop"),
        (short("2"), "held: -2 BTC-USD-PERP WITHOUT a stop"),
    ],
)
def test_what_is_held_is_said_with_its_protection(held: Holding, words: str) -> None:
    """A position that is not all under stops is said loudly."""
    assert describe(Account({}, ()), (held,)) == words


def test_an_account_that_was_never_read_is_not_an_empty_one() -> None:
    """Nobody knows what is held."""
    assert describe(None, ()) == "the account could not be read"
