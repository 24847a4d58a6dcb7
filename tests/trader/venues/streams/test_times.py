"""Venues' times -> ns."""

from datetime import UTC, datetime

from hypothesis import given
from hypothesis import strategies as st

from trader.venues.streams.times import to_ns


@given(st.datetimes(timezones=st.just(UTC)))
def test_a_time_is_exact_to_the_microsecond(moment: datetime):
    """Floating point would lose some."""
    seconds, micros = divmod(to_ns(moment) // 1_000, 1_000_000)
    assert datetime.fromtimestamp(seconds, UTC).replace(microsecond=micros) == moment
