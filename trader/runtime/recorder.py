"""What of the queue goes into the journal, and what happens when it cannot be written."""

from collections.abc import Callable
from typing import Protocol

import msgspec

from trader.model.errors import JournalError
from trader.model.messages import Message
from trader.runtime.role import Envelope, Role

_FLUSH_ROWS = 2_000


class NotRecorded(Exception):
    """A message cannot be journaled, and is not delivered therefore."""


class Journal(Protocol):
    """Where envelopes are written before they are delivered."""

    def append(
        self,
        seq: int,
        time: int,
        sender: str,
        receiver: str,
        cause: int,
        correlation: int,
        kind: str,
        body: bytes,
    ) -> None:
        """Buffer one envelope."""
        ...

    def flush(self, *, durable: bool) -> None:
        """Write what is buffered, onto the disk itself if `durable`; raise JournalError."""
        ...

    def checkpoint(self, role: str, seq: int, state: bytes) -> None:
        """Buffer the memory of a role after envelope `seq`."""
        ...


class Recorder:
    """Journals envelopes in the order of their delivery.

    Messages that are `sampled` are journaled only if a role acted after them: the newest of a
    symbol, before what the role sent. `known` is an envelope that is journaled already.
    """

    def __init__(self, journal: Journal, sampled: frozenset[type[Message]]) -> None:
        self.journal = journal
        self.error: str | None = None
        self.known: Envelope | None = None
        self.before_flush: Callable[[], None] = lambda: None
        self._append = journal.append
        self._sampled = sampled
        self._encode = msgspec.msgpack.Encoder().encode
        self._message: Message | None = None
        self._body = b""
        self._rows = 0

    def record(self, envelope: Envelope) -> None:
        """Journal an envelope that is about to be delivered; keep a quote back until it counts."""
        if envelope is self.known:
            return
        message = envelope.message
        kind = type(message)
        if kind in self._sampled:
            envelope.role.quotes[kind, message.symbol] = envelope  # type: ignore[attr-defined]
        else:
            self.write(envelope)

    def write(self, envelope: Envelope) -> None:
        """Journal an envelope."""
        message = envelope.message
        if message is not self._message:
            try:
                self._body = self._encode(message)
            except Exception as error:
                raise NotRecorded(f"{type(message).__name__} cannot be encoded: {error}") from error
            self._message = message
        self._append(
            envelope.seq,
            envelope.time,
            envelope.sender,
            envelope.role.name,
            envelope.cause,
            envelope.correlation,
            type(message).__name__,
            self._body,
        )
        self._rows += 1
        if self._rows >= _FLUSH_ROWS:
            self.flush(durable=False)

    def write_consumed(self, role: Role) -> None:
        """Journal the quotes a role had seen when it acted."""
        for envelope in role.quotes.values():
            self.write(envelope)
        role.quotes.clear()

    def checkpoint(self, role: Role, seq: int, state: bytes) -> None:
        """Journal the memory of a role after envelope `seq`."""
        self.journal.checkpoint(role.name, seq, state)

    def flush(self, *, durable: bool) -> bool:
        """Write what is buffered; keep the error, and the rows, where that fails."""
        self._rows = 0
        self.before_flush()
        try:
            self.journal.flush(durable=durable)
        except JournalError as error:
            self.error = str(error)
            return False
        self.error = None
        return True
