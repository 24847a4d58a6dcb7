"""The picture: what it shows, where, and that plotly.js can read it."""

from typing import Any

import msgspec
import pytest

from tests.trader.indicators.candles import synthetic, synthetic_series
from trader.indicators.settings import CipherBSettings
from trader.model.views import EXTENDED_A, MARKS_A
from trader.settings.schema import Settings
from trader.ui import chart
from trader.ui.chart import to_figure

SERIES = synthetic_series()
ALL = CipherBSettings(
    macd_colours=True,
    show_rsi=True,
    show_schaff=True,
    show_sommi=True,
    wt_hidden=True,
    rsi_regular=True,
    rsi_hidden=True,
    stoch_regular=True,
    stoch_hidden=True,
)


def traces(s: CipherBSettings | None = None) -> dict[str, dict[str, Any]]:
    """Return the traces of our own candles by name; of one name, the last."""
    figure = to_figure(Settings(cipher_b=s or CipherBSettings()), SERIES)
    return {trace["name"]: trace for trace in figure["data"]}


@pytest.mark.parametrize("name", [*MARKS_A, *EXTENDED_A])
def test_every_mark_of_cipher_a_is_on_its_candle(name: str) -> None:
    """As many as there are, at the times of their candles."""
    shown = traces()
    rows = synthetic()["cipher_a"]["marks"][name]

    assert shown[name]["x"] == [shown["candles"]["x"][row] for row in rows]


@pytest.mark.parametrize(
    ("name", "level", "back"),
    [("buy", -107.0, 0), ("sell", 105.0, 0), ("buy_div", -106.0, 2), ("gold_buy", -106.0, 2)],
)
def test_dots_are_where_the_chart_has_them(name: str, level: float, back: int) -> None:
    """Those of divergences two candles back, on the pivot, which is where users look for them."""
    shown = traces()
    rows = synthetic()["cipher_b"]["marks"][name]

    assert shown[name]["x"] == [shown["candles"]["x"][row - back] for row in rows]
    assert set(shown[name]["y"]) == {level}
    assert shown[name]["yaxis"] == "y2"


def test_the_settings_say_what_is_shown() -> None:
    """By default no RSI, no Schaff and nothing of Sommi's; each can be switched."""
    few, many = traces(), traces(ALL)
    none = traces(CipherBSettings(show_wavetrend=False, show_buy=False, show_stochastic=False))

    assert not {"RSI", "Schaff", "sommi_flag_bear"} & few.keys()
    assert {"RSI", "Schaff", "sommi_flag_bear", "rsi_bear_line", "stoch_bull_line"} <= many.keys()
    assert not {"wt1", "buy", "stochastic K"} & none.keys()


def test_a_line_joins_the_two_pivots_of_a_divergence() -> None:
    """From the one before to the one that diverges, with nothing drawn between two lines."""
    shown = traces()
    rows, times = synthetic()["cipher_b"]["marks"]["wt_bear"], shown["candles"]["x"]
    line = shown["wt_bear_line"]

    assert line["x"][1::3] == [times[row - 2] for row in rows]
    assert all(begin < end for begin, end in zip(line["x"][::3], line["x"][1::3], strict=True))
    assert set(line["y"][2::3]) == {None}


def test_a_long_series_shows_its_newest_candles(monkeypatch: pytest.MonkeyPatch) -> None:
    """And says so; their values are those of the whole series."""
    monkeypatch.setattr(chart, "MOST", 100)
    whole = to_figure(Settings(), SERIES)
    monkeypatch.setattr(chart, "MOST", 10_000)
    last = {trace["name"]: trace for trace in whole["data"]}

    assert len(last["candles"]["x"]) == 100
    assert "the newest 100 of 1,787 candles" in whole["layout"]["title"]["text"]
    assert last["wt2"]["y"] == traces()["wt2"]["y"][-100:]


def test_a_figure_is_plain_json() -> None:
    """No NaN, which plotly.js does not read, and nothing of numpy."""
    figure = to_figure(Settings(cipher_b=ALL), SERIES)

    assert msgspec.json.decode(msgspec.json.encode(figure))["data"]


def test_plotly_accepts_the_figure() -> None:
    """Every property is one that it knows."""
    objects = pytest.importorskip("plotly.graph_objects", reason="Plotly is not installed")

    assert objects.Figure(to_figure(Settings(cipher_b=ALL), SERIES)).data
