"""VuManChu Cipher B over columns."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from trader.indicators.primitives import EPSILON
from trader.indicators.rules_b import (
    BEAR,
    BLANK_B,
    BOTTOM,
    BULL,
    COLUMNS_B,
    LEAKY,
    WT,
    dot,
    is_gold,
    limits_of,
    lines_of,
)
from trader.indicators.settings import CipherBSettings
from trader.indicators.sources import SOURCES
from trader.indicators.whole import oscillators as o
from trader.indicators.whole.candles import Candles, Columns
from trader.indicators.whole.fractals import divergences, fractals, value_when
from trader.indicators.whole.higher import Frame, Signs, heikin_ashi, join
from trader.indicators.whole.primitives import cross, ema, sma
from trader.indicators.whole.scan import Flags, Floats
from trader.model.market import Series

Row = tuple[NDArray[Any], ...]
Frames = dict[int, Frame | None]
"""Timeframes by their minutes."""


def cipher_b(s: CipherBSettings, series: Series) -> Columns:
    """Return the columns of COLUMNS_B."""
    candles = Candles.of(series)
    frames = _frames(s, candles)
    with np.errstate(all="ignore"):
        waves = _waves(s, candles)
        six = _six(s, waves, candles)
        row = (
            *waves,
            *(column for instance in six for column in instance),
            *(_full(line, candles) for line in lines_of(s, six)),
            *_dots(s, waves, six, candles),
            *_sommi(s, waves, candles, frames)[:-2],
            *_macd(s, candles, frames[s.macd_minutes]),
        )
    return candles.spread(dict(zip(COLUMNS_B, row, strict=True)), BLANK_B)


def leaky_diamonds(s: CipherBSettings, series: Series) -> Columns:
    """Return the Sommi diamonds that a chart shows of its past: they know how candles will end.

    To compare with a screenshot; nothing decides by them.
    """
    candles = Candles.of(series)
    with np.errstate(all="ignore"):
        row = _sommi(s, _waves(s, candles), candles, _frames(s, candles))[-2:]
    return candles.spread(dict(zip(LEAKY, row, strict=True)), dict.fromkeys(LEAKY, False))


def _waves(s: CipherBSettings, candles: Candles) -> Row:
    bars = candles.bars
    price = SOURCES[s.wt_source](bars)
    mean, deviation, index, wt1, wt2 = o.wavetrend(price, s.wt_channel, s.wt_average, s.wt_signal)
    crossed = cross(wt1, wt2) != 0
    flow = _money_flow(s, bars)
    rsi = o.rsi(SOURCES[s.rsi_source](bars), s.rsi_length)
    k, d = _stochastic(s, SOURCES[s.stoch_source](bars))
    price_of_schaff = SOURCES[s.schaff_source](bars)
    return (
        price,
        mean,
        deviation,
        index,
        wt1,
        wt2,
        wt1 - wt2,
        wt2 - s.oversold1 <= EPSILON,
        wt2 - s.overbought1 >= -EPSILON,
        crossed,
        wt2 - wt1 <= EPSILON,
        wt2 - wt1 >= -EPSILON,
        flow,
        rsi,
        k,
        d,
        o.schaff(price_of_schaff, s.schaff_length, s.schaff_fast, s.schaff_slow, s.schaff_factor),
        np.where(flow > EPSILON, 1, -1).astype(np.int8),
        (rsi - s.rsi_overbought >= -EPSILON).astype(np.int8)
        - (rsi - s.rsi_oversold <= EPSILON).astype(np.int8),
    )


def _money_flow(s: CipherBSettings, bars: tuple[Floats, Floats, Floats, Floats]) -> Floats:
    return o.money_flow(bars, s.money_flow_length, s.money_flow_multiplier, s.money_flow_offset)


def _stochastic(s: CipherBSettings, price: Floats) -> tuple[Floats, Floats]:
    strength = o.rsi(o.logarithm(price) if s.stoch_log else price, s.stoch_rsi_length)
    k = sma(o.stochastic(strength, s.stoch_length), s.stoch_k)
    d = sma(k, s.stoch_d)
    return ((k + d) / 2.0 if s.stoch_average else k), d


def _six(s: CipherBSettings, waves: Row, candles: Candles) -> list[Row]:
    wt2, rsi, k = waves[5], waves[13], waves[14]
    price = (candles.bars[1], candles.bars[2])
    found = [fractals(x, textbook=s.textbook_fractals) for x in (wt2, rsi, k)]
    which = ((wt2, found[0]),) * 3 + ((rsi, found[1]),) * 2 + ((k, found[2]),)
    return [
        divergences(x, of, price, limits)
        for (x, of), limits in zip(which, limits_of(s), strict=True)
    ]


def _dots(s: CipherBSettings, waves: Row, six: list[Row], candles: Candles) -> Row:
    wt1, wt2, crossed, rsi = waves[4], waves[5], waves[9], waves[13]
    is_red = wt2 - wt1 > EPSILON
    bottoms = np.flatnonzero(np.abs(six[WT][BOTTOM]) > EPSILON)
    last_rsi = value_when(bottoms, rsi[bottoms - 2], len(rsi))
    return (
        crossed & ~is_red,
        crossed & is_red,
        crossed & waves[10] & waves[7],
        crossed & waves[11] & waves[8],
        _full(dot(s, six, BULL), candles),
        _full(dot(s, six, BEAR), candles),
        last_rsi,
        _full(is_gold(s, six, wt2, last_rsi), candles),
    )


def _frames(s: CipherBSettings, candles: Candles) -> Frames:
    minutes = {s.flag_minutes, s.diamond_minutes1, s.diamond_minutes2, s.macd_minutes}
    return {m: join(candles.ts_open, candles.interval, candles.bars, m) for m in minutes}


def _sommi(s: CipherBSettings, waves: Row, candles: Candles, frames: Frames) -> Row:
    """Return the columns of SOMMI, and after them those of LEAKY."""
    wt2, flow = waves[5], waves[12]
    up, down = waves[9] & waves[10], waves[9] & waves[11]
    wave = _higher_wave(s, candles, frames[s.flag_minutes])
    one, two = (_colours(candles, frames[m]) for m in (s.diamond_minutes1, s.diamond_minutes2))
    bear = down & (wt2 - s.diamond_wt_bear >= -EPSILON)
    bull = up & (wt2 - s.diamond_wt_bull <= EPSILON)
    diamonds = [
        flags
        for first, second in zip(one, two, strict=True)
        for flags in (bear & (first < 0) & (second < 0), bull & (first > 0) & (second > 0))
    ]
    chosen = diamonds[2:4] if s.diamond_candles == "closed" else diamonds[:2]
    return (
        wave,
        ema(wave, 3),
        down
        & (flow - s.flag_money_flow_bear < -EPSILON)
        & (wt2 - s.flag_wt_bear > EPSILON)
        & (wave - s.flag_wave_bear < -EPSILON),
        up
        & (flow - s.flag_money_flow_bull > EPSILON)
        & (wt2 - s.flag_wt_bull < -EPSILON)
        & (wave - s.flag_wave_bull > EPSILON),
        *chosen,
        *diamonds[2:],
    )


def _colours(candles: Candles, frame: Frame | None) -> tuple[Signs, Signs, Signs]:
    if frame is None:
        none = np.zeros(len(candles.ts_open), dtype=np.int8)
        return none, none, none
    return heikin_ashi(frame, candles.bars)


def _higher_wave(s: CipherBSettings, candles: Candles, frame: Frame | None) -> Floats:
    if frame is None:
        return _nothing(candles)
    _, high, low, close = frame.bars
    typical = (high + low + close) / 3.0
    *_, wt1, wt2 = o.wavetrend(typical, s.wt_channel, s.wt_average, s.wt_signal)
    return frame.known(wt1 - wt2)


def _macd(s: CipherBSettings, candles: Candles, frame: Frame | None) -> Row:
    macd = signal = flow = _nothing(candles)
    if frame is not None:
        close = frame.bars[3]
        line = ema(close, s.macd_fast) - ema(close, s.macd_slow)
        macd, signal = frame.known(line), frame.known(sma(line, s.macd_signal))
        flow = frame.known(_money_flow(s, frame.bars))
    return (macd, signal, flow, *_wave_colours(macd - signal, flow))


def _wave_colours(above: Floats, flow: Floats) -> Row:
    gains, leaves = flow > EPSILON, flow < -EPSILON
    when = (above >= -EPSILON, above < -EPSILON)
    falling = np.where(leaves, "d", "b")
    return tuple(
        np.select(when, (np.where(painted, "c", "a"), falling), "") for painted in (gains, leaves)
    )


def _nothing(candles: Candles) -> Floats:
    return np.full(len(candles.ts_open), np.nan)


def _full(flags: Flags | bool, candles: Candles) -> Flags:
    return np.broadcast_to(flags, len(candles.ts_open))
