"""Actors: pykka's promises kept where a kernel runs them, and each of its edges closed."""

import gc
import threading
from typing import Any

import pykka
import pytest
import trio
import trio.testing
from loguru import logger
from pykka import ActorDeadError, ActorRegistry

from tests.trader.runtime.house import (
    BOSS,
    CHECK,
    FEED,
    GUARD,
    Added,
    Answered,
    Asked,
    Check,
    Counted,
    Feed,
    Guard,
    House,
    Kept,
    Ports,
    Rang,
    Stray,
    open_house,
)
from trader.model.messages import ActorFailed, Message
from trader.runtime.actor import TopologyError
from trader.runtime.kernel import OUTSIDE
from trader.runtime.live import LiveDriver, ScaledClock


def ref(house: House, role: str = FEED) -> pykka.ActorRef[Any]:
    """Return pykka's reference to the actor of a role."""
    actor = house.kernel.roles[role].actor
    assert actor is not None
    return actor.actor_ref


# -- tell ------------------------------------------------------------------------------------------


def test_a_reference_tells_from_any_thread(house: House) -> None:
    """What is told is journaled as coming from outside, and handled like anything else."""
    threads = [threading.Thread(target=ref(house).tell, args=(Counted(n),)) for n in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    house.run(0)

    assert sorted(house.log(FEED)) == [str(Counted(n)) for n in range(8)]
    assert {row[2] for row in house.ledger.rows if row[6] == "Counted"} == {OUTSIDE}


class Teller(Guard):
    """Tells by a reference what it should send."""

    def on_added(self, message: Added) -> Any:
        """Tell the end of the chain, whoever serves it now."""
        check = self.ports.refs[CHECK]()
        check.tell(Kept(message.total))
        if message.total == 6:
            check.tell(Stray())
        return self.note(message)


def test_what_a_handler_tells_is_part_of_its_transaction() -> None:
    """A crash takes it back, a re-fold does not tell it again, and its cause is known."""
    with open_house(risk_guard=Teller) as house:
        house.ports.refs[CHECK] = lambda: ref(house, CHECK)
        house.tell(Counted(1))
        house.ports.strikes[GUARD] = [ValueError("no")]
        house.tell(Counted(2), Counted(3))

        assert house.log(CHECK) == [
            *(str(Added(1)), str(Kept(1))),
            *(str(Added(3)), str(Added(6)), str(Kept(3)), str(Kept(6))),
        ]
        rows = {row[0]: row for row in house.ledger.rows}
        told = [row for row in rows.values() if row[6] == "Kept"]
        assert {row[2] for row in told} == {GUARD}
        assert [rows[row[4]][6] for row in told] == ["Added"] * 3


def test_an_actor_may_tell_itself_to_stop() -> None:
    """What is queued for it before is handled first."""

    class Shy(Check):
        def on_added(self, message: Added) -> Any:
            self.stop()
            return self.note(message)

    with open_house(validator=Shy) as house:
        state = house.state(CHECK)
        house.tell(Counted(1), Counted(2))

        assert [text for _, text in state.log] == [str(Added(1)), str(Added(3)), str(Kept(1))]
        assert house.kernel.roles[CHECK].gave_up


@pytest.mark.parametrize("message", [{"command": "go"}, "go", None, pykka.messages.ProxyCall])
def test_an_untyped_message_is_refused(house: House, message: object) -> None:
    """At once, where it was told."""
    with pytest.raises(TypeError, match="market_feed takes typed messages only"):
        ref(house).tell(message)


def test_a_proxy_is_refused(house: House) -> None:
    """State is nobody's but the actor's."""
    proxy = ref(house).proxy()

    with pytest.raises(TypeError, match="not ProxyCall"):
        proxy.note(Counted(1))


def test_a_message_without_an_edge_is_refused(house: House) -> None:
    """Told, it is logged and goes no further; asked, the asker hears of it."""
    lines: list[str] = []
    logger.enable("trader.runtime")
    sink = logger.add(lines.append, format="{extra[actor]} {message} {exception}")
    ref(house).tell(Stray())
    answer = ref(house).ask(Stray(), block=False)
    house.run(0)
    logger.remove(sink)
    logger.disable("trader.runtime")

    assert "market_feed TypeError" in lines[0]
    assert house.log(FEED) == []
    with pytest.raises(TypeError, match=r"market_feed takes no Stray: see topology\.py"):
        answer.get()


def test_what_comes_for_a_role_that_is_down_is_checked_all_the_same(house: House) -> None:
    """Its next actor is not felled by a message that none of them takes."""
    house.ports.patience = 10
    house.ports.strikes[FEED] = [ValueError("no")]
    house.tell(Counted(1))
    house.kernel.arrive(FEED, Stray(), OUTSIDE)
    house.run()

    assert house.log(FEED) == [str(Counted(1))]
    assert house.kernel.roles[FEED].failures == 1


class Wild(Guard):
    """Sends, arms and calls what the topology does not know."""

    def on_added(self, message: Added) -> Any:
        """Do one of them, by the number."""
        if message.total == 1:
            self.send(Stray())
        elif message.total == 3:
            self.send_for(1, Stray())
        elif message.total == 6:
            self.after("stray", 1, Rang("stray"))
        else:
            self.send(Kept(message.total))
            self.call("x", self.ports.at_once, 0, done=Answered, failed=Stray)


def test_an_actor_may_send_arm_and_call_along_its_edges_only() -> None:
    """Anything else is a crash of that handler, and leaves nothing of it."""
    with open_house(risk_guard=Wild) as house:
        house.tell(Counted(1), Counted(2), Counted(3), Counted(4))
        house.run()

        errors = [m.error for _, _, m in house.sent if isinstance(m, ActorFailed)]
        assert errors[::2] == [
            f"{TopologyError.__name__}: risk_guard may not send Stray: see topology.py",
            f"{TopologyError.__name__}: risk_guard may not send Stray: see topology.py",
            f"{TopologyError.__name__}: risk_guard may not send Rang: see topology.py",
            f"{TopologyError.__name__}: risk_guard takes no such answers to x",
        ]
        assert "Kept" not in house.ledger.kinds(CHECK)
        assert [m for _, _, m in house.sent if isinstance(m, Kept)] == []
        assert house.ports.begun == []


# -- ask -------------------------------------------------------------------------------------------


def test_an_answer_reaches_the_asker(house: House) -> None:
    """From another thread one may wait for it, while a driver runs."""
    with house.running():
        assert ref(house).ask(Counted(1), timeout=5) == 1
        assert ref(house).ask(Counted(2), block=False).get(timeout=5) == 2


def test_an_asker_hears_nothing_of_a_single_crash(house: House) -> None:
    """The message is delivered again, and its answer is the answer."""
    house.ports.strikes[FEED] = [ValueError("no")]
    answer = ref(house).ask(Counted(1), block=False)
    house.run(0)

    assert answer.get() == 1
    assert house.kernel.roles[FEED].failures == 1


def test_an_asker_hears_of_a_second_crash(house: House) -> None:
    """The failure is also one of the role: nobody lives on with half-changed memory."""
    house.ports.strikes[FEED] = [ValueError("no"), ValueError("no")]
    answer = ref(house).ask(Counted(1), block=False)
    house.run(0)

    with pytest.raises(RuntimeError, match="market_feed could not handle Counted: ValueError: no"):
        answer.get()
    assert house.state(FEED) == Feed.State()
    assert house.kernel.roles[FEED].failures == 2


@pytest.mark.parametrize("how", ["ask", "stop", "later"])
def test_a_handler_may_not_ask(how: str) -> None:
    """It is refused before anything is posted: waiting there would wait for itself."""

    class Curious(Check):
        def on_added(self, message: Added) -> Any:
            if how == "stop":
                self.actor_ref.stop()
            else:
                self.actor_ref.ask(message, block=how == "ask")

    with open_house(validator=Curious) as house:
        house.tell(Counted(1))

        failed = [m for _, _, m in house.sent if isinstance(m, ActorFailed)]
        assert {m.error for m in failed} == {
            "RuntimeError: a handler that asks waits for itself: let it send, or tell"
        }
        assert house.log(CHECK) == [str(Kept(1))]
        assert not house.kernel.roles[CHECK].gave_up


@pytest.mark.parametrize("how", [lambda feed: feed.ask(Counted(1)), lambda feed: feed.stop()])
async def test_blocking_the_thread_of_a_kernel_is_refused(house: House, how: Any) -> None:
    """At once, whoever does it: the kernel could not go on to answer."""
    driver = LiveDriver(house.kernel, ScaledClock(0))
    async with trio.open_nursery() as nursery:
        nursery.start_soon(driver.run)
        await trio.testing.wait_all_tasks_blocked()
        with pytest.raises(RuntimeError, match="on a kernel's thread waits for itself"):
            how(ref(house))
        driver.stop()


def test_an_actor_that_starts_may_not_block_either() -> None:
    """The thread that starts a kernel is its own."""

    class Blocked(Guard):
        def on_start(self) -> None:
            other.ask(Counted(1))

    house = House(risk_guard=Blocked)
    with open_house() as opened:
        other = ref(opened)
        with pytest.raises(RuntimeError, match="on a kernel's thread"):
            house.kernel.start()
    house.close()


# -- start, stop, failure --------------------------------------------------------------------------


class Hooked(Feed):
    """Notes what pykka's hooks are given; raises what they are told to."""

    calls: list[str] = []
    errors: dict[str, BaseException] = {}

    def _hook(self, name: str, *args: object) -> None:
        self.calls.append(" ".join([name, *map(str, args)]))
        if name in self.errors:
            raise self.errors[name]

    def on_start(self) -> None:
        """Note it."""
        self._hook("start")

    def on_stop(self) -> None:
        """Note it."""
        self._hook("stop")

    def on_failure(self, kind: Any, error: Any, traceback: Any) -> None:
        """Note it."""
        assert traceback is not None
        self._hook("failure", kind.__name__, error)


@pytest.fixture
def hooked() -> type[Hooked]:
    """Return a class of actors of whom nothing has been called yet."""

    class Fresh(Hooked):
        calls: list[str] = []
        errors: dict[str, BaseException] = {}

    return Fresh


def test_the_life_of_an_actor_runs_through_pykkas_hooks(hooked: type[Hooked]) -> None:
    """Started, failed, started again, stopped; a dead one is known as dead, and not registered."""
    before = ActorRegistry.get_all()
    with open_house(market_feed=hooked) as house:
        first = ref(house)
        assert ActorRegistry.get_by_urn(first.actor_urn) is first
        house.ports.strikes[FEED] = [ValueError("no")]
        house.tell(Counted(1))

        assert not first.is_alive()
        assert ActorRegistry.get_by_urn(first.actor_urn) is None
        with pytest.raises(ActorDeadError):
            first.tell(Counted(2))
        second = ref(house)
        assert second.is_alive()
    assert hooked.calls == ["start", "failure ValueError no", "start", "stop"]
    assert not second.is_alive()
    assert ActorRegistry.get_all() == before


def test_a_start_that_fails_is_not_swallowed(hooked: type[Hooked]) -> None:
    """The kernel does not start, and pykka's registry keeps no corpse."""
    hooked.errors["start"] = ValueError("no port")
    before = ActorRegistry.get_all()
    house = House(market_feed=hooked)

    with pytest.raises(ValueError, match="no port"):
        house.kernel.start()
    house.close()
    assert ActorRegistry.get_all() == before


def test_a_restart_that_fails_is_not_swallowed(hooked: type[Hooked]) -> None:
    """It is a failure of the role, of which the Supervisor hears."""
    with open_house(market_feed=hooked) as house:
        house.ports.patience = 10
        house.ports.strikes[FEED] = [ValueError("no")]
        house.tell(Counted(1))
        hooked.errors["start"] = ValueError("no port")
        house.run(10)
        del hooked.errors["start"]
        house.run()

        failed = [m for _, _, m in house.sent if isinstance(m, ActorFailed)]
        assert [m.error for m in failed] == ["ValueError: no", "ValueError: no port"]
        assert house.log(FEED) == [str(Counted(1))]


@pytest.mark.parametrize("error", [ValueError("in the hook"), SystemExit(1)])
def test_a_hook_that_raises_fells_nobody(hooked: type[Hooked], error: BaseException) -> None:
    """Neither the kernel nor another actor; the role is restarted as ever."""
    hooked.errors |= {"failure": error, "stop": error}
    with open_house(market_feed=hooked) as house:
        house.ports.strikes[FEED] = [ValueError("no")]
        house.tell(Counted(1))
        assert house.log(FEED) == [str(Counted(1))]
        ref(house).stop(block=False)
        house.run(0)

        assert house.kernel.roles[FEED].gave_up
        assert ref(house, GUARD).is_alive()


def test_a_stop_comes_after_what_was_told_before(hooked: type[Hooked]) -> None:
    """Then the actor ends for good: what comes later is dropped, and its askers hear of it."""
    with open_house(market_feed=hooked) as house:
        feed = ref(house)
        feed.tell(Counted(1))
        stopped = feed.stop(block=False)
        late = feed.ask(Counted(2), block=False)
        house.kernel.arrive(FEED, Counted(3), "market")
        house.run(0)
        house.run(10)

        assert "Counted" in house.ledger.kinds(FEED)
        assert house.log(CHECK) == [str(Added(1)), str(Kept(1))]
        assert stopped.get() is True
        assert feed.stop(block=False).get() is False
        with pytest.raises(ActorDeadError, match="market_feed stopped before handling"):
            late.get()
        assert hooked.calls == ["start", "stop"]
        assert house.kernel.depth(house.kernel.roles[FEED]) == 0


def test_a_stop_waits_for_a_role_that_is_down(house: House) -> None:
    """Its messages were told before: the next actor handles them first."""
    house.ports.patience = 10
    house.ports.strikes[FEED] = [ValueError("no")]
    feed = ref(house)
    feed.tell(Counted(1))
    feed.tell(Counted(2))
    stopped = feed.stop(block=False)
    house.run()

    assert stopped.get() is True
    assert house.log(CHECK)[::2] == [str(Added(1)), str(Kept(1))]
    assert house.kernel.roles[FEED].gave_up


def test_a_stop_may_be_waited_for_where_no_kernel_runs(house: House) -> None:
    """As pykka's users do it."""
    with house.running():
        assert ref(house, GUARD).stop(timeout=5) is True


def test_who_still_waits_at_the_end_is_told() -> None:
    """Whether the question was queued, held for a role that is down, or not let in yet."""
    with open_house() as house:
        house.ports.patience = 1_000
        house.ports.strikes[FEED] = [ValueError("no")]
        answers = [ref(house).ask(Counted(1), block=False), ref(house).ask(Counted(2), block=False)]
        house.run(0)
        answers.append(ref(house, GUARD).ask(Added(1), block=False))
    for answer in answers:
        with pytest.raises(ActorDeadError):
            answer.get(timeout=0)


# -- errors that are more than errors --------------------------------------------------------------


@pytest.mark.parametrize("error", [SystemExit(1), GeneratorExit(), BaseException("odd")])
def test_no_error_of_a_handler_stops_the_others(house: House, error: BaseException) -> None:
    """Pykka itself would stop every actor of the process, or deadlock in trying."""
    house.ports.strikes[GUARD] = [error]
    house.tell(Counted(1))

    assert house.log(GUARD) == [str(Added(1))]
    assert house.kernel.roles[GUARD].failures == 1
    assert all(ref(house, role).is_alive() for role in (FEED, GUARD, CHECK, BOSS))


def test_a_keyboard_interrupt_leaves_everything_as_it_was(house: House) -> None:
    """It is raised; the message is still the next; memory is that of never having seen it."""
    house.ports.strikes[FEED] = [KeyboardInterrupt()]
    house.post(Counted(1), Counted(2))
    with pytest.raises(KeyboardInterrupt):
        house.run(0)
    assert house.state(FEED) == Feed.State()
    assert house.kernel.depth(house.kernel.roles[FEED]) == 2
    assert house.kernel.current is house.kernel.idle

    house.run(0)
    assert house.log(FEED) == [str(Counted(1)), str(Counted(2))]
    assert house.ledger.kinds(FEED) == ["Counted", "Counted"]


def test_an_interrupt_is_not_the_message_s_fault(house: House) -> None:
    """A crash after it is its first, not its second."""
    house.ports.strikes[FEED] = [ValueError("no"), KeyboardInterrupt()]
    house.post(Counted(1))
    with pytest.raises(KeyboardInterrupt):
        house.run(0)
    house.run(0)

    assert house.log(FEED) == [str(Counted(1))]
    assert house.kernel.roles[FEED].quarantined == 0


def test_an_interrupt_of_a_redelivery_keeps_the_message_once(house: House) -> None:
    """It waits in front of the queue, a single time."""
    house.ports.strikes[FEED] = [KeyboardInterrupt(), ValueError("no")]
    house.post(Counted(1))
    with pytest.raises(KeyboardInterrupt):
        house.run(0)
    house.run(0)

    assert house.log(FEED) == [str(Counted(1))]


def test_an_interrupt_of_a_rebuild_is_raised_too(house: House) -> None:
    """The role stays down until the Supervisor, who hears of it, has it restarted."""
    house.tell(Counted(1))
    house.ports.strikes |= {
        str(Counted(1)): [KeyboardInterrupt()],
        str(Counted(2)): [ValueError("no")],
    }
    house.post(Counted(2))
    with pytest.raises(KeyboardInterrupt):
        house.run(0)
    assert house.kernel.roles[FEED].down

    house.run(0)
    assert house.log(FEED) == [str(Counted(1)), str(Counted(2))]


# -- ownership and wiring --------------------------------------------------------------------------


def test_the_kernel_owns_its_actors(house: House) -> None:
    """Pykka's references are weak; nobody else holds an actor."""
    gc.collect()
    house.tell(Counted(1))

    assert house.log(CHECK) == [str(Added(1)), str(Kept(1))]


def test_an_actor_started_without_a_kernel_says_so() -> None:
    """Instead of queueing what nobody will ever handle."""
    stray = Feed.start(Ports())
    try:
        with pytest.raises(RuntimeError, match=r"start it with Kernel\.add"):
            stray.tell(Counted(1))
        with pytest.raises(RuntimeError, match="the kernel delivers"):
            stray.actor_inbox.get()
        assert stray.actor_inbox.empty()
    finally:
        ActorRegistry.unregister(stray)


def test_a_chain_keeps_its_correlation() -> None:
    """What an arrival causes bears its seq; `send_for` bears that of the chain it belongs to."""

    class Curious(Check):
        def on_kept(self, message: Kept) -> Any:
            self.state.total = self.correlation

    with open_house(validator=Curious) as house:
        house.tell(Asked("x", "late"))
        house.tell(Counted(2))
        seq = {row[6]: row[0] for row in house.ledger.rows}

        assert house.state(CHECK).total == seq["Counted"]
        chain: dict[str, Message] = {row[6]: row for row in house.ledger.rows}
        assert chain["Kept"][4:6] == (seq["Added"] - 1, seq["Counted"])
