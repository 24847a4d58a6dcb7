"""Venues' times -> nanoseconds."""

from datetime import UTC, datetime

from trader.model.market import SECOND

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MILLISECOND = SECOND // 1_000


def to_ns(moment: datetime) -> int:
    """Turn an aware datetime into ns, exactly to the microsecond."""
    delta = moment - _EPOCH
    return ((delta.days * 86_400 + delta.seconds) * 1_000_000 + delta.microseconds) * 1_000
