"""The virtual driver: one event after the other, whatever the hour, and always in one order."""

import pytest
import trio
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.trader.runtime.house import (
    CHECK,
    FEED,
    GUARD,
    Added,
    Armed,
    Asked,
    Counted,
    House,
    Kept,
    open_house,
)
from trader.model.messages import CallFailure, Failure, Message
from trader.runtime.virtual import VirtualDriver


def test_time_jumps_to_what_is_due_and_no_further(house: House) -> None:
    """An hour costs nothing; without an end it stops where nothing is left to happen."""
    house.tell(Armed("a", 3_600_000_000_000))
    house.run()

    assert house.kernel.now == 3_600_000_000_000
    assert house.state(FEED).log[-1] == (3_600_000_000_000, "Rang(key='a')")


def test_an_end_is_kept_to(house: House) -> None:
    """What is due then still happens, what is due later does not, and the time is the end's."""
    house.tell(Armed("a", 10), Armed("b", 11))
    house.run(10)
    assert house.log(FEED)[2:] == ["Rang(key='a')"]
    assert house.kernel.now == 10
    house.run(10_000)

    assert house.kernel.now == 10_000
    assert house.state(FEED).log[-1] == (11, "Rang(key='b')")


def test_a_blocking_function_runs_where_it_is_asked_for(house: House) -> None:
    """Time stands still meanwhile; whatever it raises is handed to who asked."""
    house.tell(Asked("fast", "elsewhere"))
    assert house.state(FEED).log[1:] == [(0, "Answered(key='fast', result=3)")]

    house.ports.function = exit
    house.tell(Asked("fast", "elsewhere"))
    failure = CallFailure(Failure.UNKNOWN, "SystemExit: None")
    assert house.log(FEED)[3:] == [f"Refused(key='fast', failure={failure})"]


def test_a_native_function_is_refused(house: House) -> None:
    """Nobody waits for a network in virtual time."""
    house.tell(Asked("wire", "natively"))

    failure = CallFailure(Failure.NOT_SENT, "a real connection needs real time: leave --speed out")
    assert house.log(FEED)[1:] == [f"Refused(key='wire', failure={failure})"]


def test_an_interrupt_of_a_blocking_function_is_raised(house: House) -> None:
    """Who asked hears of it all the same."""

    def interrupt() -> int:
        raise KeyboardInterrupt

    house.ports.function = interrupt
    with pytest.raises(KeyboardInterrupt):
        house.tell(Asked("fast", "elsewhere"))
    house.run(0)

    failure = CallFailure(Failure.UNKNOWN, "interrupted")
    assert house.log(FEED)[1:] == [f"Refused(key='fast', failure={failure})"]


def test_a_driver_that_is_stopped_does_nothing_more(house: House) -> None:
    """Not even when it is run again; what is queued by then is finished."""
    driver = VirtualDriver(house.kernel)
    house.ports.function = lambda: driver.stop() or 3
    house.post(Asked("fast", "elsewhere"), Counted(1), Armed("a", 5))
    driver.run()
    assert house.kernel.now == 0
    assert house.log(CHECK) == [str(Added(1)), str(Kept(1))]
    driver.run(100)

    assert house.kernel.now == 0


# -- two kernels -----------------------------------------------------------------------------------


def linked() -> tuple[House, House]:
    """Return two houses: the guard of the first is served by the second."""
    first, second = House(), House()
    first.kernel.add_gateway(
        GUARD, lambda sender, message: second.kernel.arrive(GUARD, message, sender)
    )
    return first.open(), second.open()


def test_two_kernels_share_their_time() -> None:
    """What one forwards reaches the other at the time it was sent, before time goes on."""
    first, second = linked()
    first.tell(Armed("a", 10), Armed("b", 20))
    second.tell(Armed("c", 15))
    VirtualDriver(first.kernel, second.kernel).run()

    assert second.state(GUARD).log == [(time, str(Added(0))) for time in (10, 15, 20)]
    assert first.kernel.now == second.kernel.now == 20
    first.close()
    second.close()


@settings(max_examples=30, deadline=None)
@given(delays=st.lists(st.lists(st.integers(1, 5), max_size=8), min_size=3, max_size=3))
def test_of_kernels_with_the_same_time_the_first_goes_first(delays: list[list[int]]) -> None:
    """So that the order of all together is one, too."""
    order: list[tuple[int, str]] = []
    houses = [House() for _ in delays]
    for name, house, own in zip("abc", houses, delays, strict=True):
        house.kernel.taps = {
            Kept: (lambda _sender, _message, time, name=name: order.append((time, name)),)
        }
        house.open()
        house.tell(*(Armed(str(number), delay) for number, delay in enumerate(own)))
    VirtualDriver(*(house.kernel for house in houses)).run()

    assert order == sorted(order)
    assert len(order) == sum(map(len, delays))
    for house in houses:
        house.close()


def test_a_script_gives_the_same_run_every_time() -> None:
    """Nothing depends on anything but what arrives, and when."""
    script: list[tuple[int, Message]] = [
        (5, Counted(1)),
        (0, Asked("fast", "late")),
        (3, Armed("a", 27)),
        (0, Asked("durable", "at_once")),
    ]
    traces = []
    for _ in range(2):
        with open_house() as house:
            trio.run(house.perform, "virtual", *script)
            traces.append((house.trace(), house.ledger.rows))

    assert traces[0] == traces[1]
