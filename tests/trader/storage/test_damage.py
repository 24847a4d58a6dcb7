"""Damage anywhere in a journal is refused, and changes no byte; or else it changes nothing."""

import os
import re
from pathlib import Path

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from tests.trader.storage.samples import STARTED, append, files, fresh_copy, info, read, record
from trader.model.errors import JournalError
from trader.storage.archive import open_archive, open_journal
from trader.storage.head import head_path
from trader.storage.journal import Journal


def open_and_go_on(path: Path, whole: object) -> None:
    """Check that a journal is as it was, and can be written on."""
    assert read(path) == whole
    with open_journal(path) as archive:
        journal = Journal.start(archive, info("next"))
        append(journal, *map(record, range(1, 30)))
        journal.finish("stopped", STARTED, b"{}")
        before = archive.runs()[:-1]
        assert (before, archive.verify()) == (whole[0], journal.run.end - 1)  # type: ignore[index]


def refused_or_harmless(path: Path, whole: object) -> None:
    """Check that damage is refused and changes no byte, or else that it changes nothing at all."""
    before = files(path)
    try:
        with open_archive(path):
            pass
    except JournalError:
        with pytest.raises(JournalError, match=re.escape(str(path))), open_journal(path):
            pass
        assert files(path) == before
    else:
        open_and_go_on(path, whole)


def test_undamaged_journals_go_on(tmp_path: Path, closed: Path, crashed: Path) -> None:
    """What a clean end and a crash leave behind is opened, read and written on."""
    for name, path in (("one", closed), ("other", crashed)):
        open_and_go_on(fresh_copy(path, tmp_path / name), read(path))


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
@pytest.mark.parametrize("place", ["journal.db", "."])
def test_a_journal_that_may_not_be_read_is_one_line(
    tmp_path: Path, closed: Path, place: str
) -> None:
    """Be it the file or its directory."""
    path = fresh_copy(closed, tmp_path / "copy")
    hidden = path.parent / place
    hidden.chmod(0)

    with pytest.raises(JournalError) as refused, open_archive(path):
        pass
    hidden.chmod(0o700)
    assert str(refused.value).startswith(f"{path}: cannot be read (Permission denied); nothing was")


def test_a_pipe_in_place_of_the_head_is_one_line(tmp_path: Path, closed: Path) -> None:
    """It holds nobody up."""
    path = fresh_copy(closed, tmp_path / "copy")
    head_path(path).unlink()
    os.mkfifo(head_path(path))

    with pytest.raises(JournalError, match="cannot be read"), open_archive(path):
        pass


damage = settings(
    max_examples=60,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
SPOT = st.floats(0, 1, exclude_max=True)
MASK = st.sampled_from([0x01, 0x20, 0x80, 0xFF])


@damage
@given(SPOT, MASK)
def test_flipped_bits_are_refused_or_idle(
    tmp_path: Path, closed: Path, spot: float, mask: int
) -> None:
    """Anywhere in a journal; idle ones change nothing that is read or written."""
    path = fresh_copy(closed, tmp_path / "copy")
    damaged = bytearray(path.read_bytes())
    damaged[int(spot * len(damaged))] ^= mask
    path.write_bytes(damaged)

    refused_or_harmless(path, read(closed))


def test_damage_in_the_schema_is_one_line(tmp_path: Path, closed: Path) -> None:
    """Damage that SQLite cannot even put into words is one line, too."""
    path = fresh_copy(closed, tmp_path / "copy")
    path.write_bytes(path.read_bytes().replace(b"tablecheckpoints", b"table\x9checkpoints"))

    with pytest.raises(JournalError, match="cannot be read"), open_journal(path):
        pass


@damage
@given(SPOT)
@example(0.0)
def test_a_journal_that_was_cut_off_is_refused(tmp_path: Path, closed: Path, spot: float) -> None:
    """Wherever that was."""
    path = fresh_copy(closed, tmp_path / "copy")
    whole = path.read_bytes()
    path.write_bytes(whole[: int(spot * len(whole))])
    before = files(path)

    with pytest.raises(JournalError), open_journal(path):
        pass
    assert files(path) == before


@damage
@given(SPOT, MASK)
def test_a_log_with_flipped_bits_is_missed(
    tmp_path: Path, crashed: Path, spot: float, mask: int
) -> None:
    """SQLite drops the log from the first flipped bit on; that what was durable is gone is seen."""
    path = fresh_copy(crashed, tmp_path / "copy")
    log = path.with_name("journal.db-wal")
    damaged = bytearray(log.read_bytes())
    damaged[int(spot * len(damaged))] ^= mask
    log.write_bytes(damaged)

    refused_or_harmless(path, read(crashed))


@damage
@given(SPOT)
@example(0.0)
def test_a_log_that_was_cut_off_is_missed(tmp_path: Path, crashed: Path, spot: float) -> None:
    """Wherever that was: it has lost what was durable."""
    path = fresh_copy(crashed, tmp_path / "copy")
    log = path.with_name("journal.db-wal")
    log.write_bytes(log.read_bytes()[: int(spot * log.stat().st_size)])

    refused_or_harmless(path, read(crashed))
