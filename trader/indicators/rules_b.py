"""What Cipher B's candle by candle form and its whole-series form share: columns, limits, rules.

The rules take flags and numbers of one candle, or columns of them, and say the same of either.
"""

from collections.abc import Sequence
from math import inf
from typing import Any

from trader.indicators.primitives import EPSILON, NAN
from trader.indicators.settings import CipherBSettings

INSTANCES = ("wt", "wt2nd", "wtnl", "rsi", "rsinl", "stoch")
"""Where divergences are looked for: WaveTrend within two ranges and without (nl), RSI alike."""
_OF_INSTANCE = (
    "top",
    "bot",
    "high_prev",
    "high_price",
    "low_prev",
    "low_price",
    "bear",
    "bull",
    "bear_hidden",
    "bull_hidden",
)
WAVES = (
    "hlc3",
    "esa",
    "de",
    "ci",
    "wt1",
    "wt2",
    "wt_vwap",
    "wt_oversold",
    "wt_overbought",
    "wt_cross",
    "wt_cross_up",
    "wt_cross_down",
    "rsi_mfi",
    "rsi",
    "stoch_k",
    "stoch_d",
    "schaff_tc",
    "rsi_mfi_sign",
    "rsi_zone",
)
LINES = tuple(
    f"{of}_{side}_line" for of in ("wt", "wt2nd", "rsi", "stoch") for side in ("bear", "bull")
)
DOTS = (
    "small_dot_up",
    "small_dot_down",
    "buy",
    "sell",
    "buy_div",
    "sell_div",
    "gold_last_rsi",
    "gold_buy",
)
SOMMI = (
    "sommi_hvwap",
    "sommi_hvwap_ema3",
    "sommi_flag_bear",
    "sommi_flag_bull",
    "sommi_diamond_bear",
    "sommi_diamond_bull",
    "sommi_diamond_bear_confirmed",
    "sommi_diamond_bull_confirmed",
)
MACD = ("macd_htf", "macd_signal_htf", "mfi_htf", "macd_wt1_colour", "macd_wt2_colour")
COLUMNS_B = (
    *WAVES,
    *(f"{instance}_{name}" for instance in INSTANCES for name in _OF_INSTANCE),
    *LINES,
    *DOTS,
    *SOMMI,
    *MACD,
)
"""The columns of a row, in order."""
LEAKY = ("sommi_diamond_bear_leaky", "sommi_diamond_bull_leaky")
"""What a chart shows in hindsight: of the whole-series form alone, and no part of a row."""
VALUES_B = frozenset(
    (
        *WAVES[:7],
        *WAVES[12:17],
        *(f"{instance}_{name}" for instance in INSTANCES for name in _OF_INSTANCE[:6]),
        "gold_last_rsi",
        *SOMMI[:2],
        *MACD[:3],
    )
)
"""The columns that hold numbers, and nothing where there is none."""
BLANK_B: dict[str, Any] = {
    **dict.fromkeys(COLUMNS_B, False),
    **dict.fromkeys(VALUES_B, NAN),
    **dict.fromkeys(WAVES[17:], 0),
    **dict.fromkeys(MACD[3:], ""),
}
"""The row of a candle that is not there."""

BOTTOM, BOTTOM_BEFORE = 1, 4
BEAR, BULL, BEAR_HIDDEN, BULL_HIDDEN = 6, 7, 8, 9
"""Places in Marks."""
WT, SECOND_RANGE, UNLIMITED, RSI, RSI_UNLIMITED, STOCHASTIC = range(6)
"""Places in INSTANCES."""


def limits_of(s: CipherBSettings) -> tuple[tuple[float, float], ...]:
    """Return for each of INSTANCES from where tops count, and down to where bottoms do."""
    unlimited = (-inf, inf)
    return (
        (s.wt_bear_min, s.wt_bull_min),
        (s.wt_second_bear_min, s.wt_second_bull_min),
        unlimited,
        (s.rsi_bear_min, s.rsi_bull_min),
        unlimited,
        unlimited,
    )


def lines_of(s: CipherBSettings, six: Sequence[Sequence[Any]]) -> tuple[Any, ...]:
    """Tell which divergences a chart draws lines for, in the order of LINES."""
    nl = s.wt_hidden_unlimited
    second = s.wt_second_shown
    wanted = (
        (WT, s.wt_regular, UNLIMITED if nl else WT, s.wt_hidden),
        (
            SECOND_RANGE,
            second and s.wt_regular,
            SECOND_RANGE,
            second and s.wt_hidden,
        ),
        (RSI, s.rsi_regular, RSI_UNLIMITED if nl else RSI, s.rsi_hidden),
        (STOCHASTIC, s.stoch_regular, STOCHASTIC, s.stoch_hidden),
    )
    return tuple(
        (regular & six[of][side]) | (hidden & six[hidden_of][side + 2])
        for of, regular, hidden_of, hidden in wanted
        for side in (BEAR, BULL)
    )


def dot(s: CipherBSettings, six: Sequence[Sequence[Any]], side: int) -> Any:
    """Tell whether a regular divergence makes a dot; hidden ones never do."""
    return (
        s.wt_regular & (six[WT][side] | six[SECOND_RANGE][side])
        | s.stoch_regular & six[STOCHASTIC][side]
        | s.rsi_regular & six[RSI][side]
    )


def is_gold(s: CipherBSettings, six: Sequence[Sequence[Any]], wt2: Any, last_rsi: Any) -> Any:
    """Tell whether a bullish divergence begins at a bottom deep enough for a gold dot."""
    before = six[WT][BOTTOM_BEFORE]
    found = s.wt_regular & six[WT][BULL] | s.rsi_regular & six[RSI][BULL]
    return (
        found
        & (before - s.oversold3 <= EPSILON)
        & (wt2 - s.oversold3 > EPSILON)
        & (before - wt2 + 5.0 <= EPSILON)
        & (last_rsi - 30.0 < -EPSILON)
    )
