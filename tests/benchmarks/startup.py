"""The first status line of `run.py`, its memory, and what it imports for them.

Bytecode is warm, in a directory of its own; the yardstick is what its four libraries alone take.
"""

import os
import re
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

from tests.benchmarks.figures import Figure

ROOT = Path(__file__).parents[2]
LIBRARIES = "import trio, pykka, msgspec, loguru; print('there', flush=True)"
HEAVY = {"ccxt", "langchain", "langchain_core", "numpy", "pandas"}
"""What no run on the embedded market may import."""


def measure(scale: float) -> Iterator[Figure]:
    """Measure starts of the engine and of its libraries by turns."""
    with tempfile.TemporaryDirectory() as folder:
        environ = {**os.environ, "PYTHONPYCACHEPREFIX": f"{folder}/bytecode"}
        environ.pop("PYTHONDONTWRITEBYTECODE", None)
        engine = ["run.py", "--venue", "embedded", "--data-dir", f"{folder}/data"]
        libraries = ["-c", LIBRARIES]
        imported = _imports(engine, environ)
        _time_to("there", libraries, environ)
        pairs = [
            (_time_to(" status ", engine, environ), _time_to("there", libraries, environ))
            for _ in range(max(int(10 * scale), 1))
        ]
    (took, memory), (libraries_took, _) = (min(column) for column in zip(*pairs, strict=True))
    first = Figure("first status line", took * 1e3, "ms")
    yield first.beside("its four libraries", libraries_took * 1e3).ratio_at_most(3)
    yield Figure("memory at the first status line", memory, "MB").at_most(100)
    yield Figure(f"heavy imports: {', '.join(imported) or 'none'}", len(imported), "").at_most(0)


def _time_to(text: str, command: Sequence[str], environ: dict[str, str]) -> tuple[float, float]:
    """Return the wall seconds until a process writes a line, and its peak memory then (MB)."""
    began = time.perf_counter()
    with _start(command, environ) as process:
        assert process.stdout is not None
        seen = next((line for line in process.stdout if text in line), None)
        took = time.perf_counter() - began
        assert seen is not None, f"{command} never wrote {text!r}"
        memory = _peak_memory(process.pid)
        process.kill()
    return took, memory


def _peak_memory(pid: int) -> float:
    # Not ru_maxrss: that begins with what the parent had at the fork.
    status = Path(f"/proc/{pid}/status")
    found = re.search(r"VmHWM:\s+(\d+) kB", status.read_text()) if status.exists() else None
    return int(found[1]) / 1024 if found else 0.0


def _imports(command: Sequence[str], environ: dict[str, str]) -> list[str]:
    """Return which heavy modules a short run imports."""
    with _start(["-X", "importtime", *command, "--for", "1s"], environ) as process:
        text, _ = process.communicate()
    assert process.returncode == 0, text.splitlines()[-1]
    names = re.findall(r"^import time:.*\| +(\w+)", text, flags=re.MULTILINE)
    return sorted(HEAVY.intersection(names))


def _start(command: Sequence[str], environ: dict[str, str]) -> "subprocess.Popen[str]":
    return subprocess.Popen(
        [sys.executable, *command],
        cwd=ROOT,
        env=environ,
        text=True,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
    )
