"""What a second of looking at a run costs: the status, its file, the panel drawn and a log line.

Of an engine that has traded much, in seconds of the processor; the run makes one of each a second.
"""

import io
import os
import tempfile
from collections.abc import Iterator
from pathlib import Path
from time import perf_counter

from tests.benchmarks.figures import Figure, typical
from tests.benchmarks.house import SETTINGS, Replay, make_series
from trader.app.reporter import Reporter
from trader.app.screen import Screen
from trader.app.terminal import Terminal
from trader.app.watching import watch_status
from trader.ui.status import FRESH

CANDLES = 50_000
"""So many that the ledger remembers as many fills as it ever does."""


class Wide(Terminal):
    """A large terminal that nobody looks at."""

    def size(self) -> os.terminal_size:
        """Return 200 columns and 50 rows."""
        return os.terminal_size((200, 50))


def measure(scale: float) -> Iterator[Figure]:
    """Measure the share of a core that panel and status file take, and `status` beside them."""
    replay = Replay(make_series(max(int(CANDLES * scale), 200)), SETTINGS)
    replay.run()
    engine, looks = replay.engine, max(int(50 * scale), 2)
    terminal = Wide(io.StringIO())
    with tempfile.TemporaryDirectory() as folder:
        screen = Screen(terminal, colours=True)
        for name, panel in (("status file", None), ("panel and status file", screen)):
            reporter = Reporter(
                engine,
                "benchmark",
                perf_counter(),
                lambda: engine.main.now,
                Path(folder),
                str,
                screen=panel,
            )
            share = typical(reporter._look, looks) / FRESH * 100
            yield Figure(f"{name}, once a second", share, "% of a core").at_most(2)
        out = io.StringIO()
        seen = typical(
            lambda: list(watch_status(Path(folder), out, as_json=False, again=False)), looks
        )
        yield Figure("status --watch", seen / FRESH * 100, "% of a core").at_most(2)
    terminal.close()
    replay.close()
