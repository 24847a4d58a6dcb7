"""Candles from a CSV file, plain or gzipped, checked row by row.

The header names `timestamp_ms` (or `time`, in seconds), open, high, low, close and volume; times
are those at which candles open, UTC. Intervals without a candle may be missing; anything else that
cannot be is a UsageError with its line.
"""

import csv
import gzip
import os
import re
import zlib
from array import array
from bisect import bisect_right
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime
from math import isnan
from pathlib import Path
from typing import BinaryIO, NamedTuple, cast

import msgspec

from trader.model.errors import UsageError
from trader.model.market import SECOND, Series, interval_name, is_on_grid

_PRICES = ("open", "high", "low", "close", "volume")
_UNITS = {"timestamp_ms": SECOND // 1000, "time": SECOND}
_EXPECTED = f"timestamp_ms (or time, in seconds), {', '.join(_PRICES)}"
_EARLIEST = 946_684_800 * SECOND
_LATEST = 4_102_444_800 * SECOND
"""2000 to 2100: a time outside is in another unit."""
_MAX_BYTES = 1 << 29
"""Of text: about ten million rows, nineteen years of minutes."""
_EVEN = 20
"""Equal distances in a row that are no gaps; of 27,000 in real files at most 6 were equal."""
_BLOCK = 1 << 17
_INFINITY = float("inf")
_EMPTY = re.compile(rb"(?<=,)(?=[,\r\n]|$)")

Row = tuple[int, float, float, float, float, float]
_ROWS = msgspec.json.Decoder(list[Row])
"""Rows of plain numbers are JSON but for brackets, and read so five times as fast as by float()."""


class Stretch(NamedTuple):
    """The part of a file that is wanted: so many candles that close later than `after` (ns)."""

    candles: int
    after: int = 0


def load_candles(
    path: Path, interval: int, *, holes: bool = False, stretch: Stretch | None = None
) -> Series:
    """Read every candle of a file; raise UsageError naming the line, the fault and the cure.

    With `holes` a row may lack values: they are NaN. Rows that lie further than some thousand
    behind a `stretch` are not looked at.
    """
    try:
        if path.is_fifo() or path.is_char_device():
            raise UsageError(f"{path}: is no regular file; write the candles to one")
        with path.open("rb") as raw:
            if os.fstat(raw.fileno()).st_size > _MAX_BYTES:
                raise _too_large(path)
            zipped = raw.peek(2)[:2] == b"\x1f\x8b"
            if path.suffix == ".gz" and not zipped:
                raise UsageError(f"{path}: is not gzip; compress it, or drop .gz from its name")
            return _read(path, gzip.open(raw) if zipped else raw, interval, holes, stretch)
    except (OSError, EOFError, zlib.error) as error:
        what = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
        raise UsageError(f"{path}: cannot be read: {what}; check the path and the file") from None


def _read(
    path: Path,
    file: BinaryIO | gzip.GzipFile,
    interval: int,
    holes: bool,
    stretch: Stretch | None,
) -> Series:
    blocks = _blocks(path, file)
    line, head = next(blocks, (1, b""))
    header, _, rest = head.partition(b"\n")
    layout = _Layout(path, header, holes)
    table = _Table(path, interval, layout.unit, holes)
    table.add(*layout.rows(line + 1, rest))
    while not table.holds(stretch) and (lines := next(blocks, None)):
        table.add(*layout.rows(*lines))
    return table.to_series()


def _blocks(path: Path, file: BinaryIO | gzip.GzipFile) -> Iterator[tuple[int, bytes]]:
    """Yield whole lines, many at a time, with the number of the first."""
    line, size, tail = 1, 0, b""
    while read := file.read(_BLOCK):
        size += len(read)
        if size > _MAX_BYTES:
            raise _too_large(path)
        block, newline, tail = (tail + read).rpartition(b"\n")
        if newline:
            yield line, block
            line += block.count(b"\n") + 1
        elif len(tail) > _BLOCK:
            raise UsageError(f"{path}, line {line}: does not end; is this a CSV file?")
    if tail:
        yield line, tail


class _Layout:
    """Turns lines into rows of numbers in the order of `Row`, as the header has them."""

    def __init__(self, path: Path, header: bytes, holes: bool) -> None:
        self._path = path
        self._holes = holes
        names = [n.strip().lower() for n in self._split(1, header.removeprefix(b"\xef\xbb\xbf"))]
        if not names:
            raise UsageError(f"{path}, line 1: is empty; expected the header {_EXPECTED}")
        time = next((name for name in _UNITS if name in names), "timestamp_ms")
        missing = [name for name in (time, *_PRICES) if name not in names]
        if missing:
            raise UsageError(
                f"{path}, line 1: no column {', '.join(missing)};"
                f" expected {_EXPECTED}; found {', '.join(names)[:200]}"
            )
        twice = [name for name in (time, *_PRICES) if names.count(name) > 1]
        if twice:
            raise UsageError(f"{path}, line 1: {', '.join(twice)} twice; remove one of the columns")
        self.unit = _UNITS[time]
        self._names = names
        self._places = [names.index(name) for name in (time, *_PRICES)]
        self._plain = self._places == list(range(len(names)))

    def rows(self, line: int, block: bytes) -> tuple[Sequence[int], Sequence[Row]]:
        """Return the rows of a block and their line numbers."""
        if self._plain:
            text = block.replace(b"\r", b"").replace(b"\n", b"],[")
            try:
                rows = _ROWS.decode(b"[[" + text + b"]]")
            except msgspec.MsgspecError:
                rows = []
            if len(rows) == block.count(b"\n") + 1:
                return range(line, line + len(rows)), rows
        if self._holes:
            block = _EMPTY.sub(b"nan", block)
        return self._careful(line, block)

    def _careful(self, first: int, block: bytes) -> tuple[list[int], list[Row]]:
        """Read line by line what is not plain JSON: quotes, other columns, blank lines, faults."""
        lines: list[int] = []
        rows: list[Row] = []
        if not block.strip():
            return lines, rows
        for line, text in enumerate(block.split(b"\n"), first):
            if fields := self._split(line, text):
                lines.append(line)
                rows.append(self._row(line, fields))
        return lines, rows

    def _row(self, line: int, fields: list[str]) -> Row:
        if len(fields) != len(self._names):
            raise UsageError(
                f"{self._path}, line {line}: has {len(fields)} fields where the header has"
                f" {len(self._names)}; correct or remove the row"
            )
        numbers: list[float] = []
        for place in self._places:
            try:
                numbers.append(_number(fields[place], float if numbers else int))
            except ValueError:
                kind = "number" if numbers else "whole number"
                raise UsageError(
                    f"{self._path}, line {line}: {self._names[place]} {fields[place][:40]!r}"
                    f" is not a {kind}; correct or remove the row"
                ) from None
        return cast(Row, tuple(numbers))

    def _split(self, line: int, text: bytes) -> list[str]:
        try:
            return next(csv.reader([text.decode().strip()]), [])
        except (UnicodeDecodeError, csv.Error):
            raise UsageError(f"{self._path}, line {line}: is not text; is it a CSV file?") from None


class _Table:
    """Checks rows and gathers them in columns."""

    def __init__(self, path: Path, interval: int, unit: int, holes: bool) -> None:
        self._path = path
        self._holes = holes
        self._interval = interval
        self._unit = unit
        self._step = interval // unit
        self._last: int | None = None
        self._jumps: list[int] = []
        self._even = 0
        self._expected: tuple[int, int] | None = None
        self._mixed: tuple[int, int] | None = None
        self._times = array("q")
        self._columns = [array("d") for _ in _PRICES]

    def add(self, lines: Sequence[int], rows: Sequence[Row]) -> None:
        """Append rows that hold; raise UsageError at the first that does not."""
        if not rows:
            return
        step = self._step
        due = None if self._last is None else self._last + step
        for line, (time, open_, high, low, close, volume) in zip(lines, rows, strict=True):
            if not (
                (
                    0.0 < low <= open_ <= high < _INFINITY
                    and low <= close <= high
                    and 0.0 <= volume < _INFINITY
                )
                or (self._holes and isnan(open_ + high + low + close + volume))
            ):
                self._fail(line, _fault(open_, high, low, close, volume))
            if time != due:
                self._jump(line, time, None if due is None else time - due + step)
            due = time + step
        self._last = rows[-1][0]
        times, *columns = zip(*rows, strict=True)
        self._times.extend([time * self._unit for time in times])
        for column, values in zip(self._columns, columns, strict=True):
            column.extend(values)

    def holds(self, stretch: Stretch | None) -> bool:
        """Tell whether the candles of a stretch have all been read."""
        if stretch is None:
            return False
        seen = bisect_right(self._times, stretch.after - self._interval)
        return len(self._times) - seen >= stretch.candles

    def to_series(self) -> Series:
        """Return the columns; raise UsageError if they are not candles of the interval."""
        wanted, jumps = interval_name(self._interval), self._jumps
        if not self._times:
            raise UsageError(f"{self._path}: has no candles; give a file with at least one row")
        if len(jumps) > 1 and len(jumps) == len(self._times) - 1:
            raise UsageError(
                f"{self._path}: no two rows are {wanted} apart; the candles are of"
                f" {self._name(min(jumps))}: set the interval to that, or use another file"
            )
        if self._mixed is not None:
            line, jump = self._mixed
            apart = f"{_EVEN} rows follow one another {self._name(jump)} apart"
            self._fail(line, f"{apart}; give candles of {wanted} alone")
        if not is_on_grid(self._times[0], self._interval):
            raise UsageError(
                f"{self._path}: {_iso(self._times[0])}, where the first candle opens, is not on"
                f" the grid of {wanted}; times are those at which candles open, UTC"
            )
        gaps = sum(jump // self._step - 1 for jump in jumps)
        open_, high, low, close, volume = self._columns
        return Series(self._interval, self._times, open_, high, low, close, volume, gaps)

    def _jump(self, line: int, time: int, jump: int | None) -> None:
        """Take the first row, or one that does not open where the row before it closed."""
        if not _EARLIEST <= time * self._unit < _LATEST:
            self._fail(
                line,
                f"time {time} is not between 2000 and 2100; a column of ms is called timestamp_ms,"
                " one of seconds time",
            )
        if jump is None:
            return
        at, wanted = _iso(time * self._unit), interval_name(self._interval)
        if jump == 0:
            self._fail(line, f"{at} is there twice; remove one of the rows")
        if jump < 0:
            self._fail(line, f"{at} is before the row above it; sort the file by time")
        if jump % self._step:
            self._fail(
                line,
                f"{at} is {self._name(jump)} after the row above it, which is not a multiple of"
                f" {wanted}; set the interval to the file's, or remove the row",
            )
        self._even = self._even + 1 if self._expected == (line, jump) else 1
        self._expected = line + 1, jump
        if self._even == _EVEN and self._mixed is None:
            self._mixed = line, jump
        self._jumps.append(jump)

    def _name(self, jump: int) -> str:
        return interval_name(jump * self._unit)

    def _fail(self, line: int, fault: str) -> None:
        raise UsageError(f"{self._path}, line {line}: {fault}")


def _number(text: str, kind: Callable[[str], float]) -> float:
    if "_" in text:  # which Python passes over
        raise ValueError(text)
    return kind(text)


def _too_large(path: Path) -> UsageError:
    return UsageError(f"{path}: is larger than {_MAX_BYTES >> 20} MiB of text; split it")


def _fault(open_: float, high: float, low: float, close: float, volume: float) -> str:
    values = {"open": open_, "high": high, "low": low, "close": close}
    cure = "correct or remove the row"
    for name, value in values.items():
        if not 0.0 < value < _INFINITY:
            return f"{name} {value} is not a price above zero; {cure}"
    if not 0.0 <= volume < _INFINITY:
        return f"volume {volume} is not a number from zero up; {cure}"
    if high < max(values.values()):
        return f"high {high} is below another price of the candle; {cure}"
    return f"low {low} is above another price of the candle; {cure}"


def _iso(ts: int) -> str:
    return datetime.fromtimestamp(ts // SECOND, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
