"""Orders, fills, approvals and their enumerations; money and quantities are Decimal."""

from decimal import Decimal
from enum import StrEnum

import msgspec


class Side(StrEnum):
    """The side of an order or a fill."""

    BUY = "buy"
    SELL = "sell"

    @property
    def sign(self) -> int:
        """+1 for a buy, -1 for a sell."""
        return 1 if self is BUY else -1

    @property
    def opposite(self) -> "Side":
        """The side that undoes this one."""
        return SELL if self is BUY else BUY


BUY, SELL = Side
# Looked up once, as are the legs: Python 3.11 takes a tenth of a microsecond and more to look up
# the member of an enum, and an order asks for many.


class OrderKind(StrEnum):
    """How an order meets the market."""

    MARKET = "market"
    LIMIT = "limit"
    STOP = "stop"
    """A market order that triggers when the price trades through `trigger` against the position."""
    STOP_LIMIT = "stop_limit"
    """A limit order at `price` that triggers as a STOP does."""
    TRAILING = "trailing"
    """A STOP whose trigger follows the best price since it came, `trail` behind."""
    TAKE_PROFIT = "take_profit"
    """A limit order at `price` that rests as the target of a position."""


class TimeInForce(StrEnum):
    """How long an order waits for what is not there at once."""

    GTC = "gtc"
    """Until it is canceled."""
    IOC = "ioc"
    """Not at all: the rest expires."""
    FOK = "fok"
    """Not at all: it fills as a whole or expires as a whole."""


class Leg(StrEnum):
    """What an order is for; the letter stands in the client order id."""

    ENTRY = "e"
    STOP = "s"
    TARGET = "t"
    EXIT = "x"


ENTRY, STOP, TARGET, EXIT = Leg


class Liquidity(StrEnum):
    """Whether a fill rested in the book or took from it."""

    MAKER = "maker"
    TAKER = "taker"


class OrderStatus(StrEnum):
    """Where an order is; a request without its answer is a state of its own."""

    SUBMITTING = "submitting"
    OPEN = "open"
    PARTIALLY_FILLED = "partially_filled"
    CANCELING = "canceling"
    UNKNOWN = "unknown"
    FILLED = "filled"
    CANCELED = "canceled"
    REJECTED = "rejected"
    EXPIRED = "expired"

    @property
    def final(self) -> bool:
        """True once no further fill can come."""
        return self in FINAL


FINAL = frozenset(
    {OrderStatus.FILLED, OrderStatus.CANCELED, OrderStatus.REJECTED, OrderStatus.EXPIRED}
)


class Order(msgspec.Struct, frozen=True):
    """An order as it is asked of a venue.

    `price` is the limit of LIMIT, TAKE_PROFIT and STOP_LIMIT orders, `trigger` that of STOP and
    STOP_LIMIT orders, `trail` a distance in price. Orders of one `group` cancel one another: a fill
    of one reduces its siblings by as much. A `reduce_only` order can close and never open. A
    `post_only` order is refused where it would take from the book.
    """

    client_order_id: str
    symbol: str
    side: Side
    kind: OrderKind
    leg: Leg
    quantity: Decimal
    price: Decimal | None = None
    trigger: Decimal | None = None
    reduce_only: bool = False
    group: str | None = None
    tif: TimeInForce = TimeInForce.GTC
    post_only: bool = False
    trail: Decimal | None = None


class Fill(msgspec.Struct, frozen=True):
    """One execution; `fee` is in the quote currency and is negative for a rebate."""

    trade_id: str
    client_order_id: str
    symbol: str
    side: Side
    quantity: Decimal
    price: Decimal
    fee: Decimal
    liquidity: Liquidity
    ts_event: int

    @property
    def key(self) -> str:
        """What tells it from any other fill and flow: venues number trades per symbol."""
        return f"{self.symbol}/{self.trade_id}"


class FlowKind(StrEnum):
    """Why money came or went without a fill."""

    FUNDING = "funding"
    TRANSFER = "transfer"
    """A deposit, or a withdrawal: never profit, never loss."""


class Flow(msgspec.Struct, frozen=True):
    """Money that came to an account, or went (negative), without a fill; once by `flow_id`.

    `symbol` is that of the position that funding was paid on.
    """

    flow_id: str
    kind: FlowKind
    amount: Decimal
    ts_event: int
    symbol: str | None = None

    @property
    def key(self) -> str:
        """What tells it from any other flow and fill."""
        return f"flow {self.flow_id}"


class OrderState(msgspec.Struct, frozen=True):
    """An order as its venue reports it."""

    order: Order
    venue_order_id: str
    status: OrderStatus
    filled: Decimal
    ts_event: int


class Approval(msgspec.Struct, frozen=True):
    """Permission for one order: built in `trader.risk.guard` alone, used once.

    RiskGuard gives it, and the KillSwitch for the exits that it sends itself.

    `order_hash` is `trader.model.ids.order_hash(order)`, `epoch` the interlock's at the time.
    """

    epoch: int
    order_hash: str
