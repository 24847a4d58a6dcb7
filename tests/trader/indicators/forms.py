"""Both forms of the indicators with the settings that nobody has changed."""

from trader.indicators.columns import ColumnIndicators
from trader.indicators.settings import CipherASettings, CipherBSettings, IndicatorSettings
from trader.indicators.stream import StreamIndicators
from trader.model.market import Series


def stream_indicators(
    history: int = 1000, b: CipherBSettings | None = None, early: int = 0
) -> StreamIndicators:
    """Return the streaming form."""
    of = IndicatorSettings(history=history), CipherASettings(), b or CipherBSettings()
    return StreamIndicators(*of, early)


def column_indicators(
    series: Series,
    history: int = 1000,
    b: CipherBSettings | None = None,
    early: int = 0,
    *,
    glances: bool = False,
) -> ColumnIndicators:
    """Return the whole-series form."""
    of = IndicatorSettings(history=history), CipherASettings(), b or CipherBSettings()
    return ColumnIndicators(*of, series, early, glances=glances)
