"""The KillSwitch's own record."""

import json
import os
from pathlib import Path

import msgspec
import pytest

from trader.model.errors import UsageError
from trader.model.messages import HaltRequested
from trader.storage.kill_file import KillFile


def append(file: KillFile, seq: int, source: str) -> None:
    """Record one message."""
    body = msgspec.msgpack.encode(HaltRequested(source))
    file.append(seq, 7, "operator", "kill_switch", 0, seq, "HaltRequested", body)


def test_each_message_is_a_line_at_once(tmp_path: Path) -> None:
    """What the KillSwitch heard can be read while the run goes on, and outlasts it."""
    path = tmp_path / "kill_switch.jsonl"
    with KillFile.open(path) as file:
        append(file, 1, "SIGUSR2")
        first = json.loads(path.read_text())
    with KillFile.open(path) as file:
        append(file, 2, "again")
        file.flush(durable=True)
        file.checkpoint("kill_switch", 2, b"")

    assert (first["seq"], first["time"], first["kind"]) == (1, 7, "HaltRequested")
    assert first["message"]["source"] == "SIGUSR2"
    assert [json.loads(line)["seq"] for line in path.read_text().splitlines()] == [1, 2]
    assert path.stat().st_mode & 0o777 == 0o600


def test_the_disk_is_waited_for_where_an_exit_asks_for_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """And only there: a halt waits for nothing."""
    synced: list[int] = []
    monkeypatch.setattr(os, "fsync", lambda descriptor: synced.append(os.fstat(descriptor).st_size))
    path = tmp_path / "kill_switch.jsonl"
    with KillFile.open(path) as file:
        append(file, 1, "SIGUSR2")
        file.flush(durable=False)
        assert synced == []
        file.flush(durable=True)

    assert synced == [path.stat().st_size]


def test_a_full_disk_keeps_the_kill_switch_from_nothing() -> None:
    """What cannot be written is let go."""
    with KillFile.open(Path("/dev/full")) as file:
        append(file, 1, "SIGUSR2")
        file.flush(durable=True)


def test_a_file_that_cannot_be_opened_is_named(tmp_path: Path) -> None:
    """In one line, with the cure."""
    with pytest.raises(UsageError, match=r"Is a directory; move it away$"), KillFile.open(tmp_path):
        pass
