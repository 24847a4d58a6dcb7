"""Long runs, looked at while they go on: memory, files, and how fast the journal opens after."""

import re
import time
from pathlib import Path
from typing import Any, NamedTuple

from tests.e2e.process import launched
from trader.storage.archive import open_archive


class Sample(NamedTuple):
    """A look at a run: wall seconds since its start, resident KB, and bytes by file."""

    seconds: float
    resident: int
    sizes: dict[str, int]


class Journey(NamedTuple):
    """A run that has ended, the looks taken at it, and how long its journal took to open (s)."""

    samples: list[Sample]
    summary: dict[str, Any]
    opened: float

    @property
    def growth(self) -> int:
        """How many KB the last quarter of the run needed beyond the second."""
        resident, quarter = [sample.resident for sample in self.samples], len(self.samples) // 4
        return max(resident[-quarter:]) - max(resident[quarter : 2 * quarter])

    def largest(self, name: str) -> int:
        """Return the largest that a file was, in bytes."""
        return max(sample.sizes.get(name, 0) for sample in self.samples)


def travel(folder: Path, *options: str, every: float, patience: float) -> Journey:
    """Run the engine to its end, with a look at it every so many wall seconds."""
    samples: list[Sample] = []
    began = time.monotonic()
    told = ("--json", "--set", f"system.status_seconds={every}")
    with launched(folder, *told, *options, patience=patience) as run:
        while run.read(every):
            due = began + every * len(samples)
            if time.monotonic() >= due and (resident := _resident(run.child.pid)):
                sizes = {file.name: file.stat().st_size for file in folder.iterdir()}
                samples.append(Sample(time.monotonic() - began, resident, sizes))
            run.log = run.log[-10_000:]
        assert run.end() == 0, run.log
        summary = run.summary
    began = time.monotonic()
    with open_archive(folder / "journal.db"):
        return Journey(samples, summary, time.monotonic() - began)


def to_text(journey: Journey) -> str:
    """Write the figures of a journey, a line each."""
    samples, told = journey.samples, journey.summary
    looks = [samples[i * (len(samples) - 1) // 8] for i in range(9)]
    rss = ", ".join(f"{s.seconds:.0f} s {s.resident / 1024:.0f}" for s in looks)
    names = sorted({name for sample in samples for name in sample.sizes})
    return "\n".join(
        [
            f"candles {told['candles']}, wall {told['wall_s']} s, orders {told['orders']}",
            f"resident MB: {rss}; last quarter beyond the second: {journey.growth / 1024:.1f}",
            *(f"{name}: at most {journey.largest(name) / 1e6:.1f} MB" for name in names),
            f"the journal opens in {journey.opened:.2f} s",
        ]
    )


def _resident(pid: int) -> int:
    try:
        found = re.search(r"VmRSS:\s+(\d+)", Path(f"/proc/{pid}/status").read_text())
    except OSError:
        return 0
    return int(found[1]) if found else 0
