"""The memory of the RiskGuard: msgspec Structs that a checkpoint can hold."""

import math
from collections.abc import Iterable
from decimal import Decimal
from typing import Self

import msgspec

from trader.accounting.ledger import Ledger
from trader.accounting.performance import Performance
from trader.accounting.windows import LossWindows, Window
from trader.model.instrument import ZERO, Instrument
from trader.model.market import FeedCondition
from trader.model.orders import BUY, ENTRY, EXIT, FINAL, STOP, TARGET, Leg, Order, OrderStatus, Side
from trader.model.reasons import Reason
from trader.model.views import TradingState
from trader.risk.locks import Closed, Lock
from trader.risk.returns import Returns
from trader.risk.settings import ExitSettings, Protections, RiskSettings, SizingSettings


class Rules(msgspec.Struct, frozen=True):
    """What does not change while a run lasts; `max_size_pct` is of equity, before leverage.

    `conversion` is the symbol by whose price equity is converted; empty where it is not.
    """

    settings: RiskSettings
    max_size_pct: float
    instruments: dict[str, Instrument]
    protections: Protections = Protections()
    exits: ExitSettings = ExitSettings()
    sizing: SizingSettings = SizingSettings()
    conversion: str = ""


class Price(msgspec.Struct):
    """What the market last said of a symbol, and when (ns); 0 where it said nothing yet."""

    close: float = 0.0
    closed: int = 0
    bid: float = 0.0
    ask: float = 0.0
    quoted: int = 0
    # Journals have had another thing under its name: whether there is one.
    stalled: FeedCondition | None = msgspec.field(default=None, name="condition")
    """What the feed is where it is not live."""

    def of(self, side: Side) -> float:
        """Return what an order of a side would take, by the newest word of the market."""
        if self.quoted <= self.closed:
            return self.close
        return self.ask if side is BUY else self.bid

    @property
    def mid(self) -> float:
        """The middle of the market, by its newest word."""
        return self.close if self.quoted <= self.closed else (self.bid + self.ask) / 2

    @property
    def ts_event(self) -> int:
        """When the market last said anything."""
        return max(self.quoted, self.closed)


_RESTING = frozenset({OrderStatus.OPEN, OrderStatus.PARTIALLY_FILLED})


class Working(msgspec.Struct):
    """An order of ours; `remaining` is what may still fill, `worst` the most a unit may cost.

    `doubtful`: nobody may wait for it, since word of it may have been lost.
    """

    order: Order
    remaining: Decimal
    worst: Decimal = ZERO
    status: OrderStatus = OrderStatus.SUBMITTING
    canceling: bool = False
    doubtful: bool = False

    @property
    def unknown(self) -> bool:
        """True while nobody knows whether the venue has it."""
        return self.status is OrderStatus.UNKNOWN

    @property
    def accepted(self) -> bool:
        """True while the venue is known to have it."""
        return self.status in _RESTING

    @property
    def rests(self) -> bool:
        """True while the venue is known to have it and nobody asked it to cancel."""
        return not self.canceling and self.status in _RESTING


Legs = dict[Leg, list[Working]]
"""Orders of a campaign by what they are for, oldest first."""


class Campaign(msgspec.Struct):
    """One position from its entry, by `side`, to its exit, with every order sent for it.

    What to do next is not stored: it follows from the orders, the position and `closing`, so that
    no crash can leave them at odds. `failures` counts stops and exits that came to nothing since
    one last held. `watched`: it is not secure, and a ProtectionDue is on its way.

    `stop` is where the stop is to lie, for `stopping`; `first_stop` is where it lay at first, and
    `trail` how far behind the best price a trailing one stays, 0 for none.
    """

    symbol: str
    decision: int
    stop: Decimal
    target: Decimal | None
    side: Side = BUY
    attempt: int = 0
    closing: Reason | None = None
    failures: int = 0
    watched: bool = False
    first_stop: Decimal = ZERO
    stopping: Reason = Reason.EXIT_STOP
    trail: Decimal = ZERO
    orders: dict[str, Working] = {}

    def alive(self, *legs: Leg) -> list[Working]:
        """Return the orders of these legs (of all legs if none is named) that are not final."""
        alive = [working for working in self.orders.values() if working.status not in FINAL]
        return [working for working in alive if working.order.leg in legs] if legs else alive

    def by_leg(self) -> Legs:
        """Return the orders of each leg that are not final."""
        legs: Legs = {ENTRY: [], STOP: [], TARGET: [], EXIT: []}
        for working in self.orders.values():
            if working.status not in FINAL:
                legs[working.order.leg].append(working)
        return legs


class Hold(msgspec.Struct, frozen=True):
    """Something that keeps trading from being active, since a time of the market (ns)."""

    reason: Reason
    level: TradingState
    detail: str
    since: int = 0


STARTING = Hold(Reason.START_RECONCILING, TradingState.HALTED, "the account is not read yet")
"""What every session begins with."""


class RiskState(msgspec.Struct):
    """Portfolio, limits and trading state.

    `rate` is what a unit of the quote currency was last worth in the portfolio's, 0 before it is
    known; `windows` and `alarm` are in the latter, and so is `converted`, None where nothing is.
    `cash` and `held` are the ledger's, as floats, for the marks; what perpetuals are held for is
    taken off `cash`, as if it had been paid. `entries` are the times (ns) of
    the newest entry orders, `entered` the last one of each side and symbol, `exits` the time each
    symbol was last closed, `closed` the trades that protections judge, `results` the profits of the
    newest ones, as ratios of what was entered. `baseline` is what the
    account held of each base currency before our first fill; None until it was read. `alarm` is
    the equity down to which no limit on losses can be reached. `marked` is the equity last known in
    this session, None until the market has priced what is held; `begun` are the windows that began
    before it had. `leverages` are those in force at the
    venue, as of the last account that was read in this session.
    """

    run: str = ""
    epoch: int = 0
    ledger: Ledger = msgspec.field(default_factory=lambda: Ledger(ZERO))
    cash: float = 0.0
    held: dict[str, float] = {}
    performance: Performance = msgspec.field(default_factory=Performance)
    rate: float = 1.0
    converted: Performance | None = None
    windows: LossWindows = msgspec.field(default_factory=LossWindows)
    alarm: float = math.inf
    holds: list[Hold] = msgspec.field(default_factory=lambda: [STARTING])
    prices: dict[str, Price] = {}
    campaigns: dict[str, Campaign] = {}
    entries: list[int] = []
    entered: dict[str, int] = {}
    exits: dict[str, int] = {}
    closed: list[Closed] = []
    locks: list[Lock] = []
    results: list[float] = []
    returns: dict[str, Returns] = {}
    baseline: dict[str, Decimal] | None = None
    marked: float | None = None
    begun: list[Window] = []
    leverages: dict[str, int] = {}

    def know(self, symbols: Iterable[str], conversion: str = "") -> Self:
        """Have a place for what the market says of each symbol, and of the conversion."""
        for symbol in (*symbols, *filter(None, [conversion])):
            self.prices.setdefault(symbol, Price())
            self.returns.setdefault(symbol, Returns())
        if conversion and self.converted is None:
            self.rate, self.converted = 0.0, Performance()
        return self

    @property
    def measured(self) -> Performance:
        """What the drawdown is measured by: the equity as it is converted."""
        return self.performance if self.converted is None else self.converted

    def worth(self) -> float:
        """Return the equity, converted by the last known rate."""
        return self.equity() * self.rate

    def equity(self) -> float:
        """Return cash plus every position at its last close."""
        equity, prices = self.cash, self.prices
        for symbol, held in self.held.items():
            equity += held * prices[symbol].close
        return equity

    def note_cash(self) -> None:
        """Note the ledger's cash for the marks."""
        self.cash = float(self.ledger.cash - self.ledger.lent)

    def find(self, client_order_id: str) -> tuple[Campaign, Working] | None:
        """Return an order of ours with its campaign."""
        for campaign in self.campaigns.values():
            working = campaign.orders.get(client_order_id)
            if working is not None:
                return campaign, working
        return None

    def doubt_all(self) -> None:
        """Rely on no order until the broker speaks of it again."""
        for campaign in self.campaigns.values():
            for working in campaign.alive():
                working.doubtful = True
                # Whether its cancel was ever asked for is as doubtful.
                working.canceling = False
