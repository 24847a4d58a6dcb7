"""VuManChu Cipher B, candle by candle: the waves, their divergences, dots, flags and diamonds.

Every mark is on the candle whose close makes it known; a chart draws some of them two candles back.
"""

from collections.abc import Sequence
from functools import partial
from math import isfinite, log
from typing import Any, Self

import msgspec

from trader.indicators.fractals import Divergences, Fractals, Marks, ValueWhen
from trader.indicators.higher import (
    Bar,
    Frame,
    HeikinAshi,
    HigherMacd,
    HigherWave,
)
from trader.indicators.oscillators import MoneyFlow, Rsi, Schaff, Stochastic, WaveTrend
from trader.indicators.primitives import EPSILON, NAN, Cross, Ema, Sma
from trader.indicators.rules_b import (
    BEAR,
    BLANK_B,
    BOTTOM,
    BULL,
    LINES,
    WT,
    dot,
    is_gold,
    limits_of,
    lines_of,
)
from trader.indicators.settings import CipherBSettings
from trader.indicators.sources import SOURCES
from trader.model.market import Candle

Three = tuple[float, float, float]
Row = tuple[Any, ...]
_BLANK = tuple(BLANK_B.values())
_NO_LINES = (False,) * len(LINES)
_NO_DOTS = (False,) * 6
_NO_SOMMI = (False,) * 6


class CipherB(msgspec.Struct):
    """All that Cipher B remembers of a symbol."""

    wavetrend: WaveTrend
    cross: Cross
    money_flow: MoneyFlow
    rsi: Rsi
    stoch_rsi: Rsi
    stochastic: Stochastic
    stoch_k: Sma
    stoch_d: Sma
    schaff: Schaff
    fractals: tuple[Fractals, Fractals, Fractals]
    """Of wt2, RSI and K."""
    divergences: list[Divergences]
    """One for each of INSTANCES."""
    gold: ValueWhen
    flag: HigherWave
    flag_mean: Ema
    diamonds: tuple[HeikinAshi, HeikinAshi]
    macd: HigherMacd
    past: tuple[Three, Three] = ((NAN, NAN, NAN), (NAN, NAN, NAN))
    """High, low and RSI two candles ago, and one."""

    @classmethod
    def of(cls, s: CipherBSettings) -> Self:
        """Return one that has seen nothing."""
        wave = WaveTrend.of(s.wt_channel, s.wt_average, s.wt_signal)
        fractals = partial(Fractals, s.textbook_fractals)
        flow = MoneyFlow(s.money_flow_length, s.money_flow_multiplier, s.money_flow_offset)
        return cls(
            wavetrend=wave,
            cross=Cross(),
            money_flow=flow,
            rsi=Rsi.of(s.rsi_length),
            stoch_rsi=Rsi.of(s.stoch_rsi_length),
            stochastic=Stochastic.of(s.stoch_length),
            stoch_k=Sma(s.stoch_k),
            stoch_d=Sma(s.stoch_d),
            schaff=Schaff.of(s.schaff_length, s.schaff_fast, s.schaff_slow, s.schaff_factor),
            fractals=(fractals(), fractals(), fractals()),
            divergences=[Divergences(*limits) for limits in limits_of(s)],
            gold=ValueWhen(),
            flag=HigherWave(
                Frame.of(s.flag_minutes), WaveTrend.of(s.wt_channel, s.wt_average, s.wt_signal)
            ),
            flag_mean=Ema.of(3),
            diamonds=(
                HeikinAshi(Frame.of(s.diamond_minutes1)),
                HeikinAshi(Frame.of(s.diamond_minutes2)),
            ),
            macd=HigherMacd(
                Frame.of(s.macd_minutes),
                Ema.of(s.macd_fast),
                Ema.of(s.macd_slow),
                Sma(s.macd_signal),
                MoneyFlow(s.money_flow_length, s.money_flow_multiplier, s.money_flow_offset),
            ),
        )

    def next(self, s: CipherBSettings, candle: Candle) -> Row:
        """Take one more candle; return its row, as COLUMNS_B names it."""
        bar = (candle.open, candle.high, candle.low, candle.close)
        # The sum decides all but always; of huge prices it is not finite, and they are.
        if not isfinite(sum(bar)) and not all(map(isfinite, bar)):
            return _BLANK
        waves = self._waves(s, bar)
        past, self.past = self.past, (self.past[1], (bar[1], bar[2], waves[13]))
        found, six = self._six(waves, past[0])
        lines = lines_of(s, six) if found else _NO_LINES
        return (
            *waves,
            *six[0],
            *six[1],
            *six[2],
            *six[3],
            *six[4],
            *six[5],
            *lines,
            *self._dots(s, waves, six, past[0][2], found),
            *self._sommi(s, waves, candle),
            *self.macd.next(candle),
        )

    def _waves(self, s: CipherBSettings, bar: Bar) -> Row:
        price = SOURCES[s.wt_source](bar)
        mean, deviation, index, wt1, wt2 = self.wavetrend.next(price)
        crossed = self.cross.next(wt1, wt2) != 0
        rsi = self.rsi.next(SOURCES[s.rsi_source](bar))
        flow = self.money_flow.next(*bar)
        k, d = self._stochastic(s, SOURCES[s.stoch_source](bar))
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
            self.schaff.next(SOURCES[s.schaff_source](bar)),
            1 if flow > EPSILON else -1,
            (rsi - s.rsi_overbought >= -EPSILON) - (rsi - s.rsi_oversold <= EPSILON),
        )

    def _stochastic(self, s: CipherBSettings, price: float) -> tuple[float, float]:
        if s.stoch_log:
            price = log(price) if price > 0.0 else NAN
        k = self.stoch_k.next(self.stochastic.next(self.stoch_rsi.next(price)))
        d = self.stoch_d.next(k)
        return ((k + d) / 2.0 if s.stoch_average else k), d

    def _six(self, waves: Row, past: Three) -> tuple[bool, Sequence[Marks]]:
        """Return whether any fractal is confirmed on this candle, and each instance's part."""
        high, low, _ = past
        wave, rsi, stochastic = self.fractals
        one, two, three, four, five, six = self.divergences
        shape, pivot = wave.next(waves[5]), wave.pivot
        shape_rsi, pivot_rsi = rsi.next(waves[13]), rsi.pivot
        shape_k, pivot_k = stochastic.next(waves[14]), stochastic.pivot
        return bool(shape or shape_rsi or shape_k), (
            one.next(shape, pivot, high, low),
            two.next(shape, pivot, high, low),
            three.next(shape, pivot, high, low),
            four.next(shape_rsi, pivot_rsi, high, low),
            five.next(shape_rsi, pivot_rsi, high, low),
            six.next(shape_k, pivot_k, high, low),
        )

    def _dots(
        self, s: CipherBSettings, waves: Row, six: Sequence[Marks], rsi: float, found: bool
    ) -> Row:
        # The RSI at the bottom of WaveTrend that a gold dot compares with.
        last_rsi = self.gold.next(abs(six[WT][BOTTOM]) > EPSILON, rsi)
        crossed, apart = waves[9], waves[5] - waves[4]
        if not (crossed or found):
            return (*_NO_DOTS, last_rsi, False)
        return (
            crossed and not apart > EPSILON,
            crossed and apart > EPSILON,
            crossed and waves[10] and waves[7],
            crossed and waves[11] and waves[8],
            dot(s, six, BULL),
            dot(s, six, BEAR),
            last_rsi,
            is_gold(s, six, waves[5], last_rsi),
        )

    def _sommi(self, s: CipherBSettings, waves: Row, candle: Candle) -> Row:
        wave = self.flag.next(candle)
        mean = self.flag_mean.next(wave)
        first, second = self.diamonds
        first.next(candle)
        second.next(candle)
        if not waves[9]:
            return (wave, mean, *_NO_SOMMI)
        wt2, up, down, flow = waves[5], waves[10], waves[11], waves[12]
        return (
            wave,
            mean,
            down
            and flow - s.flag_money_flow_bear < -EPSILON
            and wt2 - s.flag_wt_bear > EPSILON
            and wave - s.flag_wave_bear < -EPSILON,
            up
            and flow - s.flag_money_flow_bull > EPSILON
            and wt2 - s.flag_wt_bull < -EPSILON
            and wave - s.flag_wave_bull > EPSILON,
            *self._diamonds(
                s,
                down and wt2 - s.diamond_wt_bear >= -EPSILON,
                up and wt2 - s.diamond_wt_bull <= EPSILON,
            ),
        )

    def _diamonds(self, s: CipherBSettings, bear: bool, bull: bool) -> Row:
        first, second = self.diamonds
        one, one_closed = first.colours
        two, two_closed = second.colours
        if s.diamond_candles == "closed":
            one, two = one_closed, two_closed
        return (
            bear and one < 0 and two < 0,
            bull and one > 0 and two > 0,
            bear and one_closed < 0 and two_closed < 0,
            bull and one_closed > 0 and two_closed > 0,
        )
