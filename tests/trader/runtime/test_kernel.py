"""The kernel as a whole, against the obvious model: what each role must have seen, and when."""

from collections import Counter
from typing import Any

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from tests.trader.runtime.house import (
    CHECK,
    FEED,
    GUARD,
    ROLES,
    Answered,
    Armed,
    Asked,
    Counted,
    House,
    Refused,
    Ticked,
)
from trader.model.messages import CallFailure, Failure
from trader.model.reasons import Reason
from trader.runtime import kernel as kernel_module
from trader.runtime import mailbox

RESULTS: dict[str, int | CallFailure] = {
    "at_once": 1,
    "late": 2,
    "not_sent": CallFailure(Failure.NOT_SENT, "no route"),
    "rejected": CallFailure(Failure.REJECTED, "too small", Reason.VENUE_MINIMUM),
    "unknown": CallFailure(Failure.UNKNOWN, "timed out"),
    "broken": CallFailure(Failure.UNKNOWN, "KeyError: 'broken'"),
}
NO_DISK = CallFailure(
    Failure.NOT_SENT, "the intent could not be journaled", Reason.INTENT_NOT_DURABLE
)


class KernelMachine(RuleBasedStateMachine):
    """Runs a house whose roles crash and wait, whose timers ring and whose disk fails.

    The model is what arrived: `told` in its order, `ticks` by symbol, `answers` of the ports, and
    `disk`, how often the journal failed and recovered.
    """

    def __init__(self) -> None:
        super().__init__()
        self.patch = pytest.MonkeyPatch()
        self.patch.setattr(mailbox, "MAILBOX_BOUND", 6)
        self.patch.setattr(kernel_module, "CHECKPOINT_EVERY", 5)
        self.house = House().open()
        self.numbers = self.lost = 0
        self.delayed = False
        self.told: list[str] = []
        self.ticks: dict[str, list[str]] = {"BTC": [], "ETH": []}
        self.answers: Counter[str] = Counter()
        self.disk: list[str] = []

    # -- what happens ------------------------------------------------------------------------------

    def tell(self, *messages: Any) -> None:
        """Have messages arrive, each of which the feed must see."""
        self.told += map(str, messages)
        self.house.tell(*messages)

    def new(self) -> Counted:
        """Return a number that never was."""
        self.numbers += 1
        return Counted(self.numbers)

    @rule(count=st.integers(1, 4))
    def count(self, count: int) -> None:
        """Have some numbers arrive at once."""
        self.tell(*(self.new() for _ in range(count)))

    @rule(symbol=st.sampled_from(["BTC", "ETH"]), count=st.integers(1, 12))
    def flood(self, symbol: str, count: int) -> None:
        """Have quotes arrive, perhaps more than a mailbox holds."""
        ticks = [Ticked(symbol, self.new().number) for _ in range(count)]
        self.ticks[symbol] += map(str, ticks)
        self.house.tell(*ticks)

    @rule(role=st.sampled_from(ROLES))
    def stumble(self, role: str) -> None:
        """Have a role crash once at what comes to it next, and a number arrive."""
        if self.up(role):
            self.house.ports.strikes[role] = [ValueError("once")]
        self.tell(self.new())

    @rule()
    def lose(self) -> None:
        """Have a number arrive that always crashes the feed."""
        message = self.new()
        self.lost += 1
        self.house.ports.strikes[str(message)] = [ValueError("always")] * 2
        self.house.tell(message)

    @rule(patience=st.sampled_from([0, 3, 40]))
    def slow_down(self, patience: int) -> None:
        """Have the Boss wait from here on before it restarts a role."""
        self.house.ports.patience = patience
        self.delayed |= patience > 0

    @rule(key=st.sampled_from("abc"), delay=st.integers(0, 50))
    def arm(self, key: str, delay: int) -> None:
        """Have a timer armed, or armed anew."""
        self.tell(Armed(key, delay))

    @rule(port=st.sampled_from([*RESULTS, "never"]), key=st.sampled_from(["fast", "must", "soft"]))
    def ask(self, port: str, key: str) -> None:
        """Have a port called; without a disk only what needs none, or must go, goes."""
        result = NO_DISK if key == "soft" and self.house.ledger.broken else RESULTS.get(port)
        if isinstance(result, int):
            self.answers[str(Answered(key, result))] += 1
        elif result is not None:
            self.answers[str(Refused(key, result))] += 1
        self.tell(Asked(key, port))

    @rule(delay=st.integers(1, 60))
    def wait(self, delay: int) -> None:
        """Let time pass."""
        self.house.run(self.house.kernel.now + delay)

    @rule()
    def turn_disk(self) -> None:
        """Have the journal fail, or work again, once nobody waits for it."""
        while not self.up(*ROLES):
            self.house.run(self.house.kernel.now + 40)
        self.house.ledger.broken ^= True
        self.disk.append("JournalFailed" if self.house.ledger.broken else "JournalRecovered")
        self.house.kernel.flush(durable=True)
        self.house.run(self.house.kernel.now)

    # -- what must hold ----------------------------------------------------------------------------

    def seen(self, role: str, *kinds: str) -> list[str]:
        """Return what a role saw of some kinds of message, or of all."""
        return [text for text in self.house.log(role) if text.startswith(kinds or "")]

    def up(self, *roles: str) -> bool:
        """Tell whether none of some roles is down."""
        return not any(self.house.kernel.roles[role].down for role in roles)

    @invariant()
    def time_never_goes_back(self) -> None:
        """For any role, whatever it had to wait for; and nothing is left in the queue."""
        for role in filter(self.up, ROLES):
            times = [time for time, _ in self.house.state(role).log]
            assert times == sorted(times)
            assert not self.house.kernel.roles[role].held
        assert not self.house.kernel.queue

    @invariant()
    def the_feed_saw_what_it_was_told(self) -> None:
        """Each once, in order; of the quotes the last of each symbol, and some before it."""
        if self.up(FEED):
            assert self.seen(FEED, "Counted", "Armed", "Asked") == self.told
            for symbol, ticks in self.ticks.items():
                told, rest = self.seen(FEED, f"Ticked(symbol={symbol!r}"), iter(ticks)
                assert all(text in rest for text in told)
                assert told[-1:] == ticks[-1:]

    @invariant()
    def timers_ring_when_they_should(self) -> None:
        """Each once, at its time, or as soon as its role is up again; none is overdue."""
        if not self.up(FEED):
            return
        timers: dict[str, int] = {}
        for time, text in self.house.state(FEED).log:
            kind, _, fields = text.partition("(")
            if kind == "Armed":
                key, delay = (field.partition("=")[2] for field in fields[:-1].split(", "))
                timers[key] = time + int(delay)
            elif kind == "Rang":
                due = timers.pop(fields[4:-1])
                assert time == due or (time > due and self.delayed)
        assert all(due > self.house.kernel.now for due in timers.values())

    @invariant()
    def no_call_is_answered_twice(self) -> None:
        """Nor otherwise than its port answers."""
        if self.up(FEED):
            assert Counter(self.seen(FEED, "Answered", "Refused")) <= self.answers

    @invariant()
    def sums_reach_the_end(self) -> None:
        """All that the feed added is kept by the guard and comes to the check, in this order."""
        if self.up(FEED, GUARD, CHECK):
            sums = self.seen(GUARD, "Added")
            assert self.seen(CHECK, "Added") == sums
            assert self.seen(CHECK, "Kept") == [text.replace("Added", "Kept") for text in sums]
            rang = len(self.seen(FEED, "Rang"))
            assert len(sums) == rang + len(self.seen(FEED, "Counted"))

    def teardown(self) -> None:
        """Let everything happen; then all is answered, and the journal holds all that was seen."""
        house, roles = self.house, self.house.kernel.roles
        house.ports.patience = 0
        house.run()
        self.the_feed_saw_what_it_was_told()
        self.sums_reach_the_end()
        assert Counter(self.seen(FEED, "Answered", "Refused")) == self.answers
        assert [text.partition("(")[0] for text in self.seen(GUARD, "Journal")] == self.disk
        assert len(self.seen(GUARD, "MessageLost")) == self.lost == roles[FEED].quarantined
        ticks = sum(map(len, self.ticks.values()))
        assert len(self.seen(FEED, "Ticked")) + roles[FEED].conflated == ticks
        journaled = {row[0] for row in house.ledger.rows if row[3] == FEED and row[6] != "Ticked"}
        told = len(self.seen(FEED)) - len(self.seen(FEED, "Ticked"))
        assert len(journaled) == told + self.lost
        assert house.lost == []
        house.close()
        self.patch.undo()


TestKernel = KernelMachine.TestCase
TestKernel.settings = settings(max_examples=100, stateful_step_count=25, deadline=None)
