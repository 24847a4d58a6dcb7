"""How values are written: words, money, times, JSON."""

import json
import re
from collections.abc import Mapping
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
    """Write an amount for a person: two decimals, more where there is nothing before the point."""
    if abs(value) >= 1 or not value:
        return f"{value:,.2f}"
    return f"{value:.8f}".rstrip("0").rstrip(".")


def utc(time_ns: int) -> str:
    """Write a time as `2025-01-01 00:12:00`, UTC."""
    return (_EPOCH + timedelta(microseconds=time_ns // 1000)).isoformat(" ", "seconds")[:19]


def to_json(value: msgspec.Struct) -> bytes:
    """Encode a Struct as JSON, every Decimal as a string in full."""
    return msgspec.json.encode(
        _plain_decimals(msgspec.to_builtins(value, builtin_types=(Decimal,)))
    )


def _plain_decimals(value: Any) -> Any:
    match value:
        case dict():
            return {key: _plain_decimals(item) for key, item in value.items()}
        case list() | tuple():
            return [_plain_decimals(item) for item in value]
        case Decimal():
            return plain(value)
    return value
