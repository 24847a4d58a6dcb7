"""Waiting for a venue: it ends with an answer, a signal or the time, whichever comes first."""

import threading
import time

import pytest

from trader.app.waiting import NothingCame, Waiting

HOUR = 3_600.0


def test_an_answer_comes_back_and_so_does_an_error():
    """From a thread of their own."""
    waiting, here = Waiting(), threading.get_ident()
    assert waiting.ask(threading.get_ident) != here

    with pytest.raises(ZeroDivisionError):
        waiting.ask(lambda: 1 // 0)


def test_the_time_ends_a_question_that_nobody_answers():
    """Whoever hangs is left alone."""
    release, began = threading.Event(), time.monotonic()
    with pytest.raises(NothingCame, match=r"--for 0.05s"):
        Waiting(0.05).ask(release.wait)
    assert time.monotonic() - began < 5
    release.set()


def test_the_time_runs_from_the_first_question_on_and_ends_a_sleep():
    """What it took to get there is not the venue's fault."""
    waiting = Waiting(0.05)
    assert waiting.left == 0.05
    waiting.ask(int)
    with pytest.raises(NothingCame):
        waiting.sleep(HOUR)
    assert waiting.left == 0.0


def test_a_signal_ends_a_question_and_a_sleep():
    """It says what ended it."""
    release = threading.Event()
    for wait in (lambda w: w.ask(release.wait), lambda w: w.sleep(HOUR)):
        waiting = Waiting()
        waiting.ask(int)
        threading.Thread(target=waiting.end, args=("SIGINT",)).start()
        with pytest.raises(NothingCame, match="SIGINT"):
            wait(waiting)
    release.set()


def test_before_anybody_waits_there_is_nothing_to_end():
    """A run without a venue begins at once."""
    assert not Waiting().end("SIGINT")


def test_an_answer_that_comes_too_late_is_nobody_s():
    """It is not taken for that of the next question."""
    waiting, release = Waiting(), threading.Event()
    waiting.ask(int)
    late = threading.Thread(target=lambda: waiting._news.put((object(), "late", None)))
    late.start()
    late.join()
    assert waiting.ask(lambda: "mine") == "mine"
    waiting.sleep(0.01)
    release.set()
