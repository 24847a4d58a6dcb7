"""An operator's word that lifts a hard halt, from `run.py resume` to the next resumed run."""

import time
from pathlib import Path

import msgspec

from trader.model.errors import UsageError
from trader.storage.archive import JOURNAL_FILE, open_archive
from trader.storage.data_dir import holder_of

_FILE = "resume.json"


class Word(msgspec.Struct, frozen=True):
    """Why the halts of a run may be lifted, and when (wall ns) an operator said so."""

    run: str
    why: str
    time: int


def give_word(directory: Path, why: str) -> str:
    """Keep the operator's word for the run that goes on with the last one; return its id.

    Raises UsageError without a reason, without a run, and while one is under way.
    """
    if not why.strip() or not why.isprintable():
        raise UsageError("resume: say in a few words why trading may go on")
    if holder_of(directory) is not None:
        raise UsageError("resume: a run is under way; end it, resume, then start with --resume")
    with open_archive(directory / JOURNAL_FILE) as archive:
        runs = archive.runs()
    if not runs:
        raise UsageError(f"resume: {directory} has no runs yet")
    word = Word(runs[-1].id, why.strip(), time.time_ns())
    _write(directory / _FILE, msgspec.json.encode(word))
    return word.run


def find_word(directory: Path, run: str) -> str | None:
    """Return why the halts of a run may be lifted, None where nobody said so of this one."""
    path = directory / _FILE
    try:
        word = msgspec.json.decode(path.read_bytes(), type=Word)
    except FileNotFoundError:
        return None
    except msgspec.DecodeError as error:
        raise UsageError(f"{path}: {error}; delete it and say `run.py resume` again") from None
    return word.why if word.run == run else None


def forget_word(directory: Path) -> None:
    """Let no other run go by an operator's word."""
    (directory / _FILE).unlink(missing_ok=True)


def _write(path: Path, content: bytes) -> None:
    written = path.with_suffix(".tmp")
    try:
        written.write_bytes(content)
        written.replace(path)
    except OSError as error:
        raise UsageError(f"{path}: {error.strerror}; make room, then resume again") from None
