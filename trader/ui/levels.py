"""Log levels by actor: what `--log-level` and `--log-filter` mean."""

from collections.abc import Collection, Mapping
from difflib import get_close_matches

import msgspec

from trader.model.errors import UsageError
from trader.topology import APP, KERNEL, MARKET, OPERATOR, ROLES, VENUE

LEVELS = {
    "TRACE": 5,
    "DEBUG": 10,
    "INFO": 20,
    "SUCCESS": 25,
    "WARNING": 30,
    "ERROR": 40,
    "CRITICAL": 50,
}
"""loguru's levels, by which lines are chosen."""

SENDERS = (*ROLES, KERNEL, MARKET, VENUE, OPERATOR, APP)
"""Every name that stands in the actor column of the engine's own lines."""


class Levels(msgspec.Struct, frozen=True):
    """The least level shown, by actor; `default` where an actor has none of its own."""

    default: int
    by_actor: dict[str, int]

    @property
    def least(self) -> int:
        """Return the lowest level that any actor shows."""
        return min((self.default, *self.by_actor.values()))

    def of(self, actor: str) -> int:
        """Return the least level shown of an actor; `role[SYMBOL]` counts as its role."""
        return self.by_actor.get(actor.partition("[")[0], self.default)


def parse_levels(level: str, filters: Mapping[str, str]) -> Levels:
    """Check a level and the filters by actor; raise UsageError with the nearest name."""
    return Levels(
        default=_number(level, "log level"),
        by_actor={
            _known(actor, SENDERS, "log filter"): _number(name, f"log filter {actor}")
            for actor, name in filters.items()
        },
    )


def _number(name: str, place: str) -> int:
    return LEVELS[_known(name.upper(), LEVELS, place)]


def _known(name: str, names: Collection[str], place: str) -> str:
    if name not in names:
        near = get_close_matches(name, names, n=1)
        hint = f"did you mean {near[0]}?" if near else f"use one of {', '.join(names)}"
        raise UsageError(f"{place}: unknown name {name!r}; {hint}")
    return name
