"""The brief: what a model is shown of a symbol, rendered from typed values by a template.

It holds market observations, ratios and reason codes: no balance, no quantity, no key, no account.
"""

import hashlib
import json
import re
from collections.abc import Sequence
from datetime import UTC, datetime
from string import Template

import msgspec

from trader.advice.window import STRIDE, Past, Row, Window, all_readings, events, readings, states
from trader.model.market import SECOND

_HEADING = re.compile(r"^=== (\w+)\n", re.MULTILINE)
_VERSION = re.compile(r"version: ([\w.-]{1,20})\n")
_MAX_NAME, _MAX_NOTE = 40, 120
_NONE = "none"

_OSCILLATORS = frozenset(
    {"wt1", "wt2", "rsi", "money_flow", "stoch_k", "stoch_d", "schaff", "flag_wave"}
)
"""Readings on scales of about a hundred: one decimal says enough of what they were."""
_AVERAGES = frozenset({"ema_fast", "ema_slow", "ribbon_1", "ribbon_8"})
"""Prices: what counts is how far from the close they were."""
_BETWEEN = frozenset(f"ribbon_{number}" for number in range(2, 8))
"""Averages whose history lies between those of two others."""


class Prompt(msgspec.Struct, frozen=True):
    """A template of the prompt: what every model is told, and the form of a brief."""

    version: str
    system: str
    brief: str


class Holding(msgspec.Struct, frozen=True):
    """A position as ratios: its side, and the close's distance from its entry, in % and signed."""

    side: str
    pnl_pct: float


class Brief(msgspec.Struct, frozen=True):
    """What is known of a symbol at one closed candle; `window` ends with it.

    `notes` are our own words on what came of earlier advice; `traded_seconds` the time since the
    last fill.
    """

    symbol: str
    interval: str
    window: Window
    holding: Holding | None
    notes: tuple[str, ...]
    traded_seconds: float | None


def to_prompt(text: str) -> Prompt:
    """Read a template: a version, then `=== system` and `=== brief`; raise ValueError with why."""
    head, *parts = _HEADING.split(text)
    version = _VERSION.fullmatch(head)
    if version is None or parts[::2] != ["system", "brief"]:
        raise ValueError("give `version: N`, then `=== system` and `=== brief`, each on its line")
    prompt = Prompt(version[1], parts[1].strip(), parts[3].strip())
    names = set(Template(prompt.brief).get_identifiers())
    if names != _FIELDS or not Template(prompt.brief).is_valid():
        differing = ", ".join(sorted(names ^ _FIELDS)) or "a $ without a name"
        raise ValueError(f"its brief has other fields than the engine fills: {differing}")
    return prompt


def render(prompt: Prompt, brief: Brief, max_bytes: int) -> str:
    """Write a brief within `max_bytes`, the system's text included; the oldest rows go first.

    Raise ValueError where even one row is too much.
    """
    room = max_bytes - len(prompt.system.encode())
    template, fixed, window = Template(prompt.brief), _fields(brief), brief.window
    history, candles = _history(window.recent), [_candle(row) for row in window.recent]
    past = list(map(_past, window.past))
    count = len(candles)
    while count:
        lines = (f"{name}: {' '.join(cells[-count:])}" for name, cells in history.items())
        shown = "\n".join(filter(None, candles[-count:])) or _NONE
        text = template.substitute(
            fixed, history="\n".join(lines), candles=shown, past="\n".join(past) or _NONE
        )
        if len(text.encode()) <= room:
            return text
        count -= not past
        del past[: len(past) // 4 + 1]
    raise ValueError(f"a brief of {brief.symbol} does not fit into {max_bytes} bytes")


def digest(prompt: Prompt, text: str) -> str:
    """Hash all that a model is shown."""
    whole = msgspec.json.encode((prompt.version, prompt.system, text))
    return hashlib.sha256(whole).hexdigest()[:32]


def _fields(brief: Brief) -> dict[str, str]:
    newest = brief.window.newest
    found, marks = {**all_readings(brief.window), **states(newest)}, events(newest)
    time = datetime.fromtimestamp(newest.ts_event // SECOND, UTC)
    return {
        "symbol": _quoted(brief.symbol),
        "interval": _quoted(brief.interval),
        "time": f"{time:%Y-%m-%d %H:%M:%S} UTC",
        "state": _state(brief.window),
        "position": _position(brief.holding),
        "traded": _NONE if brief.traded_seconds is None else f"{brief.traded_seconds:.0f} s ago",
        "noes": "\n".join(f"- {note[:_MAX_NOTE]}" for note in brief.notes) or _NONE,
        "readings": "\n".join(f"{name}: {_number(value)}" for name, value in found.items()),
        "events": ", ".join(f"{name}={mark:+d}" for name, mark in marks.items()) or _NONE,
        "stride": str(STRIDE),
    }


def _state(window: Window) -> str:
    newest, oldest = window.newest, window.recent[0]
    first = window.past[0] if window.past else oldest.candle
    opened = oldest.snapshot.close if first is None else first.open
    count = len(window.recent) + STRIDE * len(window.past)
    moved, spread = newest.close / opened - 1.0, newest.atr / newest.close * 100.0
    over = f"{moved * 100.0:+.2f} % over {count} candles"
    hole = "" if newest.gap is None else f", data are missing {newest.gap} candles ago"
    return f"{over}, average true range {spread:.3f} % of the price{hole}"


def _position(holding: Holding | None) -> str:
    if holding is None:
        return "flat"
    return f"{holding.side}, {holding.pnl_pct:+.2f} % since its entry"


def _history(rows: Sequence[Row]) -> dict[str, list[str]]:
    """Return the cells of each reading, a row each; the close is the candles' own."""
    table = [readings(row.snapshot) for row in rows]
    names = (name for name in table[-1] if name != "close" and name not in _BETWEEN)
    return {
        f"{name} %" if name in _AVERAGES else name: [_cell(name, found) for found in table]
        for name in names
    }


def _cell(name: str, found: dict[str, float]) -> str:
    value = found.get(name)
    if value is None:
        return "-"
    if name in _OSCILLATORS:
        return f"{value:.1f}"
    if name in _AVERAGES:
        return f"{(value / found['close'] - 1.0) * 100.0:+.3f}"
    return f"{value:.4g}"


def _past(past: Past) -> str:
    prices = map(_number, (past.open, past.high, past.low, past.close, past.volume))
    waves = (f"{value:.1f}" for value in (past.wt1, past.wt2, past.rsi, past.money_flow))
    return " ".join((*prices, *waves))


def _candle(row: Row) -> str:
    c = row.candle
    if c is None:
        return ""
    return " ".join(_number(value) for value in (c.open, c.high, c.low, c.close, c.volume))


def _number(value: float) -> str:
    return f"{value:.7g}"


def _quoted(text: str) -> str:
    """Write text from outside so that it cannot end its line or pass for ours."""
    return json.dumps(text[:_MAX_NAME])


_FIELDS = {
    "symbol",
    "interval",
    "time",
    "state",
    "position",
    "traded",
    "noes",
    "readings",
    "events",
    "history",
    "candles",
    "stride",
    "past",
}
"""What a template's brief has to show."""
