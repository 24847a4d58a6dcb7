"""A picture of candles with the marks of Cipher A, and the panel of Cipher B under them.

A figure is a dict as plotly.js takes it. Plotly itself, an extra, only puts it into a page.
"""

from importlib import import_module
from importlib.util import find_spec
from typing import Any

import msgspec

from trader.indicators.settings import CipherBSettings
from trader.indicators.whole.cipher_a import cipher_a
from trader.indicators.whole.cipher_b import cipher_b
from trader.model.errors import UsageError
from trader.model.market import Series
from trader.settings.schema import Settings
from trader.ui.chart_a import candle_traces
from trader.ui.chart_b import panel_traces

MOST = 10_000
"""Candles of a picture, the newest: a browser does not open ten times as many."""
_BACKGROUND, _GRID, _TEXT = "#131722", "#2a2e39", "#b2b5be"
_FIELDS = ("ts_open", "open", "high", "low", "close", "volume")


def require_plotly() -> None:
    """Raise UsageError, with the cure, where Plotly is not installed."""
    if find_spec("plotly") is None:
        raise UsageError("--plot needs Plotly; install it: pip install plotly")


def to_html(settings: Settings, series: Series) -> str:
    """Return a page of its own, which needs no network."""
    page: str = import_module("plotly.io").to_html(to_figure(settings, series), validate=False)
    return page


def to_figure(settings: Settings, series: Series) -> dict[str, Any]:
    """Return the figure of the newest candles; what came before them is computed, not drawn."""
    a, b = cipher_a(settings.cipher_a, series), cipher_b(settings.cipher_b, series)
    shown = slice(max(len(series) - MOST, 0), None)
    candles = msgspec.structs.replace(
        series, **{name: getattr(series, name)[shown] for name in _FIELDS}
    )
    traces = (
        *candle_traces(candles, {name: column[shown] for name, column in a.items()}),
        *panel_traces(settings.cipher_b, candles, {name: c[shown] for name, c in b.items()}),
    )
    return {"data": list(traces), "layout": _layout(settings.cipher_b, series, len(candles))}


def _layout(s: CipherBSettings, series: Series, shown: int) -> dict[str, Any]:
    levels = (s.overbought1, s.overbought2, s.overbought3, s.oversold1, s.oversold2, s.oversold3)
    part = "" if shown == len(series) else f", the newest {shown:,} of {len(series):,} candles"
    return {
        "title": {"text": f"Cipher A and Cipher B{part}"},
        "paper_bgcolor": _BACKGROUND,
        "plot_bgcolor": _BACKGROUND,
        "font": {"color": _TEXT},
        "hovermode": "x unified",
        "xaxis": {"rangeslider": {"visible": False}, "gridcolor": _GRID, "matches": "x2"},
        "yaxis": {"domain": [0.45, 1.0], "gridcolor": _GRID},
        "xaxis2": {"anchor": "y2", "gridcolor": _GRID},
        "yaxis2": {"domain": [0.0, 0.42], "range": [-115, 115], "gridcolor": _GRID},
        "shapes": [_level(level) for level in (0.0, *levels)],
    }


def _level(level: float) -> dict[str, Any]:
    line = {"color": _TEXT, "width": 1, "dash": "dot" if level else "solid"}
    return {
        "type": "line",
        "xref": "paper",
        "x0": 0,
        "x1": 1,
        "yref": "y2",
        "y0": level,
        "y1": level,
        "line": line,
        "opacity": 0.4,
    }
