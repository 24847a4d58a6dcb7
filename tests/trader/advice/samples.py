"""Snapshots that merit advice, and advice that passes the checks."""

import json
from decimal import Decimal

import msgspec

from trader.advice.brief import to_prompt
from trader.advice.window import Row, Window
from trader.model.market import SECOND, Candle
from trader.model.messages import HaltTrading, PositionChanged
from trader.model.opinions import Claim, Opinion
from trader.model.reasons import Reason
from trader.model.views import MARKS, Advice, Higher, Snapshot, Stance
from trader.settings.sources import CONFIG

SYMBOL = "BTC-USD"
PERP = "BTC-USD-PERP"
NOW = 1_000 * SECOND

DIP = Snapshot(
    ts_event=NOW,
    close=100.0,
    wt1=-58.0,
    wt2=-60.0,
    cross=1,
    rsi=40.0,
    rsi_zone=0,
    money_flow=5.0,
    stoch_k=30.0,
    stoch_d=20.0,
    schaff=10.0,
    atr=0.2,
    ema_fast=99.0,
    ema_slow=100.0,
    ema_cross=0,
    ribbon=(99.0, 99.1, 99.2, 99.3, 99.4, 99.5, 99.6, 99.7),
    ribbon_up=False,
    flag_wave=None,
    macd=None,
    macd_signal=None,
    macd_flow=None,
    higher=(Higher("sommi_flag", 720, 1, 100),),
    gap=None,
    marks=("small_dot_up", "wt_oversold", "buy"),
    last=tuple(NOW if mark in ("small_dot_up", "wt_oversold", "buy") else 0 for mark in MARKS),
)
PEAK = msgspec.structs.replace(DIP, cross=-1, wt1=58.0, wt2=60.0, rsi=60.0, money_flow=-5.0)
GOLDEN = msgspec.structs.replace(DIP, cross=0, ema_cross=1, rsi=60.0)
DEATH = msgspec.structs.replace(DIP, cross=0, ema_cross=-1, wt1=-62.0, money_flow=-5.0)

LONG = Advice(
    symbol="BTC-USD",
    stance=Stance.LONG,
    conviction=0.7,
    price=100.0,
    stop=98.0,
    target=104.0,
    source="rules",
    rationale="A test.",
    ts_event=NOW,
)
FLAT = msgspec.structs.replace(LONG, stance=Stance.FLAT, stop=None, target=None)
SHORT = msgspec.structs.replace(FLAT, stance=Stance.SHORT)

OPINION = Opinion(
    symbol=SYMBOL,
    claims=(Claim("rsi", 40.0), Claim("close", 100.0)),
    rationale="WaveTrend turned up.",
    stance=Stance.LONG,
    conviction=0.7,
    levels="price",
    stop=98.0,
    target=104.0,
    invalidation=97.5,
    horizon_candles=30,
)


def said(**changes: object) -> str:
    """Return a model's sound answer with fields changed, or left out where given as `...`."""
    fields = {**msgspec.to_builtins(OPINION), **changes}
    return json.dumps({name: value for name, value in fields.items() if value is not ...})


HALT = HaltTrading(1, Reason.HALT_OPERATOR, "a test", flatten=False)


def position(quantity: str, average_price: int = 100, symbol: str = SYMBOL) -> PositionChanged:
    """Return what RiskGuard says after a fill."""
    return PositionChanged(symbol, Decimal(quantity), Decimal(average_price), Decimal(0))


PROMPT = to_prompt((CONFIG / "advisor_prompt.txt").read_text(encoding="utf-8"))


def window(count: int, first: int = 0) -> Window:
    """Return a rising window: the close goes up by 1 a minute from 100 on, the rest stays."""
    seen = Window()
    for number in range(first, first + count):
        each = row(number)
        seen.add(each.snapshot, each.candle)
    return seen


def row(number: int) -> Row:
    """Return the row of the minute that closes at 100 + `number`."""
    close, opened = 100.0 + number, number * 60 * SECOND
    closed = opened + 60 * SECOND
    candle = Candle(opened, closed, close - 1, close + 1, close - 2, close, float(number))
    return Row(msgspec.structs.replace(DIP, ts_event=closed, close=close), candle)
