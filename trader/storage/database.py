"""SQLite at arm's length: create, connect, transact; its errors become JournalError.

A file is examined byte by byte, then read without being written, and only then opened to write:
whatever is wrong with it, it stays as it was. The write-ahead log of a process that died is part
of the journal, and is read with it.
"""

import os
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path

from trader.model.errors import JournalError, UsageError
from trader.storage.head import head_path
from trader.storage.schema import APPLICATION_ID, TABLES, VERSION

_CURE = (
    "nothing was changed; move journal.* aside to keep it,"
    " or choose another --data-dir (system.data_dir)"
)
_MAKE_ROOM = "see to its space and permissions, or choose another --data-dir (system.data_dir)"
_LOCK_SECONDS = 1.0
_LOG_PAGES = 4_096
"""Pages of the log (16 MB) that are moved into the file at once: many were written again since."""

FOREIGN = (sqlite3.Error, OSError, UnicodeDecodeError)
"""What may be raised; the last where SQLite quotes damaged text in its own error message."""


def damaged(path: Path, text: str, cure: str = _CURE) -> JournalError:
    """Return the error for a journal that cannot be trusted."""
    return JournalError(f"{path}: {' '.join(text.split())}; {cure}")


@contextmanager
def reading(path: Path) -> Iterator[None]:
    """Translate what SQLite and the system say about a file that cannot be read."""
    try:
        yield
    except FOREIGN as error:
        raise damaged(path, f"cannot be read ({_said(error)})") from error


@contextmanager
def writing(path: Path) -> Iterator[None]:
    """Translate what SQLite and the system say about a file that cannot be written."""
    try:
        yield
    except FOREIGN as error:
        raise JournalError(f"{path}: cannot be written ({_said(error)}); {_MAKE_ROOM}") from error


@contextmanager
def transaction(path: Path, connection: sqlite3.Connection) -> Iterator[None]:
    """Commit what the block writes, all of it or nothing."""
    with writing(path):
        connection.execute("BEGIN IMMEDIATE")
        try:
            yield
            connection.execute("COMMIT")
        finally:
            if connection.in_transaction:
                with suppress(sqlite3.Error):
                    connection.execute("ROLLBACK")


def create(path: Path) -> None:
    """Create an empty journal; it appears under its name only when it is whole."""
    for relic in (_wal(path), head_path(path)):
        if relic.exists():
            cure = f"put it back, or move {relic.name} aside to begin anew"
            raise damaged(path, f"is missing, but {relic.name} is there", cure)
    draft = path.with_name(path.name + ".new")
    with writing(path):
        for relic in (draft, *(draft.with_name(draft.name + end) for end in ("-wal", "-shm"))):
            relic.unlink(missing_ok=True)
        os.close(os.open(draft, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))
        with closing(sqlite3.connect(draft, isolation_level=None)) as connection:
            connection.execute(f"PRAGMA application_id = {APPLICATION_ID}")
            connection.execute(f"PRAGMA user_version = {VERSION}")
            for table in TABLES.values():
                connection.execute(table)
            # Last: what a full disk kept in the log would not come along under the new name.
            connection.execute("PRAGMA journal_mode = WAL")
        draft.rename(path)


def connect_to_read(path: Path) -> sqlite3.Connection:
    """Examine a journal and open it so that not a byte of it can change."""
    _examine(path)
    with reading(path):
        log = _wal(path)
        # Without a log there is nothing to recover, and nothing need be created beside the file.
        immutable = "" if log.exists() and log.stat().st_size else "&immutable=1"
        uri = f"{path.absolute().as_uri()}?mode=ro{immutable}"
        return _connect(uri)


def connect_to_write(path: Path) -> sqlite3.Connection:
    """Open a journal that has been checked, and see that it can be written."""
    for file in filter(Path.exists, (path, head_path(path))):
        # SQLite would open it all the same, and leave files beside it that nobody can write.
        if not os.access(file, os.W_OK):
            raise JournalError(f"{file}: cannot be written; {_MAKE_ROOM}")
    with writing(path):
        connection = _connect(f"{path.absolute().as_uri()}?mode=rw")
        connection.execute(f"PRAGMA wal_autocheckpoint = {_LOG_PAGES}")
        try:
            connection.execute("BEGIN IMMEDIATE")
            connection.execute("ROLLBACK")
        except BaseException:
            connection.close()
            raise
        return connection


def _connect(uri: str) -> sqlite3.Connection:
    # One thread at a time uses it, but not always the one that opened it.
    connection = sqlite3.connect(
        uri, uri=True, isolation_level=None, check_same_thread=False, timeout=_LOCK_SECONDS
    )
    connection.execute("PRAGMA cell_size_check = ON")
    return connection


def _examine(path: Path) -> None:
    """Check the fields of the header that never change: https://sqlite.org/fileformat2.html."""
    with reading(path):
        if not path.exists():
            raise UsageError(f"{path}: there is no journal; give the --data-dir of one")
        if not path.is_file():
            raise damaged(path, "is not a file")
        with path.open("rb") as file:
            header = file.read(100)
    if not header:
        raise damaged(path, "is empty")
    if len(header) < 100 or not header.startswith(b"SQLite format 3\0"):
        raise damaged(path, "is not a journal")
    if int.from_bytes(header[68:72]) != APPLICATION_ID:
        raise damaged(path, "is a database of another program")
    if (version := int.from_bytes(header[60:64])) != VERSION:
        raise damaged(path, f"has format {version}, and this engine reads format {VERSION}")
    if header[18:20] != b"\2\2":
        raise damaged(path, "has a damaged header")


def _said(error: Exception) -> str:
    """Return what an error says; the system's would name the path once more."""
    return getattr(error, "strerror", None) or str(error)


def _wal(path: Path) -> Path:
    return path.with_name(path.name + "-wal")
