"""When to ask the venue again about what is not known, and when to stop.

An order whose submit ended without an outcome may still arrive: until enough queries have found
nothing, over as long as its venue says that an order may take, nothing is concluded. Nothing of
this ever sends an order again.
"""

from trader.model.market import SECOND

GONE_MISSES = 3
"""Queries that must have found nothing."""

_FIRST = SECOND // 2
_LONGEST = 60 * SECOND


def backoff(attempt: int) -> int:
    """Return the wait before attempt 0, 1, 2, ... in ns: 0.5, 1, 2, 4, ... s up to 60 s."""
    return min(_FIRST << min(attempt, 7), _LONGEST)


def is_gone(misses: int, first_miss: int, now: int, within: int) -> bool:
    """Tell whether an order that queries do not find can be given up.

    `within` is the time (ns) between the first and the last query that must all have found nothing.
    """
    return misses >= GONE_MISSES and now - first_miss >= within
