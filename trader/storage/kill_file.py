"""The KillSwitch's own record: a file that is only ever appended to, and waits for nothing."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Self

import msgspec

from trader.model.errors import UsageError
from trader.storage.line_file import LineFile

_LARGEST = 4 << 20
"""Bytes after which the file begins anew; the one before it stays, as `.1`."""


class KillFile:
    """A JSON line for every message the KillSwitch was delivered, with its wall time in ns.

    Its directory is guarded by the lock of the data directory. It never waits for the journal, and
    a disk that is full must not keep the KillSwitch from acting: what cannot be written is let go.
    """

    def __init__(self, file: LineFile) -> None:
        self._file = file

    @classmethod
    @contextmanager
    def open(cls, path: Path) -> Iterator[Self]:
        """Open the file to append to it; raise UsageError where that cannot be."""
        try:
            file = LineFile(path, _LARGEST, kept=1)
        except OSError as error:
            raise UsageError(f"{path}: {error.strerror}; move it away") from None
        try:
            yield cls(file)
        finally:
            file.stop()

    def append(
        self,
        seq: int,
        time_ns: int,
        sender: str,
        receiver: str,
        cause: int,
        correlation: int,
        kind: str,
        body: bytes,
    ) -> None:
        """Write one envelope."""
        line = {
            "wall": time.time_ns(),
            "seq": seq,
            "time": time_ns,
            "sender": sender,
            "receiver": receiver,
            "cause": cause,
            "correlation": correlation,
            "kind": kind,
            "message": msgspec.msgpack.decode(body),
        }
        self._file.write(msgspec.json.encode(line) + b"\n")

    def checkpoint(self, role: str, seq: int, state: bytes) -> None:
        """Keep nothing: a KillSwitch always starts afresh."""

    def flush(self, *, durable: bool) -> None:
        """Wait for the disk where an exit does, and not for a halt: fsync could hold it up."""
        if durable:
            self._file.sync()
