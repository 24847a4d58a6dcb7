"""The layers: default < profile < .env < environment < files < command line."""

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import msgspec

from trader.settings.problems import Problems
from trader.settings.schema import Field, Settings, fields
from trader.settings.sources import (
    SINGULAR,
    Given,
    from_env_file,
    from_environment,
    from_files,
    from_overrides,
    from_profile,
)
from trader.settings.together import disagreements, remarks
from trader.settings.values import Layered, Value, shown, to_value

DEFAULT = "default"
"""Name of the lowest layer."""

DEFAULT_PROFILE = "moderate"


class Loaded(msgspec.Struct, frozen=True):
    """Settings in force, and how they came to be."""

    settings: Settings
    values: tuple[Value, ...]
    """Every setting, in the order of the schema."""
    defaulted: tuple[str, ...]
    """Paths that no layer sets: the safe default holds."""
    notes: tuple[str, ...]
    """Remarks on values that are allowed and yet will not do what they seem to promise."""


def load(
    profile: str = DEFAULT_PROFILE,
    *,
    environ: Mapping[str, str],
    env_file: Path | None = None,
    files: Sequence[Path] = (),
    overrides: Sequence[tuple[str, str]] = (),
) -> Loaded:
    """Merge the layers, setting by setting; later files and overrides win over earlier ones.

    Raises UsageError with a line for every error of every layer, hidden or not.
    """
    problems = Problems()
    given = [
        *from_profile(profile, problems),
        *from_env_file(env_file, problems),
        *from_environment(environ, problems),
        *from_files(files, problems),
        *from_overrides(overrides, problems),
    ]
    _refuse_both(given, problems)
    stacks, broken = _stacks(given, problems)
    values = {path: _value(path, stack) for path, stack in stacks.items()}
    sound = {path: value for path, value in values.items() if path not in broken}
    for line in disagreements(sound):
        problems.add(line)
    problems.raise_any()
    return Loaded(
        settings=_settings(values.values()),
        values=tuple(values.values()),
        defaulted=tuple(value.path for value in values.values() if value.layer == DEFAULT),
        notes=tuple(remarks(values)),
    )


def _stacks(
    given: Iterable[Given], problems: Problems
) -> tuple[dict[str, list[Layered]], set[str]]:
    stacks = {path: [Layered(field.default, DEFAULT)] for path, field in fields().items()}
    broken: set[str] = set()
    for one in given:
        path = "trading.symbols" if one.name == SINGULAR else one.name
        try:
            value = _read(one)
        except ValueError as accepted:
            broken.add(path)
            problems.add(f"{one.name} = {shown(one.value)} ({one.place}): give {accepted}")
        else:
            stacks[path].append(Layered(value, one.layer))
    return stacks, broken


def _read(one: Given) -> Any:
    if one.name == SINGULAR:
        return (to_value(Field(SINGULAR, str, None), one.value, text=one.text),)
    return to_value(fields()[one.name], one.value, text=one.text)


def _refuse_both(given: Iterable[Given], problems: Problems) -> None:
    plural = {one.layer for one in given if one.name == "trading.symbols"}
    for one in given:
        if one.name == SINGULAR and one.layer in plural:
            problems.add(
                f"{one.name} ({one.place}): stands beside trading.symbols; give one of them"
            )


def _value(path: str, stack: Sequence[Layered]) -> Value:
    return Value(path, stack[-1].value, stack[-1].layer, tuple(reversed(stack[:-1])))


def _settings(values: Iterable[Value]) -> Settings:
    tree: dict[str, dict[str, Any]] = {}
    for value in values:
        section, _, name = value.path.partition(".")
        tree.setdefault(section, {})[name] = value.value
    return msgspec.convert(tree, Settings)
