"""The watch: a handler that does not return is reported, once, by a thread it cannot hold up."""

import threading
import time
from typing import Any

from tests.trader.runtime.house import FEED, Counted, Feed, House, open_house
from trader.runtime.watch import Watch

Report = tuple[str, str, float]


class Reports:
    """What a watch reported, to be waited for."""

    def __init__(self) -> None:
        self.made: list[Report] = []
        self._another = threading.Semaphore(0)

    def make(self, *report: Any) -> None:
        """Take a report."""
        self.made.append(report)
        self._another.release()

    def wait(self) -> Report:
        """Return the next report, once it is there."""
        assert self._another.acquire(timeout=5), "nothing was reported"
        return self.made[-1]


class Wedged(Feed):
    """Does not return from a number before its report was made."""

    reports: Reports

    def on_counted(self, message: Counted) -> Any:
        """Wait for the report; then see whether there is a second."""
        if message.number:
            self.reports.wait()
            threading.Event().wait(0.05)
        return self.note(message)


def test_a_wedged_handler_is_reported_once() -> None:
    """With its role, its message and for how long; and again when it happens again."""

    class Slow(Wedged):
        reports = Reports()

    with open_house(market_feed=Slow) as house:
        watch = Watch(house.kernel, 0.02, Slow.reports.make)
        watch.start()
        house.tell(Counted(1))
        assert len(Slow.reports.made) == 1
        house.tell(Counted(2), Counted(3))
        watch.stop()

    assert [report[:2] for report in Slow.reports.made] == [(FEED, "Counted")] * 3
    assert all(0.02 < seconds < 2 for _, _, seconds in Slow.reports.made)


def test_a_kernel_that_works_or_rests_is_not_reported(house: House) -> None:
    """Each message is another one, however many; and none at all is no message that lasts."""
    reports = Reports()
    watch = Watch(house.kernel, 0.2, reports.make)
    watch.start()
    until = time.monotonic() + 0.3
    while time.monotonic() < until:
        house.tell(Counted(1))
    threading.Event().wait(0.3)
    watch.stop()

    assert reports.made == []


def test_a_watch_ends_when_it_is_told_to(house: House) -> None:
    """At once, even in the middle of a long limit."""
    before = threading.active_count()
    watch = Watch(house.kernel, 3_600.0, lambda *_: None)
    watch.start()
    watch.stop()

    assert threading.active_count() == before
