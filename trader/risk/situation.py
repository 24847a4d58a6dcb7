"""What is judged: an entry before it has a size, and once it has one."""

from decimal import Decimal

import msgspec

from trader.accounting.windows import Window
from trader.model.instrument import Instrument
from trader.model.market import SECOND
from trader.model.orders import Side
from trader.model.reasons import Reason
from trader.risk.locks import Lock
from trader.risk.settings import RiskSettings
from trader.risk.state import Hold, Price


class Rate(msgspec.Struct, frozen=True):
    """Entries of the last second, minute and day."""

    second: int = 0
    minute: int = 0
    day: int = 0


class Situation(msgspec.Struct, frozen=True):
    """What is judged when an entry is proposed, before it has a size.

    `stop` and `target` have their defaults already. `positions` are the symbols held or on their
    way to be, `in_flight` and `unknown` orders of this symbol, `exited` and `entered` when (ns) it
    was last closed, and last entered on this side; `locks` hold for it; losses are in % of equity,
    converted by `converter`, the price of the symbol `conversion`, if it is.
    `leverage` is the one in force at the venue, None where it names none.
    """

    now: int
    symbol: str
    side: Side
    instrument: Instrument
    conviction: float
    advised: float
    stop: float
    target: float
    settings: RiskSettings
    hold: Hold | None
    price: Price
    positions: tuple[str, ...]
    in_flight: tuple[str, ...]
    unknown: tuple[str, ...]
    rate: Rate
    exited: int | None
    entered: int | None
    locks: tuple[Lock, ...]
    losses: dict[Window, float]
    drawdown: float
    conversion: str = ""
    converter: Price | None = None
    leverage: int | None = None

    @property
    def market(self) -> float:
        """The price that the entry would take."""
        return self.price.of(self.side)

    @property
    def farthest(self) -> float:
        """The worst price at which the entry may fill."""
        return self.market * (1 + self.side.sign * self.settings.max_slippage_pct / 100)

    def seconds_since(self, ts: int) -> float:
        """Return the time that has passed since `ts` (ns)."""
        return (self.now - ts) / SECOND


class Entry(msgspec.Struct, frozen=True):
    """An entry, sized: `wanted` by its risk, allowed by each of `caps`, `quantity` by all of them.

    `worst` is the most a unit may cost: what an entry may spend and hold is counted at it. `limit`
    is the price beyond which it does not fill.
    """

    limit: Decimal
    stop: Decimal
    target: Decimal
    worst: Decimal
    wanted: Decimal
    caps: dict[Reason, Decimal]
    quantity: Decimal

    @property
    def resized(self) -> Reason | None:
        """Why it is smaller than its risk allows, None where it is not."""
        least = min(self.caps, key=lambda reason: self.caps[reason])
        return least if self.caps[least] < self.wanted else None


class Tail(msgspec.Struct, frozen=True):
    """Value at risk and expected shortfall of a day, in % of equity."""

    var: float = 0.0
    shortfall: float = 0.0


class Tails(msgspec.Struct, frozen=True):
    """The tail of the portfolio without an entry and with it; `normal` is with it, parametric.

    `missing` says why it is not known; else it is empty.
    """

    before: Tail = Tail()
    after: Tail = Tail()
    normal: Tail = Tail()
    missing: str = ""

    def __str__(self) -> str:
        before, after, normal = self.before, self.after, self.normal
        return (
            f"VaR {before.var:.2f} to {after.var:.2f} % a day (normal {normal.var:.2f}), ES"
            f" {before.shortfall:.2f} to {after.shortfall:.2f} % (normal {normal.shortfall:.2f})"
        )


class Sized(msgspec.Struct, frozen=True):
    """What is judged once an entry has a size; `mid` is the middle of the market.

    `said` is what the size follows from, `tails` what the portfolio may bring, None where that is
    not measured.
    """

    instrument: Instrument
    entry: Entry
    settings: RiskSettings
    mid: float
    said: str = ""
    tails: Tails | None = None
