"""Advice, indicator snapshots, accounts: what actors tell one another about the world."""

from decimal import Decimal
from enum import StrEnum

import msgspec

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
    (`rules`, `ema-cross`, a model's id) and `rationale` says why in a sentence.
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


class Snapshot(msgspec.Struct, frozen=True, gc=False):
    """Indicator values of one symbol at one closed candle; None where a value does not exist yet.

    `wt1`, `wt2`: WaveTrend 9/12/3; `cross`: +1 where wt1 crossed above wt2 on this candle, -1
    below, 0 else; `rsi`: 14; `money_flow`: 60/150 less 2.5; `atr`: 14, in price units;
    `ema_fast`, `ema_slow`: of the close, lengths by settings; `ema_cross`: as `cross`.
    Sources: design notes of VuManChu Cipher B, sections 3.2 to 3.4, TradingView seeding.
    """

    ts_event: int
    close: float
    wt1: float | None
    wt2: float | None
    cross: int
    rsi: float | None
    money_flow: float | None
    atr: float | None
    ema_fast: float | None
    ema_slow: float | None
    ema_cross: int


class TradingState(StrEnum):
    """What may reach the venue: everything; what reduces risk; cancels and reduce-only exits."""

    ACTIVE = "active"
    REDUCING = "reducing"
    HALTED = "halted"


class Account(msgspec.Struct, frozen=True):
    """An account as its venue reports it: total balances by currency, and every open order.

    `positions` are those in perpetuals by symbol, below zero when short; their margin is part of
    the balance. `flows` and `forced` (fills of the venue's own orders) are the newest.
    """

    balances: dict[str, Decimal]
    open_orders: tuple[OrderState, ...]
    positions: dict[str, Decimal] = {}
    flows: tuple[Flow, ...] = ()
    forced: tuple[Fill, ...] = ()
