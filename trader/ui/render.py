"""How values are written: words, money, times, JSON."""

import json
import re
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import msgspec

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_BARE = re.compile(r"[\w.,:;@/+*%()\[\]#-]+", re.ASCII)


def word(value: object) -> str:
    """Write a value as one word; quoted where a reader or grep could take it for more.

    Whatever a model or a venue sends stays on its line: control characters are escaped.
    """
    written = text(value)
    if _BARE.fullmatch(written):
        return written
    quoted = json.dumps(written, ensure_ascii=not written.isprintable())
    return quoted.replace("\x7f", "\\u007f")


def text(value: object) -> str:
    """Write a value for a line of text."""
    match value:
        case str():
            return str(value)
        case None:
            return "-"
        case bool():
            return "yes" if value else "no"
        case float():
            return f"{value:.10g}"
        case Decimal():
            return plain(value)
    return str(value)


def pairs(fields: Mapping[str, object]) -> str:
    """Write fields as `key=value key=value`."""
    return " ".join(f"{key}={word(value)}" for key, value in fields.items())


def plain(value: Decimal) -> str:
    """Write a Decimal in full: never with an exponent, zero as `0`."""
    return f"{value:f}" if value else "0"


def money(value: Decimal) -> str:
    """Write an amount for a person: two decimals, or six digits if there is none before them."""
    if abs(value) >= 1 or not value:
        return f"{value:,.2f}"
    return f"{round(value, 5 - value.adjusted()):f}".rstrip("0").rstrip(".")


def signed(value: Decimal) -> str:
    """Write a gain for a person: with its sign, also where it is one."""
    return f"+{money(value)}" if value > 0 else money(value)


def percent(value: float) -> str:
    """Write a change in %, with its sign."""
    return f"{value:+.2f} %"


def span(seconds: float) -> str:
    """Write a duration as `0:01:23`, or `2d 03:00:00`."""
    days, rest = divmod(int(seconds), 86_400)
    hours, minutes = divmod(rest // 60, 60)
    clock = f"{minutes:02}:{rest % 60:02}"
    return f"{days}d {hours:02}:{clock}" if days else f"{hours}:{clock}"


def ago(seconds: float) -> str:
    """Write how long something is past, roughly: `3 s`, `5 min`, `2 h`, `4 days`."""
    for unit, size in (("days", 86_400), ("h", 3_600), ("min", 60)):
        if seconds >= 2 * size:
            return f"{seconds // size:.0f} {unit}"
    return f"{max(seconds, 0):.0f} s"


def printable(value: str) -> str:
    """Return a foreign text that can neither move a cursor nor hide a part of itself."""
    return value if value.isprintable() else "".join(c if c.isprintable() else " " for c in value)


def has_colours(is_terminal: bool, environ: Mapping[str, str]) -> bool:
    """Tell whether to write colours: to a terminal that has them, unless NO_COLOR is set."""
    return is_terminal and environ.get("TERM") != "dumb" and not environ.get("NO_COLOR")


def utc(time_ns: int) -> str:
    """Write a time as `2025-01-01 00:12:00`, UTC."""
    return (_EPOCH + timedelta(microseconds=time_ns // 1000)).isoformat(" ", "seconds")[:19]


def iso(time_ns: int, timespec: str = "seconds") -> str:
    """Write a time for programs to read, as ISO 8601 with its zone, which is UTC."""
    return (_EPOCH + timedelta(microseconds=time_ns // 1000)).isoformat(timespec=timespec)


def to_json(value: msgspec.Struct, redact: Callable[[str], str] = str) -> bytes:
    """Encode a Struct as JSON, every Decimal as a string in full, each text redacted."""
    return msgspec.json.encode(_shown(msgspec.to_builtins(value, builtin_types=(Decimal,)), redact))


def _shown(value: Any, redact: Callable[[str], str]) -> Any:
    match value:
        case dict():
            return {key: _shown(item, redact) for key, item in value.items()}
        case list() | tuple():
            return [_shown(item, redact) for item in value]
        case Decimal():
            return plain(value)
        case str():
            return redact(value)
    return value
