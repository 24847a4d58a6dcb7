"""The wiring: the topology's edges become routes, handlers, sources, and nothing else."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.trader.runtime.house import FEED, Counted, Feed, House, open_house
from trader.model.messages import CandleClosed, FeedStalled, RestartActor, SessionStarted
from trader.runtime import recovery
from trader.runtime.actor import TopologyError
from trader.runtime.role import Role
from trader.runtime.wiring import route_all, snake
from trader.topology import (
    EDGES,
    INDICATOR_WORKER,
    KERNEL,
    MARKET_FEED,
    RISK_GUARD,
    ROLES,
    SUPERVISOR,
)

BTC, ETH = f"{INDICATOR_WORKER}[BTC-USD]", f"{INDICATOR_WORKER}[ETH-USD]"


def wired(*names: str, taps: dict[Any, Any] | None = None) -> dict[str, Role]:
    """Wire roles of these names with the engine's topology."""
    roles = {name: Role(name, recovery.no_actor) for name in names}
    route_all(roles.values(), EDGES, taps or {})
    return roles


@given(words=st.lists(st.from_regex(r"[A-Z][a-z0-9]{1,5}", fullmatch=True), min_size=1, max_size=4))
def test_a_handler_is_named_after_its_message(words: list[str]) -> None:
    """CandleClosed comes to on_candle_closed."""
    assert snake("".join(words)) == "_".join(word.lower() for word in words)


def test_a_message_goes_to_all_its_receivers_in_the_order_of_the_topology() -> None:
    """Plainly, where nobody looks on; each instance of a keyed role is one of them."""
    roles = wired(RISK_GUARD, BTC, MARKET_FEED)

    assert roles[MARKET_FEED].routes[CandleClosed] == (roles[BTC], roles[RISK_GUARD])
    assert CandleClosed not in roles[MARKET_FEED].detours


def test_a_message_of_a_symbol_goes_to_the_worker_of_that_symbol() -> None:
    """And to the roles that are not kept by symbol."""
    roles = wired(MARKET_FEED, BTC, ETH, RISK_GUARD)
    detour = roles[MARKET_FEED].detours[CandleClosed]

    for symbol, worker in (("BTC-USD", BTC), ("ETH-USD", ETH)):
        message = CandleClosed(symbol, None, 0)  # type: ignore[arg-type]
        assert detour.to(message) == (roles[worker], roles[RISK_GUARD])
    with pytest.raises(KeyError):
        detour.to(CandleClosed("XRP-USD", None, 0))  # type: ignore[arg-type]


def test_an_edge_to_a_role_that_is_not_there_leads_nowhere() -> None:
    """A test runs some actors without the rest; that is not the same as having no edge."""
    roles = wired(MARKET_FEED)

    assert roles[MARKET_FEED].routes[CandleClosed] == ()
    assert SessionStarted not in roles[MARKET_FEED].routes


def test_what_is_tapped_takes_a_detour() -> None:
    """To the same roles; the taps stand beside the way."""

    def tap(_sender: str, _message: object, _time: int) -> None:
        """See."""

    roles = wired(MARKET_FEED, RISK_GUARD, taps={FeedStalled: (tap,)})
    detour = roles[MARKET_FEED].detours[FeedStalled]

    assert detour.targets == (roles[RISK_GUARD],)
    assert detour.taps == (tap,)
    assert not detour.command


def test_a_command_to_the_kernel_goes_to_no_role() -> None:
    """The kernel itself carries it out."""
    roles = wired(SUPERVISOR, KERNEL)

    assert roles[SUPERVISOR].detours[RestartActor].command
    assert roles[SUPERVISOR].detours[RestartActor].targets == ()


def test_a_role_knows_where_its_messages_come_from_and_what_their_loss_means() -> None:
    """A port may answer with, and post, what the topology has come from outside."""
    roles = wired(*{edge.receiver for edge in EDGES})
    sources = {(r.name, kind): who for r in roles.values() for kind, who in r.sources.items()}
    losses = {(r.name, kind): loss for r in roles.values() for kind, loss in r.losses.items()}

    assert sources == {(e.receiver, e.message): e.sender for e in EDGES if e.sender not in ROLES}
    assert losses == {(e.receiver, e.message): e.loss for e in EDGES}


def test_an_actor_without_the_handler_of_an_edge_does_not_start() -> None:
    """The topology is a promise; to break it is found at the start, not at the first message."""

    class Deaf(Feed):
        on_counted = None

    with pytest.raises(TopologyError, match=r"Deaf lacks on_counted: see topology\.py"):
        House(market_feed=Deaf).open()


def test_a_tap_that_fails_fells_nobody() -> None:
    """Who looks on must not stop who acts, nor be asked twice."""
    seen: list[object] = []

    def blind(_sender: str, message: object, _time: int) -> None:
        seen.append(message)
        raise ValueError("no")

    house = House()
    house.kernel.taps = dict.fromkeys(house.kernel.taps, (blind,))
    house.open()
    house.tell(Counted(1))

    assert house.log(FEED) == [str(Counted(1))]
    assert house.kernel.roles[FEED].failures == 0
    assert len(seen) == 5
    house.close()


def test_a_tap_sees_what_was_sent_and_no_more(house: House) -> None:
    """Once, however often its handler had to run."""
    with open_house() as plain:
        plain.tell(Counted(1))
    house.ports.strikes["risk_guard"] = [ValueError("no")]
    house.tell(Counted(1))

    assert house.trace()[2] == plain.sent[4:]
