"""JSON, TOML and `.env` files as they stand on the disk; every fault is one UsageError line."""

import os
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec

from trader.model.errors import UsageError

_MAX_BYTES = 1_000_000
_OTHERS = 0o077
_ENV_LINE = re.compile(r"\s*(?:export\s+)?([A-Za-z_]\w*)\s*(=?)\s*(.*)")


class EnvLine(msgspec.Struct, frozen=True):
    """A line of a `.env` file that names a variable; `value` is None where it assigns none."""

    number: int
    key: str
    value: str | None


def read_tree(path: Path) -> dict[str, Any]:
    """Return the tables of a `.json` or `.toml` file."""
    reader = _READERS.get(path.suffix.lower())
    if not str(path).strip():
        raise UsageError("settings file: has no name; give one that ends in .json or .toml")
    if reader is None:
        raise UsageError(f"{path}: a settings file is named .json or .toml; rename it")
    try:
        text = _read_text(path)
    except FileNotFoundError:
        raise UsageError(f"{path}: no such file; check the path") from None
    if not text.strip():
        raise UsageError(f"{path}: the file is empty; write settings into it or leave it out")
    try:
        tree = reader(path, text)
    except RecursionError:
        raise UsageError(f"{path}: nested too deeply; settings are tables of values") from None
    if not isinstance(tree, dict):
        raise UsageError(f"{path}: holds no tables; begin with one such as risk")
    return tree


def read_env_file(path: Path) -> tuple[EnvLine, ...]:
    """Return the variables of a `.env` file; none where there is no such file.

    A file that others may read is refused: secrets stand beside the settings. Values do not span
    lines.
    """
    try:
        text = _read_text(path, private=True)
    except FileNotFoundError:
        return ()
    matches = ((number, _ENV_LINE.match(line)) for number, line in enumerate(text.split("\n"), 1))
    return tuple(
        EnvLine(number, match[1], _unquoted(match[3]) if match[2] else None)
        for number, match in matches
        if match
    )


def _read_text(path: Path, *, private: bool = False) -> str:
    try:
        if path.is_fifo():
            raise UsageError(f"{path}: is a pipe, which may keep us waiting for ever; name a file")
        with path.open("rb") as file:
            mode = os.fstat(file.fileno()).st_mode
            content = file.read(_MAX_BYTES + 1)
    except FileNotFoundError:
        raise
    except (OSError, ValueError) as error:  # ValueError: a path with a null in it
        reason = getattr(error, "strerror", None) or error
        raise UsageError(f"{path}: cannot be read ({reason}); name a readable file") from None
    if private and mode & _OTHERS:
        raise UsageError(f"{path}: others may read or write it; chmod 600 {path}")
    if len(content) > _MAX_BYTES:
        raise UsageError(f"{path}: larger than 1 MB, which settings never are; name another file")
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content[: error.start].count(b"\n") + 1
        raise UsageError(f"{path} line {line}: not UTF-8; save the file as UTF-8") from None


def _from_json(path: Path, text: str) -> Any:
    import json  # lazily: most starts read no JSON

    twice: list[str] = []

    def table(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        tree: dict[str, Any] = {}
        for name, value in pairs:
            if name in tree:
                twice.append(name)
            tree[name] = value
        return tree

    try:
        tree = json.loads(text, object_pairs_hook=table)
    except json.JSONDecodeError as error:
        place = f"{path} line {error.lineno} column {error.colno}"
        raise UsageError(f"{place}: not valid JSON ({error.msg}); mend this line") from None
    except ValueError as error:
        raise UsageError(f"{path}: not valid JSON ({error}); mend this number") from None
    if twice:
        names = ", ".join(dict.fromkeys(twice))
        raise UsageError(f"{path}: {names} given twice in one table; keep one of each")
    return tree


def _from_toml(path: Path, text: str) -> Any:
    import tomllib

    try:
        return tomllib.loads(text)
    except ValueError as error:
        raise UsageError(f"{path}: not valid TOML ({error}); mend this line") from None


_READERS: dict[str, Callable[[Path, str], Any]] = {".json": _from_json, ".toml": _from_toml}


def _unquoted(rest: str) -> str | None:
    if rest[:1] not in ("'", '"'):
        return re.split(r"(?:^|\s)#", rest)[0].strip()
    value, closing, tail = rest[1:].partition(rest[0])
    return value if closing and not tail.partition("#")[0].strip() else None
