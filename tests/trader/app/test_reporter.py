"""Telling of a run while it goes on."""

import io
import json
import os
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.trader.app.desk import build
from trader.app.compose import Engine
from trader.app.reporter import Reporter
from trader.app.screen import Screen
from trader.app.terminal import Terminal
from trader.ui.log import open_logging
from trader.ui.status import StatusDump


@pytest.fixture
def engine() -> Iterator[Engine]:
    """Offer an engine that nobody drives."""
    built = build()
    yield built
    built.close()


def reporter_of(engine: Engine, directory: Path) -> Reporter:
    """Return a reporter that takes a word for a secret."""
    return Reporter(
        engine,
        "0001-test",
        0.0,
        lambda: engine.main.now,
        directory,
        lambda text: text.replace("hunter2", "***"),
    )


def test_a_dump_is_a_file_and_lines(
    engine: Engine, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Scripts read the one, people the other; neither shows a secret."""
    engine.main.roles["validator"].last_failure = "RuntimeError: hunter2"
    with open_logging("INFO", {}, None, True, ["hunter2"]):
        reporter_of(engine, tmp_path).dump()
    status = json.loads((tmp_path / "status.json").read_text())
    told = capsys.readouterr().err

    assert status["run"] == "0001-test"
    assert "RuntimeError: ***" in {actor["last_failure"] for actor in status["actors"]}
    assert "status_actor role=validator" in told
    assert "hunter2" not in told
    assert [line for line in told.splitlines() if " SIM " not in line] == []


def test_a_dump_that_cannot_be_written_is_told(
    engine: Engine, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A directory that is gone must not fell the thread that asks."""
    with open_logging("INFO", {}, None, True, []):
        reporter_of(engine, tmp_path / "gone").dump()
    told = capsys.readouterr().err

    assert "status_not_written" in told
    assert "No such file or directory" in told
    assert "status_run" in told


def test_the_file_is_there_from_the_start(engine: Engine, tmp_path: Path) -> None:
    """Another shell can look at a run as soon as it runs, and sees when it has ended."""
    reporter = reporter_of(engine, tmp_path)
    with open_logging("CRITICAL", {}, None, True, []), reporter.open(60):
        while not (tmp_path / "status.json").exists():
            time.sleep(0.001)
    running = json.loads((tmp_path / "status.json").read_text())
    reporter.finish(0)
    ended = json.loads((tmp_path / "status.json").read_text())

    assert (running["pid"], running["exit_code"], ended["exit_code"]) == (os.getpid(), None, 0)
    assert (running["speed"], running["market"]) == ("max", "embedded")
    assert running["curve"][0] == float(running["equity"]) == 10_000.0


def test_a_file_that_cannot_be_written_is_told_once(
    engine: Engine, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A full disk must not fill the log, every second, with the same."""
    reporter = reporter_of(engine, tmp_path / "gone")
    with open_logging("INFO", {}, None, True, []):
        for _ in range(3):
            reporter._look()
        (tmp_path / "gone").mkdir()
        reporter._look()

    assert capsys.readouterr().err.count("status_not_written") == 1
    assert (tmp_path / "gone" / "status.json").exists()


def test_a_panel_that_fails_goes_and_the_run_goes_on(
    engine: Engine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Better none than one that shows what is no longer so."""

    class Broken(Screen):
        cleared = False

        def show(self, _status: StatusDump) -> None:
            raise RuntimeError("a bug of the panel's")

        def clear(self) -> None:
            Broken.cleared = True

    caught = list[str]()
    monkeypatch.setattr(threading, "excepthook", lambda args: caught.append(str(args.exc_value)))
    screen = Broken(Terminal(io.StringIO()), colours=False)
    reporter = Reporter(
        engine, "0001-test", 0.0, lambda: 0, tmp_path, str, profile="", screen=screen
    )
    with open_logging("CRITICAL", {}, None, True, []), reporter.open(60):
        while not Broken.cleared:
            time.sleep(0.001)

    assert caught == ["a bug of the panel's"]


def test_the_status_line_comes_by_itself(
    engine: Engine, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """At once, and then every so often, until the run is over."""
    with open_logging("INFO", {}, None, True, []), reporter_of(engine, tmp_path).open(60):
        pass

    assert " app - status state=" in capsys.readouterr().err
