"""One message at a time from another thread, idle and beside a busy thread."""

import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import trio

from tests.benchmarks.chain import ROLES, Hop, build_kernel, start_threads
from tests.benchmarks.figures import Figure, quantile
from trader.runtime.live import LiveDriver, ScaledClock

PAUSE = 0.001
"""Seconds between two messages."""
SWITCH = 0.001
"""The switch interval (s) at which `trader.app.drive` runs the live driver."""


def measure(scale: float) -> Iterator[Figure]:
    """Measure from `tell` to the last of six actors, in our house and in pykka's."""
    count = max(int(1_000 * scale), 3)
    ours, theirs = [], []
    for _ in range(3):
        # By turns: what disturbs the machine for a while disturbs both.
        ours += live(count)
        theirs += threads(count)
    for name, share in (("p50", 0.5), ("p99", 0.99)):
        figure = Figure(f"tell to sixth actor, {name}", quantile(ours, share), "us")
        yield figure.beside("pykka threads", quantile(theirs, share)).ratio_at_most(0.5)
    with busy_thread():
        theirs, beside = threads(count), live(count)
        with switch_interval(SWITCH):
            ours = live(count)
    yardstick = "pykka threads", quantile(theirs, 0.99) / 1e3
    busy = Figure("beside a busy thread, p99", quantile(ours, 0.99) / 1e3, "ms")
    yield busy.beside(*yardstick).at_most(6)
    default = Figure("the same, switch interval of 5 ms", quantile(beside, 0.99) / 1e3, "ms")
    yield default.beside(*yardstick)


def live(count: int) -> list[float]:
    """Return the latency of each message (us) on the live driver."""
    arrivals: list[float] = []
    kernel = build_kernel(_noting(arrivals))
    driver = LiveDriver(kernel, ScaledClock(0))
    actor = kernel.roles[ROLES[0]].actor
    assert actor is not None

    def pace() -> None:
        _pace(actor.actor_ref, arrivals, count)
        driver.stop()

    thread = threading.Thread(target=pace)
    thread.start()
    trio.run(driver.run)
    thread.join()
    kernel.close()
    return arrivals


def threads(count: int) -> list[float]:
    """Return the latency of each message (us) on pykka's threads."""
    arrivals: list[float] = []
    refs = start_threads(_noting(arrivals))
    _pace(refs[0], arrivals, count)
    for ref in refs:
        ref.stop()
    return arrivals


def _noting(arrivals: list[float]) -> Callable[[int], None]:
    return lambda sent: arrivals.append((time.perf_counter_ns() - sent) / 1e3)


def _pace(ref: Any, arrivals: list[float], count: int) -> None:
    for _ in range(count):
        time.sleep(PAUSE)
        ref.tell(Hop(time.perf_counter_ns()))
    while len(arrivals) < count:
        time.sleep(PAUSE)


@contextmanager
def switch_interval(seconds: float) -> Iterator[None]:
    """Have threads give way so often."""
    earlier = sys.getswitchinterval()
    sys.setswitchinterval(seconds)
    try:
        yield
    finally:
        sys.setswitchinterval(earlier)


@contextmanager
def busy_thread() -> Iterator[None]:
    """Keep the interpreter busy from a thread that never waits."""
    ended = False

    def spin() -> None:
        while not ended:
            pass

    thread = threading.Thread(target=spin, daemon=True)
    thread.start()
    try:
        yield
    finally:
        ended = True
        thread.join()
