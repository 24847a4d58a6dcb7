"""A deadline: kept by the clock, and a bound on what it leaves behind."""

import threading

import pytest

from trader.llm.deadline import Deadline
from trader.model.errors import NotSent, OutcomeUnknown


def test_what_is_in_time_is_returned_or_raised() -> None:
    """As if it had been called."""
    deadline = Deadline(5.0, 1)

    assert deadline.run(lambda: 3) == 3
    with pytest.raises(ZeroDivisionError):
        deadline.run(lambda: 1 // 0)
    assert deadline.run(lambda: 4) == 4


def test_nobody_is_waited_for_once_the_run_is_to_end() -> None:
    """What is under way is left behind, and nothing more is begun."""
    over, ending = threading.Event(), threading.Event()
    deadline = Deadline(60.0, 2, ending.is_set)

    def work() -> None:
        ending.set()
        over.wait()

    with pytest.raises(OutcomeUnknown, match="about to end"):
        deadline.run(work)
    with pytest.raises(NotSent, match="about to end"):
        deadline.run(lambda: 3)
    over.set()


def test_what_is_late_is_left_behind() -> None:
    """The caller goes on; while the most there may be still hang, nothing more is begun."""
    over = threading.Event()
    deadline = Deadline(0.01, 1)

    with pytest.raises(OutcomeUnknown, match=r"within 0\.01 s"):
        deadline.run(over.wait)
    with pytest.raises(NotSent, match="1 earlier questions still hang"):
        deadline.run(lambda: 3)
    over.set()
