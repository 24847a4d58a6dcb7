"""Advice, indicator snapshots, accounts: what actors tell one another about the world."""

from decimal import Decimal
from enum import StrEnum

import msgspec

from trader.model.instrument import ZERO, Instrument
from trader.model.orders import Fill, Flow, OrderState


class Stance(StrEnum):
    """What an advisor would have the position be; it asks to close the opposite one.

    From flat, SHORT opens on a perpetual alone.
    """

    LONG = "long"
    SHORT = "short"
    FLAT = "flat"
    HOLD = "hold"


class Advice(msgspec.Struct, frozen=True):
    """An opinion on one symbol at one closed candle; prices are market observations.

    `conviction` is 0 to 1. `price` is the close it was formed at. `source` names who gave it
    (`rules`, `ema-cross`, a model's id) and `rationale` says why in a sentence. `atr` is the
    average true range at that candle, in price; 0 where nobody names it. `gap` is that of the
    snapshot.
    """

    symbol: str
    stance: Stance
    conviction: float
    price: float
    stop: float | None
    target: float | None
    source: str
    rationale: str
    ts_event: int
    atr: float = 0.0
    gap: int | None = None


class Higher(msgspec.Struct, frozen=True, gc=False):
    """How far a part of Cipher B on a higher timeframe is along: its candles so far and needed.

    `part` is sommi_flag, sommi_diamond1, sommi_diamond2 or macd. Until `candles` reach `needed`,
    the part's values are None and its marks are left out.
    """

    part: str
    minutes: int
    candles: int
    needed: int


MARKS_A = (
    "long_ema",
    "short_ema",
    "red_cross",
    "blue_triangle",
    "red_diamond",
    "yellow_cross",
    "blood_diamond",
    "bull_candle",
)
EXTENDED_A = (
    "x_green_diamond",
    "x_green_cross",
    "x_blue_triangle_down",
    "x_moon_diamond",
    "x_yellow_cross_up",
    "x_yellow_cross_down",
    "x_bear_candle",
)
MARKS_B = (
    "small_dot_up",
    "small_dot_down",
    "wt_oversold",
    "wt_overbought",
    "buy",
    "sell",
    "buy_div",
    "sell_div",
    "gold_buy",
    "wt_bear",
    "wt_bull",
    "wt2nd_bear",
    "wt2nd_bull",
    "wtnl_bear_hidden",
    "wtnl_bull_hidden",
    "rsi_bear",
    "rsi_bull",
    "rsinl_bear_hidden",
    "rsinl_bull_hidden",
    "stoch_bear",
    "stoch_bull",
    "stoch_bear_hidden",
    "stoch_bull_hidden",
    "sommi_flag_bear",
    "sommi_flag_bull",
    "sommi_diamond_bear",
    "sommi_diamond_bull",
)
MARKS = (*MARKS_B, *MARKS_A, *EXTENDED_A)
"""What a candle may show, named as the columns of Cipher B, of A, and of A's extended variant."""


class Snapshot(msgspec.Struct, frozen=True, gc=False):
    """Indicator values of one symbol at one closed candle.

    `wt1`, `wt2`: WaveTrend of Cipher B; `cross`: +1 where wt1 crossed above wt2 on this candle, -1
    below, 0 else; `rsi`, `rsi_zone` (-1 oversold, +1 overbought); `money_flow`; `stoch_k`,
    `stoch_d`: stochastic RSI; `schaff`: Schaff trend cycle; `atr`: in price units; `ema_fast`,
    `ema_slow`: of the close, lengths by settings; `ema_cross`: as `cross`; `ribbon`: the averages
    of Cipher A, fastest first; `ribbon_up`: the second of them is above the eighth.

    `flag_wave` (wt1 - wt2), `macd`, `macd_signal`, `macd_flow`: of the timeframes in `higher`.

    `gap` counts the candles since the newest hole in the data, None where the window is whole: no
    hole lies within `indicators.gap_candles`. `marks` names those of MARKS that the close of this
    candle made known; `last` has for each of MARKS the close (ns) of the newest candle that bore
    it, 0 for one not seen yet.

    Sources: design notes of VuManChu Cipher A and B, TradingView's seeding and rules.
    """

    ts_event: int
    close: float
    wt1: float
    wt2: float
    cross: int
    rsi: float
    rsi_zone: int
    money_flow: float
    stoch_k: float
    stoch_d: float
    schaff: float
    atr: float
    ema_fast: float
    ema_slow: float
    ema_cross: int
    ribbon: tuple[float, float, float, float, float, float, float, float]
    ribbon_up: bool
    flag_wave: float | None
    macd: float | None
    macd_signal: float | None
    macd_flow: float | None
    higher: tuple[Higher, ...]
    gap: int | None
    marks: tuple[str, ...]
    last: tuple[int, ...]


class TradingState(StrEnum):
    """What may reach the venue: everything; what reduces risk; cancels and reduce-only exits."""

    ACTIVE = "active"
    REDUCING = "reducing"
    HALTED = "halted"


class Account(msgspec.Struct, frozen=True):
    """An account as its venue reports it: total balances by currency, and every open order.

    `positions` are those in perpetuals by symbol, below zero when short; their margin is part of
    the balance. `leverages` are those in force for perpetuals, held or not. `flows` and `fills`,
    those of the venue's own orders among them, are the newest.
    """

    balances: dict[str, Decimal]
    open_orders: tuple[OrderState, ...]
    positions: dict[str, Decimal] = {}
    flows: tuple[Flow, ...] = ()
    fills: tuple[Fill, ...] = ()
    leverages: dict[str, int] = {}

    def held(self, instrument: Instrument) -> Decimal:
        """Return the position in a perpetual, else the balance of what is bought and sold."""
        if instrument.terms is not None:
            return self.positions.get(instrument.symbol, ZERO)
        return self.balances.get(instrument.base, ZERO)
