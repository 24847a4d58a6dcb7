"""The KillSwitch's own record: a file that is only ever appended to, and waits for nothing."""

import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Self

import msgspec

from trader.model.errors import UsageError

_LARGEST = 4 << 20
"""Bytes after which the file begins anew; the one before it stays, as `.1`."""


class KillFile:
    """A JSON line for every message the KillSwitch was delivered, with its wall time in ns.

    Its directory is guarded by the lock of the data directory. It never waits for the journal, and
    a disk that is full must not keep the KillSwitch from acting: what cannot be written is let go.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._descriptor = _open(path)
        self._size = os.fstat(self._descriptor).st_size
        # A line that a full disk cut off must not spoil the next one.
        last = os.pread(self._descriptor, 1, self._size - 1) if self._size else b""
        self._torn = last not in {b"", b"\n"}

    @classmethod
    @contextmanager
    def open(cls, path: Path) -> Iterator[Self]:
        """Open the file to append to it; raise UsageError where that cannot be."""
        try:
            file = cls(path)
        except OSError as error:
            raise UsageError(f"{path}: {error.strerror}; move it away") from None
        try:
            yield file
        finally:
            os.close(file._descriptor)

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
        self._write(msgspec.json.encode(line) + b"\n")

    def checkpoint(self, role: str, seq: int, state: bytes) -> None:
        """Keep nothing: a KillSwitch always starts afresh."""

    def flush(self, *, durable: bool) -> None:
        """Do nothing: every line is written at once, and fsync could keep a halt waiting."""

    def _write(self, line: bytes) -> None:
        try:
            if self._size > _LARGEST:
                self._begin_anew()
            text = b"\n" + line if self._torn else line
            written = os.write(self._descriptor, text)
        except OSError:
            return
        self._size += written
        self._torn = written < len(text)

    def _begin_anew(self) -> None:
        self._path.replace(self._path.with_name(self._path.name + ".1"))
        full, self._descriptor = self._descriptor, _open(self._path)
        os.close(full)
        self._size, self._torn = 0, False


def _open(path: Path) -> int:
    return os.open(path, os.O_RDWR | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC, 0o600)
