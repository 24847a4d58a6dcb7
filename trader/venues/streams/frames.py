"""Recordings of frames: one JSON a line, `{"t":"connect|send|recv","ts":seconds,"data":"frame"}`.

Bare frames, one a line and without their times, are read as well.
"""

import gzip
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any, cast

import msgspec

from trader.model.errors import UsageError
from trader.model.market import SECOND
from trader.venues.streams import events as e
from trader.venues.streams.adapter import SHOWN
from trader.venues.streams.catalog import STREAMS
from trader.venues.streams.kraken_v1 import KrakenV1
from trader.venues.symbols import to_symbol

_EXAMPLES = 5
_KINDS: dict[type[e.Event], str] = {
    e.Trade: "trades",
    e.Quoted: "quotes",
    e.Barred: "candles",
    e.Booked: "books",
    e.Deepened: "book_changes",
    e.Confirmed: "confirmations",
    e.Beat: "heartbeats",
    e.Fault: "faults",
}


class Frame(msgspec.Struct, frozen=True):
    """A line of a recording; `ts` (ns) is 0 where the recording does not tell."""

    kind: str
    ts: int
    data: str


class Count(msgspec.Struct):
    """What a recording holds; every frame received is in `kinds`, faults in `faults` by reason."""

    stream: str
    received: int = 0
    sent: int = 0
    kinds: dict[str, int] = {}
    symbols: dict[str, dict[str, int]] = {}
    faults: dict[str, int] = {}
    examples: list[str] = []


class _Line(msgspec.Struct):
    t: str
    ts: float = 0.0
    data: str = ""


_LINE = msgspec.json.Decoder(_Line)


class _AnyName(dict[str, str]):
    """Knows every symbol that a recording speaks of."""

    def get(self, name: str, _default: Any = None) -> str:
        """Return the engine's spelling of the venue's name."""
        return self.setdefault(name, to_symbol(name))


def read_frames(path: Path) -> Iterator[Frame]:
    """Yield the lines of a recording; raise UsageError for what is none."""
    with _open(path) as file:
        for number, line in enumerate(_lines(path, file), 1):
            if line.strip():
                yield from _frames(path, number, line)


@contextmanager
def open_recording(path: Path) -> Iterator[IO[bytes]]:
    """Open a file to record into, compressed where its name ends in .gz; never overwrite one."""
    if path == Path("-"):
        raise UsageError("-: nothing is recorded to stdout; name a file")
    try:
        path.open("xb").close()
    except FileExistsError:
        raise UsageError(f"{path}: is there already; name another file, or remove it") from None
    except OSError as error:
        raise UsageError(f"{path}: {error.strerror}; name a file that can be written") from None
    with path.open("wb") as plain:
        if path.suffix != ".gz":
            yield plain
        else:
            with gzip.open(plain, "wb") as file:
                yield cast(IO[bytes], file)


def to_line(kind: str, ts: int, data: str | bytes) -> bytes:
    """Write a line of a recording."""
    text = data if isinstance(data, str) else data.decode(errors="replace")
    return msgspec.json.encode({"t": kind, "ts": ts / SECOND, "data": text}) + b"\n"


def count_frames(stream: str, frames: Iterator[Frame], interval: str) -> Count:
    """Push a recording through the adapter of a stream and count what comes of it."""
    adapter = open_any(stream, interval)
    count, kinds, faults = Count(stream), Counter[str](), Counter[str]()
    for frame in frames:
        if frame.kind != "recv":
            count.sent += frame.kind == "send"
            continue
        count.received += 1
        events = adapter.take(frame.data, frame.ts)
        for event in events:
            kind = _KINDS[type(event)]
            kinds[kind] += 1
            if isinstance(event, e.Fault):
                faults[event.reason] += 1
                if len(count.examples) < _EXAMPLES:
                    count.examples.append(f"{event.reason}: {event.detail}"[:SHOWN])
            elif not isinstance(event, e.Beat):
                by_kind = count.symbols.setdefault(_symbol(event), {})
                by_kind[kind] = by_kind.get(kind, 0) + 1
        if not events:
            kinds["empty"] += 1
    count.kinds, count.faults = dict(kinds), dict(faults)
    return count


def open_any(stream: str, interval: str) -> Any:
    """Return the adapter of a stream, open to every symbol; raise UsageError for none."""
    if stream == "kraken-v1":
        return KrakenV1(_AnyName())
    if stream not in STREAMS:
        known = ", ".join([*STREAMS, "kraken-v1"])
        raise UsageError(f"stream {stream}: nobody knows it; give one of {known}")
    adapter: Any = STREAMS[stream].make((), (), interval)
    adapter.names = _AnyName()
    return adapter


def _symbol(event: Any) -> str:
    return str(event.symbol)


def _frames(path: Path, number: int, line: bytes) -> Sequence[Frame]:
    try:
        read = _LINE.decode(line)
    except msgspec.ValidationError:
        return _bare(line)
    except msgspec.DecodeError as error:
        raise UsageError(
            f"{path}, line {number}: is no JSON ({error}); give a recording of frames, one a line"
        ) from None
    return [Frame(read.t, round(read.ts * 1_000_000) * 1_000, read.data)]


def _bare(line: bytes) -> Sequence[Frame]:
    """Take a frame without a time, or a test case of ccxt's with several."""
    case = msgspec.json.decode(line)
    messages = case.get("messages") if isinstance(case, dict) else None
    if isinstance(messages, list):
        return [Frame("recv", 0, msgspec.json.encode(message).decode()) for message in messages]
    return [Frame("recv", 0, line.decode(errors="replace").strip())]


def _open(path: Path) -> IO[bytes]:
    try:
        if path.is_fifo() or path.is_char_device():
            raise UsageError(f"{path}: is no regular file; name a recording of frames")
        file: IO[bytes] = path.open("rb")
    except OSError as error:
        raise UsageError(f"{path}: {error.strerror}; name a recording of frames") from None
    if file.read(2) != b"\x1f\x8b":
        file.seek(0)
        return file
    file.close()
    return cast(IO[bytes], gzip.open(path, "rb"))


def _lines(path: Path, file: IO[bytes]) -> Iterator[bytes]:
    try:
        yield from file
    except (EOFError, gzip.BadGzipFile, OSError) as error:
        # A recorder that was killed leaves the last block unfinished: what came before is good.
        raise UsageError(f"{path}: is cut short or damaged: {error}") from None
