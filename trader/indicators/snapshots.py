"""What a snapshot takes of the columns of Cipher A and B, and when parts of it are warm."""

from collections.abc import Iterable

from trader.indicators.rules_b import SOMMI
from trader.indicators.settings import CipherBSettings
from trader.model.views import MARKS, Higher

VALUES = ("wt1", "wt2", "rsi", "rsi_zone", "rsi_mfi", "stoch_k", "stoch_d", "schaff_tc")
HIGHER_VALUES = ("sommi_hvwap", "macd_htf", "macd_signal_htf", "mfi_htf")
"""Columns of Cipher B."""
FLAGS = SOMMI[2:4]
DIAMONDS = SOMMI[4:6]
MARKS_OF_A = MARKS[MARKS.index("long_ema") :]
MARKS_OF_B = MARKS[: -len(MARKS_OF_A)]
PLACES = {mark: place for place, mark in enumerate(MARKS)}
"""Of each mark in `Snapshot.last`."""

_LEAST = 100
"""Candles after which the seeds of averages as long as these no longer show."""
_LEAST_HEIKIN_ASHI = 20
"""Each candle halves what is left of the first one's open."""

PARTS = ("sommi_flag", "sommi_diamond1", "sommi_diamond2", "macd")


def higher_needs(s: CipherBSettings) -> tuple[tuple[str, int, int], ...]:
    """Return the parts on higher timeframes, with their minutes and the candles that each needs."""
    wave = 2 * s.wt_channel + s.wt_average + s.wt_signal
    macd = max(max(s.macd_fast, s.macd_slow) + s.macd_signal, s.money_flow_length)
    return (
        (PARTS[0], s.flag_minutes, max(_LEAST, wave)),
        (PARTS[1], s.diamond_minutes1, _LEAST_HEIKIN_ASHI),
        (PARTS[2], s.diamond_minutes2, _LEAST_HEIKIN_ASHI),
        (PARTS[3], s.macd_minutes, max(_LEAST, macd)),
    )


def progress(needs: tuple[tuple[str, int, int], ...], closed: Iterable[int]) -> tuple[Higher, ...]:
    """Tell how far each part is along, by how many candles of its timeframe have closed."""
    return tuple(
        Higher(part, minutes, min(count, needed), needed)
        for (part, minutes, needed), count in zip(needs, closed, strict=True)
    )


def cold_marks(higher: tuple[Higher, ...]) -> tuple[str, ...]:
    """Return the marks that are left out, since a timeframe that they hang on is not warm."""
    flag, one, two, _ = (part.candles >= part.needed for part in higher)
    return (*(() if flag else FLAGS), *(() if one and two else DIAMONDS))
