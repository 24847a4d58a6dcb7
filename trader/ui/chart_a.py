"""Candles, and on them the ribbon and the marks of Cipher A, in the colours its users know."""

from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from trader.indicators.rules_a import RIBBON
from trader.indicators.whole.candles import Columns
from trader.model.market import Series
from trader.model.views import EXTENDED_A, MARKS_A

Trace = dict[str, Any]

_BLUES = (
    "#1573d4",
    "#3096ff",
    "#57abff",
    "#85c2ff",
    "#9bcdff",
    "#b3d9ff",
    "#c9e5ff",
    "#dfecfb",
)
_GREYS = "#787b86"
_LOOKS: dict[str, tuple[str, str, int]] = {
    "long_ema": ("circle", "#00cc00", 1),
    "short_ema": ("circle", "#ff0000", 1),
    "red_cross": ("x", "#ff0000", 1),
    "blue_triangle": ("triangle-up", "#0064ff", -1),
    "red_diamond": ("diamond", "#ff0000", 1),
    "yellow_cross": ("x", "#ffe500", 1),
    "blood_diamond": ("diamond", "#8b0000", 1),
    "bull_candle": ("square", "#00ff00", -1),
    "x_green_diamond": ("diamond", "#00ff00", -1),
    "x_green_cross": ("x", "#00cc00", -1),
    "x_blue_triangle_down": ("triangle-down", "#0064ff", 1),
    "x_moon_diamond": ("diamond-wide", "#ffffff", -1),
    "x_yellow_cross_up": ("cross", "#ffe500", 1),
    "x_yellow_cross_down": ("cross", "#ffe500", -1),
    "x_bear_candle": ("square", "#ff5252", 1),
}
"""Symbol, colour, and whether it is drawn above (1) or below (-1) the candle."""


def times_of(series: Series) -> NDArray[np.datetime64]:
    """Return the times at which candles open."""
    return np.array(series.ts_open, dtype=np.int64).astype("datetime64[ns]")


def to_points(column: NDArray[Any]) -> list[float | None]:
    """Return values with as many digits as a picture shows, None where there is none."""
    return [None if value != value else float(f"{value:.8g}") for value in column.tolist()]


def line(name: str, x: list[str], y: NDArray[Any], **looks: Any) -> Trace:
    """Return a line of the panel of Cipher B, which ends where a value does not exist."""
    points = to_points(y)
    return {"type": "scatter", "mode": "lines", "name": name, "x": x, "y": points, **looks}


def candle_traces(series: Series, a: Columns) -> Iterator[Trace]:
    """Yield the candles, the ribbon and the marks."""
    x = np.datetime_as_string(times_of(series), unit="s").tolist()
    yield {
        "type": "candlestick",
        "name": "candles",
        "x": x,
        **{n: list(getattr(series, n)) for n in ("open", "high", "low", "close")},
    }
    for name, colour in zip(RIBBON, _BLUES, strict=True):
        for up, shade in ((True, colour), (False, _GREYS)):
            part = np.where(a["ribbon_up"] == up, a[name], np.nan)
            looks = {"line": {"color": shade, "width": 1}, "legendgroup": "ribbon"}
            yield line(name, x, part, **looks, showlegend=up and name == RIBBON[0])
    high, low = (np.array(getattr(series, name)) for name in ("high", "low"))
    height = high - low
    for place, name in enumerate((*MARKS_A, *EXTENDED_A)):
        if name in a:
            rows = np.flatnonzero(a[name])
            symbol, colour, side = _LOOKS[name]
            # Marks of one candle stand above one another.
            far = (0.5 + 0.15 * place) * height
            y = (high + far if side > 0 else low - far)[rows]
            yield dots(name, [x[row] for row in rows], y, symbol, colour, 8)


def dots(
    name: str, x: list[str], y: NDArray[Any], symbol: str, colour: str, size: int, **axes: str
) -> Trace:
    """Return marks at some times."""
    marker = {"symbol": symbol, "color": colour, "size": size}
    return {
        "type": "scatter",
        "mode": "markers",
        "name": name,
        "x": x,
        "y": to_points(y),
        "marker": marker,
        **axes,
    }
