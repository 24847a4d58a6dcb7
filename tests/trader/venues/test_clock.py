"""The time of real markets: it is the venue's, and jumps with no clock of this machine."""

import time

import pytest

from trader.model.errors import NotSent
from trader.model.market import SECOND
from trader.venues.clock import AGREED, RealClock

HOUR = 3_600 * SECOND
HERE = 1_000_000 * HOUR
"""What this machine takes for the time."""


class Machine:
    """A machine whose clocks are turned by hand."""

    def __init__(self) -> None:
        self.wall, self.monotonic = HERE, 5 * SECOND

    def passes(self, duration: int) -> None:
        """Let time pass (ns)."""
        self.wall += duration
        self.monotonic += duration


@pytest.fixture
def machine(monkeypatch: pytest.MonkeyPatch) -> Machine:
    """Offer a machine on which everybody reads its clocks."""
    found = Machine()
    monkeypatch.setattr(time, "time_ns", lambda: found.wall)
    monkeypatch.setattr(time, "monotonic_ns", lambda: found.monotonic)
    return found


@pytest.mark.parametrize("jump", [HOUR, -HOUR])
def test_setting_the_wall_clock_moves_nothing(machine: Machine, jump: int):
    """Timers go on as they were: nothing is late, nothing fires early or twice."""
    clock = RealClock()
    due = HERE + 10 * SECOND
    machine.passes(4 * SECOND)
    machine.wall += jump

    assert clock.now() == HERE + 4 * SECOND
    assert clock.seconds_until(due) == 6.0


@pytest.mark.parametrize("off", [SECOND, -SECOND, SECOND // 2])
def test_a_venue_that_differs_by_a_second_agrees(machine: Machine, off: int):
    """Some tell whole seconds alone."""
    clock = RealClock()
    clock.agree(lambda: HERE + off)
    assert clock.now() == HERE


@pytest.mark.parametrize("off", [HOUR, -HOUR, SECOND + 1])
def test_a_clock_that_is_wrong_as_a_run_begins_is_set_by_the_venue(machine: Machine, off: int):
    """Candles close by the venue's time, not before."""
    clock = RealClock()
    clock.agree(lambda: HERE + off, begun=False)
    assert clock.now() == HERE + off


def test_a_machine_that_has_slept_is_corrected_once(machine: Machine):
    """Then its clock is not trusted any more: the feed does not open."""
    clock = RealClock()
    clock.agree(lambda: HERE + HOUR)
    assert clock.now() == HERE + HOUR
    clock.doubt()

    with pytest.raises(NotSent, match=r"again 3600.0 s behind the venue's; have it set by NTP"):
        clock.agree(lambda: HERE + 2 * HOUR)
    assert clock.now() == HERE + HOUR


def test_time_never_goes_back_while_a_run_is_under_way(machine: Machine):
    """Its timers, those that protect a position among them, would stand still."""
    with pytest.raises(NotSent, match=r"is 2.0 s ahead of the venue's"):
        RealClock().agree(lambda: HERE - 2 * SECOND)


def test_nobody_asks_twice_a_minute_unless_there_is_doubt(machine: Machine):
    """Every symbol's history would."""
    asked: list[int] = []

    def ask() -> int:
        asked.append(machine.wall)
        return machine.wall

    clock = RealClock()
    for wait in (0, AGREED - 1, 1):
        machine.passes(wait)
        clock.agree(ask)
    clock.doubt()
    clock.agree(ask)

    assert asked == [HERE, HERE + AGREED, HERE + AGREED]


def test_the_time_that_an_answer_took_is_no_difference(machine: Machine):
    """Nobody knows when on the way it was made."""

    def slow() -> int:
        machine.passes(6 * SECOND)
        return HERE

    clock = RealClock()
    clock.agree(slow)
    assert clock.now() == HERE + 6 * SECOND


def test_a_venue_that_tells_no_time_is_not_asked_for_it(machine: Machine):
    """Then this machine's clock has to do."""
    clock = RealClock()
    clock.agree(lambda: None)
    assert clock.now() == HERE
