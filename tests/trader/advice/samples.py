"""Snapshots that merit advice, and advice that passes the checks."""

import msgspec

from trader.model.market import SECOND
from trader.model.views import MARKS, Advice, Higher, Snapshot, Stance

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
