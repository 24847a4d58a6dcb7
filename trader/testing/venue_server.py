"""A venue on this machine: a websocket that sends recorded frames, and fails as it is told.

It runs inside trio, on the loopback interface, and speaks whatever its script says.
"""

import random
from collections.abc import AsyncIterator, Callable, Iterable, Sequence
from contextlib import asynccontextmanager
from functools import partial
from typing import Literal

import msgspec
import trio
from trio_websocket import ConnectionClosed, wrap_server_stream
from trio_websocket import WebSocketConnection as Socket

Kind = Literal[
    "drop",
    "silence",
    "duplicate",
    "reorder",
    "delay",
    "corrupt",
    "rename",
    "flood",
    "close",
    "refuse",
]
KINDS: tuple[Kind, ...] = Kind.__args__  # type: ignore[attr-defined]
FLOOD = 2_000
"""Times that a flooding frame is sent, as fast as the line takes it."""


class Mishap(msgspec.Struct, frozen=True):
    """What goes wrong with frame `at` of a connection (counted from 0), the first or all of them.

    drop: the frame is not sent. silence: nothing more is, nor any pong. duplicate: it is sent
    twice. reorder: it follows the next. delay: it comes `seconds` late. corrupt: its middle is
    garbage. rename: its symbol is another. flood: it is sent thousands of times. close: the line
    is closed before it. refuse: a subscription is answered with an error.
    """

    kind: Kind
    at: int = 0
    every: bool = False
    seconds: float = 0.05


class Script(msgspec.Struct):
    """What a venue says: answers to what it is sent, then the frames of a connection.

    `answer` returns the answers to a frame of the client; `frames` is called for each connection,
    and a number among them is a pause in seconds.
    """

    answer: Callable[[str], Sequence[str]]
    frames: Callable[[int], Iterable[str | float]]
    pause: float = 0.0
    stay: bool = True
    refusal: str = '{"method":"subscribe","success":false,"error":"refused by the script"}'
    symbol: tuple[str, str] = ("BTC/USD", "XBT/USD")


class VenueServer:
    """Serves one script; counts connections, those whose client left, and what it was sent."""

    def __init__(self, script: Script, mishaps: Sequence[Mishap] = ()) -> None:
        self.script = script
        self.mishaps = tuple(mishaps)
        self.connections = self.left = 0
        self.heard: list[str] = []
        self.url = ""

    async def handle(self, stream: trio.SocketStream) -> None:
        """Serve one connection."""
        number, self.connections = self.connections, self.connections + 1
        try:
            async with trio.open_nursery() as nursery:
                request = await wrap_server_stream(nursery, stream)
                line = _Line(await request.accept(), self, number)
                nursery.start_soon(line.listen)
                await line.speak()
                if not self.script.stay:
                    await line.close()
                    nursery.cancel_scope.cancel()
        except* (ConnectionClosed, trio.BrokenResourceError, trio.ClosedResourceError):
            self.left += 1
        finally:
            await trio.aclose_forcefully(stream)

    def mishap(self, kind: Kind, at: int, number: int) -> Mishap | None:
        """Return what goes wrong with a frame of a connection."""
        for mishap in self.mishaps:
            if mishap.kind == kind and mishap.at == at and (mishap.every or number == 0):
                return mishap
        return None


class _Line:
    def __init__(self, socket: Socket, server: VenueServer, number: int) -> None:
        self._socket = socket
        self._server = server
        self._number = number
        self._subscribed = trio.Event()
        self._silent = False

    async def close(self) -> None:
        """Close the line in order."""
        with trio.move_on_after(1.0):
            await self._socket.aclose()

    async def listen(self) -> None:
        """Answer what the client sends."""
        while True:
            text = str(await self._socket.get_message())
            self._server.heard.append(text)
            if self._server.mishap("refuse", 0, self._number):
                await self._socket.send_message(self._server.script.refusal)
            elif not self._silent:
                for answer in self._server.script.answer(text):
                    await self._socket.send_message(answer)
            self._subscribed.set()

    async def speak(self) -> None:
        """Send the frames of a connection, once the client has said something."""
        await self._subscribed.wait()
        server, held, at = self._server, list[str](), 0
        for frame in server.script.frames(self._number):
            if isinstance(frame, float):
                await trio.sleep(frame)
                continue
            if not (server.mishaps or server.script.pause):
                await self._socket.send_message(frame)
                continue
            if self._is("silence", at):
                self._silent = True
                await trio.sleep_forever()
            if self._is("close", at):
                await self.close()
                return
            if self._is("reorder", at):
                held.append(frame)
            else:
                await self._send(at, frame)
                while held:
                    await self._send(at, held.pop())
            at += 1
            await trio.sleep(server.script.pause)

    async def _send(self, at: int, frame: str) -> None:
        server, number = self._server, self._number
        if self._is("drop", at):
            return
        if delay := server.mishap("delay", at, number):
            await trio.sleep(delay.seconds)
        if self._is("corrupt", at):
            middle = len(frame) // 2
            frame = frame[:middle] + "\x00garbage" + frame[middle + 8 :]
        if self._is("rename", at):
            frame = frame.replace(*server.script.symbol)
        times = FLOOD if self._is("flood", at) else 2 if self._is("duplicate", at) else 1
        for _ in range(times):
            await self._socket.send_message(frame)

    def _is(self, kind: Kind, at: int) -> bool:
        return self._server.mishap(kind, at, self._number) is not None


def mixed(seed: int, frames: int, most: int = 4) -> tuple[Mishap, ...]:
    """Draw some mishaps for a connection of so many frames; the same seed draws the same."""
    draw = random.Random(seed)  # noqa: S311 - faults are drawn, not secrets
    kinds = [kind for kind in KINDS if kind not in {"refuse", "silence", "flood"}]
    return tuple(
        Mishap(draw.choice(kinds), draw.randrange(frames), draw.random() < 0.2)
        for _ in range(draw.randint(1, most))
    )


@asynccontextmanager
async def open_venue(server: VenueServer) -> AsyncIterator[VenueServer]:
    """Serve on a port of the loopback interface until the block ends."""
    async with trio.open_nursery() as nursery:
        serve = partial(trio.serve_tcp, server.handle, 0, host="127.0.0.1")
        listeners = await nursery.start(serve)
        server.url = f"ws://127.0.0.1:{listeners[0].socket.getsockname()[1]}"
        yield server
        nursery.cancel_scope.cancel()
