"""What Cipher A's candle by candle form and its whole-series form share: columns and rules.

The rules take flags and numbers of one candle, or columns of them, and say the same of either.
"""

from typing import Any

from trader.indicators.primitives import EPSILON, NAN
from trader.indicators.settings import CipherASettings
from trader.model.views import EXTENDED_A, MARKS_A

RIBBON = tuple(f"ema{n}" for n in range(1, 9))
VALUES_A = (*RIBBON, "wt1", "wt2", "rsi", "rsi_mfi")
STATES_A = ("wt_oversold", "wt_overbought", "ribbon_up")
COLUMNS_A = (*VALUES_A, *STATES_A, *MARKS_A, *EXTENDED_A)
"""The columns of a row, in order; without those of the extended variant where it is off."""
BLANK_A = {name: NAN if name in VALUES_A else False for name in COLUMNS_A}
"""The row of a candle that is not there."""


def marks_of(
    s: CipherASettings,
    candle: tuple[Any, Any, Any],
    ribbon: tuple[Any, Any],
    oscillators: tuple[Any, Any, Any],
    crosses: tuple[Any, Any, Any],
    turns: tuple[Any, Any],
) -> tuple[Any, ...]:
    """Return states and marks, in the order of COLUMNS_A.

    `candle`: the open, and by how much the close was above it one candle ago and now; `ribbon`: E2
    and E8; `oscillators`: wt2, RSI, money flow; `crosses`: of E1 and E2, E2 and E3, E2 and E8;
    `turns`: WaveTrend has crossed up, down.
    """
    open_, rise_before, rise = candle
    ema2, ema8 = ribbon
    wt2, rsi, flow = oscillators
    first, triangle, long = crosses
    up, down = turns
    red_cross = first < 0
    weak = (rsi - 30.0 < -EPSILON) & (rsi - 15.0 > EPSILON)
    yellow = down & (wt2 - 45.0 < -EPSILON) & (wt2 - s.oversold3 > EPSILON) & weak
    leaving = flow + 5.0 < -EPSILON
    above = (open_ - ema2 > EPSILON) & (open_ - ema8 > EPSILON)
    bull = above & (rise_before > EPSILON) & (rise > EPSILON) & _no(down | red_cross)
    marks = (
        wt2 - s.oversold1 <= EPSILON,
        wt2 - s.overbought1 >= -EPSILON,
        ema8 - ema2 < -EPSILON,
        long > 0,
        long < 0,
        red_cross,
        triangle > 0,
        down,
        yellow & leaving if s.yellow_cross_flow else yellow,
        down & red_cross,
        bull,
    )
    if not s.extended:
        return marks
    below = (open_ - ema2 < -EPSILON) & (open_ - ema8 < -EPSILON)
    falling = below & (rise_before < -EPSILON) & (rise < -EPSILON)
    high = (wt2 - 55.0 > EPSILON) & (wt2 - s.overbought3 < -EPSILON) & (rsi - 70.0 < -EPSILON)
    green_cross = first > 0
    # The bear candle heeds red crosses, not green ones, as it was published.
    bear = falling & _no(up | red_cross)
    return (*marks, up, green_cross, triangle < 0, up & green_cross, yellow, up & high, bear)


def _no(flags: Any) -> Any:
    return flags ^ True
