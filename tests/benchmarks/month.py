"""A month of recorded minutes by `run.py`, as a person waits for it: start, journal, log and all.

The yardstick is the engine alone on the same candles, with the same settings and in memory.
"""

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

from tests.benchmarks.figures import Figure, fastest
from tests.benchmarks.house import SYMBOL, Replay, make_series
from trader.model.market import SECOND, Series
from trader.settings.layers import load

ROOT = Path(__file__).parents[2]
MONTH = 44_640
ADVISOR = "ema-cross"


def measure(scale: float) -> Iterator[Figure]:
    """Measure the seconds with the lines of every order, and with those of warnings alone."""
    series = make_series(max(int(MONTH * scale), 100))
    overrides = [("trading.symbols", SYMBOL), ("advice.advisor", ADVISOR)]
    settings = load(environ={}, overrides=overrides).settings
    with tempfile.TemporaryDirectory() as folder:
        data = Path(folder, "month.csv")
        data.write_text("".join(_rows(series)), encoding="utf-8")
        orders = _run(data, "INFO")

        def alone() -> None:
            replay = Replay(series, settings)
            replay.run()
            replay.close()
            assert replay.orders == orders, "the yardstick trades as the run does"

        works = [lambda: _run(data, "INFO"), lambda: _run(data, "WARNING"), alone]
        told, quiet, engine = fastest(works, max(int(3 * scale), 1))
    for name, took in (("a month, {} orders", told), ("the same at WARNING", quiet)):
        yield Figure(name.format(orders), took, "s").beside("engine alone", engine)


def _rows(series: Series) -> Iterator[str]:
    yield "timestamp_ms,open,high,low,close,volume\n"
    prices = series.open, series.high, series.low, series.close, series.volume
    for opened, *values in zip(series.ts_open, *prices, strict=True):
        yield f"{opened * 1_000 // SECOND},{','.join(map(repr, values))}\n"


def _run(data: Path, level: str) -> int:
    """Replay a file into a data directory of its own; return how many orders were sent."""
    with tempfile.TemporaryDirectory(dir=data.parent) as folder:
        market = "--venue", "replay", "--data", str(data), "--symbol", SYMBOL, "--interval", "1m"
        rest = "--speed", "max", "--advisor", ADVISOR, "--log-level", level, "--json"
        done = subprocess.run(
            [sys.executable, "run.py", *market, *rest, "--data-dir", folder],
            cwd=ROOT,
            env={name: text for name, text in os.environ.items() if "TRADER__" not in name},
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            check=False,
        )
    return int(json.loads(done.stdout)["orders"]["submitted"])
