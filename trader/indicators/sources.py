"""The prices of a candle that an indicator may be of; over floats and over columns alike."""

from collections.abc import Callable, Sequence
from operator import itemgetter
from typing import Any

SOURCES: dict[str, Callable[[Sequence[Any]], Any]] = {
    "open": itemgetter(0),
    "high": itemgetter(1),
    "low": itemgetter(2),
    "close": itemgetter(3),
    "hl2": lambda bar: (bar[1] + bar[2]) / 2.0,
    "hlc3": lambda bar: (bar[1] + bar[2] + bar[3]) / 3.0,
    "ohlc4": lambda bar: (bar[0] + bar[1] + bar[2] + bar[3]) / 4.0,
}
"""Open, high, low and close, to the price of each name."""
