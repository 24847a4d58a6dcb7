"""The checks on an entry: a table of pure functions, each with its reason.

A check returns what is wrong in a few words, or None. Exits pass none of them.
"""

import math
from collections.abc import Callable
from decimal import Decimal

import msgspec

from trader.accounting.windows import Window
from trader.model.instrument import ZERO, Instrument
from trader.model.market import SECOND
from trader.model.orders import Side
from trader.model.reasons import Reason
from trader.model.views import TradingState
from trader.risk.settings import RiskSettings
from trader.risk.sizing import Entry, is_tradable, liquidation_price
from trader.risk.state import Hold, Price

RATE_WINDOW = 60 * SECOND


class Situation(msgspec.Struct, frozen=True):
    """What is judged when an entry is proposed, before it has a size.

    `stop` and `target` have their defaults already. `positions` are the symbols held or on their
    way to be, `in_flight` and `unknown` orders of this symbol, `recent` the entries of the last
    minute; losses are in % of equity.
    """

    now: int
    symbol: str
    side: Side
    instrument: Instrument
    advised: float
    stop: float
    target: float
    settings: RiskSettings
    hold: Hold | None
    price: Price
    positions: tuple[str, ...]
    in_flight: tuple[str, ...]
    unknown: tuple[str, ...]
    recent: int
    exited: int | None
    losses: dict[Window, float]
    drawdown: float

    @property
    def market(self) -> float:
        """The price that the entry would take."""
        return self.price.of(self.side)

    @property
    def farthest(self) -> float:
        """The worst price at which the entry may fill."""
        return self.market * (1 + self.side.sign * self.settings.max_slippage_pct / 100)


class Sized(msgspec.Struct, frozen=True):
    """What is judged once an entry has a size."""

    instrument: Instrument
    entry: Entry


LOSS_LIMITS = {
    Window.DAY: "max_daily_loss_pct",
    Window.WEEK: "max_weekly_loss_pct",
    Window.MONTH: "max_monthly_loss_pct",
}
"""The setting that bounds the loss of each window, in % of the equity at its start."""


def loss_limit(settings: RiskSettings, window: Window) -> float:
    """Return the loss that a window may bring."""
    limit: float = getattr(settings, LOSS_LIMITS[window])
    return limit


def _check_loss(window: Window) -> Callable[[Situation], str | None]:
    def check(at: Situation) -> str | None:
        loss, bound = at.losses[window], loss_limit(at.settings, window)
        return f"{loss:.2f} % lost of {bound:g} % a {window}" if loss >= bound else None

    return check


def check_drawdown(at: Situation) -> str | None:
    """Deny once equity is as far below its peak as it may be."""
    bound = at.settings.max_drawdown_pct
    return f"{at.drawdown:.2f} % below the peak of {bound:g} %" if at.drawdown >= bound else None


def check_halted(at: Situation) -> str | None:
    """Deny while trading is halted."""
    return _name(at.hold, TradingState.HALTED)


def check_reducing(at: Situation) -> str | None:
    """Deny while only what reduces risk may pass."""
    return _name(at.hold, TradingState.REDUCING)


def check_feed(at: Situation) -> str | None:
    """Deny while the symbol's feed stands still."""
    return "the feed stands still" if at.price.stalled else None


def check_price(at: Situation) -> str | None:
    """Deny where the market has not named a price."""
    return None if at.market > 0 else "no price yet"


def check_price_age(at: Situation) -> str | None:
    """Deny where the newest price is too old."""
    age = (at.now - at.price.ts_event) / SECOND
    return f"price is {age:.1f} s old" if age > at.settings.max_price_age_seconds else None


def check_spread(at: Situation) -> str | None:
    """Deny where the last quote's spread is too wide."""
    if not at.price.quoted:
        return None
    spread = (at.price.ask - at.price.bid) / (at.price.ask + at.price.bid) * 200
    return f"spread is {spread:.3f} %" if spread > at.settings.max_spread_pct else None


def check_moved(at: Situation) -> str | None:
    """Deny where the market has left the advised price, or reached the target already."""
    moved = abs(at.market / at.advised - 1) * 100 if at.advised > 0 else math.inf
    if not moved <= at.settings.max_slippage_pct:
        return f"market is {moved:.2f} % from the advised price"
    sign = at.side.sign
    if not (0 < at.target < math.inf and sign * at.market < sign * at.target):
        return f"market at {at.market:g} is at or past the target {at.target:g}"
    return None


def check_stop(at: Situation) -> str | None:
    """Deny where the stop is not on the losing side of the market."""
    sign = at.side.sign
    if 0 < at.stop < math.inf and sign * at.stop < sign * at.market:
        return None
    where = "below" if at.side is Side.BUY else "above"
    return f"stop {at.stop:g} is not {where} the market at {at.market:g}"


def check_liquidation(at: Situation) -> str | None:
    """Deny where the venue would liquidate the position before its stop is reached."""
    if at.instrument.terms is None:
        return None
    sign, liquidation = at.side.sign, liquidation_price(at.instrument, at.farthest, at.side)
    if sign * at.stop > sign * liquidation:
        return None
    leverage = at.instrument.terms.leverage
    return f"stop {at.stop:g}, liquidation at about {liquidation:g} with leverage {leverage}"


def check_positions(at: Situation) -> str | None:
    """Deny a second position in a symbol, and one more than may be open at once."""
    if at.symbol in at.positions:
        return f"{at.symbol} is held or about to be"
    most = at.settings.max_concurrent_trades
    return f"{len(at.positions)} of {most} positions" if len(at.positions) >= most else None


def check_in_flight(at: Situation) -> str | None:
    """Deny while another order of the symbol is at work."""
    return f"waits for {at.in_flight[0]}" if at.in_flight else None


def check_unknown(at: Situation) -> str | None:
    """Deny while the fate of an order of the symbol is not known."""
    return f"fate of {at.unknown[0]} is unknown" if at.unknown else None


def check_cooldown(at: Situation) -> str | None:
    """Deny for a while after the symbol's last position was closed."""
    if at.exited is None:
        return None
    left = at.settings.cooldown_seconds - (at.now - at.exited) / SECOND
    return f"{left:.0f} s left" if left > 0 else None


def check_rate(at: Situation) -> str | None:
    """Deny where the last minute saw as many entries as it may."""
    most = at.settings.max_orders_per_minute
    return f"{at.recent} entries in the last minute" if at.recent >= most else None


def check_cash(at: Sized) -> str | None:
    """Deny where the free cash does not pay for the least order, with its fee."""
    return _too_little(at, at.entry.by_cash, "free cash pays for")


def check_size(at: Sized) -> str | None:
    """Deny where the largest position allowed is below the least order."""
    return _too_little(at, at.entry.by_size, "the largest position is")


def check_minimum(at: Sized) -> str | None:
    """Deny where what is left after rounding could not be closed at its stop."""
    return _too_little(at, at.entry.quantity, "the risk allows")


CHECKS: tuple[tuple[Reason, Callable[[Situation], str | None]], ...] = (
    # Losses first: a denial then names the limit rather than the state that it led to.
    (Reason.DRAWDOWN_TOTAL, check_drawdown),
    (Reason.LOSS_DAY, _check_loss(Window.DAY)),
    (Reason.LOSS_WEEK, _check_loss(Window.WEEK)),
    (Reason.LOSS_MONTH, _check_loss(Window.MONTH)),
    (Reason.STATE_HALTED, check_halted),
    (Reason.STATE_REDUCING, check_reducing),
    (Reason.FEED_STALLED, check_feed),
    (Reason.DATA_NO_PRICE, check_price),
    (Reason.DATA_STALE, check_price_age),
    (Reason.SPREAD_TOO_WIDE, check_spread),
    (Reason.PRICE_MOVED, check_moved),
    (Reason.STOP_WRONG_SIDE, check_stop),
    (Reason.STOP_BEYOND_LIQUIDATION, check_liquidation),
    (Reason.ORDER_UNKNOWN, check_unknown),
    (Reason.ORDER_IN_FLIGHT, check_in_flight),
    (Reason.EXPOSURE_POSITIONS, check_positions),
    (Reason.COOLDOWN_SYMBOL, check_cooldown),
    (Reason.RATE_ORDERS, check_rate),
)
"""What an entry must pass before it is sized; the first no stands."""

SIZE_CHECKS: tuple[tuple[Reason, Callable[[Sized], str | None]], ...] = (
    (Reason.EXPOSURE_BALANCE, check_cash),
    (Reason.EXPOSURE_SIZE, check_size),
    (Reason.SIZE_BELOW_MINIMUM, check_minimum),
)
"""What an entry must pass once it is sized."""


def _name(hold: Hold | None, level: TradingState) -> str | None:
    return f"{hold.reason}: {hold.detail}" if hold is not None and hold.level is level else None


def _too_little(at: Sized, quantity: Decimal, what: str) -> str | None:
    if is_tradable(at.instrument, quantity, at.entry.stop):
        return None
    return f"{what} {max(quantity, ZERO):f} {at.instrument.base}, too little to trade"
