"""A run of the engine inside this process, for what needs no process of its own."""

import signal
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from trader.app.session import Options, run_session
from trader.runtime.faults import Fault
from trader.settings.layers import Loaded, load
from trader.storage.archive import open_archive
from trader.storage.schema import Run
from trader.ui.summary import SessionSummary


def settings(data_dir: Path, *sets: str, profile: str = "aggressive") -> Loaded:
    """Load the settings of a quiet run at full speed; `sets` are PATH=VALUE."""
    base = [f"system.data_dir={data_dir}", "system.log_level=CRITICAL", "market.speed=max"]
    pairs = [(path, value) for path, _, value in (text.partition("=") for text in (*base, *sets))]
    return load(profile, environ={}, overrides=pairs)


def play(
    data_dir: Path,
    *sets: str,
    profile: str = "aggressive",
    faults: Sequence[Fault] = (),
    resume: bool = False,
) -> SessionSummary:
    """Run the engine once."""
    options = Options(profile, resume=resume, faults=tuple(faults))
    with signals_kept():
        return run_session(settings(data_dir, *sets, profile=profile), options)


@contextmanager
def signals_kept() -> Iterator[None]:
    """Give the signals back that a run keeps from its process for good."""
    before = signal.pthread_sigmask(signal.SIG_BLOCK, ())
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def last_run(data_dir: Path) -> Run:
    """Return the record of the newest run."""
    with open_archive(data_dir / "journal.db") as archive:
        return archive.runs()[-1]
