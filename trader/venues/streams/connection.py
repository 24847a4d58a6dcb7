"""One websocket connection, from its opening to its end: the one file that knows the library.

It ends by raising: whoever opened it decides when to open the next, and has the hole filled.
"""

import math
from collections.abc import Callable, Sequence
from typing import Protocol
from urllib.parse import urlsplit

import trio
from trio_websocket import ConnectionClosed, HandshakeError, wrap_client_stream
from trio_websocket import WebSocketConnection as Socket

from trader.model.errors import NotSent, OutcomeUnknown, TraderError
from trader.venues.streams.adapter import Adapter, Manners
from trader.venues.streams.events import Event, Fault

HANDSHAKE = 10.0
"""Seconds to connect, and to close."""
CONFIRM = 15.0
"""Seconds in which the venue must confirm every subscription."""
TICK = 0.5
"""Seconds between two looks at the line."""
MAX_BYTES = 32 << 20
"""Largest message: a whole order book is some megabytes."""

_FAREWELL = 1.0

Stream = trio.SocketStream | trio.SSLStream[trio.SocketStream]
Clock = Callable[[], int]
"""Returns the time in ns."""


class Listener(Protocol):
    """What hears of a connection."""

    def on_frame(self, frame: str | bytes) -> None:
        """Take a frame as it came."""
        ...

    def on_events(self, events: Sequence[Event], now: int) -> None:
        """Take what a frame says that came at `now` (ns)."""
        ...

    def on_tick(self) -> None:
        """Take note that time passes."""
        ...


class _Line:
    """A socket with the times that tell whether it still lives (s, trio's clock).

    Whoever listens sets `speaks`; when that was is looked up every TICK, not for each frame.
    """

    def __init__(self, socket: Socket, adapter: Adapter) -> None:
        self.socket = socket
        self.adapter = adapter
        self.speaks = False
        self.opened = self.heard = self.pinged = trio.current_time()

    def broken(self, now: float) -> str | None:
        """Say what is wrong with the line."""
        manners, awaited = self.adapter.manners, self.adapter.awaited
        if self.speaks:
            self.heard, self.speaks = now, False
        if now - self.heard > manners.silence:
            return f"nothing came for {manners.silence:g} s"
        if now - self.opened > manners.age:
            return f"is {manners.age:g} s old, which is as old as it may get"
        if awaited and now - self.opened > CONFIRM:
            named = ", ".join(f"{channel} {symbol}" for channel, symbol in sorted(awaited))
            return f"no confirmation of {named} within {CONFIRM:g} s"
        return None


async def run_connection(
    adapter: Adapter, listener: Listener, clock: Clock, url: str | None = None
) -> None:
    """Connect, subscribe and listen until the line breaks.

    Raise NotSent where the venue cannot be reached, OutcomeUnknown where the line broke.
    """
    where = url or adapter.url()
    stream = await _reach(where)
    try:
        async with trio.open_nursery() as nursery:
            socket = await _shake_hands(nursery, stream, where)
            try:
                await _serve(_Line(socket, adapter), listener, clock)
            finally:
                # A peer that says nothing more must not keep us.
                with trio.move_on_after(_FAREWELL, shield=True):
                    await socket.aclose()
                nursery.cancel_scope.cancel()
    except BaseExceptionGroup as group:
        raise _first(group, where) from None
    finally:
        # The library leaves the stream open where the peer has closed first.
        await trio.aclose_forcefully(stream)


async def _reach(url: str) -> Stream:
    parts = urlsplit(url)
    host = parts.hostname or ""
    try:
        with trio.fail_after(HANDSHAKE):
            if parts.scheme == "wss":
                port = parts.port or 443
                return await trio.open_ssl_over_tcp_stream(host, port, https_compatible=True)
            return await trio.open_tcp_stream(host, parts.port or 80)
    except trio.TooSlowError:
        raise NotSent(f"{url}: no answer within {HANDSHAKE:g} s") from None
    except OSError as error:
        raise _unreached(url, error) from None


async def _shake_hands(nursery: trio.Nursery, stream: Stream, url: str) -> Socket:
    parts = urlsplit(url)
    resource = f"{parts.path or '/'}{'?' if parts.query else ''}{parts.query}"
    try:
        with trio.fail_after(HANDSHAKE):
            return await wrap_client_stream(
                nursery,
                stream,
                parts.netloc,
                resource,
                max_message_size=MAX_BYTES,
                message_queue_size=1_024,
            )
    except trio.TooSlowError:
        raise NotSent(f"{url}: no handshake within {HANDSHAKE:g} s") from None
    except (OSError, HandshakeError, ConnectionClosed, trio.BrokenResourceError) as error:
        raise _unreached(url, error) from None


def _unreached(url: str, error: Exception) -> NotSent:
    return NotSent(f"{url}: cannot be reached: {error or type(error).__name__}")


async def _serve(line: _Line, listener: Listener, clock: Clock) -> None:
    async with trio.open_nursery() as nursery:
        nursery.start_soon(_subscribe, line)
        nursery.start_soon(_watch, line, listener)
        await _listen(line, listener, clock)


async def _subscribe(line: _Line) -> None:
    for frame in line.adapter.subscriptions():
        await line.socket.send_message(frame)
        await trio.sleep(line.adapter.manners.pause)


async def _watch(line: _Line, listener: Listener) -> None:
    manners: Manners = line.adapter.manners
    every = manners.ping_every if manners.ping else math.inf
    while True:
        await trio.sleep(TICK)
        listener.on_tick()
        now = trio.current_time()
        if (why := line.broken(now)) is not None:
            raise OutcomeUnknown(f"the line {why}" if why.startswith("is") else why)
        if manners.ping and now - line.pinged > every:
            line.pinged = now
            await line.socket.send_message(manners.ping)


async def _listen(line: _Line, listener: Listener, clock: Clock) -> None:
    receive, take = line.socket.get_message, line.adapter.take
    on_frame, on_events = listener.on_frame, listener.on_events
    while True:
        frame = await receive()
        line.speaks = True
        on_frame(frame)
        now = clock()
        events = take(frame, now)
        on_events(events, now)
        for event in events:
            if isinstance(event, Fault) and event.fatal:
                raise OutcomeUnknown(f"{event.reason}: {event.detail}")


def _first(group: BaseExceptionGroup[BaseException], url: str) -> BaseException:
    """Say in one error of ours why a connection ended."""
    error: BaseException = group
    while isinstance(error, BaseExceptionGroup):
        ours = [e for e in error.exceptions if not isinstance(e, trio.Cancelled)]
        error = (ours or list(error.exceptions))[0]
    if isinstance(error, TraderError):
        return error
    if isinstance(error, ConnectionClosed):
        reason = error.reason
        return OutcomeUnknown(f"{url}: the venue closed the connection: {reason or 'no reason'}")
    if isinstance(error, OSError | trio.BrokenResourceError | trio.ClosedResourceError):
        return OutcomeUnknown(f"{url}: the connection broke: {error or type(error).__name__}")
    return error
