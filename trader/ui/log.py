"""Where log lines go: the terminal, a rotating text file and a JSON-lines file.

    12:00:01.250 INFO     SIM [market 2025-01-01 00:12:00] risk_guard BTC-USD order_denied reason=…

Time (UTC; the files have the date too), level, the mark of a simulated run, market time where it
is not wall time, actor, symbol, event, fields. An adapter, which cannot import this module, gets
the same line from `logger.bind(actor="venue", symbol=symbol, attempt=2).warning("reconnecting")`.
"""

import logging
import os
import sys
import traceback
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec
from loguru import logger

from trader.model.errors import UsageError
from trader.model.market import SECOND
from trader.storage.line_file import LineFile
from trader.ui.levels import Levels, parse_levels
from trader.ui.redact import redactor
from trader.ui.render import has_colours, pairs, plain, utc, word

if TYPE_CHECKING:
    from loguru import Message, Record, RecordException

TEXT_FILE = "trader.log"
JSON_FILE = "trader.jsonl"

_LARGEST = 10_000_000
_KEPT = 5
_TERMINAL = "<dim>{extra[clock]}</dim> <level>{level: <8}</level> {extra[line]}"
_TEXT = "{extra[date]} {extra[clock]} {level: <8} {extra[line]}"
_NUMBERS = (bool, int, float)
_CHATTY = ("ccxt", "ccxt.base.exchange")
"""At DEBUG, ccxt logs the headers of every request, keys and signatures included."""

# loguru's own sink prints the values of variables in tracebacks.
logger.remove()


@contextmanager
def open_logging(
    level: str,
    filters: Mapping[str, str],
    directory: Path | None,
    simulated: bool,
    secrets: Sequence[str],
) -> Iterator[None]:
    """Log to stderr and, given a directory, to its files, until the block ends.

    Every line of a simulated run is marked SIM; no form of a secret is written anywhere. Raises
    UsageError for an unknown level or actor, or a directory that cannot be written.
    """
    levels = parse_levels(level, filters)
    logger.remove()
    logger.configure(patcher=_patcher(redactor(secrets), simulated))
    handler = _LibraryHandler(logging.WARNING)
    files = None if directory is None else _open_files(directory)
    try:
        _add_sinks(levels, files)
        for name in _CHATTY:
            logging.getLogger(name).setLevel(logging.WARNING)
        logging.getLogger().addHandler(handler)
        yield
    finally:
        logging.getLogger().removeHandler(handler)
        logger.remove()
        for file in () if files is None else files.all:
            if file.lost:
                said = f"error: {file.path}: {file.lost} lines could not be written: {file.why}\n"
                sys.stderr.write(said)


def log_event(
    level: str,
    actor: str,
    symbol: str | None,
    event: str,
    market_time_ns: int | None,
    *,
    exception: BaseException | None = None,
    **fields: object,
) -> None:
    """Log one event; `exception` adds its traceback, without the values of variables."""
    bound = logger.bind(actor=actor, symbol=symbol, market_ns=market_time_ns, **fields)
    bound.opt(exception=exception).log(level, event)


class _Files:
    """The text file and the JSON file: one sink, for what a sink costs is paid for every line."""

    def __init__(self, directory: Path) -> None:
        self.all = [LineFile(directory / name, _LARGEST, _KEPT) for name in (TEXT_FILE, JSON_FILE)]
        self._text, self._json = self.all

    def write(self, message: "Message") -> None:
        """Append a line to each."""
        self._text.write(message)
        self._json.write(message.record["extra"]["json"])

    def stop(self) -> None:
        """Close both."""
        for file in self.all:
            file.stop()


def _open_files(directory: Path) -> _Files:
    try:
        return _Files(directory)
    except OSError as error:
        raise UsageError(
            f"logs cannot be written in {directory} ({error.strerror}); set another data directory"
        ) from None


def _add_sinks(levels: Levels, files: _Files | None) -> None:
    def admitted(record: "Record") -> bool:
        return record["level"].no >= levels.of(record["extra"]["actor"])

    logger.add(
        sys.stderr,
        format=_TERMINAL,
        level=levels.least,
        filter=admitted,
        colorize=has_colours(sys.stderr.isatty(), os.environ),
        backtrace=False,
        diagnose=False,
    )
    if files is not None:
        logger.add(
            files,
            format=_TEXT,
            level=levels.least,
            filter=admitted,
            backtrace=False,
            diagnose=False,
        )


class _Entry(msgspec.Struct, frozen=True):
    """A line of the JSON file; all text in it is redacted."""

    time: str
    level: str
    actor: str
    symbol: str | None
    event: str
    simulated: bool
    market_time: str | None
    fields: dict[str, Any]
    trace: str | None


def _patcher(redact: Callable[[str], str], simulated: bool) -> "Callable[[Record], None]":
    """Return what replaces a record's bound values by text, before any sink can see them."""

    def patch(record: "Record") -> None:
        bound = record["extra"]
        date, clock = record["time"].astimezone(UTC).isoformat(" ", "milliseconds")[:23].split()
        actor = str(bound.pop("actor", record["name"]))
        symbol = bound.pop("symbol", None)
        market_ns = bound.pop("market_ns", None)
        entry = _Entry(
            time=f"{date}T{clock}Z",
            level=record["level"].name,
            actor=actor,
            symbol=symbol,
            event=redact(record["message"]),
            simulated=simulated,
            market_time=_market_time(record, market_ns),
            fields={key: _value(value, redact) for key, value in bound.items()},
            trace=None if record["exception"] is None else redact(_traceback(record["exception"])),
        )
        record["message"] = entry.event
        record["exception"] = None
        record["extra"] = {
            "actor": actor,
            "date": date,
            "clock": clock,
            "line": _line(entry),
            "json": msgspec.json.encode(entry) + b"\n",
        }

    return patch


def _line(entry: _Entry) -> str:
    words = [
        *(["SIM"] if entry.simulated else []),
        *([f"[market {entry.market_time}]"] if entry.market_time else []),
        word(entry.actor),
        word(entry.symbol),
        word(entry.event),
        *([pairs(entry.fields)] if entry.fields else []),
    ]
    line = " ".join(words)
    return line if entry.trace is None else line + _indented(entry.trace)


def _market_time(record: "Record", market_ns: int | None) -> str | None:
    if market_ns is None or abs(record["time"].timestamp() - market_ns / SECOND) < 1:
        return None
    return utc(market_ns)


def _value(value: object, redact: Callable[[str], str]) -> Any:
    if value is None or isinstance(value, _NUMBERS):
        return value
    return redact(plain(value) if isinstance(value, Decimal) else str(value))


def _traceback(raised: "RecordException") -> str:
    return "".join(traceback.format_exception(raised.type, raised.value, raised.traceback))


def _indented(trace: str) -> str:
    # The text of an exception is foreign: indented and escaped it cannot pass for a line of ours.
    lines = (line if line.isprintable() else ascii(line)[1:-1] for line in trace.splitlines())
    return "".join(f"\n    {line}" for line in lines)


class _LibraryHandler(logging.Handler):
    """Turns the warnings and errors of libraries into lines of ours."""

    def emit(self, record: logging.LogRecord) -> None:
        number = min(record.levelno // 10 * 10, logging.CRITICAL)
        error = record.exc_info[1] if record.exc_info else None
        log_event(
            logging.getLevelName(number),
            record.name,
            None,
            "library",
            None,
            exception=error,
            text=_message(record),
        )


def _message(record: logging.LogRecord) -> str:
    try:
        return record.getMessage()
    except (TypeError, ValueError):  # arguments that do not fit are not worth a crash
        return str(record.msg)
