"""Past runs of a data directory, read from its journal."""

from collections.abc import Sequence
from difflib import get_close_matches
from pathlib import Path

import msgspec

from trader.app.recount import recount
from trader.model.errors import JournalError, UsageError
from trader.storage.archive import JOURNAL_FILE, open_archive
from trader.storage.data_dir import holder_of
from trader.storage.schema import Run
from trader.ui.catalogue import Catalogue, RunEntry
from trader.ui.render import iso
from trader.ui.summary import SessionSummary


def list_runs(directory: Path) -> Catalogue:
    """Return every run of a data directory; raise UsageError where there is no journal."""
    path = directory / JOURNAL_FILE
    with open_archive(path) as archive:
        runs = archive.runs()
    busy = holder_of(directory) is not None
    entries = [_entry(run, busy and run is runs[-1]) for run in runs]
    return Catalogue(str(path), tuple(entries))


def find_run(directory: Path, wanted: str) -> Run:
    """Return a run by its number, its id or `last`; raise UsageError with the nearest."""
    with open_archive(directory / JOURNAL_FILE) as archive:
        runs = archive.runs()
    if not runs:
        raise UsageError(f"run {wanted}: {directory} has no runs yet")
    if wanted == "last":
        return runs[-1]
    for run in runs:
        if wanted in {run.id, str(run.number), f"{run.number:04d}"}:
            return run
    raise UsageError(f"run {wanted}: there is none; the nearest is {_nearest(wanted, runs)}")


def summary_of(run: Run, directory: Path) -> SessionSummary:
    """Return what a run summed up when it ended; of one that died, what its journal still tells.

    Raise UsageError for one that goes on, and for a resumed one that died.
    """
    if run.summary is not None:
        return _decode(run, run.summary)
    if holder_of(directory) is not None:
        raise UsageError(f"run {run.id} has not ended; `run.py status` shows it")
    if run.resumed_from is not None:
        began = f"what {run.resumed_from} left it with is not known"
        raise UsageError(f"run {run.id} died, and {began}; --resume goes on with it")
    with open_archive(directory / JOURNAL_FILE) as archive:
        return recount(archive, run)


def show(run: Run, directory: Path, *, as_json: bool) -> str:
    """Write what a run came to, as JSON or for a reader."""
    from trader.ui import results, summary

    found = summary_of(run, directory)
    return summary.to_json(found).decode() if as_json else results.to_text(found, whole=True)


def verify_run(run: Run, directory: Path, *, as_json: bool) -> str:
    """Check every row that is kept of a run against the chain of hashes.

    Raise JournalError that names the first which is not as it was written.
    """
    with open_archive(directory / JOURNAL_FILE) as archive:
        rows = archive.verify(run)
    if as_json:
        found = {"run": run.id, "verified": rows, "audit_digest": run.audit_digest}
        return msgspec.json.encode(found).decode()
    kept = f"{rows:,} of {run.rows:,}" if rows < run.rows else f"{rows:,}"
    return f"run {run.id}: {kept} rows are as they were written; audit digest {run.audit_digest}"


def _decode(run: Run, summary: bytes) -> SessionSummary:
    try:
        return msgspec.json.decode(summary, type=SessionSummary)
    except msgspec.DecodeError as error:
        raise JournalError(f"the summary of run {run.id} cannot be read: {error}") from error


def _nearest(wanted: str, runs: Sequence[Run]) -> str:
    if wanted.isdecimal():
        return min(runs, key=lambda run: abs(run.number - int(wanted))).id
    ids = {run.id: run.id for run in runs} | {run.id.partition("-")[2]: run.id for run in runs}
    near = get_close_matches(wanted, ids, n=1, cutoff=0.0)
    return ids[near[0]] if near else runs[-1].id


def _entry(run: Run, is_running: bool) -> RunEntry:
    summary = None if run.summary is None else _decode(run, run.summary)
    return RunEntry(
        number=run.number,
        run=run.id,
        state="ended" if run.clean else "running" if is_running else "died",
        account=run.account,
        profile=run.profile,
        mode=run.mode,
        started=iso(run.started),
        ended=None if run.ended is None else iso(run.ended),
        resumed_from=run.resumed_from,
        envelopes=run.rows,
        exit_code=None if summary is None else summary.exit_code,
        candles=None if summary is None else summary.candles,
        trades=None if summary is None else summary.trades.count,
        net=None if summary is None else summary.pnl.net,
        audit_digest=run.audit_digest,
    )
