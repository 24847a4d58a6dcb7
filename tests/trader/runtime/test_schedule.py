"""The schedule: keyed timers, and port calls that answer at once, late, wrongly or never."""

import gc
from typing import Any

import pytest
import trio
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.trader.runtime.house import FEED, GUARD, Armed, Asked, Counted, House, open_house
from trader.model.errors import NotSent, OutcomeUnknown, Rejected
from trader.model.messages import CallFailure, Failure
from trader.model.reasons import Reason
from trader.ports import forever, sleep_until
from trader.runtime.schedule import to_failure

drivers = pytest.mark.parametrize("driver", ["virtual", "live"])


# -- timers ----------------------------------------------------------------------------------------


@settings(max_examples=60, deadline=None)
@given(
    arms=st.lists(
        st.tuples(st.integers(0, 20), st.sampled_from("abc"), st.integers(-5, 40)), max_size=12
    ),
    driver=st.sampled_from(["virtual", "live"]),
)
def test_a_timer_rings_once_at_its_time_unless_it_is_armed_anew(
    arms: list[tuple[int, str, int]], driver: str
) -> None:
    """In the order of due times, then of arming; what is overdue rings at once."""
    with open_house() as house:
        trio.run(house.perform, driver, *((gap, Armed(key, delay)) for gap, key, delay in arms))
        rang = [(at, text) for at, text in house.state(FEED).log if text.startswith("Rang")]

    now, running = 0, dict[str, tuple[int, int]]()
    expected = []
    for number, (gap, key, delay) in enumerate([*arms, (1_000, "", 0)]):
        for due, _, each in sorted((*timer, each) for each, timer in running.items()):
            if due <= now + gap:
                expected.append((due, f"Rang(key={each!r})"))
                del running[each]
        now += gap
        if delay <= 0:
            running.pop(key, None)
            expected.append((now, f"Rang(key={key!r})"))
        else:
            running[key] = (now + delay, number)
    assert rang == expected[:-1]


def test_a_timer_that_was_armed_anew_moves_no_clock(house: House) -> None:
    """What is void is not waited for."""
    house.tell(Armed("a", 1_000_000), Armed("a", 5))
    house.run()

    assert house.kernel.now == 5
    assert house.kernel.schedule.next_due() is None


# -- calls -----------------------------------------------------------------------------------------


@drivers
@pytest.mark.parametrize(
    ("port", "at", "answer"),
    [
        ("at_once", 0, "Answered(key='x', result=1)"),
        ("late", 30, "Answered(key='x', result=2)"),
        ("not_sent", 5, CallFailure(Failure.NOT_SENT, "no route")),
        ("rejected", 0, CallFailure(Failure.REJECTED, "too small", Reason.VENUE_MINIMUM)),
        ("unknown", 0, CallFailure(Failure.UNKNOWN, "timed out")),
        ("broken", 0, CallFailure(Failure.UNKNOWN, "KeyError: 'broken'")),
        ("fatal", 0, CallFailure(Failure.UNKNOWN, "SystemExit: 3")),
        (
            "foreign",
            0,
            CallFailure(
                Failure.UNKNOWN,
                "TypeError: a port awaits sleep_until, blocking, native and forever, nothing else",
            ),
        ),
    ],
)
def test_a_call_is_answered_once(driver: str, port: str, at: int, answer: Any) -> None:
    """With its result, or with what its error proves, whether or not the disk was waited for."""
    for key in ("x", "fast"):
        with open_house() as house:
            trio.run(house.perform, driver, (0, Asked(key, port)))

            text = answer if isinstance(answer, str) else f"Refused(key='x', failure={answer})"
            expected = (at, text.replace("'x'", repr(key)))
            assert house.state(FEED).log[1:] == [expected]


def test_what_an_error_says_is_redacted_before_it_is_told(house: House) -> None:
    """A message is journaled as it is: no secret may be in it."""
    house.kernel.redact = lambda text: text.replace("route", "***")
    house.tell(Asked("x", "not_sent"))
    house.run()

    failure = CallFailure(Failure.NOT_SENT, "no ***")
    assert house.log(FEED)[1:] == [f"Refused(key='x', failure={failure})"]


def test_work_that_raises_before_it_is_a_coroutine_fails_its_call_alone(house: House) -> None:
    """The handler had returned by then: its other requests are carried out, and it is not rerun."""

    def no_coroutine(_now: int) -> Any:
        raise NotSent("the port is closed")

    house.ports.late = no_coroutine  # type: ignore[method-assign]
    house.tell(Asked("x", "late"), Armed("a", 5))
    house.run()

    failure = CallFailure(Failure.NOT_SENT, "the port is closed")
    assert house.log(FEED)[2:] == [f"Refused(key='x', failure={failure})", "Rang(key='a')"]
    assert house.kernel.roles[FEED].failures == 0


def test_an_interrupt_in_a_port_is_raised_and_answers_the_call(house: House) -> None:
    """Nothing is known of what it was about."""

    async def interrupted(_now: int) -> int:
        raise KeyboardInterrupt

    house.ports.late = interrupted  # type: ignore[method-assign]
    house.post(Asked("fast", "late"))
    with pytest.raises(KeyboardInterrupt):
        house.run(0)
    house.run(0)

    failure = CallFailure(Failure.UNKNOWN, "KeyboardInterrupt")
    assert house.log(FEED)[1:] == [f"Refused(key='fast', failure={failure})"]


def test_a_call_without_a_driver_proves_that_nothing_was_sent(house: House) -> None:
    """A function that may block is not run on the kernel's thread for want of another."""
    house.post(Asked("fast", "elsewhere"))
    house.kernel.take_arrivals()
    house.kernel.drain()
    house.kernel.take_arrivals()
    house.kernel.drain()

    failure = CallFailure(Failure.NOT_SENT, "no driver is there to run it")
    assert house.log(FEED)[1:] == [f"Refused(key='fast', failure={failure})"]


@pytest.mark.parametrize(
    ("error", "failure"),
    [
        (NotSent("no route"), CallFailure(Failure.NOT_SENT, "no route")),
        (NotSent(), CallFailure(Failure.NOT_SENT, "NotSent")),
        (Rejected("no"), CallFailure(Failure.REJECTED, "no", None)),
        (OutcomeUnknown("timeout"), CallFailure(Failure.UNKNOWN, "timeout")),
        (ValueError("odd"), CallFailure(Failure.UNKNOWN, "ValueError: odd")),
        (ValueError(), CallFailure(Failure.UNKNOWN, "ValueError")),
    ],
)
def test_only_what_is_proven_is_said_of_an_error(error: Exception, failure: CallFailure) -> None:
    """An error that no adapter translated proves nothing, whatever it is called."""
    assert to_failure(error) == failure


# -- durable calls ---------------------------------------------------------------------------------


def test_a_durable_call_waits_for_the_disk(house: House) -> None:
    """Its cause is on it, with everything before, when the port is first asked."""
    safe = []

    async def look(_now: int) -> int:
        safe.append((house.ledger.safe, len(house.ledger.rows)))
        return 0

    house.ports.late = look  # type: ignore[method-assign]
    house.tell(Counted(1), Asked("durable", "late"), Counted(2))

    assert safe == [(safe[0][1], safe[0][1])]
    assert house.ledger.kinds(FEED)[:2] == ["Counted", "Asked"]


def test_without_a_disk_only_what_must_go_goes(house: House) -> None:
    """The others prove not sent, and are not begun; each change is told once, before them."""
    house.ledger.broken = True
    house.tell(Asked("durable", "at_once"), Asked("fast", "at_once"), Asked("must", "at_once"))
    house.tell(Asked("durable", "at_once"))
    house.ledger.broken = False
    house.tell(Asked("durable", "at_once"))

    text = "the intent could not be journaled"
    failure = CallFailure(Failure.NOT_SENT, text, Reason.INTENT_NOT_DURABLE)
    refused = f"Refused(key='durable', failure={failure})"
    answers = [text for text in house.log(FEED) if not text.startswith("Asked")]
    assert answers == [
        "Answered(key='fast', result=1)",
        refused,
        "Answered(key='must', result=1)",
        refused,
        "Answered(key='durable', result=1)",
    ]
    assert house.log(GUARD) == ["JournalFailed(error='the disk is full')", "JournalRecovered()"]
    assert len(house.ports.begun) == 3


def test_without_a_journal_a_durable_call_goes_at_once() -> None:
    """There is nothing to wait for."""
    with open_house(journaled=False) as house:
        house.tell(Asked("durable", "at_once"))

        assert house.log(FEED)[1:] == ["Answered(key='durable', result=1)"]


# -- the end ---------------------------------------------------------------------------------------


@drivers
def test_what_never_ends_is_closed_at_the_end(driver: str) -> None:
    """Parked, asleep or not begun; a `finally` runs, and one that awaits is cut short."""
    ended = []

    async def tidy(_now: int) -> int:
        try:
            await forever()
        finally:
            ended.append("tidy")
        return 0

    async def stubborn(_now: int) -> int:
        try:
            await sleep_until(10_000)
        finally:
            await sleep_until(20_000)
            ended.append("never")
        return 0

    with open_house() as house:
        house.ports.never, house.ports.late = tidy, stubborn  # type: ignore[method-assign]
        trio.run(house.perform, driver, (0, Asked("x", "never")), (0, Asked("y", "late")))
        house.post(Asked("z", "never"))
        house.kernel.take_arrivals()
        house.kernel._deliver_all()
    gc.collect()

    assert ended == ["tidy"]


def test_an_answer_that_comes_after_the_end_is_dropped(house: House) -> None:
    """Its coroutine is closed: there is nothing to be resumed."""
    offloaded: list[Any] = []
    house.kernel.schedule.offload = lambda task, _trap: offloaded.append(task)
    house.post(Asked("fast", "elsewhere"))
    house.kernel.take_arrivals()
    house.kernel.drain()
    house.kernel.schedule.close()
    house.kernel.schedule.resume(offloaded[0], 3, None)

    assert not house.kernel.queue
