"""Record what a venue sends, and count what a recording holds."""

import random
import sys
import time
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import IO

import msgspec
import trio

from trader.model.errors import NotSent, UsageError, VenueError
from trader.venues.clock import RealClock
from trader.venues.streams import events as e
from trader.venues.streams.catalog import STREAMS
from trader.venues.streams.connection import run_connection
from trader.venues.streams.frames import Count, count_frames, open_recording, read_frames, to_line

LONGEST_WAIT = 60.0


class Recorder:
    """Writes every frame with the time at which it came."""

    def __init__(self, file: IO[bytes], clock: RealClock) -> None:
        self.counts: Counter[str] = Counter()
        self._file = file
        self._clock = clock

    def write(self, kind: str, data: str | bytes = "") -> None:
        """Write a line."""
        self._file.write(to_line(kind, self._clock.now(), data))

    def on_frame(self, frame: str | bytes) -> None:
        """Write a frame that came."""
        self.write("recv", frame)

    def on_events(self, events: Sequence[e.Event], _now: int) -> None:
        """Count what it says."""
        self.counts.update(type(event).__name__.lower() for event in events)

    def on_tick(self) -> None:
        """Leave time alone."""


def record(
    venue: str,
    symbols: Sequence[str],
    interval: str,
    path: Path,
    seconds: float,
    url: str | None = None,
) -> dict[str, int]:
    """Record until the time is up or an interrupt comes; return what was counted."""
    if venue not in STREAMS:
        raise UsageError(f"venue {venue}: no websocket is built in; give {', '.join(STREAMS)}")
    clock = RealClock()
    with open_recording(path) as file:
        recorder = Recorder(file, clock)
        try:
            trio.run(_record, venue, tuple(symbols), interval, recorder, clock, seconds, url)
        except KeyboardInterrupt:
            sys.stderr.write("stopped\n")
    return dict(recorder.counts)


async def _record(
    venue: str,
    symbols: Sequence[str],
    interval: str,
    recorder: Recorder,
    clock: RealClock,
    seconds: float,
    url: str | None,
) -> None:
    stream, wait = STREAMS[venue], 1.0
    with trio.move_on_after(seconds):
        while True:
            adapter = stream.make(symbols, stream.all_channels(interval), interval)
            recorder.write("connect", url or adapter.url())
            for frame in adapter.subscriptions():
                recorder.write("send", frame)
            began = time.monotonic()
            try:
                await run_connection(adapter, recorder, clock.now, url)
            except VenueError as error:
                wait = wait if isinstance(error, NotSent) else 1.0
                sys.stderr.write(f"{error}; again in {wait:g} s\n")
            if time.monotonic() - began > LONGEST_WAIT:
                wait = 1.0
            await trio.sleep(wait * random.uniform(0.5, 1.0))  # noqa: S311 - spreads clients out
            wait = min(2 * wait, LONGEST_WAIT)


def count(stream: str, path: Path, interval: str) -> Count:
    """Count what a recording holds, by kind, symbol and fault."""
    return count_frames(stream, read_frames(path), interval)


def to_text(counted: Count) -> str:
    """Write a count for a reader."""
    lines = [f"{counted.stream}: {counted.received} frames received, {counted.sent} sent"]
    lines += [f"  {kind:<14}{number:>8}" for kind, number in sorted(counted.kinds.items())]
    for symbol, kinds in sorted(counted.symbols.items()):
        shown = "  ".join(f"{kind} {number}" for kind, number in sorted(kinds.items()))
        lines.append(f"  {symbol:<14}{shown}")
    lines += [f"  fault: {reason}: {number}" for reason, number in sorted(counted.faults.items())]
    return "\n".join([*lines, *(f"  such as {example}" for example in counted.examples)])


def to_json(counted: Count) -> str:
    """Write a count for a program."""
    return msgspec.json.encode(counted).decode()
