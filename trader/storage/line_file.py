"""A file that lines are appended to: bounded, and let go of while it cannot be written."""

import os
import stat
from contextlib import suppress
from pathlib import Path


class LineFile:
    """Writes each line at once, without waiting for the disk.

    Once it has `largest` bytes it begins anew; the `kept` files before it stay as `.1` (the
    newest), `.2` and so on. What a full disk refuses is let go and counted in `lost`; `why` says
    what refused it last. Raises OSError where the file cannot be opened.
    """

    def __init__(self, path: Path, largest: int, kept: int) -> None:
        self.path = path
        self.lost = 0
        self.why = ""
        self._size = 0
        self._torn = False
        self._largest = largest
        self._kept = kept
        self._open()

    def write(self, text: str | bytes) -> None:
        """Append a text that ends a line."""
        line = text.encode(errors="backslashreplace") if isinstance(text, str) else text
        try:
            if self._size > self._largest:
                self._begin_anew()
            whole = b"\n" + line if self._torn else line
            written = os.write(self._descriptor, whole)
        except OSError as error:
            self.lost, self.why = self.lost + 1, error.strerror or str(error)
            return
        self._size += written
        self._torn = written < len(whole)

    def sync(self) -> None:
        """Wait until the disk has it; a pipe has none, and what a disk refuses is let go."""
        with suppress(OSError):
            os.fsync(self._descriptor)

    def stop(self) -> None:
        """Close the file."""
        os.close(self._descriptor)

    def _open(self) -> None:
        # A pipe that nobody reads must not hold anybody up.
        flags = os.O_RDWR | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC | os.O_NONBLOCK
        self._descriptor = os.open(self.path, flags, 0o600)
        status = os.fstat(self._descriptor)
        if stat.S_ISREG(status.st_mode) and status.st_mode & 0o077:
            os.fchmod(self._descriptor, 0o600)
        self._size = status.st_size
        # A line that a full disk cut off must not spoil the next one.
        last = os.pread(self._descriptor, 1, self._size - 1) if self._size else b""
        self._torn = last not in {b"", b"\n"}

    def _begin_anew(self) -> None:
        for number in range(self._kept, 0, -1):
            older = self._numbered(number - 1)
            if older.exists():
                older.replace(self._numbered(number))
        full = self._descriptor
        self._open()
        os.close(full)

    def _numbered(self, number: int) -> Path:
        return self.path.with_name(f"{self.path.name}.{number}") if number else self.path
