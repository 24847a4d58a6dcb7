"""Crashes injected on purpose, so that anyone can see that nothing is lost."""

import re
from collections import Counter
from collections.abc import Callable
from typing import Any

import msgspec

from trader.model.errors import UsageError
from trader.topology import ROLES


class InjectedCrash(Exception):
    """A fault plan made this handler crash."""


class Fault(msgspec.Struct, frozen=True):
    """Crash a role in its `at`-th message, after its handler has done everything it does."""

    role: str
    at: int
    always: bool = False

    @classmethod
    def parse(cls, text: str) -> "Fault":
        """Read `role=indicator_worker,at=100[,always]`."""
        role, at, always = "", "", False
        for part in text.split(","):
            key, _, value = part.partition("=")
            if key == "role":
                role = value
            elif key == "at":
                at = value
            elif part == "always":
                always = True
            else:
                raise UsageError(f"--fault: {part!r} is not role=NAME, at=NUMBER or always")
        if role not in ROLES:
            raise UsageError(f"--fault: no role {role!r}; the roles are {', '.join(ROLES)}")
        if not re.fullmatch(r"[0-9]{1,18}", at) or int(at) < 1:
            raise UsageError(f"--fault: at={at[:40]!r} is not a whole number from 1 (18 digits)")
        return cls(role, int(at), always)


class FaultPlan:
    """The faults of a run, and how often each has fired."""

    def __init__(self, faults: tuple[Fault, ...] = ()) -> None:
        self.faults = tuple(dict.fromkeys(faults))
        self.fired = dict.fromkeys(faults, 0)
        self._seen: Counter[str] = Counter()

    def concerns(self, role: str) -> bool:
        """Tell whether a role is to crash at all."""
        return any(fault.role == role for fault in self.faults)

    def wrap(self, role: str, handler: Callable[[Any], Any]) -> Callable[[Any], Any]:
        """Return a handler that crashes after its work, at the worst moment, as planned."""
        planned = tuple(fault for fault in self.faults if fault.role == role)

        def crash_as_planned(message: Any) -> Any:
            answer = handler(message)
            self._seen[role] += 1
            seen = self._seen[role]
            for fault in planned:
                if seen == fault.at or (fault.always and seen > fault.at):
                    self.fired[fault] += 1
                    raise InjectedCrash(f"--fault: message {seen} of {role}")
            return answer

        return crash_as_planned
