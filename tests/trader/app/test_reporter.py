"""Telling of a run while it goes on."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.trader.app.desk import build, close
from trader.app.compose import Engine
from trader.app.reporter import Reporter
from trader.ui.log import open_logging


@pytest.fixture
def engine() -> Iterator[Engine]:
    """Offer an engine that nobody drives."""
    built = build()
    yield built
    close(built)


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


def test_the_status_line_comes_by_itself(
    engine: Engine, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """At once, and then every so often, until the run is over."""
    with open_logging("INFO", {}, None, True, []), reporter_of(engine, tmp_path).open(60):
        pass

    assert " app - status state=" in capsys.readouterr().err
