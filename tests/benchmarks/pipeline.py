"""A year of candles through the whole engine: virtual driver, columns, no journal, ema-cross.

Counted in seconds of the processor, so that what else the machine does is left out.
"""

import gc
from collections.abc import Iterator
from time import thread_time
from typing import NamedTuple

import msgspec

from tests.benchmarks.figures import Figure, median, number
from tests.benchmarks.house import MINUTE, SETTINGS, Replay, make_series
from trader.settings.schema import Settings, TradingSettings
from trader.venues.candle_file import Series

YEAR = 525_600
DAYS = 365
MONTH = 30

SELDOM = msgspec.structs.replace(
    SETTINGS, risk=msgspec.structs.replace(SETTINGS.risk, cooldown_seconds=86_400.0)
)


PERPETUAL = msgspec.structs.replace(
    SELDOM, trading=TradingSettings(symbols=("BTC-USD-PERP",), leverage=3)
)
"""Long and short, with funding three times a day."""


def measure(scale: float) -> Iterator[Figure]:
    """Measure the rate, with entries all the time and once a day, and its change over a year."""
    series = make_series(max(int(YEAR * scale), DAYS))
    often, seldom = _better(series, SETTINGS), _better(series, SELDOM)
    yield _rate("pipeline", series, often).at_least(100_000)
    yield _rate("pipeline", series, seldom).at_least(100_000)
    yield _rate("perpetual", series, _better(series, PERPETUAL)).at_least(80_000)
    candles = len(series) // DAYS
    months = often.days[:MONTH], often.days[-MONTH:]
    first, last = (median(days) / candles * 1e6 for days in months)
    cost = Figure("a candle after a year", last, "us").beside("after a month", first)
    yield cost.ratio_at_most(1.15)


class Run(NamedTuple):
    """The seconds of each day, and the orders of all."""

    days: list[float]
    orders: int


def replay(series: Series, settings: Settings) -> Run:
    """Replay a series day by day."""
    gc.collect()
    engine = Replay(series, settings)
    days = []
    for day in range(1, DAYS + 1):
        end = series.ts_open[0] + len(series) * day // DAYS * MINUTE
        began = thread_time()
        engine.run(None if day == DAYS else end)
        days.append(thread_time() - began)
    engine.close()
    return Run(days, engine.orders)


def _better(series: Series, settings: Settings) -> Run:
    """Replay a series twice, and take each day as it was disturbed less."""
    one, other = replay(series, settings), replay(series, settings)
    return Run([min(pair) for pair in zip(one.days, other.days, strict=True)], one.orders)


def _rate(name: str, series: Series, run: Run) -> Figure:
    orders = number(run.orders / len(series) * 1_000)
    rate = len(series) / sum(run.days)
    return Figure(f"{name}, {orders} orders/1,000", rate, "candles/s")
