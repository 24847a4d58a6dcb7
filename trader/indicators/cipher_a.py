"""VuManChu Cipher A, candle by candle: the ribbon of averages and the marks on the candles.

Columns that begin with x_ are of the extended variant, which mirrors the marks.
"""

from math import isfinite
from typing import Any, Self

import msgspec

from trader.indicators.oscillators import MoneyFlow, Rsi, WaveTrend
from trader.indicators.primitives import EPSILON, NAN, Cross, Crossover, Ema
from trader.indicators.rules_a import BLANK_A, marks_of
from trader.indicators.settings import CipherASettings
from trader.indicators.sources import SOURCES
from trader.model.market import Candle
from trader.model.views import EXTENDED_A

Row = tuple[Any, ...]
_BLANK = tuple(BLANK_A.values())


class CipherA(msgspec.Struct):
    """All that Cipher A remembers of a symbol."""

    ribbon: tuple[Ema, Ema, Ema, Ema, Ema, Ema, Ema, Ema]
    wavetrend: WaveTrend
    cross: Cross
    rsi: Rsi
    money_flow: MoneyFlow
    first: Crossover
    """E1 over E2."""
    triangle: Crossover
    """E2 over E3."""
    long: Crossover
    """E2 over E8."""
    rise: float = NAN
    """Close less open of the candle before."""

    @classmethod
    def of(cls, s: CipherASettings) -> Self:
        """Return one that has seen nothing."""
        one, two, three, four = (Ema.of(n) for n in (s.ema1, s.ema2, s.ema3, s.ema4))
        five, six, seven, eight = (Ema.of(n) for n in (s.ema5, s.ema6, s.ema7, s.ema8))
        return cls(
            ribbon=(one, two, three, four, five, six, seven, eight),
            wavetrend=WaveTrend.of(s.wt_channel, s.wt_average, s.wt_signal),
            cross=Cross(),
            rsi=Rsi.of(s.rsi_length),
            money_flow=MoneyFlow(s.money_flow_length, s.money_flow_multiplier, 0.0),
            first=Crossover(),
            triangle=Crossover(),
            long=Crossover(),
        )

    def next(self, s: CipherASettings, candle: Candle) -> Row:
        """Take one more candle; return its row, as COLUMNS_A names it."""
        bar = (candle.open, candle.high, candle.low, candle.close)
        # The sum decides all but always; of huge prices it is not finite, and they are.
        if not isfinite(sum(bar)) and not all(map(isfinite, bar)):
            return _BLANK if s.extended else _BLANK[: -len(EXTENDED_A)]
        close = candle.close
        ribbon = [ema.next(close) for ema in self.ribbon]
        *_, wt1, wt2 = self.wavetrend.next(SOURCES[s.wt_source](bar))
        crossed = self.cross.next(wt1, wt2) != 0
        rsi = self.rsi.next(SOURCES[s.rsi_source](bar))
        flow = self.money_flow.next(*bar)
        before, self.rise = self.rise, close - candle.open
        marks = marks_of(
            s,
            (candle.open, before, self.rise),
            (ribbon[1], ribbon[7]),
            (wt2, rsi, flow),
            (
                self.first.next(ribbon[0], ribbon[1]),
                self.triangle.next(ribbon[1], ribbon[2]),
                self.long.next(ribbon[1], ribbon[7]),
            ),
            (crossed & (wt2 - wt1 <= EPSILON), crossed & (wt2 - wt1 >= -EPSILON)),
        )
        return (*ribbon, wt1, wt2, rsi, flow, *marks)
