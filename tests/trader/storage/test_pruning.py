"""Pruning: old rows go, and the chain of those that stay can still be checked."""

from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.trader.storage.samples import DAY, STARTED, append, info, record
from trader.model.errors import JournalError
from trader.storage.archive import Archive, open_archive
from trader.storage.database import transaction
from trader.storage.journal import Journal
from trader.storage.pruning import drop, prune_runs


def run(
    archive: Archive, account: str, day: int, ended: bool = True, resumed: str | None = None
) -> Journal:
    """Write a run of ten envelopes that started, and may have ended, on a day."""
    journal = Journal.start(archive, info(account, STARTED + day * DAY, resumed))
    append(journal, *map(record, range(1, 11)))
    journal.checkpoint("risk_guard", 10, b"state")
    if ended:
        journal.finish("stopped", STARTED + day * DAY + 1, b"{}")
    else:
        journal.flush(durable=True)
    return journal


def left(archive: Archive) -> list[int]:
    """Count the envelopes that each run still has."""
    return [len(list(archive.envelopes(each))) for each in archive.runs()]


def test_old_runs_keep_what_later_ones_need(archive: Archive) -> None:
    """Of an old run its record, its checkpoints, its last row and its digest stay."""
    for day in range(4):
        run(archive, "paper", day)
    before = archive.runs()

    dropped = [prune_runs(archive, STARTED + 4 * DAY, 2 * DAY - 1) for _ in range(3)]

    assert dropped == [9, 9, 0]

    assert left(archive) == [1, 1, 10, 10]
    assert archive.verify() == 22
    assert archive.runs() == before
    assert archive.restore(before[0]) == {"risk_guard": (10, b"state")}


def test_an_accounts_newest_run_stays_whole(archive: Archive) -> None:
    """However old: the next run of the account starts from it, or from what it started from."""
    run(archive, "live", 0)
    kept = run(archive, "live", 1)
    run(archive, "live", 2, resumed=kept.run.id)
    run(archive, "paper", 100)

    while prune_runs(archive, STARTED + 101 * DAY, DAY // 2):
        pass

    assert left(archive) == [1, 10, 10, 10]


def test_run_that_died_ended_before_the_next(archive: Archive) -> None:
    """A run without an end is as old as the start of the run after it."""
    run(archive, "paper", 0, ended=False)
    run(archive, "paper", 40)
    run(archive, "paper", 50)

    assert prune_runs(archive, STARTED + 60 * DAY, 20 * DAY) == 0
    assert prune_runs(archive, STARTED + 60 * DAY, 19 * DAY) == 9


@pytest.mark.parametrize("day", [-20_000, -1, 30_000])
def test_a_clock_that_jumps_makes_no_run_old(archive: Archive, day: int) -> None:
    """One run under a wrong clock costs no other, then or later, and costs itself nothing."""
    for each in (0, 1, day):
        run(archive, "paper", each)
    assert prune_runs(archive, STARTED + (day + 1) * DAY, 30 * DAY) == 0

    for each in (2, 3):
        run(archive, "paper", each)
        assert prune_runs(archive, STARTED + each * DAY, 30 * DAY) == 0

    for each in (20, 40):
        run(archive, "paper", each)
    while prune_runs(archive, STARTED + 60 * DAY, 30 * DAY):
        pass
    assert left(archive) == [1, 1, 1, 1, 1, 10, 10]


def test_runs_are_pruned_in_steps(archive: Archive) -> None:
    """Each call drops a bounded number of rows, and leaves a journal that is whole."""
    for day in range(4):
        run(archive, "paper", day)
    dropped = []
    while step := prune_runs(archive, STARTED + 4 * DAY, 2 * DAY - 1, limit=4):
        dropped.append(step)
        archive.verify()

    assert dropped == [4, 4, 1, 4, 4, 1]


def quotes(journal: Journal, count: int) -> None:
    """Append fills and, of every three envelopes, two quotes."""
    kinds = ["OrderFilled", "QuoteReceived", "QuoteUpdated"]
    for seq in range(1, count + 1):
        append(journal, record(seq, kinds[seq % 3]))


def kept_quotes(archive: Archive, journal: Journal) -> list[int]:
    """Return the seq of every quote that is still there."""
    records = archive.envelopes(journal.run)
    return [each.seq for each in records if each.kind != "OrderFilled"]


def prune_all(journal: Journal, before: int, limit: int = 10) -> None:
    """Prune until it is done."""
    while journal.prune(before, limit) == limit:
        pass


@pytest.mark.parametrize("limit", [1, 2, 3, 7, 1000])
def test_old_quotes_go(path: Path, archive: Archive, limit: int) -> None:
    """Quotes older than asked go, other envelopes stay, and the chain holds, then and later."""
    journal = Journal.start(archive, info())
    quotes(journal, 60)
    journal.checkpoint("risk_guard", 60, b"state")
    journal.flush(durable=True)

    prune_all(journal, 300, limit)
    assert kept_quotes(archive, journal) == [seq for seq in range(30, 61) if seq % 3]
    assert archive.verify() == 60 - 20

    quotes(journal, 30)
    journal.finish("stopped", STARTED, b"{}")
    with open_archive(path) as again:
        assert len(list(again.envelopes(journal.run))) == 70
    assert journal.run.rows == 90


def test_quotes_that_a_restore_needs_stay(archive: Archive) -> None:
    """A quote stays until two checkpoints of its receiver hold what it did."""
    journal = Journal.start(archive, info())
    quotes(journal, 20)
    journal.flush(durable=True)
    prune_all(journal, 10**6)
    assert kept_quotes(archive, journal)[0] == 1

    journal.checkpoint("risk_guard", 5, b"state")
    journal.flush(durable=True)
    journal.checkpoint("risk_guard", 12, b"state")
    journal.flush(durable=True)
    prune_all(journal, 10**6)

    assert kept_quotes(archive, journal)[:3] == [7, 8, 10]


def test_last_row_stays(archive: Archive) -> None:
    """The head of the chain is never pruned: it is what the next row is checked against."""
    journal = Journal.start(archive, info())
    append(journal, record(1, "QuoteUpdated"), record(2, "QuoteUpdated"))
    journal.checkpoint("risk_guard", 2, b"state")
    journal.flush(durable=True)

    prune_all(journal, 10**6)

    assert kept_quotes(archive, journal) == [2]
    assert archive.verify() == 1


def test_failed_pruning_is_tried_again(archive: Archive) -> None:
    """Pruning that cannot write raises, changes nothing, and goes on where it was."""
    journal = Journal.start(archive, info())
    quotes(journal, 30)
    journal.checkpoint("risk_guard", 30, b"state")
    journal.flush(durable=True)
    archive.connection.execute("PRAGMA query_only = ON")
    with pytest.raises(JournalError, match="cannot be written"):
        journal.prune(10**6)
    archive.connection.execute("PRAGMA query_only = OFF")

    assert journal.prune(10**6) == 29
    assert len(kept_quotes(archive, journal)) == 0


def test_a_run_prunes_itself_as_it_goes_on(path: Path, archive: Archive) -> None:
    """Market data older than the retention go with the flushes; orders, and a whole chain, stay."""
    journal = Journal.start(archive, info(), retention=50_000)
    for seq in range(1, 30_001):
        append(journal, record(seq, "OrderFilled" if seq % 10 == 0 else "CandleClosed"))
        if seq % 1_000 == 0:
            journal.checkpoint("risk_guard", seq, b"state")
            journal.flush(durable=False)
    kinds = [each.kind for each in archive.envelopes(journal.run)]

    assert kinds.count("OrderFilled") == 3_000
    assert 4_500 <= kinds.count("CandleClosed") < 4_500 + 3 * 4_096
    journal.finish("stopped", STARTED, b"{}")
    with open_archive(path) as again:
        assert again.verify() == len(kinds)


def test_heartbeats_go_though_nobody_keeps_them(archive: Archive) -> None:
    """The KillSwitch has no checkpoint in the journal: it always starts afresh."""
    journal = Journal.start(archive, info())
    append(journal, *(record(seq, "Heartbeat", "kill_switch") for seq in range(1, 11)))
    journal.flush(durable=True)

    prune_all(journal, 10**6)

    assert kept_quotes(archive, journal) == [10]


@settings(
    max_examples=40,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(st.lists(st.sets(st.integers(1, 11)), max_size=4))
def test_any_rows_may_go(archive: Archive, steps: list[set[int]]) -> None:
    """Whatever rows are dropped, in whatever steps, the others can be checked."""
    journal = Journal.start(archive, info())
    append(journal, *map(record, range(1, 13)))
    journal.flush(durable=False)
    kept = dict(enumerate(map(record, range(1, 13)), journal.run.first))
    for step in steps:
        rows = {
            row: chain
            for row, chain in archive.connection.execute("SELECT row, chain FROM envelopes")
            if row + 1 - journal.run.first in step
        }
        with transaction(archive.path, archive.connection):
            drop(archive.connection, rows)
        kept = {row: each for row, each in kept.items() if row not in rows}

    assert list(archive.envelopes(journal.run)) == list(kept.values())
