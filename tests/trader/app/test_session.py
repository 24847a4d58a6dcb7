"""One run, from its lock to its exit code, where nothing goes as it should."""

import os
import threading
from pathlib import Path

import pytest

from actors.validator import Validator
from tests.e2e.inside import last_run, play, settings, signals_kept
from trader.app import compose, results
from trader.app.session import Crashed, Options, Session, run_session, secrets_of
from trader.model.errors import UsageError
from trader.model.messages import AdviceGiven
from trader.storage.archive import open_archive

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


def test_secrets_are_known_by_the_names_of_their_variables() -> None:
    """KEY, SECRET, TOKEN and PASSWORD at the end, in any case; what is empty is no secret."""
    environ = {"A_KEY": "a", "b_secret": "b", "C_TOKEN": "", "PASSWORD": "d", "KEYBOARD": "e"}

    assert secrets_of(environ) == ("a", "b", "d")


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


def test_a_run_can_be_ended_before_it_has_begun(tmp_path: Path) -> None:
    """The time is up before the first candle: an orderly end of nothing."""
    options = Options("aggressive", seconds=0.001)
    with signals_kept():
        summary = run_session(settings(tmp_path, "market.speed=1"), options)

    assert (summary.exit_code, summary.candles) == (0, 0)
