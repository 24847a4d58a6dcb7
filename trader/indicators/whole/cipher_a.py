"""VuManChu Cipher A over columns."""

import numpy as np

from trader.indicators.primitives import EPSILON
from trader.indicators.rules_a import BLANK_A, COLUMNS_A, marks_of
from trader.indicators.settings import CipherASettings
from trader.indicators.sources import SOURCES
from trader.indicators.whole.candles import Candles, Columns
from trader.indicators.whole.oscillators import money_flow, rsi, wavetrend
from trader.indicators.whole.primitives import cross, crossover, ema, shift
from trader.model.market import Series


def cipher_a(s: CipherASettings, series: Series) -> Columns:
    """Return the columns of COLUMNS_A; those of the extended variant where it is on."""
    candles = Candles.of(series)
    open_, _, _, close = bars = candles.bars
    with np.errstate(all="ignore"):
        lengths = (s.ema1, s.ema2, s.ema3, s.ema4, s.ema5, s.ema6, s.ema7, s.ema8)
        ribbon = [ema(close, length) for length in lengths]
        prices = SOURCES[s.wt_source](bars)
        *_, wt1, wt2 = wavetrend(prices, s.wt_channel, s.wt_average, s.wt_signal)
        strength = rsi(SOURCES[s.rsi_source](bars), s.rsi_length)
        flow = money_flow(bars, s.money_flow_length, s.money_flow_multiplier, 0.0)
        crossed = cross(wt1, wt2) != 0
        rise = close - open_
        marks = marks_of(
            s,
            (open_, shift(rise, 1), rise),
            (ribbon[1], ribbon[7]),
            (wt2, strength, flow),
            (
                crossover(ribbon[0], ribbon[1]),
                crossover(ribbon[1], ribbon[2]),
                crossover(ribbon[1], ribbon[7]),
            ),
            (crossed & (wt2 - wt1 <= EPSILON), crossed & (wt2 - wt1 >= -EPSILON)),
        )
    row = (*ribbon, wt1, wt2, strength, flow, *marks)
    return candles.spread(dict(zip(COLUMNS_A, row, strict=False)), BLANK_A)
