"""The pace: one kernel on either driver, in time that passes when it is told to."""

import pytest
import trio

from tests.trader.runtime.house import FEED, Armed, Asked, Counted, House, open_house
from trader.testing.pace import HandClock, Pace


@pytest.mark.parametrize("driver", ["virtual", "live"])
async def test_everything_happens_at_its_own_time(driver: str, nursery: trio.Nursery) -> None:
    """What is due on the way comes one after the other, not all at the end of the way."""
    with open_house() as house:
        pace = Pace(driver, house.kernel)
        house.post(Armed("a", 10))
        await pace.begin(nursery)
        await pace.advance(5)
        house.post(Armed("b", 1), Asked("fast", "late"))
        await pace.settle()
        await pace.advance(100)
        house.post(Counted(1))
        await pace.settle()
        pace.stop()

        assert pace.now == 105
        assert [time for time, _ in house.state(FEED).log] == [0, 5, 5, 6, 10, 35, 105]


def test_a_clock_by_hand_never_makes_anybody_wait_for_what_is_due() -> None:
    """And for what is not due it would wait for ever."""
    clock = HandClock()
    clock.time = 7

    assert clock.now() == 7
    assert clock.seconds_until(7) == 0.0
    assert clock.seconds_until(8) == float("inf")


def test_a_house_performs_alike_on_both() -> None:
    """The runtime's own tests rest on it."""
    traces = []
    for driver in ("virtual", "live"):
        house = House().open()
        trio.run(house.perform, driver, (3, Counted(1)), (4, Armed("a", 5)))
        traces.append(house.trace())
        house.close()

    assert traces[0] == traces[1]
