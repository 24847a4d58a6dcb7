"""When the venue is asked again, and when an order is given up."""

import pytest

from trader.execution.doubt import GONE_MISSES, backoff, is_gone
from trader.model.market import SECOND


def test_the_wait_doubles_up_to_a_minute() -> None:
    """0.5, 1, 2, 4, ... s, and never more than a minute."""
    assert [backoff(attempt) / SECOND for attempt in range(9)] == [
        0.5,
        1,
        2,
        4,
        8,
        16,
        32,
        60,
        60,
    ]


@pytest.mark.parametrize("within", [60 * SECOND, 1])
def test_an_order_is_given_up_once_it_cannot_arrive_any_more(within: int) -> None:
    """Neither enough misses nor enough time is enough alone."""
    assert is_gone(GONE_MISSES, 5, 5 + within, within)
    assert not is_gone(GONE_MISSES - 1, 5, 5 + within, within)
    assert not is_gone(GONE_MISSES, 5, 4 + within, within)
