"""The live driver: the same run as the virtual one, at any speed; no wake-up lost, none needed."""

import threading
import time
from collections.abc import Callable

import pytest
import trio
import trio.testing
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.trader.runtime.house import (
    CHECK,
    FEED,
    Added,
    Answered,
    Armed,
    Asked,
    Counted,
    House,
    Kept,
    Ticked,
    open_house,
)
from trader.model.errors import NotSent
from trader.model.market import SECOND
from trader.model.messages import CallFailure, Failure, Message
from trader.ports import sleep_until
from trader.runtime.live import LiveDriver, ScaledClock
from trader.testing.pace import HandClock

Script = list[tuple[int, Message]]
keys = st.sampled_from(["durable", "fast", "must"])
ports = st.sampled_from(["at_once", "late", "never", "not_sent", "broken"])
messages: st.SearchStrategy[Message] = st.one_of(
    st.builds(Counted, st.integers(1, 9)),
    st.builds(Ticked, st.sampled_from(["BTC", "ETH"]), st.integers(0, 9)),
    st.builds(Armed, keys, st.integers(0, 40)),
    st.builds(Asked, keys, ports),
)
scripts: st.SearchStrategy[Script] = st.lists(
    st.tuples(st.sampled_from([0, 0, 5, 20]), messages), max_size=12
)


def play(script: Script, run: Callable[[House], None]) -> object:
    """Return the trace of a run whose market plays a script."""
    with open_house() as house:
        house.ports.script = script
        house.post(Asked("fast", "stream"))
        house.kernel.take_arrivals()
        run(house)
        return house.trace(), house.ledger.rows


def run_live(house: House, speed: float) -> None:
    """Run on the live driver until nothing is left to happen."""
    driver = LiveDriver(house.kernel, ScaledClock(0, speed))

    async def watch() -> None:
        async with trio.open_nursery() as nursery:
            nursery.start_soon(driver.run)
            kernel = house.kernel
            with trio.fail_after(5):
                while kernel.queue or kernel.schedule.next_due() is not None:
                    await trio.lowlevel.checkpoint()
            driver.stop()

    trio.run(watch)


@settings(max_examples=60, deadline=None)
@given(script=scripts, speed=st.sampled_from([1e-3, 1.0, 1e6]))
def test_the_live_driver_does_what_the_virtual_one_does(script: Script, speed: float) -> None:
    """The same deliveries at the same times, journal rows and all, at every speed."""
    virtual = play(script, lambda house: house.run())
    live = play(script, lambda house: run_live(house, speed))

    assert live == virtual


# -- arrivals --------------------------------------------------------------------------------------


async def test_an_arrival_never_overtakes_what_is_due(house: House) -> None:
    """A driver that is late does not shift simulated time; in time, the clock's is an arrival's.

    Late, it lets an arrival in just before what is due: at the same instant, a replay that has the
    arrival's time alone could not tell which came first.
    """
    clock = HandClock()
    driver = LiveDriver(house.kernel, clock)
    house.post(Armed("a", 50), Armed("b", 60))
    async with trio.open_nursery() as nursery:
        nursery.start_soon(driver.run)
        await trio.testing.wait_all_tasks_blocked()
        clock.time = 100
        house.post(Counted(1))
        await trio.testing.wait_all_tasks_blocked()
        clock.time = 120
        house.post(Counted(2))
        await trio.testing.wait_all_tasks_blocked()
        driver.stop()

    assert house.state(FEED).log[2:] == [
        (49, "Counted(number=1)"),
        (50, "Rang(key='a')"),
        (60, "Rang(key='b')"),
        (120, "Counted(number=2)"),
    ]


async def test_arrivals_of_a_rush_gather(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    """Thousands a second are taken together, in order; what comes alone is taken at once."""
    turns: list[int] = []
    take = house.kernel.take_arrivals

    def count() -> None:
        turns.append(len(house.kernel.arrivals))
        take()

    monkeypatch.setattr(house.kernel, "take_arrivals", count)
    driver = LiveDriver(house.kernel, ScaledClock(0))
    async with trio.open_nursery() as nursery:
        nursery.start_soon(driver.run)
        for number in range(2_000):
            house.post(Counted(number))
            await trio.lowlevel.checkpoint()
        await trio.sleep(0.05)
        rushed = len(turns)
        for number in range(2_000, 2_003):
            house.post(Counted(number))
            await trio.sleep(0.01)
        driver.stop()

    heard = [text for _, text in house.state(FEED).log if text.startswith("Counted")]
    assert heard == [str(Counted(number)) for number in range(2_003)]
    assert rushed < 1_000
    assert turns[rushed:] == [1, 1, 1]


@pytest.mark.parametrize("senders", [1, 3])
def test_no_wake_up_is_lost(house: House, senders: int) -> None:
    """Each post meets a driver that is about to sleep, and none needs another to be heard."""
    handled = threading.Semaphore(0)
    lost: list[int] = []
    house.kernel.add_gateway(CHECK, lambda _sender, _message: handled.release())
    house.kernel.start()

    def send() -> None:
        for number in range(200):
            house.post(Counted(number))
            if not (handled.acquire(timeout=2) and handled.acquire(timeout=2)):
                lost.append(number)
                return

    with house.running():
        threads = [threading.Thread(target=send) for _ in range(senders)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

    assert lost == []


def test_a_single_post_wakes_a_sleeping_driver(house: House) -> None:
    """One at a time, each waited for."""
    actor = house.kernel.roles[FEED].actor
    assert actor is not None
    with house.running():
        for number in range(100):
            assert actor.actor_ref.ask(Counted(number), timeout=2) == number + 1


# -- the end ---------------------------------------------------------------------------------------


def test_it_stops_at_once(house: House) -> None:
    """Asleep for ever, or with a function that does not return; that one is left to itself."""
    begun, release = threading.Event(), threading.Event()

    def wait() -> int:
        begun.set()
        release.wait(30)
        return 3

    house.ports.function = wait
    for message in (Counted(1), Asked("fast", "elsewhere")):
        with house.running() as driver:
            house.post(message)
            assert house.ports.noted.acquire(timeout=2)
            assert isinstance(message, Counted) or begun.wait(2)
            stopped = time.monotonic()
            driver.stop()
        assert time.monotonic() - stopped < 0.5
    release.set()


async def test_a_driver_that_was_stopped_before_it_ran_does_not_run(house: House) -> None:
    """Whoever is first, the stop is not lost."""
    driver = LiveDriver(house.kernel, ScaledClock(0))
    driver.stop()
    with trio.fail_after(1):
        await driver.run()
    house.post(Counted(1))
    assert house.log(FEED) == []


async def test_an_actor_may_end_the_run(house: House) -> None:
    """From the kernel's own thread; what is queued is finished."""
    driver = LiveDriver(house.kernel, ScaledClock(0))
    house.kernel.roles[FEED].handlers[Answered] = lambda _message: driver.stop()
    house.post(Asked("fast", "at_once"), Counted(1))
    with trio.fail_after(1):
        await driver.run()

    assert house.log(CHECK) == [str(Added(1)), str(Kept(1))]


async def test_a_port_that_never_lets_time_pass_starves_nobody(house: House) -> None:
    """Other tasks of trio, and arrivals, have their turn."""

    async def greedy(_now: int) -> int:
        while True:
            await sleep_until(0)

    house.ports.late = greedy  # type: ignore[method-assign]
    driver = LiveDriver(house.kernel, ScaledClock(0))
    house.post(Asked("fast", "late"))
    with trio.fail_after(2):
        async with trio.open_nursery() as nursery:
            nursery.start_soon(driver.run)
            for _ in range(20):
                await trio.lowlevel.checkpoint()
            house.post(Counted(1))
            while not house.log(CHECK):
                await trio.lowlevel.checkpoint()
            driver.stop()


# -- blocking calls --------------------------------------------------------------------------------


def answer_of(house: House) -> str:
    """Return the answer of a call, once it is there."""
    house.post(Asked("fast", "elsewhere"))
    with house.running():
        for _ in range(2):
            assert house.ports.noted.acquire(timeout=2), "no answer"
    return house.log(FEED)[1]


def test_a_blocking_function_runs_on_another_thread(house: House) -> None:
    """The kernel goes on meanwhile."""
    threads: list[int] = []
    house.ports.function = lambda: threads.append(threading.get_ident()) or 3

    assert answer_of(house) == "Answered(key='fast', result=3)"
    assert threads != [house.kernel.thread]


@pytest.mark.parametrize(
    ("error", "text"), [(KeyError("no"), "KeyError: 'no'"), (SystemExit(1), "SystemExit: 1")]
)
def test_what_a_blocking_function_raises_fails_its_call(
    house: House, error: BaseException, text: str
) -> None:
    """Nothing that happens on a thread of a port ends the run."""

    def fail() -> int:
        raise error

    house.ports.function = fail
    failure = CallFailure(Failure.UNKNOWN, text)
    assert answer_of(house) == f"Refused(key='fast', failure={failure})"


def test_a_blocking_function_past_its_time_is_abandoned(house: House) -> None:
    """Nobody knows what comes of it; an answer that comes after all is not heard."""
    release, returned = threading.Event(), threading.Event()

    def slow() -> int:
        release.wait(5)
        returned.set()
        return 3

    house.ports.function, house.ports.timeout = slow, 0.01
    failure = CallFailure(Failure.UNKNOWN, "no answer within 0.01 s")
    assert answer_of(house) == f"Refused(key='fast', failure={failure})"
    release.set()
    assert returned.wait(5)
    house.run(house.kernel.now)

    assert len(house.log(FEED)) == 2


# -- native calls ----------------------------------------------------------------------------------


def native_answer_of(house: House) -> str:
    """Return the answer of a call that runs in the event loop, once it is there."""
    house.post(Asked("wire", "natively"))
    with house.running():
        for _ in range(2):
            assert house.ports.noted.acquire(timeout=2), "no answer"
    return house.log(FEED)[-1]


def test_a_native_function_runs_in_the_event_loop(house: House) -> None:
    """It may await what trio offers; what it returns is the answer."""

    async def task() -> int:
        await trio.sleep(0)
        return 3

    house.ports.task = task
    assert native_answer_of(house) == "Answered(key='wire', result=3)"


async def test_answers_that_come_together_are_let_in_one_by_one(house: House) -> None:
    """What comes of the first, here a crash, is done before the second: as when each falls due."""
    gate = trio.Event()

    async def task() -> int:
        await gate.wait()
        return 3

    house.ports.task = task
    for key in ("a", "b"):
        house.ports.strikes[f"Answered(key={key!r}, result=3)"].append(KeyError(key))
    driver = LiveDriver(house.kernel, HandClock())
    house.post(Asked("a", "natively"), Asked("b", "natively"))
    async with trio.open_nursery() as nursery:
        nursery.start_soon(driver.run)
        await trio.testing.wait_all_tasks_blocked()
        gate.set()
        await trio.testing.wait_all_tasks_blocked()
        driver.stop()

    first, second = sorted({row[0] for row in house.ledger.rows if row[6] == "Answered"})
    crash = min(row[0] for row in house.ledger.rows if row[6] == "ActorFailed")
    assert first < crash < second


def test_what_a_native_function_raises_fails_its_call(house: House) -> None:
    """The run goes on."""

    async def task() -> int:
        await trio.sleep(0)
        raise NotSent("no route")

    house.ports.task = task
    failure = CallFailure(Failure.NOT_SENT, "no route")
    assert native_answer_of(house) == f"Refused(key='wire', failure={failure})"


def test_what_a_native_function_posts_arrives_in_real_time(house: House) -> None:
    """It wakes the driver, and bears the time of the clock, not of the event before it."""

    async def task() -> int:
        await trio.sleep(0.01)
        house.ports.post(Counted(5))
        await trio.sleep_forever()
        return 0

    house.ports.task = task
    house.post(Asked("wire", "natively"))
    with house.running():
        for _ in range(2):
            assert house.ports.noted.acquire(timeout=2), "nothing came"
    time, note = house.state(CHECK).log[0]

    assert note == str(Added(5))
    assert time >= SECOND // 100


def test_a_native_function_is_canceled_with_the_run(house: House) -> None:
    """Its connections close."""
    closed: list[bool] = []

    async def task() -> int:
        house.ports.noted.release()
        try:
            await trio.sleep_forever()
        finally:
            closed.append(True)
        return 0

    house.ports.task = task
    house.post(Asked("wire", "natively"))
    with house.running():
        for _ in range(2):
            assert house.ports.noted.acquire(timeout=2), "it never began"
        assert not closed

    assert closed == [True]


# -- the clock -------------------------------------------------------------------------------------


def test_a_scaled_clock_runs_at_its_speed() -> None:
    """From its start on; it says how long to sleep in wall time."""
    began = time.monotonic_ns()
    clock = ScaledClock(5 * SECOND, 1_000.0)
    now, elapsed = clock.now(), time.monotonic_ns() - began

    assert 5 * SECOND <= now <= 5 * SECOND + elapsed * 1_000
    assert clock.seconds_until(now + 10_000 * SECOND) == pytest.approx(10, abs=0.1)
    assert clock.seconds_until(0) < 0
