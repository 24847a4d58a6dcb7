"""The stage: what an actor sends is seen, and its time passes only when a test lets it."""

import pytest
import trio

from actors.supervisor import Supervisor
from trader.model.messages import (
    ActorFailed,
    ActorStarted,
    Heartbeat,
    Message,
    RestartActor,
    SessionStarted,
)
from trader.runtime.faults import Fault, InjectedCrash
from trader.testing.stage import Stage, open_stage

STARTED = SessionStarted("run", resumed=False)
FAILED = ActorFailed("validator", "AdviceGiven", "ValueError: no", quarantined=False)


@pytest.fixture
async def supervisor(stage: Stage) -> Stage:
    """Start a Supervisor that beats every minute."""
    await stage.start(Supervisor, 60.0)
    return stage


async def test_what_an_actor_sends_on_a_message_is_returned(supervisor: Stage) -> None:
    """Its commands to the kernel included; `sent` keeps it all, and what the kernel sends not."""
    assert await supervisor.tell(STARTED) == []
    assert await supervisor.tell(FAILED, ActorStarted("validator")) == [RestartActor("validator")]

    assert supervisor.sent == [RestartActor("validator")]


async def test_time_passes_only_when_it_is_let(supervisor: Stage) -> None:
    """All that falls due meanwhile happens, at its time and in its order."""
    await supervisor.tell(STARTED)
    assert supervisor.now == 0
    assert await supervisor.advance(59.5) == []
    assert await supervisor.advance(0.5) == [Heartbeat(1)]
    assert await supervisor.advance(150) == [Heartbeat(2), Heartbeat(3)]
    assert supervisor.now == 210_000_000_000

    await supervisor.tell(FAILED)
    assert supervisor.state.failures == {"validator": (supervisor.now,)}


async def test_the_actor_and_its_memory_are_at_hand(supervisor: Stage) -> None:
    """The one that serves the role now."""
    assert isinstance(supervisor.actor, Supervisor)
    assert supervisor.state is supervisor.actor.state


async def test_a_crash_on_the_stage_changes_nothing(driver: str, nursery: trio.Nursery) -> None:
    """A fault plan fells the actor once, and the kernel restarts it."""
    runs: list[tuple[list[Message], object]] = []
    for faults in ((), (Fault("supervisor", 2),)):
        with open_stage(driver, nursery, *faults) as stage:
            await stage.start(Supervisor, 60.0)
            await stage.tell(STARTED)
            await stage.tell(FAILED)
            await stage.advance(60)
            runs.append((stage.sent, stage.state.failures))
            failure = stage.kernel.roles["supervisor"].last_failure
            assert failure.startswith(InjectedCrash.__name__) is bool(faults)

    assert runs[0] == runs[1]


async def test_a_stage_that_is_closed_has_stopped(driver: str) -> None:
    """Its driver returns, and its actor is dead."""
    with trio.fail_after(1):
        async with trio.open_nursery() as nursery:
            with open_stage(driver, nursery) as stage:
                await stage.start(Supervisor, 60.0)
                reference = stage.actor.actor_ref

    assert not reference.is_alive()
