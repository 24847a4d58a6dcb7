"""Journals to write, and journals to damage."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.trader.storage.samples import DAY, STARTED, append, info, record, write_run
from trader.storage.archive import Archive, open_journal
from trader.storage.journal import Journal


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Name a journal that is not there yet."""
    return tmp_path / "journal.db"


@pytest.fixture
def archive(path: Path) -> Iterator[Archive]:
    """Open an empty journal."""
    with open_journal(path) as opened:
        yield opened


@pytest.fixture(scope="session")
def closed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Write a journal of two finished runs."""
    path = tmp_path_factory.mktemp("closed") / "journal.db"
    write_run(path, [record(seq) for seq in range(1, 40)])
    write_run(path, [record(seq) for seq in range(1, 40)], STARTED + DAY)
    return path


@pytest.fixture(scope="session")
def crashed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Write a journal whose engine died: one finished run, one whose rows are all in the log."""
    path = tmp_path_factory.mktemp("crashed") / "journal.db"
    write_run(path, [record(seq) for seq in range(1, 20)])
    with open_journal(path) as archive:
        journal = Journal.start(archive, info(started=STARTED + DAY))
        for seq in range(1, 10):
            append(journal, record(seq))
            journal.flush(durable=True)
        copy = path.parent / "copy"
        copy.mkdir()
        for name in ("journal.db", "journal.db-wal", "journal.head"):
            shutil.copy(path.with_name(name), copy)
    return copy / "journal.db"
