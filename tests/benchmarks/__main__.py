"""Run the benchmarks: `python -m tests.benchmarks [--quick] [--only NAME]`."""

import argparse

from tests.benchmarks import (
    advice,
    feeds,
    flood,
    indicators,
    latency,
    month,
    orders,
    panel,
    pipeline,
    risk,
    startup,
)
from tests.benchmarks.figures import header, say, to_line

BENCHMARKS = {
    "advice": advice.measure,
    "feeds": feeds.measure,
    "flood": flood.measure,
    "indicators": indicators.measure,
    "latency": latency.measure,
    "month": month.measure,
    "orders": orders.measure,
    "panel": panel.measure,
    "pipeline": pipeline.measure,
    "risk": risk.measure,
    "startup": startup.measure,
}


def main() -> None:
    """Print the table, row by row."""
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="a tenth of everything")
    parser.add_argument("--only", choices=BENCHMARKS, help="one benchmark")
    options = parser.parse_args()
    say(header())
    for name, measure in BENCHMARKS.items():
        if options.only in (None, name):
            for figure in measure(0.1 if options.quick else 1.0):
                say(to_line(figure))


if __name__ == "__main__":
    main()
