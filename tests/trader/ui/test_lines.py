"""What is shown of each message."""

from collections.abc import Iterator
from decimal import Decimal

import msgspec
import pytest
from loguru import logger

from trader.model import messages as m
from trader.model.market import FeedCondition
from trader.model.messages import Message
from trader.model.orders import Approval, Fill, Leg, Liquidity, Order, OrderKind, Side
from trader.model.reasons import Reason
from trader.model.views import TradingState
from trader.topology import EDGES
from trader.ui.levels import LEVELS, parse_levels
from trader.ui.lines import ROWS, LogTap, shown_types, to_line

KINDS = sorted({edge.message for edge in EDGES}, key=lambda kind: kind.__name__)
ORDER = Order("ate1", "BTC-USD", Side.BUY, OrderKind.MARKET, Leg.ENTRY, Decimal("0.50"))
FILL = Fill(
    "t1",
    "ate1",
    "BTC-USD",
    Side.BUY,
    Decimal("0.50"),
    Decimal("101.5"),
    Decimal("0E-8"),
    Liquidity.TAKER,
    7,
)


class Foreign(Message, frozen=True):
    """A message that the engine does not know."""


def sample(kind: type[Message]) -> Message:
    """Build any message from the types of its fields."""
    return msgspec.convert(_plain(msgspec.inspect.type_info(kind)), kind)


def _plain(shown: msgspec.inspect.Type) -> object:
    inspect = msgspec.inspect
    match shown:
        case inspect.StructType():
            values = {field.encode_name: _plain(field.type) for field in shown.fields}
            return values if shown.tag is None else {**values, shown.tag_field: shown.tag}
        case inspect.UnionType():
            return _plain(next(t for t in shown.types if not isinstance(t, inspect.NoneType)))
        case inspect.EnumType():
            return next(iter(shown.cls)).value
        case inspect.LiteralType():
            return shown.values[0]
        case inspect.TupleType():
            return [_plain(item) for item in shown.item_types]
        case inspect.VarTupleType():
            return [_plain(shown.item_type)]
        case inspect.DictType():
            return {"USD": _plain(shown.value_type)}
        case inspect.DecimalType():
            return "0.10"
        case inspect.StrType():
            return "text"
        case inspect.BoolType():
            return True
        case inspect.IntType() | inspect.FloatType():
            return 3 if shown.le is None else shown.le
    return None


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.__name__)
def test_every_message_of_the_topology_has_a_line(kind: type[Message]) -> None:
    """No message goes unnamed: a new one must choose its level."""
    line = to_line(sample(kind))

    assert line is not None
    assert line.level in LEVELS
    assert all(isinstance(value, str | int | float | Decimal) for value in line.fields.values())


def test_each_message_has_one_row() -> None:
    """The table names exactly the messages of the topology."""
    assert set(KINDS) == set(ROWS)


def test_an_unknown_message_has_no_line() -> None:
    """A type without a row is not shown."""
    assert to_line(Foreign()) is None


HALTED, ACTIVE = TradingState.HALTED, TradingState.ACTIVE


@pytest.mark.parametrize(
    "message",
    [
        m.FeedStalled("BTC-USD", 0, FeedCondition.CONNECTING),
        m.FeedRecovered("BTC-USD"),
        m.TradingStateChanged(HALTED, Reason.START_RECONCILING, "the account is not read yet"),
        m.TradingStateChanged(ACTIVE, Reason.START_RECONCILED, "the account agrees"),
        m.HaltTrading(1, Reason.HALT_SHUTDOWN, "SIGINT", flatten=False),
        m.ShutdownCompleted((), "held: 1 BTC with a stop"),
        m.TradingStateChanged(HALTED, Reason.HALT_SHUTDOWN, "SIGINT"),
        m.OrderRejected("ate1", Reason.INTERLOCK_EPOCH, "stopped before the venue"),
        m.TradingStateChanged(ACTIVE, Reason.RESUME_OPERATOR, "looked at"),
        m.JournalRecovered(),
    ],
)
def test_what_is_as_it_should_be_is_no_warning(message: Message) -> None:
    """A start, an end that was asked for and what it keeps back, and the end of a trouble."""
    line = to_line(message)

    assert line is not None
    assert line.level == "INFO"


@pytest.mark.parametrize(
    "message",
    [
        m.ShutdownCompleted((), "held: 1 BTC WITHOUT a stop", settled=False),
        m.ShutdownCompleted(("ate1",), "nothing is held"),
    ],
)
def test_an_end_that_leaves_what_it_should_not_is_a_warning(message: Message) -> None:
    """Whoever hears of trouble alone hears of a position without its stop."""
    line = to_line(message)

    assert line is not None
    assert line.level == "WARNING"


@pytest.mark.parametrize(
    "message",
    [
        m.FeedStalled("BTC-USD", 0),
        m.FeedStalled("BTC-USD", 0, FeedCondition.RECOVERING, "60 s of candles are missing"),
        m.FeedStalled("BTC-USD", 0, FeedCondition.HELD, "bad rows keep coming"),
        m.TradingStateChanged(HALTED, Reason.HALT_ACCOUNT_DIFFERS, "the venue holds 1 BTC"),
        m.TradingStateChanged(HALTED, Reason.HALT_LIMIT, "drawdown"),
        m.TradingStateChanged(TradingState.REDUCING, Reason.LOSS_DAY, "daily loss"),
        m.HaltTrading(1, Reason.HALT_OPERATOR, "SIGUSR2", flatten=False),
        m.HaltTrading(1, Reason.HALT_ACTOR, "risk_guard", flatten=False),
        m.OrderRejected("ate1", Reason.VENUE_BALANCE, "not enough"),
    ],
)
def test_what_keeps_from_trading_is_a_warning(message: Message) -> None:
    """A stall, a hold, a halt by a limit, an operator or the KillSwitch, a venue's refusal."""
    line = to_line(message)

    assert line is not None
    assert line.level == "WARNING"


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.__name__)
def test_no_message_is_graver_than_its_type(kind: type[Message]) -> None:
    """Types are tapped by their level: what lies above it would be missed."""
    line = to_line(sample(kind))

    assert line is not None
    assert LEVELS[line.level] <= LEVELS[ROWS[kind].level]


def test_a_fill_shows_price_quantity_and_fee() -> None:
    """Fields inside a value become fields of the line; the symbol has its own column."""
    line = to_line(m.OrderFilled(FILL))

    assert line is not None
    assert (line.level, line.event, line.symbol) == ("SUCCESS", "order_filled", "BTC-USD")
    assert (FILL.price, FILL.quantity, FILL.fee) == tuple(
        line.fields[name] for name in ("price", "quantity", "fee")
    )


def test_an_order_that_the_venue_does_not_know_is_said() -> None:
    """An empty answer to a query is not an empty line."""
    line = to_line(m.QueryAnswered("ate1", None))

    assert line is not None
    assert line.fields == {"client_order_id": "ate1", "found": False}


def test_types_below_every_level_are_not_tapped() -> None:
    """At INFO neither candles nor snapshots are looked at."""
    shown = shown_types(parse_levels("INFO", {}))

    assert m.OrderDenied in shown
    assert shown.isdisjoint({m.CandleClosed, m.QuoteUpdated, m.SnapshotTaken, m.QuoteReceived})


def test_a_filter_opens_the_types_of_its_actor() -> None:
    """A filter on a role shows what that role sends, and no other role's."""
    shown = shown_types(parse_levels("INFO", {"indicator_worker": "DEBUG"}))

    assert m.SnapshotTaken in shown
    assert m.CandleClosed not in shown


@pytest.fixture
def lines() -> Iterator[list[str]]:
    """Collect the lines that are logged, as actor, symbol, event."""
    seen: list[str] = []

    def keep(message: object) -> None:
        extra = message.record["extra"]  # type: ignore[attr-defined]
        seen.append(f"{extra['actor']} {extra['symbol']} {message.record['message']}")  # type: ignore[attr-defined]

    logger.configure(patcher=lambda _record: None)
    sink = logger.add(keep, level=0, format="{message}")
    yield seen
    logger.remove(sink)


def test_the_tap_logs_what_is_wanted_of_each_sender(lines: list[str]) -> None:
    """The same type is shown from one sender and not from another."""
    tap = LogTap("INFO", {"indicator_worker": "DEBUG"})
    snapshot = sample(m.SnapshotTaken)

    tap("indicator_worker[text]", snapshot, 1)
    tap("market_feed", sample(m.CandleClosed), 1)

    assert lines == ["indicator_worker text snapshot_taken"]


def test_events_of_an_order_bear_its_symbol(lines: list[str]) -> None:
    """A grep for a symbol finds what came of its orders, whose events bear an id alone."""
    tap = LogTap("WARNING", {})
    assert m.SubmitOrder in tap.types

    tap("risk_guard", m.SubmitOrder(1, ORDER, Approval(1, ""), None), 1)
    tap("execution_broker", m.OrderRejected("ate1", Reason.VENUE_BALANCE, ""), 2)
    tap("execution_broker", m.OrderRejected("ate2", Reason.VENUE_BALANCE, ""), 3)

    assert lines == [
        "execution_broker BTC-USD order_rejected",
        "execution_broker None order_rejected",
    ]


def test_a_position_says_what_was_realized_after_costs() -> None:
    """A summary calls `realized` what is before them."""
    line = to_line(m.PositionChanged("BTC-USD", Decimal(1), Decimal(100), Decimal("-0.5")))

    assert line is not None
    assert line.fields["realized_net"] == Decimal("-0.5")
    assert "realized" not in line.fields
