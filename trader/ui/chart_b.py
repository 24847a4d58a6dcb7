"""The panel of Cipher B, in the colours its users know."""

from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from trader.indicators.primitives import EPSILON
from trader.indicators.settings import CipherBSettings
from trader.indicators.whole.candles import Columns
from trader.model.market import Series
from trader.ui.chart_a import Trace, dots, line, times_of

_AXES = {"xaxis": "x2", "yaxis": "y2"}
_WAVES = (("wt1", "#90caf9"), ("wt2", "#0d47a1"))
_SHADES: dict[str, dict[str, str]] = {
    "wt1": {"a": "#4caf50", "b": "#bb4a3f", "c": "#8bf08f", "d": "#ff0000"},
    "wt2": {"a": "#1b5e20", "b": "#3e0b0b", "c": "#0a2e0d", "d": "#8b0000"},
}
_GREEN, _RED, _GOLD = "#3fff00", "#ff0000", "#e2a400"
_ZONES = ((-1, "#3ee145"), (0, "#c33ee1"), (1, "#ff3d2e"))
_LINES: tuple[tuple[str, str, str, str], ...] = (
    ("wt_bear_line", "wt2", "#e60000", "top"),
    ("wt_bull_line", "wt2", "#00e676", "bot"),
    ("wt2nd_bear_line", "wt2", "#e60000", "top"),
    ("wt2nd_bull_line", "wt2", "#00e676", "bot"),
    ("rsi_bear_line", "rsi", "#e60000", "top"),
    ("rsi_bull_line", "rsi", "#38ff42", "bot"),
    ("stoch_bear_line", "stoch_k", "#e60000", "top"),
    ("stoch_bull_line", "stoch_k", "#38ff42", "bot"),
)
"""Column, the oscillator that it is drawn on, colour, and the fractals that it joins."""


def panel_traces(s: CipherBSettings, series: Series, b: Columns) -> Iterator[Trace]:
    """Yield what the settings show: waves and oscillators, lines of divergences, dots."""
    x = np.datetime_as_string(times_of(series), unit="s").tolist()
    if s.show_wavetrend:
        yield from _waves(s, x, b)
    if s.show_fast_wave:
        fill = {"fill": "tozeroy", "fillcolor": "rgba(255,255,255,0.35)"}
        yield line("fast wave", x, b["wt_vwap"], **_AXES, **fill, line={"width": 0})
    if s.show_money_flow:
        yield from _money_flow(x, b)
    if s.show_rsi:
        for zone, colour in _ZONES:
            part = np.where(b["rsi_zone"] == zone, b["rsi"], np.nan)
            yield line("RSI", x, part, **_AXES, line={"color": colour}, showlegend=zone == 0)
    if s.show_stochastic:
        yield line("stochastic K", x, b["stoch_k"], **_AXES, line={"color": "#21baf3", "width": 1})
        yield line("stochastic D", x, b["stoch_d"], **_AXES, line={"color": "#673ab7", "width": 1})
    if s.show_schaff:
        yield line("Schaff", x, b["schaff_tc"], **_AXES, line={"color": "#673ab7", "width": 2})
    yield from _divergences(s, x, b)
    yield from _dots(s, x, b)


def _waves(s: CipherBSettings, x: list[str], b: Columns) -> Iterator[Trace]:
    for name, colour in _WAVES:
        if not s.macd_colours:
            yield _area(name, x, b[name], colour)
            continue
        state = b[f"macd_{name}_colour"]
        for letter, shade in _SHADES[name].items():
            yield _area(name, x, np.where(state == letter, b[name], np.nan), shade)


def _money_flow(x: list[str], b: Columns) -> Iterator[Trace]:
    flow, rising = b["rsi_mfi"], b["rsi_mfi_sign"] > 0
    yield _area("money flow +", x, np.where(rising, flow, np.nan), "rgba(62,225,69,0.5)")
    yield _area("money flow -", x, np.where(rising, np.nan, flow), "rgba(255,61,46,0.5)")
    strip = np.full(len(x), -97.0)
    for part, colour in ((rising, "#3ee145"), (~rising, "#ff3d2e")):
        looks = {"line": {"color": colour, "width": 4}, "showlegend": False, "hoverinfo": "skip"}
        yield line("money flow", x, np.where(part, strip, np.nan), **_AXES, **looks)


def _area(name: str, x: list[str], y: NDArray[Any], colour: str) -> Trace:
    """Return a filled wave; where a value does not exist it stays at zero, and shows nothing."""
    return line(
        name, x, np.nan_to_num(y), **_AXES, fill="tozeroy", fillcolor=colour, line={"width": 0}
    )


def _divergences(s: CipherBSettings, x: list[str], b: Columns) -> Iterator[Trace]:
    """Yield lines from the pivot before to the pivot, which lies two candles back."""
    for column, oscillator, colour, side in _LINES:
        times: list[str | None] = []
        values: list[float | None] = []
        for row in np.flatnonzero(b[column]).tolist():
            ends = (_pivot_before(s, b, column, side, row), row - 2)
            times += [*(x[end] for end in ends), None]
            values += [*(float(b[oscillator][end]) for end in ends), None]
        if times:
            looks = {"line": {"color": colour, "width": 2}, **_AXES}
            yield {"type": "scatter", "mode": "lines", "name": column, "x": times} | {
                "y": values,
                **looks,
            }


def _pivot_before(s: CipherBSettings, b: Columns, column: str, side: str, row: int) -> int:
    """Return where the pivot lies that a divergence compares with, the first row if before it."""
    instance = column.partition("_")[0]
    is_regular = b[column.removesuffix("_line")][row]
    if not is_regular and s.wt_hidden_unlimited and instance in ("wt", "rsi"):
        instance += "nl"
    pivots = b[f"{instance}_{side}"][:row]
    before = np.flatnonzero(np.abs(pivots) > EPSILON)
    return max(int(before[-1]) - 2, 0) if len(before) else 0


def _dots(s: CipherBSettings, x: list[str], b: Columns) -> Iterator[Trace]:
    wt2 = b["wt2"]
    looks: list[tuple[bool, str, Any, str, str, int, int]] = [
        (True, "small_dot_up", wt2, "circle", "#00e676", 5, 0),
        (True, "small_dot_down", wt2, "circle", "#ff5252", 5, 0),
        (s.show_buy, "buy", -107.0, "circle", _GREEN, 8, 0),
        (s.show_sell, "sell", 105.0, "circle", _RED, 8, 0),
        (s.show_divergence_dots, "buy_div", -106.0, "circle", _GREEN, 11, 2),
        (s.show_divergence_dots, "sell_div", 106.0, "circle", _RED, 11, 2),
        (s.show_gold, "gold_buy", -106.0, "circle", _GOLD, 14, 2),
        (s.show_sommi, "sommi_flag_bear", 108.0, "triangle-right", _RED, 10, 0),
        (s.show_sommi, "sommi_flag_bull", -108.0, "triangle-right", _GREEN, 10, 0),
        (s.show_sommi, "sommi_diamond_bear", 108.0, "diamond", _RED, 10, 0),
        (s.show_sommi, "sommi_diamond_bull", -108.0, "diamond", _GREEN, 10, 0),
    ]
    for shown, name, level, symbol, colour, size, back in looks:
        if shown:
            rows = np.flatnonzero(b[name])
            y = np.broadcast_to(level, len(x))[rows]
            times = [x[max(row - back, 0)] for row in rows.tolist()]
            yield dots(name, times, y, symbol, colour, size, **_AXES)
