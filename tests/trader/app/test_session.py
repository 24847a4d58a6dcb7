"""One run, from its lock to its exit code, where nothing goes as it should."""

import itertools
import os
import threading
import time
from pathlib import Path

import pytest

from actors.validator import Validator
from tests.e2e.inside import last_run, play, settings, signals_kept
from tests.trader.venues.exchange import FakeClient, unreachable
from trader.app import compose, results
from trader.app.session import Crashed, Options, Session, run_session
from trader.model.errors import UsageError
from trader.model.messages import AdviceGiven
from trader.settings.layers import load
from trader.storage.archive import Archive, open_archive
from trader.storage.schema import Run
from trader.venues import rest

SECRET = "canary-7f3a/+=x"
SHOWN = ("system.log_level=TRACE", "market.candles=45")


class Leaky(Validator):
    """Fails with a secret in its error."""

    def on_advice_given(self, message: AdviceGiven) -> None:
        """Fail."""
        raise RuntimeError(f"cannot sign with {os.environ['VENUE_API_SECRET']}")


@pytest.fixture(autouse=True)
def secret(monkeypatch: pytest.MonkeyPatch) -> None:
    """Put a secret into the environment of every run."""
    monkeypatch.setenv("VENUE_API_SECRET", SECRET)


def places_of(text: str, directory: Path) -> list[str]:
    """Name the files of a directory that hold a text."""
    files = [path for path in directory.rglob("*") if path.is_file()]
    return sorted(path.name for path in files if text.encode() in path.read_bytes())


def test_no_file_and_no_line_holds_a_secret(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    """An actor that crashes with one in its error tells everybody, but not that."""
    monkeypatch.setattr(compose, "Validator", Leaky)
    summary = play(tmp_path, *SHOWN)
    shown = capfd.readouterr()

    assert summary.restarts
    assert "cannot sign with ***" in shown.err
    assert SECRET not in shown.err
    assert places_of(SECRET, tmp_path) == []


def test_a_crash_of_ours_is_logged_without_its_secrets(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    """It ends the run at once; the journal is sound, and the next start says what it found."""

    def fail(*_args: object, **_named: object) -> None:
        raise RuntimeError(f"a bug, and {SECRET}")

    with monkeypatch.context() as patched:
        patched.setattr(results, "summary_of", fail)
        with pytest.raises(Crashed):
            play(tmp_path, *SHOWN)
    shown = capfd.readouterr().err

    assert " app - crashed" in shown
    assert "RuntimeError: a bug, and ***" in shown
    assert SECRET not in shown
    assert places_of(SECRET, tmp_path) == []
    assert not last_run(tmp_path).clean
    with open_archive(tmp_path / "journal.db") as archive:
        archive.verify()
    play(tmp_path, *SHOWN)
    assert "unclean_end ended_without_stop=0001-" in capfd.readouterr().err


def test_a_thread_that_fails_is_logged_too(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    """What nobody would catch goes the way of every other error."""

    def fail(_session: Session) -> None:
        thread = threading.Thread(target=lambda: 1 / 0)
        thread.start()
        thread.join()
        raise UsageError("enough")

    monkeypatch.setattr(Session, "play", fail)
    with pytest.raises(UsageError):
        play(tmp_path, *SHOWN)

    assert "ZeroDivisionError" in capfd.readouterr().err


def test_a_run_without_trouble_warns_of_nothing(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    """At WARNING there is no line of it, from its start to its end, also where it goes on."""
    for resume in (False, True):
        play(tmp_path, "market.candles=45", "system.log_level=WARNING", resume=resume)

    assert capfd.readouterr().err == ""


def test_a_run_can_be_ended_before_it_has_begun(tmp_path: Path) -> None:
    """The time is up before the first candle: an orderly end of nothing."""
    options = Options("aggressive", seconds=0.001)
    with signals_kept():
        summary = run_session(settings(tmp_path, "market.speed=1"), options)

    assert (summary.exit_code, summary.candles) == (0, 0)


def test_a_clock_that_jumps_loses_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Runs stay in the order they were made in, each under an id of its own, and whole."""
    year = 365 * 86_400
    for wall in (56 * year, 0, 129 * year, 56 * year):
        monkeypatch.setattr(time, "time_ns", lambda wall=wall: wall * 10**9)
        assert play(tmp_path, "market.candles=5", resume=wall == 0).exit_code == 0

    with open_archive(tmp_path / "journal.db") as archive:
        runs = archive.runs()
        assert [run.number for run in runs] == [1, 2, 3, 4]
        assert len({run.id for run in runs}) == 4
        assert runs[1].resumed_from == runs[0].id
        assert archive.verify() == sum(run.rows for run in runs)


def test_a_clock_that_jumps_while_a_run_goes_on_changes_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The run's own time follows the market, and a clock that nobody can set."""
    market = ("market.candles=60", "market.speed=20000")
    plain = play(tmp_path, *market)
    wall = itertools.cycle([10**18, 0, 4 * 10**18])
    monkeypatch.setattr(time, "time_ns", lambda: next(wall))
    monkeypatch.setattr(time, "time", lambda: next(wall) / 1e9)

    jumping = play(tmp_path, *market)

    assert (jumping.digest, jumping.candles) == (plain.digest, 60)
    with open_archive(tmp_path / "journal.db") as archive:
        records = archive.envelopes(archive.runs()[-1])
        # A quote is journaled when somebody acts on it, with the time at which it came.
        times = [record.time for record in records if not record.kind.startswith("Quote")]
    assert times == sorted(times)


@pytest.fixture
def foreign(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Offer a journal whose last run died, and was written by an engine with other memories."""
    play(tmp_path, "market.candles=5")
    monkeypatch.setattr(Run, "clean", False)
    restore = Archive.restore
    monkeypatch.setattr(
        Archive,
        "restore",
        lambda self, run: {role: (seq, b"\x80") for role, (seq, _) in restore(self, run).items()},
    )
    return tmp_path


def test_what_another_version_wrote_is_not_resumed(foreign: Path) -> None:
    """It is refused in a line, and nothing has begun."""
    with pytest.raises(UsageError, match=r"^--resume: run 0001-\S+ was written by another version"):
        play(foreign, "market.candles=1", resume=True)

    assert last_run(foreign).number == 1


def test_what_another_version_left_open_keeps_nobody_from_starting(foreign: Path) -> None:
    """The account starts afresh; what cannot be read is not told."""
    assert play(foreign, "market.candles=1").exit_code == 0


def test_a_run_that_died_at_once_is_passed_over(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What the run before it had is resumed: an account is not lost to a start that failed."""
    first = play(tmp_path, "market.candles=60")
    with monkeypatch.context() as broken:
        broken.setattr(Session, "play", lambda _self: 1 / 0)
        with pytest.raises(Crashed):
            play(tmp_path, resume=True)

    second = play(tmp_path, "market.candles=1", resume=True)

    assert first.fills > 0
    assert last_run(tmp_path).resumed_from == first.run
    assert second.equity.start != 10_000


def test_a_start_that_is_refused_leaves_no_run(tmp_path: Path) -> None:
    """Where a file is in the way, nothing has begun, and the journal says so."""
    play(tmp_path, "market.candles=1")
    (tmp_path / "kill_switch.jsonl").unlink()
    (tmp_path / "kill_switch.jsonl").mkdir()

    with pytest.raises(UsageError, match="Is a directory"):
        play(tmp_path, "market.candles=1")

    assert last_run(tmp_path).number == 1


def test_a_venue_that_never_answers_does_not_outlast_the_run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    """Its time is up: a clean end, a summary that says so, and no run in the journal."""
    client = FakeClient()
    client.down = unreachable()
    monkeypatch.setattr(rest, "open_client", lambda _venue: client)
    chosen = [("market.venue", "kraken"), ("system.data_dir", str(tmp_path))]
    loaded = load("moderate", environ={}, overrides=chosen)
    with signals_kept():
        summary = run_session(loaded, Options("moderate", seconds=0.2))

    assert (summary.exit_code, summary.candles, summary.run) == (0, 0, "none")
    assert 'nothing_came ended_by="--for 0.2s"' in capfd.readouterr().err
    with open_archive(tmp_path / "journal.db") as archive:
        assert archive.runs() == []
