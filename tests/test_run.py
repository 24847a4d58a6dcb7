"""`python run.py` as it comes out of a fresh clone."""

import subprocess
import sys
from pathlib import Path

import pytest

from tests.e2e.process import ROOT, launched

CLOSED = """
import socket
def refuse(*_args, **_kwargs): raise AssertionError("a run on the embedded market needs no network")
socket.socket.connect = socket.getaddrinfo = refuse
import runpy, sys
sys.argv = sys.argv[1:]
runpy.run_path(sys.argv[0], run_name="__main__")
"""
HASTY = """
import os, runpy, signal, sys
class CtrlC:
    def find_spec(name, path, target=None):
        if name == "trader.cli":
            os.kill(os.getpid(), signal.SIGINT)
sys.meta_path.insert(0, CtrlC)
runpy.run_path("run.py", run_name="__main__")
"""
LEFT = """
import runpy, sys, threading, time
from typing import Annotated
from pydantic import AfterValidator, TypeAdapter
def hang(_value):
    while True: time.sleep(0.001)
left = TypeAdapter(Annotated[int, AfterValidator(hang)])
threading.Thread(target=left.validate_python, args=(1,), daemon=True).start()
sys.argv = ["run.py", *sys.argv[1:]]
runpy.run_path("run.py", run_name="__main__")
"""


@pytest.mark.parametrize("profile", ["conservative", "moderate", "aggressive"])
def test_it_trades_without_network_or_settings(tmp_path: Path, profile: str) -> None:
    """A clone, its requirements and nothing else: a fill comes within the first hour of candles."""
    options = ("--profile", profile, "--candles", "60", "--speed", "max", "--json")
    with launched(tmp_path, *options, script=("-c", CLOSED, "run.py")) as run:
        assert run.end() == 0
    assert run.summary["fills"] > 0
    assert run.log.splitlines()[0].split()[1:5] == ["INFO", "SIM", "app", "-"]


def test_an_interrupt_before_it_has_begun_is_quiet() -> None:
    """Ctrl-C while modules load is not worth a traceback."""
    child = subprocess.run(
        [sys.executable, "-c", HASTY], cwd=ROOT, capture_output=True, check=False
    )

    assert (child.returncode, child.stdout, child.stderr) == (-2, b"", b"")


def test_what_is_not_installed_is_one_line() -> None:
    """Whoever takes another Python than the one of the first command is told of that command."""
    child = subprocess.run(
        [sys.executable, "-S", "run.py"], cwd=ROOT, capture_output=True, check=False, text=True
    )

    assert (child.returncode, child.stdout) == (2, "")
    assert child.stderr.startswith("error: No module named 'typer'; use .venv/bin/python")
    assert len(child.stderr.splitlines()) == 1


@pytest.mark.parametrize(("arguments", "code"), [(["topology"], 0), (["--speed", "0"], 2)])
def test_a_thread_that_is_left_behind_aborts_nothing(arguments: list[str], code: int) -> None:
    """In the midst of a library of another language, as a model's client is: nothing is lost."""
    child = subprocess.run(
        [sys.executable, "-c", LEFT, *arguments], cwd=ROOT, capture_output=True, check=False
    )

    assert child.returncode == code
    assert bool(child.stdout) == (code == 0)
    assert b"exception" not in child.stderr
