"""One message, and chains of six, with the queue full."""

from collections import deque
from collections.abc import Iterator
from functools import partial

import trio

from tests.benchmarks.chain import ROLES, Hop, build_kernel, flood_channels, flood_threads
from tests.benchmarks.figures import Figure, fastest
from trader.runtime.kernel import Kernel
from trader.runtime.role import Envelope

BATCH = 1_000
"""Chains that wait in the queue at once."""
BATCHES = 3
"""Batches timed together: so many messages that each time has its checkpoint."""


def measure(scale: float) -> Iterator[Figure]:
    """Measure the kernel's cost of a message, and floods of all three chains."""
    kernel = build_kernel(lambda _number: None)
    flood, one_by_one = partial(_flood, kernel), partial(_one_by_one, kernel)
    # By turns: what disturbs the machine for a while disturbs them all.
    took = fastest((flood, one_by_one, _deque), max(int(100 * scale), 2))
    kernel.close()
    message, alone, structs = (seconds / BATCHES / BATCH * 1e6 for seconds in took)
    message, alone = message / len(ROLES), alone / len(ROLES)
    yardstick = "deque, both structs", structs
    yield Figure("message, queue full", message, "us").beside(*yardstick).ratio_at_most(4)
    yield Figure("message, chain after chain", alone, "us").beside(*yardstick)
    count = max(int(20_000 * scale), 20)
    others = (partial(flood_threads, count), partial(trio.run, flood_channels, count))
    threads, channels = (count / seconds for seconds in fastest(others, 3))
    chains = Figure("chain of six, flooded", 1e6 / message / len(ROLES), "chains/s")
    yield chains.beside("pykka threads", threads).at_least(250_000)
    yield chains.beside("trio channels", channels)


def _flood(kernel: Kernel) -> None:
    """Post batches of chains, and deliver each batch at once."""
    post = kernel.poster(kernel.roles[ROLES[0]])
    for _ in range(BATCHES):
        for number in range(BATCH):
            post(Hop(number))
        kernel.drain()


def _one_by_one(kernel: Kernel) -> None:
    """Post chains, and deliver each before the next."""
    post = kernel.poster(kernel.roles[ROLES[0]])
    for number in range(BATCHES * BATCH):
        post(Hop(number))
        kernel.drain()


def _deque() -> None:
    """Build messages and their envelopes, append these and pop them."""
    queue: deque[Envelope] = deque()
    for _ in range(BATCHES):
        for number in range(BATCH):
            queue.append(Envelope(number, 0, "market", 0, number, None, Hop(number)))
        while queue:
            queue.popleft()
