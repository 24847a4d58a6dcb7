"""A year of candles through the whole engine: virtual driver, columns, no journal, ema-cross.

Counted in seconds of the processor, so that what else the machine does is left out.
"""

import gc
from collections.abc import Iterator
from time import thread_time

from tests.benchmarks.figures import Figure, median
from tests.benchmarks.house import MINUTE, Replay, make_series
from trader.venues.candle_file import Series

YEAR = 525_600
DAYS = 365
MONTH = 30


def measure(scale: float) -> Iterator[Figure]:
    """Measure the rate over the year, and the last month beside the first."""
    series = make_series(max(int(YEAR * scale), DAYS))
    runs = [_days(series) for _ in range(2)]
    days = [min(pair) for pair in zip(*runs, strict=True)]
    candles = len(series) // DAYS
    rate = Figure("whole pipeline", len(series) / min(map(sum, runs)), "candles/s")
    yield rate.at_least(100_000)
    first, last = (median(part) / candles * 1e6 for part in (days[:MONTH], days[-MONTH:]))
    cost = Figure("a candle after a year", last, "us").beside("after a month", first)
    yield cost.ratio_at_most(1.15)


def _days(series: Series) -> list[float]:
    """Replay a series; return what each day of it took."""
    gc.collect()
    replay = Replay(series)
    took = []
    for day in range(1, DAYS + 1):
        end = series.ts_open[0] + len(series) * day // DAYS * MINUTE
        began = thread_time()
        replay.run(None if day == DAYS else end)
        took.append(thread_time() - began)
    replay.close()
    return took
