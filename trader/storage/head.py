"""A side file that says how far the journal is known to be on disk.

SQLite recovers a damaged or shortened write-ahead log by dropping its end, and says nothing: orders
that were made durable would be gone. The head is written after each durable flush, so that a
journal that ends before it has lost something. It lags after a power failure, and then claims less.
"""

import os
import re
from pathlib import Path

import msgspec

from trader.storage.data_dir import open_kept

_LINE = re.compile(rb"(\d{10}) (\d{20}) ([0-9a-f]{64})\n")


class Head(msgspec.Struct, frozen=True):
    """A row that is on disk: its run, its number and its chain."""

    run: int
    row: int
    chain: bytes


def head_path(journal: Path) -> Path:
    """Return where the head of a journal is kept."""
    return journal.with_suffix(".head")


def read_head(path: Path) -> Head | None:
    """Return the head, None where there is none; raise ValueError where it makes no sense."""
    try:
        with open_kept(path) as file:
            line = file.read()
    except FileNotFoundError:
        return None
    if (match := _LINE.fullmatch(line)) is None:
        raise ValueError(f"{path.name} is damaged")
    return Head(int(match[1]), int(match[2]), bytes.fromhex(match[3].decode()))


def write_head(path: Path, head: Head) -> None:
    """Overwrite the head in place: one sector, so that it is never half written."""
    line = f"{head.run:010d} {head.row:020d} {head.chain.hex()}\n".encode()
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        os.pwrite(descriptor, line, 0)
    finally:
        os.close(descriptor)
