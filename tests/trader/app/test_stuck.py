"""What becomes of a handler that does not return."""

import threading

import pytest

from tests.trader.app.desk import build
from trader.app import stuck
from trader.app.stuck import Bailiff, abandon
from trader.model.messages import StaleCheckDue
from trader.runtime.kernel import Kernel
from trader.runtime.role import Envelope
from trader.topology import MARKET_FEED

LIMIT = 0.02


class Hand:
    """Counts what a bailiff does, and lets a test wait for it."""

    def __init__(self) -> None:
        self.interrupts = 0
        self.interrupted, self.forced = threading.Event(), threading.Event()

    def interrupt(self) -> None:
        """Take note of an interrupt."""
        self.interrupts += 1
        self.interrupted.set()


def bailiff_of(kernel: Kernel, hand: Hand) -> Bailiff:
    """Return a bailiff at work."""
    bailiff = Bailiff(kernel, LIMIT, hand.interrupt, hand.forced.set)
    bailiff.start()
    return bailiff


def handling(kernel: Kernel) -> Envelope:
    """Leave a kernel amid a handler."""
    kernel.current = Envelope(9, 0, MARKET_FEED, 0, 9, kernel.own, StaleCheckDue(1))
    return kernel.current


def test_it_only_looks_on_until_the_end_is_asked_for() -> None:
    """A slow handler is the watch's business; one that keeps the end waiting is interrupted."""
    kernel, hand = Kernel(), Hand()
    at_work = handling(kernel)
    bailiff = bailiff_of(kernel, hand)

    assert not hand.interrupted.wait(5 * LIMIT)
    bailiff.arm()
    assert hand.interrupted.wait(5)
    bailiff.dismiss()
    assert bailiff.stuck is at_work


def test_what_no_interrupt_reaches_is_ended_by_force() -> None:
    """After a few interrupts in vain nothing is left but the process."""
    kernel, hand = Kernel(), Hand()
    handling(kernel)
    bailiff = bailiff_of(kernel, hand)
    bailiff.arm()

    assert hand.forced.wait(5)
    bailiff.dismiss()
    assert hand.interrupts == 3


def test_an_idle_engine_that_does_not_return_is_ended_by_force_in_a_hurry(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Where nothing can be interrupted, a second signal still ends the process."""
    monkeypatch.setattr(stuck, "_HURRY", LIMIT)
    hand = Hand()
    bailiff = bailiff_of(Kernel(), hand)
    bailiff.arm()
    assert not hand.forced.wait(5 * LIMIT)
    bailiff.hurry()

    assert hand.forced.wait(5)
    bailiff.dismiss()
    assert hand.interrupts == 0


def test_a_message_is_given_up_once() -> None:
    """It leaves the queue, and counts as lost; what is not there any more is not lost."""
    engine = build()
    kernel, role = engine.main, engine.main.roles[MARKET_FEED]
    envelope = kernel.enqueue(role, StaleCheckDue(1), MARKET_FEED)
    before = len(kernel.queue)
    for _ in range(2):
        abandon(kernel, envelope)
    abandon(kernel, None)

    assert len(kernel.queue) == before - 1
    assert (role.quarantined, role.failures) == (1, 1)
    assert role.last_failure == "its handler of StaleCheckDue did not return"
    engine.close()
