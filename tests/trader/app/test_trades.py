"""What becomes of decisions, told message by message."""

from decimal import Decimal

from trader.app.trades import KEPT, TradeBook
from trader.model import messages as m
from trader.model.ids import order_hash
from trader.model.orders import Approval, Fill, Leg, Liquidity, Order, OrderKind, Side
from trader.model.reasons import Reason
from trader.model.views import Advice, Stance
from trader.ui.summary import TradeRecord

SYMBOL = "BTC-USD"
MINUTE = 60 * 10**9


def advise(book: TradeBook, decision: int) -> None:
    """Tell of advice, and that it was proposed."""
    advice = Advice(SYMBOL, Stance.LONG, 0.7, 100.0, 99.0, 102.0, "rules", "it turned up", 0)
    book.advised(m.AdviceGiven(advice))
    book.proposed(
        m.ProposeOrder(decision, SYMBOL, Stance.LONG, 0.7, 100.0, 99.0, 102.0, "rules"), MINUTE
    )


def submit(
    book: TradeBook, decision: int, side: Side, leg: Leg, reason: Reason | None = None
) -> str:
    """Tell of an order for one; return its id."""
    name = f"{decision}{leg.value}"
    order = Order(name, SYMBOL, side, OrderKind.MARKET, leg, Decimal(1))
    book.submitted(m.SubmitOrder(decision, order, Approval(0, order_hash(order)), reason))
    return name


def make_fill(order: str, side: Side, price: int, quantity: str = "1") -> Fill:
    """Return a fill with a fee of 0.1."""
    amounts = Decimal(quantity), Decimal(price), Decimal("0.1")
    return Fill("t", order, SYMBOL, side, *amounts, Liquidity.TAKER, 7)


def fill(
    book: TradeBook, order: str, side: Side, price: int, after: str, realized: str, part: str = "1"
) -> None:
    """Tell of a fill with a fee of 0.1, and of the position after it."""
    book.filled(make_fill(order, side, price, part))
    book.moved(m.PositionChanged(SYMBOL, Decimal(after), Decimal(100), Decimal(realized)), MINUTE)


def records(book: TradeBook, won: str = "0") -> tuple[TradeRecord, ...]:
    """Return the trades, with what the symbol has won by now."""
    return book.trades({SYMBOL: Decimal(won)}, str)


def test_a_trade_says_why_it_was_entered_and_left() -> None:
    """From the advice to the leg of the order that closed it, with its result after costs."""
    book = TradeBook()
    advise(book, 1)
    entry = submit(book, 1, Side.BUY, Leg.ENTRY)
    fill(book, entry, Side.BUY, 100, "1", "-0.1")
    stop = submit(book, 1, Side.SELL, Leg.STOP)
    fill(book, stop, Side.SELL, 98, "0", "-2.2")

    (trade,) = records(book)
    assert (trade.side, trade.decision, trade.entry_reason) == ("long", 1, "rules: it turned up")
    assert (trade.entry, trade.exit, trade.exit_reason) == (100, 98, Reason.EXIT_STOP)
    assert (trade.fees, trade.pnl) == (Decimal("0.2"), Decimal("-2.2"))
    assert trade.closed == "1970-01-01 00:01:00"


def test_a_liquidation_is_an_exit_with_a_reason_of_its_own() -> None:
    """The venue's order is none of ours, and closes the trade all the same."""
    book = TradeBook()
    advise(book, 1)
    fill(book, submit(book, 1, Side.BUY, Leg.ENTRY), Side.BUY, 100, "1", "-0.1")
    book.filled(make_fill("liquidation-1", Side.SELL, 90), Reason.EXIT_LIQUIDATED)
    book.moved(m.PositionChanged(SYMBOL, Decimal(0), Decimal(100), Decimal("-10.2")), MINUTE)

    (trade,) = records(book)
    assert (trade.exit, trade.exit_reason) == (90, Reason.EXIT_LIQUIDATED)


def test_each_trade_has_its_own_result() -> None:
    """What a symbol had won before is not won again; an exit by advice carries its reason."""
    book = TradeBook()
    for decision, realized in ((1, "2.8"), (2, "5.6")):
        advise(book, decision)
        entry = submit(book, decision, Side.BUY, Leg.ENTRY)
        fill(book, entry, Side.BUY, 100, "1", str(Decimal(realized) - 3))
        leave = submit(book, decision, Side.SELL, Leg.EXIT, Reason.EXIT_ADVICE)
        fill(book, leave, Side.SELL, 103, "0", realized)

    assert [trade.pnl for trade in records(book)] == [Decimal("2.8"), Decimal("2.8")]
    assert {trade.exit_reason for trade in records(book)} == {Reason.EXIT_ADVICE}


def test_a_short_is_entered_by_a_sale() -> None:
    """The prices are those of its entry and its exit, whichever side they were on."""
    book = TradeBook()
    entry = submit(book, 1, Side.SELL, Leg.ENTRY)
    fill(book, entry, Side.SELL, 100, "-1", "-0.1")
    target = submit(book, 1, Side.BUY, Leg.TARGET)
    fill(book, target, Side.BUY, 95, "0", "4.8")

    (trade,) = records(book)
    assert (trade.side, trade.entry, trade.exit) == ("short", 100, 95)
    assert (trade.exit_reason, trade.pnl) == (Reason.EXIT_TARGET, Decimal("4.8"))


def test_prices_are_averages_over_the_fills() -> None:
    """A trade that took several fills is one trade still."""
    book = TradeBook()
    entry = submit(book, 1, Side.BUY, Leg.ENTRY)
    fill(book, entry, Side.BUY, 100, "1", "-0.1")
    fill(book, entry, Side.BUY, 106, "1.5", "-0.2", part="0.5")

    (trade,) = records(book, "2.8")
    assert (trade.quantity, trade.entry, trade.closed) == (Decimal("1.5"), 102, None)
    assert trade.pnl == Decimal("2.8")


def test_what_an_earlier_run_left_is_a_trade_of_unknown_beginning() -> None:
    """What the symbol had won by then is not won again."""
    book = TradeBook()
    book.resume(SYMBOL, Decimal(1), Decimal(90), Decimal(50))
    fill(book, "unknown", Side.SELL, 91, "0", "50.9")

    (trade,) = records(book)
    assert (trade.opened, trade.entry, trade.exit) == (None, 90, 91)
    assert (trade.pnl, trade.exit_reason) == (Decimal("0.9"), None)


def test_what_no_order_of_ours_closed_has_a_reason_of_its_own() -> None:
    """A venue may close a position by its own rule."""
    book = TradeBook()
    fill(book, submit(book, 1, Side.BUY, Leg.ENTRY), Side.BUY, 100, "1", "-0.1")
    closed = Fill(
        "t", "venue", SYMBOL, Side.SELL, Decimal(1), Decimal(50), Decimal(1), Liquidity.TAKER, 7
    )
    book.filled(closed, "LIQUIDATED")
    book.moved(m.PositionChanged(SYMBOL, Decimal(0), Decimal(0), Decimal("-51.1")), MINUTE)

    (trade,) = records(book)
    assert (trade.exit_reason, trade.pnl) == ("LIQUIDATED", Decimal("-51.1"))


def test_a_decision_is_followed_to_its_outcome() -> None:
    """Refused at once, or proposed and then denied or carried out."""
    book = TradeBook()
    advise(book, 1)
    assert book.recent[-1].outcome == "proposed"
    book.denied(m.OrderDenied(1, SYMBOL, Reason.COOLDOWN_SYMBOL, "12 s left"))
    advise(book, 2)
    submit(book, 2, Side.BUY, Leg.ENTRY)
    submit(book, 2, Side.SELL, Leg.STOP)
    book.refused(
        m.AdviceRefused(3, SYMBOL, "rules", Reason.ADVICE_ALREADY_LONG, "held"), 2 * MINUTE
    )

    assert [decision.outcome for decision in book.recent] == [
        *("denied COOLDOWN_SYMBOL", "buy 1", "refused ADVICE_ALREADY_LONG")
    ]
    assert book.recent[-1].status().time == "1970-01-01 00:02:00"


def test_a_long_run_is_remembered_in_bounds() -> None:
    """The newest trades and decisions are kept; each trade was told of when it ended."""
    book, told = TradeBook(), list[int]()
    book.on_trade = lambda: told.append(1)
    for decision in range(KEPT + 10):
        advise(book, decision)
        entry = submit(book, decision, Side.BUY, Leg.ENTRY)
        fill(book, entry, Side.BUY, 100, "1", "0")
        fill(book, submit(book, decision, Side.SELL, Leg.STOP), Side.SELL, 100, "0", "0")

    assert (len(records(book)), len(told)) == (KEPT, KEPT + 10)
    assert records(book)[0].decision == 10
    assert len(book.recent) < 20
    assert max(len(book._orders), len(book._judged)) <= KEPT
