"""What a layer says -> the value the setting holds; what it accepts, where it says otherwise."""

import re
import types
from collections.abc import Iterator
from decimal import Decimal
from typing import Annotated, Any, Literal, Union, get_args, get_origin

import msgspec

from trader.settings.ranges import FORMS, RANGES
from trader.settings.schema import Field

_MAX_INTEGER = 2**63
_MAX_DECIMALS = 18
_MAX_SHOWN = 60
_SECRET = re.compile(r"(?<=://)[^\s\"']*(?=@)|(?<=\?)[^\s\"']+")
"""What may be one in an address: who logs in, and what is asked."""


class Layered(msgspec.Struct, frozen=True):
    """A value and the layer that gave it."""

    value: Any
    layer: str


class Value(msgspec.Struct, frozen=True):
    """The value of a setting in force, the layer it is from, and what it hides, highest first."""

    path: str
    value: Any
    layer: str
    hidden: tuple[Layered, ...] = ()


def to_value(field: Field, given: object, *, text: bool = False) -> Any:
    """Return the value of a setting from JSON or TOML, or from `text`.

    Raises ValueError, which says what the setting accepts.
    """
    try:
        raw = _from_text(given, field.kind) if text and isinstance(given, str) else given
        value = _convert(raw, field.kind, strict=not text)
        _check(field.path, value)
    except (ValueError, RecursionError):  # those of msgspec are ValueErrors
        raise ValueError(accepted(field)) from None
    return value


def accepted(field: Field) -> str:
    """Say what a setting accepts."""
    if field.path in FORMS:
        return FORMS[field.path].accepted
    range_ = RANGES.get(field.path)
    numbers = f"number {range_}" if range_ else "number"
    return " or ".join(_accepted(kind, numbers) for kind in reversed(_members(field.kind)))


def to_text(value: object) -> str:
    """Write a value as `--set` and the environment accept it."""
    match value:
        case None:
            return "null"
        case bool():
            return str(value).lower()
        case tuple():
            return ",".join(value) or "[]"
        case dict():
            return ",".join(f"{key}={level}" for key, level in value.items()) or "{}"
        case _:
            return str(value)


def shown(given: object) -> str:
    """Write what a layer gave in an error: short, quoted where it is text, no login."""
    if given is None or isinstance(given, bool):
        return to_text(given)
    try:
        written = f'"{given}"' if isinstance(given, str) else repr(given)
        if "://" in written:
            written = _SECRET.sub("***", written)
    except (ValueError, RecursionError):  # an int of thousands of digits; lists in lists
        return "a value too long to show"
    return written if len(written) <= _MAX_SHOWN else f"{written[:_MAX_SHOWN]}…"


def _from_text(given: str, kind: Any) -> object:
    text = given.strip()
    if len(text) > 1 and text[0] == text[-1] and text[0] in "'\"":
        text = text[1:-1]
    if type(None) in _members(kind) and text.lower() in {"null", "none"}:
        return None
    origin = get_origin(kind)
    if origin not in (tuple, dict):
        return text
    if text.startswith(("[", "{")):
        return msgspec.json.decode(text)
    items = [item.strip() for item in text.split(",") if item.strip()]
    return items if origin is tuple else dict(item.partition("=")[::2] for item in items)


def _convert(raw: object, kind: Any, *, strict: bool) -> Any:
    # Past this size msgspec.convert(int, float) answers with a SystemError.
    if isinstance(raw, int) and abs(raw) > _MAX_INTEGER:
        raise ValueError("too large")
    return msgspec.convert(raw, kind, strict=strict)


def _check(path: str, value: Any) -> None:
    if not all(text and text.isprintable() for text in _texts(value)):
        raise ValueError("empty, or not printable")
    # A Decimal such as 1E-999999999 may be in range, but writing it out would fill the memory.
    if isinstance(value, Decimal) and not (
        value.is_finite() and int(value.as_tuple().exponent) >= -_MAX_DECIMALS
    ):
        raise ValueError("not finite, or too many decimals")
    if path in FORMS:
        FORMS[path].check(value)
    if (
        path in RANGES
        and isinstance(value, int | float | Decimal)
        and not RANGES[path].holds(value)
    ):
        raise ValueError("out of range")


def _texts(value: object) -> Iterator[str]:
    match value:
        case str():
            yield value
        case tuple() | dict():
            yield from value


def _members(kind: Any) -> tuple[Any, ...]:
    if get_origin(kind) is Annotated:
        kind = get_args(kind)[0]
    return get_args(kind) if get_origin(kind) in (Union, types.UnionType) else (kind,)


def _accepted(kind: Any, numbers: str) -> str:
    if get_origin(kind) is Literal:
        options = get_args(kind)
        return options[0] if len(options) == 1 else f"one of {', '.join(options)}"
    if kind is int:
        return f"a whole {numbers}"
    names = {bool: "true or false", str: "text", type(None): "null"}
    return names.get(kind, f"a {numbers}")
