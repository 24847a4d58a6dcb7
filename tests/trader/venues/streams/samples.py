"""Frames and events in short, and the real recordings."""

from collections import Counter
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import msgspec

from trader.model.market import SECOND, Candle
from trader.venues.streams.events import Event, Fault
from trader.venues.streams.frames import Frame, read_frames

MINUTE = 60 * SECOND


def received(shared: Path, name: str) -> list[Frame]:
    """Return the frames that a venue sent in a recording."""
    return [f for f in read_frames(shared / "data" / "ws" / name) if f.kind == "recv"]


def take(adapter: Any, frames: Sequence[Frame]) -> list[Event]:
    """Push frames through an adapter; return every event."""
    return [event for frame in frames for event in adapter.take(frame.data, frame.ts)]


def kinds(events: Sequence[Event]) -> dict[str, int]:
    """Count events by the name of their kind."""
    return dict(Counter(type(event).__name__ for event in events))


def independently(frames: Sequence[Frame], count: Callable[[Any], int]) -> int:
    """Sum what `count` sees in frames that msgspec decodes without a type."""
    return sum(count(msgspec.json.decode(frame.data)) for frame in frames)


def faults(events: Sequence[Event]) -> list[tuple[str, bool]]:
    """Return the reason of each fault, and whether it is fatal."""
    return [(event.reason, event.fatal) for event in events if isinstance(event, Fault)]


def bar(minute: int, close: float = 10.0, volume: float = 1.0) -> Candle:
    """Make the candle that opens at a minute."""
    opens = minute * MINUTE
    return Candle(opens, opens + MINUTE, 10.0, max(11.0, close), 9.0, close, volume)
