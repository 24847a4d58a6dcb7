"""Each layer's values, with the place each stands in."""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import msgspec

from trader.model.errors import UsageError
from trader.settings.files import EnvLine, read_env_file, read_tree
from trader.settings.problems import Problems
from trader.settings.schema import fields, sections

CONFIG = Path(__file__).parents[2] / "config"
"""Directory of the profiles that ship with the engine."""

PREFIX = "TRADER__"
SINGULAR = "trading.symbol"
"""Accepted for a `trading.symbols` of one."""


class Given(msgspec.Struct, frozen=True):
    """A value as a layer gives it, not yet read; `name` is a setting or SINGULAR."""

    name: str
    value: Any
    layer: str
    place: str
    text: bool = False


def profiles() -> tuple[str, ...]:
    """Return the names of the profiles that ship."""
    return tuple(sorted(path.stem for path in CONFIG.glob("*.toml")))


def from_profile(name: str, problems: Problems) -> list[Given]:
    """Read a shipped profile."""
    if name in profiles():
        return _from_file(CONFIG / f"{name}.toml", f"profile {name}", problems)
    choice = (
        f"choose one of {', '.join(profiles())}" if profiles() else f"there is none in {CONFIG}"
    )
    problems.add(f'profile "{name}": no such profile; {choice}')
    return []


def from_files(paths: Sequence[Path], problems: Problems) -> list[Given]:
    """Read config files, lowest first."""
    return [given for path in paths for given in _from_file(path, f"config {path}", problems)]


def from_env_file(path: Path | None, problems: Problems) -> list[Given]:
    """Read the TRADER__ lines of a `.env` file; the lines of other programs are passed over."""
    try:
        lines = read_env_file(path) if path else ()
    except UsageError as error:
        problems.add(str(error))
        return []
    return [
        given
        for line in lines
        for given in _from_variable(line, str(path), f"{path} line {line.number}", problems)
    ]


def from_environment(environ: Mapping[str, str], problems: Problems) -> list[Given]:
    """Read the TRADER__ variables of the environment."""
    return [
        given
        for key in sorted(environ)
        for given in _from_variable(
            EnvLine(0, key, environ[key]), "environment", "environment", problems
        )
    ]


def from_overrides(overrides: Sequence[tuple[str, str]], problems: Problems) -> list[Given]:
    """Read the paths and texts of the command line."""
    given = [Given(name, text, "command line", "command line", True) for name, text in overrides]
    return list(_known(given, problems))


def _from_file(path: Path, layer: str, problems: Problems) -> list[Given]:
    try:
        tree = read_tree(path)
    except UsageError as error:
        problems.add(str(error))
        return []
    return list(_known(_flat(tree, layer, problems), problems))


def _flat(tree: Mapping[str, Any], layer: str, problems: Problems) -> Iterator[Given]:
    for section, body in tree.items():
        if section in sections() and isinstance(body, dict):
            for name, value in body.items():
                yield Given(f"{section}.{name}", value, layer, layer)
        elif section in fields():
            table, _, name = section.partition(".")
            problems.add(f"{section} ({layer}): a path, not a name; put {name} into table {table}")
        elif section in sections():
            problems.add(f"{section} ({layer}): a section; give a table of its settings")
        else:
            problems.add_unknown(section, layer, [*sections(), *fields()])


def _known(given: Iterable[Given], problems: Problems) -> Iterator[Given]:
    for one in given:
        if one.name in fields() or one.name == SINGULAR:
            yield one
        else:
            problems.add_unknown(one.name, one.place, fields())


def _from_variable(line: EnvLine, layer: str, place: str, problems: Problems) -> Iterator[Given]:
    key = line.key.upper()
    if not key.startswith("TRADER_"):
        return
    name = key.removeprefix(PREFIX).lower().replace("__", ".")
    known = name in fields() or name == SINGULAR
    if line.value is None:
        problems.add(f"{line.key} ({place}): not an assignment; write {line.key}=VALUE on one line")
    elif key.startswith(PREFIX) and known:
        yield Given(name, line.value, layer, place, True)
    elif key.startswith(PREFIX) or _loosely(key) in map(_loosely, _variables()):
        # One underscore instead of two would else pass unseen, and a limit with it.
        problems.add_unknown(line.key, place, _variables())


def _variables() -> list[str]:
    return [PREFIX + path.replace(".", "__").upper() for path in (*fields(), SINGULAR)]


def _loosely(key: str) -> str:
    return re.sub("_+", "_", key)
