"""An operator's word that lifts a hard halt, from `run.py resume` to the next resumed run."""

import time
from pathlib import Path

import msgspec

from trader.model.errors import UsageError
from trader.risk.holds import NEEDS_RESUME
from trader.risk.state import RiskState
from trader.storage.archive import JOURNAL_FILE, Archive, open_archive
from trader.storage.data_dir import holder_of, open_kept
from trader.storage.schema import Run
from trader.topology import RISK_GUARD

_FILE = "resume.json"


class Word(msgspec.Struct, frozen=True):
    """Why the halts of a run may be lifted, and when (wall ns) an operator said so."""

    run: str
    why: str
    time: int


def give_word(directory: Path, why: str) -> str:
    """Keep the operator's word for the run that goes on with the last one; say what it will lift.

    Where that run left nothing to lift, nothing is kept. Raises UsageError without a reason,
    without a run, and while one is under way.
    """
    if not why.strip() or not why.isprintable():
        raise UsageError("resume: say in a few words why trading may go on")
    if holder_of(directory) is not None:
        raise UsageError("resume: a run is under way; end it, resume, then start with --resume")
    with open_archive(directory / JOURNAL_FILE) as archive:
        runs = [run for run in archive.runs() if run.rows]
        if not runs:
            raise UsageError(f"resume: {directory} has no runs yet")
        run, halts = runs[-1], _halts_of(archive, runs[-1])
    if not halts:
        return f"there is nothing to lift: {run.id} left no halt that waits for an operator"
    word = Word(run.id, why.strip(), time.time_ns())
    _write(directory / _FILE, msgspec.json.encode(word))
    return f"lifted once `run.py --resume` goes on with {run.id}: {halts}"


def find_word(directory: Path, run: str) -> str | None:
    """Return why the halts of a run may be lifted, None where nobody said so of this one."""
    path = directory / _FILE
    try:
        with open_kept(path) as file:
            word = msgspec.json.decode(file.read(), type=Word)
    except FileNotFoundError:
        return None
    except (OSError, msgspec.DecodeError) as error:
        why = error.strerror if isinstance(error, OSError) else error
        raise UsageError(f"{path}: {why}; delete it and say `run.py resume` again") from None
    return word.why if word.run == run else None


def forget_word(directory: Path) -> None:
    """Let no other run go by an operator's word."""
    (directory / _FILE).unlink(missing_ok=True)


def _halts_of(archive: Archive, run: Run) -> str:
    """Name the halts of a run that an operator lifts; of one that died nobody knows them yet."""
    seq, state = archive.restore(run).get(RISK_GUARD, (0, b""))
    if next(archive.messages_after(run, RISK_GUARD, seq), None) is not None:
        return "whatever halts it left, for it died"
    try:
        holds = msgspec.msgpack.decode(state, type=RiskState).holds
    except msgspec.MsgspecError:
        return "whatever halts it left, for another version of the engine wrote it"
    return ", ".join(hold.reason for hold in holds if hold.reason in NEEDS_RESUME)


def _write(path: Path, content: bytes) -> None:
    written = path.with_suffix(".tmp")
    try:
        written.write_bytes(content)
        written.replace(path)
    except OSError as error:
        raise UsageError(f"{path}: {error.strerror}; make room, then resume again") from None
