"""The KillSwitch's own record: a file that is only ever appended to, and waits for nothing."""

import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Self

import msgspec

from trader.model.errors import UsageError


class KillFile:
    """A JSON line for every message the KillSwitch was delivered, with its wall time in ns.

    Its directory is guarded by the lock of the data directory. It never waits for the journal, and
    a disk that is full must not keep the KillSwitch from acting: what cannot be written is let go.
    """

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor

    @classmethod
    @contextmanager
    def open(cls, path: Path) -> Iterator[Self]:
        """Open the file to append to it; raise UsageError where that cannot be."""
        try:
            descriptor = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC, 0o600)
        except OSError as error:
            raise UsageError(f"{path}: {error.strerror}; move it away") from None
        try:
            yield cls(descriptor)
        finally:
            os.close(descriptor)

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
            os.write(self._descriptor, line)
        except OSError:
            return
