"""What a venue does with orders, quotes and candles.

The market opens at 100: bid 99.90, ask 100.10. Who takes pays 0.1 % more than the touch (100.21 to
buy, 99.80 to sell, after rounding) and a fee of 0.2 %; who makes pays 0.1 %. Half of the volume
may be taken.
"""

import msgspec
import pytest

from tests.trader.matching.venue import (
    BTC,
    FRICTION,
    INSTRUMENT,
    MINUTE,
    D,
    candle,
    holding,
    limit,
    market,
    opened,
    quote,
    stop,
    stop_limit,
    story,
    target,
    trailing,
)
from trader.matching.engine import MatchingEngine
from trader.model.errors import Rejected
from trader.model.market import SECOND, Candle
from trader.model.orders import Liquidity, OrderStatus, Side, TimeInForce
from trader.model.reasons import Reason

BUY, SELL = Side.BUY, Side.SELL
OPEN, PART, FILLED = OrderStatus.OPEN, OrderStatus.PARTIALLY_FILLED, OrderStatus.FILLED
CANCELED, EXPIRED = OrderStatus.CANCELED, OrderStatus.EXPIRED


# -- market orders ---------------------------------------------------------------------------------


def test_a_market_order_takes_the_touch_and_slippage() -> None:
    """It is accepted and filled in one breath, worse than the touch, for the taker's fee."""
    engine = opened()
    reports = engine.submit(market(BUY, "2"), 5)
    (fill,) = engine.fills("m")

    assert story(reports) == [("m", OPEN, "", ""), ("m", FILLED, "2", "100.21")]
    assert (fill.fee, fill.liquidity, fill.ts_event) == (D("0.40084"), Liquidity.TAKER, 5)
    assert engine.account().balances == {"USD": D(1000) - D("200.42") - fill.fee, "BTC": D(2)}


def test_a_market_sale_takes_the_bid() -> None:
    """A sale gets less than the bid."""
    assert story(holding().submit(market(SELL, "1"), 5))[1] == ("m", FILLED, "1", "99.80")


def test_a_market_order_waits_for_the_first_price() -> None:
    """With no price yet it rests, and fills at the first open."""
    engine = MatchingEngine({BTC: INSTRUMENT}, FRICTION)
    accepted = engine.submit(market(BUY, "1"), 1)

    assert story(accepted) == [("m", OPEN, "", "")]
    assert story(engine.on_open(BTC, 100.0, 2)) == [("m", FILLED, "1", "100.21")]


@pytest.mark.parametrize("first", ["quote", "candle"])
def test_a_market_order_that_waits_fills_at_whatever_comes(first: str) -> None:
    """A quote or the close of a candle serves it as an open does."""
    engine = MatchingEngine({BTC: INSTRUMENT}, FRICTION)
    engine.submit(market(BUY, "1"), 1)
    if first == "quote":
        reports = engine.on_quote(BTC, quote(99.9, 100.1), 100.0)
    else:
        reports = engine.on_candle(BTC, candle(90, 110))

    assert story(reports) == [("m", FILLED, "1", "100.21")]


def test_what_the_market_does_not_bear_waits() -> None:
    """Half of the last candle's volume is there to take; the rest fills at the next closes."""
    engine = opened()
    engine.on_candle(BTC, candle(99, 101, volume=4.0))
    taken = engine.submit(market(BUY, "5"), MINUTE)
    idle = engine.on_open(BTC, 100.0, MINUTE)
    thin = msgspec.structs.replace(candle(99, 101, volume=3.0), ts_open=MINUTE, ts_event=2 * MINUTE)
    closes = engine.on_candle(BTC, thin) + engine.on_candle(BTC, thin)

    assert story(taken + idle + closes) == [
        ("m", OPEN, "", ""),
        ("m", PART, "2", "100.21"),
        ("m", PART, "1.5", "100.21"),
        ("m", FILLED, "1.5", "100.21"),
    ]


def test_an_order_expires_when_its_money_is_gone() -> None:
    """A price that rose meanwhile fills what can be paid; the rest ends."""
    engine = MatchingEngine({BTC: INSTRUMENT}, FRICTION)
    engine.submit(market(BUY, "15"), 1)
    reports = engine.on_open(BTC, 100.0, 2)

    assert story(reports) == [("m", PART, "9.959", "100.21"), ("m", EXPIRED, "", "")]
    assert 0 <= engine.account().balances["USD"] < D("0.11")


# -- limit orders ----------------------------------------------------------------------------------


def test_a_limit_order_that_crosses_takes() -> None:
    """It pays the touch and slippage, and never more than its limit."""
    assert story(opened().submit(limit(BUY, "1", "105"), 0))[1] == ("l", FILLED, "1", "100.21")
    assert story(opened().submit(limit(BUY, "1", "100.10"), 0))[1] == ("l", FILLED, "1", "100.10")


def test_a_limit_order_rests_and_makes() -> None:
    """It fills at its own price for the maker's fee once the ask comes down to it."""
    engine = opened()
    accepted = engine.submit(limit(BUY, "1", "99"), 0)
    above = engine.on_quote(BTC, quote(98.9, 99.01), 100.0)
    reports = engine.on_quote(BTC, quote(97.0, 98.0), 100.0)

    assert (story(accepted), above) == ([("l", OPEN, "", "")], [])
    assert story(reports) == [("l", FILLED, "1", "99")]
    assert engine.fills("l")[0].fee == D("0.099")


def test_a_recorded_candle_must_trade_through_a_limit() -> None:
    """A low that equals the limit fills nothing: others stood before us."""
    engine = opened()
    engine.submit(limit(BUY, "1", "99"), 0)

    assert engine.on_candle(BTC, candle(99.0, 101)) == []
    assert story(engine.on_candle(BTC, candle(98.99, 101))) == [("l", FILLED, "1", "99")]


def test_a_limit_order_fills_its_share_of_each_candle() -> None:
    """The rest of a partial fill waits for the next candle."""
    engine = opened()
    engine.submit(limit(BUY, "2", "99"), 0)
    reports = [engine.on_candle(BTC, candle(98, 101, volume=2.5)) for _ in range(2)]

    assert [story(each) for each in reports] == [
        [("l", PART, "1.25", "99")],
        [("l", FILLED, "0.75", "99")],
    ]


def test_an_order_that_came_during_a_candle_has_not_rested_through_it() -> None:
    """A low from before the order came must not fill it; the first hundredth is forgiven."""
    for ts, filled in ((MINUTE // 100, True), (MINUTE // 2, False)):
        engine = opened()
        engine.submit(limit(BUY, "1", "99"), ts)

        assert bool(engine.on_candle(BTC, candle(98, 101))) is filled


def test_an_order_that_came_after_a_candle_knows_nothing_of_it() -> None:
    """A candle is judged when it has closed; what came later is left out, stops too."""
    engine = holding()
    engine.submit(stop("2", "95"), MINUTE)

    assert engine.on_candle(BTC, candle(90, 101)) == []


# -- how long an order waits -----------------------------------------------------------------------


def test_an_ioc_order_takes_what_is_there_and_expires() -> None:
    """What the market does not bear at once is not waited for."""
    engine = opened()
    engine.on_candle(BTC, candle(99, 101, volume=4.0))

    assert story(engine.submit(limit(BUY, "3", "101", tif=TimeInForce.IOC), MINUTE)) == [
        ("l", OPEN, "", ""),
        ("l", PART, "2", "100.21"),
        ("l", EXPIRED, "", ""),
    ]
    assert engine.book.free("USD") == engine.book.balance("USD")


@pytest.mark.parametrize("tif", [TimeInForce.IOC, TimeInForce.FOK])
def test_an_order_that_does_not_wait_is_never_beyond_its_limit(tif: TimeInForce) -> None:
    """A market that has moved past the limit, or is not there at all, leaves it unfilled."""
    moved = opened(103.0).submit(limit(BUY, "1", "101", tif=tif), 1)
    no_market = MatchingEngine({BTC: INSTRUMENT}, FRICTION)

    assert story(moved) == [("l", OPEN, "", ""), ("l", EXPIRED, "", "")]
    assert story(no_market.submit(limit(BUY, "1", "101", tif=tif), 1))[1][1] is EXPIRED


def test_an_ioc_order_pays_no_more_than_its_limit() -> None:
    """The touch is within the limit, the slippage is not: it pays the limit."""
    reports = opened().submit(limit(BUY, "1", "100.15", tif=TimeInForce.IOC), 1)

    assert story(reports)[1] == ("l", FILLED, "1", "100.15")


def test_a_fok_order_fills_as_a_whole_or_not_at_all() -> None:
    """It expires where an IOC order would take a part."""
    engine = opened()
    engine.on_candle(BTC, candle(99, 101, volume=4.0))
    part = engine.submit(limit(BUY, "3", "101", "a", TimeInForce.FOK), MINUTE)
    whole = engine.submit(limit(BUY, "2", "101", "b", TimeInForce.FOK), MINUTE)

    assert story(part) == [("a", OPEN, "", ""), ("a", EXPIRED, "", "")]
    assert story(whole) == [("b", OPEN, "", ""), ("b", FILLED, "2", "100.21")]


def test_a_post_only_order_rests() -> None:
    """It makes, at the maker's fee."""
    engine = opened()
    engine.submit(limit(BUY, "1", "99.80", post_only=True), 0)
    engine.on_quote(BTC, quote(99.7, 99.8), 1000.0)
    (fill,) = engine.fills("l")

    assert (fill.liquidity, fill.fee) == (Liquidity.MAKER, D("0.0998"))


# -- stops -----------------------------------------------------------------------------------------


def test_a_stop_fills_below_its_trigger() -> None:
    """When a candle reaches the trigger: spread and slippage below it, at a time in the candle."""
    engine = holding()
    engine.submit(stop("2", "95"), SECOND)
    untouched = engine.on_candle(BTC, candle(95.01, 101))
    reports = engine.on_candle(BTC, candle(95.0, 101))

    assert untouched == []
    assert story(reports) == [("s", FILLED, "2", "94.81")]
    assert reports[0].state.ts_event == MINUTE - 1


def test_a_stop_fills_at_a_worse_open() -> None:
    """A gap below the trigger fills at the open, not at the trigger."""
    engine = holding()
    engine.submit(stop("2", "95"), 0)

    assert story(engine.on_candle(BTC, candle(88, 91, first=90.0))) == [("s", FILLED, "2", "89.82")]


def test_a_stop_triggers_at_the_touch() -> None:
    """A bid at the trigger sets it off; it takes that bid less slippage."""
    engine = holding()
    engine.submit(stop("2", "95"), 0)
    above = engine.on_quote(BTC, quote(95.01, 95.1), 100.0)

    assert above == []
    assert story(engine.on_quote(BTC, quote(95.0, 95.1), 100.0)) == [("s", FILLED, "2", "94.90")]


def test_a_stop_that_comes_behind_a_far_order_is_seen() -> None:
    """What the market leaves alone is reckoned anew with every order."""
    engine = holding()
    engine.submit(limit(SELL, "1", "120", "far"), 5)
    engine.on_quote(BTC, quote(99.0, 99.1), 1000.0)
    engine.submit(stop("1", "95", "near"), 2 * SECOND)

    assert story(engine.on_quote(BTC, quote(94.0, 94.1, 3 * SECOND), 1000.0))[0][0] == "near"


def test_a_buy_stop_is_the_mirror_image() -> None:
    """It triggers above the market and pays more than its trigger."""
    engine = opened()
    engine.submit(stop("2", "105", side=BUY), 0)

    assert story(engine.on_candle(BTC, candle(99, 105))) == [("s", FILLED, "2", "105.22")]


def test_a_triggered_stop_stays_triggered() -> None:
    """What a thin market leaves of it is sold at the next price, even above the trigger."""
    engine = holding()
    engine.submit(stop("2", "95"), 0)
    first = engine.on_quote(BTC, quote(95.0, 95.1), 3.0)
    second = engine.on_quote(BTC, quote(97.0, 97.1), 3.0)

    assert story(first + second) == [("s", PART, "1.5", "94.90"), ("s", FILLED, "0.5", "96.90")]


def test_a_stop_limit_does_not_sell_below_its_limit() -> None:
    """Triggered by a market that is past its limit, it rests there until the market is back."""
    engine = holding()
    engine.submit(stop_limit("2", "95", "94"), 0)
    fell = engine.on_quote(BTC, quote(93.0, 93.2), 1000.0)
    back = engine.on_quote(BTC, quote(94.1, 94.2, 2 * SECOND), 1000.0)

    assert (story(fell), story(back)) == ([], [("sl", FILLED, "2", "94")])


def test_a_stop_limit_sells_between_trigger_and_limit() -> None:
    """Where the market is still there when it triggers, it takes."""
    engine = holding()
    engine.submit(stop_limit("2", "95", "94"), 0)

    assert story(engine.on_candle(BTC, candle(90, 101))) == [("sl", FILLED, "2", "94.81")]


def test_a_trailing_stop_follows_the_best_price() -> None:
    """It sells once the bid is 3 below the highest bid it has seen, and never moves back."""
    engine = holding()
    engine.submit(trailing(SELL, "2", "3"), 0)
    for second, bid in enumerate((99.9, 104.0, 102.0, 101.1), 1):
        assert not engine.on_quote(BTC, quote(bid, bid + 0.1, second * SECOND), 1000.0)

    reports = engine.on_quote(BTC, quote(101.0, 101.1, 5 * SECOND), 1000.0)
    assert story(reports) == [("tr", FILLED, "2", "100.89")]


def test_a_trailing_buy_is_the_mirror_image() -> None:
    """It buys once the ask is 3 above the lowest ask it has seen."""
    engine = opened()
    engine.submit(trailing(BUY, "1", "3"), 0)
    engine.on_quote(BTC, quote(94.9, 95.0), 1000.0)
    assert not engine.on_quote(BTC, quote(97.8, 97.9, 2 * SECOND), 1000.0)

    assert story(engine.on_quote(BTC, quote(97.9, 98.0, 3 * SECOND), 1000.0))[0][1] is FILLED


@pytest.mark.parametrize(
    ("shape", "price"),
    [
        (candle(96.5, 110.0, last=109.0), "96.70"),  # its first trigger, 3 below the bid of 99.90
        (candle(97.0, 110.0, last=106.9), "106.78"),  # the close is 3 below the high
        (candle(97.0, 110.0, last=107.1), None),  # which came first, high or low, nobody knows
    ],
)
def test_a_trailing_stop_knows_of_a_candle_that_its_close_came_last(
    shape: Candle, price: str | None
) -> None:
    """The old trigger counts for the low, the new one for the close."""
    engine = holding()
    engine.submit(trailing(SELL, "2", "3"), 0)

    assert story(engine.on_candle(BTC, shape)) == ([("tr", FILLED, "2", price)] if price else [])


# -- groups ----------------------------------------------------------------------------------------


def test_a_group_locks_the_holding_once() -> None:
    """Stop and target of one position both rest on it; a third order finds nothing free."""
    engine = holding()
    engine.submit(stop("2", "95", group="g"), 0)
    engine.submit(target("2", "110", group="g"), 0)

    with pytest.raises(Rejected, match=Reason.VENUE_BALANCE):
        engine.submit(market(SELL, "0.5"), 0)


def test_the_stop_wins_a_candle_that_reaches_both() -> None:
    """In doubt, the loss: the target is canceled, whichever order came first."""
    engine = holding()
    engine.submit(target("2", "110", group="g"), 0)
    engine.submit(stop("2", "95", group="g"), 0)

    assert story(engine.on_candle(BTC, candle(90, 120))) == [
        ("t", CANCELED, "", ""),
        ("s", FILLED, "2", "94.81"),
    ]


def test_a_fill_reduces_its_siblings() -> None:
    """Stop and target stay as large as the position; the last fill cancels the other."""
    engine = holding()
    engine.submit(stop("2", "95", group="g"), 0)
    engine.submit(target("2", "110", group="g"), 0)
    first = engine.on_candle(BTC, candle(99, 111, volume=3.0))
    reduced = engine.order("s")
    second = engine.on_candle(BTC, candle(99, 111, volume=3.0))

    assert story(first) == [("t", PART, "1.5", "110"), ("s", OPEN, "", "")]
    assert reduced is not None
    assert reduced.order.quantity == D("0.5")
    assert story(second) == [("t", FILLED, "0.5", "110"), ("s", CANCELED, "", "")]


def test_the_order_that_completes_cancels_its_group() -> None:
    """A smaller target that is done ends the stop, whatever the stop still covered."""
    engine = holding()
    engine.submit(stop("2", "95", group="g"), 0)
    engine.submit(target("0.5", "110", group="g"), 0)

    assert story(engine.on_candle(BTC, candle(99, 111))) == [
        ("t", FILLED, "0.5", "110"),
        ("s", CANCELED, "", ""),
    ]


# -- cancels and questions -------------------------------------------------------------------------


def test_a_canceled_order_keeps_what_was_filled() -> None:
    """The rest ends, the filled quantity stays, the money is free again."""
    engine = opened()
    engine.submit(limit(BUY, "9", "99"), 0)
    engine.on_candle(BTC, candle(98, 101, volume=2.0))
    reports = engine.cancel("l", MINUTE)

    assert story(reports) == [("l", CANCELED, "", "")]
    assert (reports[0].state.filled, engine.book.free("USD")) == (D(1), D(1000) - D("99.099"))


def test_a_final_order_is_left_as_it_is() -> None:
    """Canceling it reports nothing and changes nothing."""
    engine = holding()
    before = engine.order("bought")

    assert engine.cancel("bought", 9) == []
    assert engine.order("bought") == before


def test_an_unknown_order_cannot_be_canceled() -> None:
    """The venue says so, rather than agree."""
    with pytest.raises(Rejected, match="VENUE_REJECTED: there is no order nobody"):
        opened().cancel("nobody", 0)


def test_questions_about_an_unknown_order_have_no_answer() -> None:
    """No state, no fills."""
    engine = opened()

    assert (engine.order("nobody"), engine.fills("nobody")) == (None, ())


def test_the_account_shows_balances_and_open_orders() -> None:
    """Locked money is still the account's; a symbol is busy while it has open orders."""
    engine = opened()
    idle = engine.busy(BTC)
    engine.submit(limit(BUY, "1", "99"), 0)
    account = engine.account()

    assert (idle, engine.busy(BTC)) == (False, True)
    assert account.balances == {"USD": D(1000)}
    assert [state.order.client_order_id for state in account.open_orders] == ["l"]


def test_ids_say_that_they_are_simulated() -> None:
    """Nobody mistakes a simulated order or trade for a real one."""
    engine = holding()
    state = engine.order("bought")

    assert state is not None
    assert (state.venue_order_id, engine.fills("bought")[0].trade_id) == ("sim-1", "sim-1")


@pytest.mark.parametrize(
    ("newest", "price"),
    [("candle", "90.19"), ("open", "80.17"), ("quote", "70.07")],
)
def test_the_newest_price_is_the_market(newest: str, price: str) -> None:
    """A quote, the open of a candle and the close of the last: the latest counts."""
    engine = opened()
    engine.on_candle(BTC, candle(80, 101, last=90.0))
    if newest != "candle":
        engine.on_open(BTC, 80.0, MINUTE)
    if newest == "quote":
        engine.on_quote(BTC, quote(69.9, 70.0, MINUTE), 1.0)

    assert story(engine.submit(market(BUY, "1"), MINUTE))[1] == ("m", FILLED, "1", price)
