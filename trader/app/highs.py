"""The highest use of each limit that was seen."""

import threading
from collections.abc import Iterable, Mapping

from trader.ui.status import LimitStatus
from trader.ui.summary import LimitUse


class Highs:
    """Keeps the highest use of each limit; safe from any thread."""

    def __init__(self) -> None:
        self._highest: dict[str, LimitStatus] = {}
        self._lock = threading.Lock()

    def take(self, limits: Iterable[LimitStatus]) -> None:
        """Take in how much of each limit is used now."""
        with self._lock:
            for limit in limits:
                known = self._highest.get(limit.name)
                if known is None or limit.used > known.used:
                    self._highest[limit.name] = limit

    def uses(self, breaches: Mapping[str, int]) -> tuple[LimitUse, ...]:
        """Return what was seen, with how often each limit was reached."""
        return tuple(
            LimitUse(limit.name, limit.used, limit.bound, limit.unit, breaches.get(name, 0))
            for name, limit in self._highest.items()
        )
