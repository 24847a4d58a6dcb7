"""The data directory: one place for what a run leaves behind, locked to one engine."""

import errno
import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

from trader.model.errors import UsageError

_CURE = "choose another with --data-dir (system.data_dir)"
_LOCK = "engine.lock"


@contextmanager
def open_data_dir(path: Path) -> Iterator[Path]:
    """Create a data directory where there is none, and hold its lock.

    The lock is the kernel's (flock): it ends with the process, however that ends.
    """
    try:
        path.mkdir(mode=0o700, parents=True, exist_ok=True)
        lock = os.open(path / _LOCK, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    except OSError as error:
        what = "is not a directory" if isinstance(error, FileExistsError) else error.strerror
        raise UsageError(f"data directory {path}: {what}; {_CURE}") from error
    try:
        _lock(lock, path)
        yield path
    finally:
        os.close(lock)


def find_data_dir(path: Path) -> Path:
    """Return the data directory that runs have left; raise UsageError where there is none."""
    try:
        why = "" if path.is_dir() else "there is none"
    except OSError as error:
        why = error.strerror or str(error)
    if why:
        raise UsageError(f"data directory {path}: {why}; give --data-dir DIR")
    return path


def open_kept(path: Path) -> BinaryIO:
    """Open one of its files for reading; raise OSError where a pipe is in its place."""
    if path.is_fifo():
        raise OSError(errno.EINVAL, "Is a pipe", str(path))
    return path.open("rb")


def holder_of(path: Path) -> int | None:
    """Return the process that holds a data directory, None where none does."""
    try:
        lock = os.open(path / _LOCK, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK)
    except OSError:
        return None
    try:
        fcntl.flock(lock, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return int(os.pread(lock, 20, 0) or b"0")
    finally:
        os.close(lock)
    return None


def _lock(lock: int, path: Path) -> None:
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        os.ftruncate(lock, 0)
        os.pwrite(lock, f"{os.getpid()}\n".encode(), 0)
    except BlockingIOError as error:
        holder = os.pread(lock, 20, 0).decode(errors="replace").strip() or "unknown"
        raise UsageError(f"data directory {path} is in use by process {holder}; {_CURE}") from error
    except OSError as error:
        raise UsageError(f"data directory {path}: {error.strerror}; {_CURE}") from error
