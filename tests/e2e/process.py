"""A run of the engine as a process, driven as its operator would: by options, signals and pipes."""

import json
import os
import re
import selectors
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any

ROOT = Path(__file__).parents[2]
DEADLINE = 30.0
"""Wall seconds after which a test gives up waiting."""


class Process:
    """A child that runs the engine; its log lines are read as they come."""

    def __init__(
        self, child: "subprocess.Popen[bytes]", data_dir: Path, patience: float = DEADLINE
    ) -> None:
        self.child = child
        self.data_dir = data_dir
        self.log = ""
        self._output = b""
        self._patience = patience
        self._until = time.monotonic() + patience
        self._selector = selectors.DefaultSelector()
        for stream in (child.stdout, child.stderr):
            assert stream is not None
            self._selector.register(stream, selectors.EVENT_READ)

    def wait_for(self, pattern: str) -> str:
        """Return the text that matches a pattern, once the log has it."""
        while (found := re.search(pattern, self.log)) is None:
            if not self.read():
                raise AssertionError(f"the run ended without {pattern!r}:\n{self.log}")
        return found[0]

    def send(self, number: signal.Signals) -> None:
        """Send a signal."""
        self.child.send_signal(number)

    def forget(self, stream: IO[bytes]) -> None:
        """Close a stream of the child's without reading it."""
        self._selector.unregister(stream)
        stream.close()

    def end(self) -> int:
        """Return the exit code, once the process has ended."""
        while self.read():
            pass
        return self.child.wait(max(self._until - time.monotonic(), 1.0))

    @property
    def output(self) -> str:
        """What stdout had."""
        return self._output.decode()

    @property
    def summary(self) -> dict[str, Any]:
        """The one object on stdout."""
        return json.loads(self._output)

    def status(self) -> dict[str, Any]:
        """Return the newest status dump."""
        return json.loads((self.data_dir / "status.json").read_bytes())

    def read(self, seconds: float = DEADLINE) -> bool:
        """Wait so long for output and take it in; False once there will be no more."""
        if not self._selector.get_map():
            return False
        for key, _ in self._selector.select(min(seconds, self._until - time.monotonic())):
            data = os.read(key.fd, 65536)
            if not data:
                self._selector.unregister(key.fileobj)
            elif key.fileobj is self.child.stderr:
                self.log += data.decode()
            else:
                self._output += data
        if time.monotonic() > self._until:
            raise AssertionError(f"no end within {self._patience:g} s:\n{self.log}")
        return True


@contextmanager
def launched(
    data_dir: Path,
    *options: str,
    script: Sequence[str] = ("run.py",),
    environ: Mapping[str, str] = {},
    patience: float = DEADLINE,
    **popen: Any,
) -> Iterator[Process]:
    """Start the engine, and see to it that it is gone at the end."""
    command = [sys.executable, *script, *options, "--data-dir", str(data_dir)]
    child = subprocess.Popen(
        command,
        cwd=ROOT,
        env={**clean_environ(), **environ},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        **popen,
    )
    try:
        yield Process(child, data_dir, patience)
    finally:
        child.kill()
        child.communicate()


def clean_environ() -> dict[str, str]:
    """Return the environment without settings of the engine's."""
    return {name: value for name, value in os.environ.items() if not name.startswith("TRADER")}
