"""Snapshots that merit advice, and advice that passes the checks."""

import json

import msgspec

from trader.model.market import SECOND
from trader.model.opinions import Claim, Opinion
from trader.model.views import Advice, Snapshot, Stance

SYMBOL = "BTC-USD"
NOW = 1_000 * SECOND

DIP = Snapshot(
    ts_event=NOW,
    close=100.0,
    wt1=-58.0,
    wt2=-60.0,
    cross=1,
    rsi=40.0,
    money_flow=5.0,
    atr=0.2,
    ema_fast=99.0,
    ema_slow=100.0,
    ema_cross=0,
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
