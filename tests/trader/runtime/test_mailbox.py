"""The mailboxes' bounds: late quotes conflate; nothing else is ever shed, and too much is told."""

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.trader.runtime.house import (
    CHECK,
    EDGES,
    FEED,
    GUARD,
    Added,
    Counted,
    Feed,
    Guard,
    House,
    Ticked,
    open_house,
)
from trader.model.messages import Message
from trader.runtime import mailbox
from trader.topology import Edge, Loss, Overflow

BOUND = 8
symbols = st.sampled_from(["BTC", "ETH"])
floods = st.lists(
    st.one_of(st.builds(Ticked, symbols, st.integers(0, 99)), st.builds(Counted, st.just(1))),
    max_size=60,
)


@pytest.fixture(autouse=True)
def _small(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let eight messages fill a mailbox."""
    monkeypatch.setattr(mailbox, "MAILBOX_BOUND", BOUND)


def overflows(house: House) -> list[str]:
    """Return what was told of mailboxes that hold too much."""
    return [text for text in house.log(GUARD) if text.startswith("MailboxOverflowed")]


def quotes(house: House) -> list[tuple[str, int]]:
    """Return the quotes that were delivered."""
    return [
        (row.message.symbol, row.message.value)
        for row in house.kernel.history
        if isinstance(row.message, Ticked)
    ]


@settings(max_examples=60, deadline=None)
@given(flood=floods, down=st.booleans())
def test_a_flood_keeps_the_newest_quote_and_everything_else(
    flood: list[Message], down: bool
) -> None:
    """In order, the newest of each symbol last, whether it waits in the queue or for a restart."""
    with pytest.MonkeyPatch.context() as patch, open_house() as house:
        patch.setattr(mailbox, "MAILBOX_BOUND", BOUND)
        if down:
            house.ports.patience = 10
            house.ports.strikes[FEED] = [ValueError("no")]
            house.tell(Counted(0))
            for message in flood:
                house.tell(message)
        house.post(*([] if down else flood))
        house.run()

        counted = [m for m in flood if isinstance(m, Counted)]
        ticked = [(m.symbol, m.value) for m in flood if isinstance(m, Ticked)]
        assert house.log(FEED).count(str(Counted(1))) == len(counted)
        told = quotes(house)
        assert len(told) + house.kernel.roles[FEED].conflated == len(ticked)
        for symbol in ("BTC", "ETH"):
            sent = [value for each, value in ticked if each == symbol]
            got = [value for each, value in told if each == symbol]
            assert got[-1:] == sent[-1:]
            rest = iter(sent)
            assert all(value in rest for value in got)
        if len(flood) <= BOUND:
            assert told == ticked
        if len(counted) + down <= BOUND:
            assert not house.kernel.roles[FEED].overflowed
        assert not house.kernel.roles[FEED].newest


def test_a_quote_that_is_late_takes_the_place_of_an_older_one(house: House) -> None:
    """Beyond the bound; it brings its cause and keeps the place, and so the time goes on."""
    house.post(*(Counted(n) for n in range(BOUND)))
    house.post(Ticked("BTC", 1), Ticked("ETH", 2), Ticked("BTC", 3), Counted(50), Ticked("BTC", 4))
    house.run(0)

    assert quotes(house) == [("BTC", 4), ("ETH", 2)]
    assert house.log(FEED)[BOUND : BOUND + 3] == [
        str(Ticked("BTC", 4)),
        str(Ticked("ETH", 2)),
        str(Counted(50)),
    ]
    assert house.kernel.roles[FEED].conflated == 2
    assert not house.kernel.roles[FEED].special


def test_an_overflow_is_told_once_and_costs_no_message(house: House) -> None:
    """Once a role, however far beyond the bound, and however often."""
    for _ in range(2):
        house.post(*(Counted(1) for _ in range(4 * BOUND)))
        house.run(0)

    told = [text.partition(",")[0] for text in overflows(house)]
    assert told[0] == "MailboxOverflowed(role='market_feed'"
    assert len(told) == len(set(told))
    assert house.state(FEED).total == 8 * BOUND
    assert len([text for text in house.log(CHECK) if text.startswith("Kept")]) == 8 * BOUND


def test_an_overflow_while_a_role_is_down_is_told_too(house: House) -> None:
    """What it holds counts like what is queued for it."""
    house.ports.patience = 100
    house.ports.strikes[FEED] = [ValueError("no")]
    for _ in range(2 * BOUND):
        house.tell(Counted(1))
    assert overflows(house) == [f"MailboxOverflowed(role='market_feed', depth={BOUND + 1})"]
    house.run()

    assert house.state(FEED).total == 2 * BOUND


def test_what_a_handler_sends_is_bounded_too() -> None:
    """A burst of quotes from one handler conflates; of anything else, it overflows."""

    class Loud(Feed):
        def on_counted(self, message: Counted) -> Any:
            for value in range(message.number):
                self.send(Added(value))
                self.send(Ticked("BTC", value))

    class Meek(Guard):
        on_ticked = Guard.on_message_lost

    edges = (*EDGES, Edge(FEED, Ticked, GUARD, Loss.GAP, Overflow.NEWEST))
    with open_house(market_feed=Loud, risk_guard=Meek, edges=edges) as house:
        house.tell(Counted(2))
        assert quotes(house) == [("BTC", 0), ("BTC", 1)]
        house.tell(Counted(3 * BOUND))

        assert house.log(GUARD).count(str(Ticked("BTC", 3 * BOUND - 1))) == 1
        assert [t for t in house.log(GUARD) if t.startswith("Added")][2:] == [
            str(Added(value)) for value in range(3 * BOUND)
        ]
        assert house.kernel.roles[GUARD].conflated > BOUND
        assert overflows(house)[0].startswith("MailboxOverflowed(role='risk_guard'")


def test_no_mailbox_is_watched_in_vain(house: House) -> None:
    """A queue that is long because many roles have a little does not overflow."""
    house.post(*(Counted(1) for _ in range(BOUND - 2)))
    house.run(0)

    assert house.kernel.recount > 0, "the queue was never full"
    assert overflows(house) == []
