"""Signals: each reaches its thread at once, whatever the main thread is stuck in."""

import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]
SCRIPT = """
import signal, sys, threading
from trader.runtime.signals import interrupt, open_signals

signal.signal(signal.SIGHUP, signal.SIG_DFL)  # whoever started these tests may ignore it
{before}
seen = []

def handle(number):
    seen.append(number.name)
    print(number.name, flush=True)
    if number is signal.SIGUSR2:
        raise ValueError("no")
    if number is signal.SIGTERM:
        interrupt()

def work():
    while True:
        len(seen)

with open_signals(handle):
    try:
        print("ready", flush=True)
        {stuck}
    except KeyboardInterrupt:
        print("interrupted", flush=True)
print("ended", threading.active_count(), flush=True)
{after}
"""
STUCK = {
    "a wait": "threading.Event().wait()",
    "a lock": "lock = threading.Lock(); lock.acquire(); lock.acquire()",
    "a loop": "work()",
}


@contextmanager
def process(stuck: str, before: str = "", after: str = "") -> Iterator[subprocess.Popen[str]]:
    """Run a process that is stuck once it said that it is ready."""
    code = SCRIPT.format(before=before, stuck=stuck, after=after)
    with subprocess.Popen(
        [sys.executable, "-c", code],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as running:
        try:
            assert line(running) == "ready"
            yield running
        finally:
            running.kill()


def line(running: subprocess.Popen[str]) -> str:
    """Return the next line that a process writes."""
    assert running.stdout is not None
    return running.stdout.readline().strip()


@pytest.mark.parametrize("stuck", STUCK.values(), ids=STUCK.keys())
def test_a_signal_is_heard_while_the_main_thread_is_stuck(stuck: str) -> None:
    """Each of them, one whose handling failed included; then the main thread can be freed."""
    with process(stuck) as running:
        for name in ("SIGINT", "SIGUSR1", "SIGUSR2", "SIGHUP", "SIGTERM"):
            running.send_signal(signal.Signals[name])
            assert line(running) == name

        assert line(running) == "interrupted"
        assert line(running) == "ended 1"
        assert running.wait(5) == 0


def test_who_started_us_with_nohup_is_obeyed() -> None:
    """A terminal that goes away does not end a run that was to outlive it."""
    with process(STUCK["a wait"], before="signal.signal(signal.SIGHUP, signal.SIG_IGN)") as running:
        running.send_signal(signal.SIGHUP)
        running.send_signal(signal.SIGTERM)

        assert line(running) == "SIGTERM"


def test_after_the_run_a_signal_has_nothing_left_to_interrupt() -> None:
    """What comes then is left aside: the last lines are written in peace."""
    after = "signal.raise_signal(signal.SIGINT); print('whole', seen, flush=True)"
    with process("raise KeyboardInterrupt", after=after) as running:
        assert line(running) == "interrupted"
        assert line(running) == "ended 1"
        assert line(running) == "whole []"
