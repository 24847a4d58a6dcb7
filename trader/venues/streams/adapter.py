"""What the connection asks of a venue, and what adapters have in common."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Protocol

import msgspec

from trader.venues.streams.events import Confirmed, Event, Fault

SHOWN = 200
"""Characters of a frame that a fault shows."""


class Manners(msgspec.Struct, frozen=True):
    """What a venue asks of its clients, in seconds.

    `silence` without any frame means a dead line; `age` is the longest life of a connection, and
    `pause` the time between two subscriptions. A `ping` is sent every `ping_every` where given.
    """

    silence: float = 20.0
    age: float = 86_400.0
    pause: float = 0.1
    ping: str | None = None
    ping_every: float = 20.0


class Adapter(Protocol):
    """One connection to a venue: what to send, and what comes back. It knows no socket."""

    manners: Manners
    symbols: tuple[str, ...]
    awaited: set[tuple[str, str]]
    """Channels and symbols whose subscription is not confirmed yet."""

    def url(self) -> str:
        """Return where to connect."""
        ...

    def subscriptions(self) -> Sequence[str]:
        """Return the frames that subscribe, and await their confirmation."""
        ...

    def take(self, frame: str | bytes, now: int) -> Sequence[Event]:
        """Return what a frame says; whatever it is, never raise."""
        ...


class Base:
    """The symbols of a connection, by the engine's names and by the venue's."""

    manners = Manners()

    def __init__(self, symbols: Iterable[str], channels: Iterable[str], interval: str) -> None:
        self.symbols = tuple(symbols)
        self.channels = tuple(channels)
        self.interval = interval
        self.awaited: set[tuple[str, str]] = set()
        self.names: Mapping[str, str] = {self.name_of(symbol): symbol for symbol in self.symbols}

    def name_of(self, symbol: str) -> str:
        """Return the venue's name of a symbol."""
        return symbol

    def await_all(self) -> None:
        """Await the confirmation of every channel of every symbol."""
        self.awaited = {(channel, symbol) for channel in self.channels for symbol in self.symbols}

    def confirm(self, channel: str, name: str) -> Event:
        """Take a confirmation."""
        symbol = self.names.get(name)
        if symbol is None:
            return unknown(name, channel)
        self.awaited.discard((channel, symbol))
        return Confirmed(channel, symbol)


def unreadable(frame: str | bytes, error: Exception) -> Fault:
    """Say that a frame cannot be read."""
    return Fault("", "unreadable frame", f"{error}: {shown(frame)}")


def unknown(name: str, what: str) -> Fault:
    """Say that a frame speaks of a symbol nobody asked for."""
    return Fault(name, "unknown symbol", what)


def shown(frame: str | bytes) -> str:
    """Return the beginning of a frame, printable."""
    text = frame if isinstance(frame, str) else frame.decode(errors="replace")
    return "".join(c if c.isprintable() else "?" for c in text[:SHOWN])
