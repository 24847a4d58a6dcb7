"""The Supervisor: restarts what fails as often as its policy allows, then hands over."""

import pytest

from actors.supervisor import Supervisor
from trader.model import messages as m
from trader.safety.restart import POLICIES, STREAK
from trader.testing.stage import Stage

WORKER = "indicator_worker[BTC-USD]"
ALLOWED = POLICIES["indicator_worker"].restarts


def failed(role: str = WORKER, *, quarantined: bool = False) -> m.ActorFailed:
    """Return what the kernel says of a role that fell."""
    return m.ActorFailed(role, "CandleClosed", "ValueError: no", quarantined)


@pytest.fixture
async def supervisor(stage: Stage) -> Stage:
    """Start a Supervisor that beats every minute."""
    await stage.start(Supervisor, 60.0)
    return stage


async def test_the_first_restart_comes_at_once(supervisor: Stage) -> None:
    """The very instance that fell, and no other."""
    assert await supervisor.tell(failed()) == [m.RestartActor(WORKER)]


@pytest.mark.parametrize("quarantined", [False, True])
async def test_the_next_restart_waits(supervisor: Stage, quarantined: bool) -> None:
    """A second failure in a row backs off, whether or not its message was given up."""
    await supervisor.tell(failed())

    assert await supervisor.tell(failed(quarantined=quarantined)) == []
    assert await supervisor.advance(0.9) == []
    assert await supervisor.advance(0.4) == [m.RestartActor(WORKER)]


async def test_a_role_that_keeps_failing_is_given_up_once(supervisor: Stage) -> None:
    """Past its restarts the KillSwitch is told how often it fell, and of what."""
    sent = []
    for _ in range(ALLOWED + 1):
        sent += await supervisor.tell(failed())
        sent += await supervisor.advance(20)

    assert sent[:-1] == [m.RestartActor(WORKER)] * ALLOWED
    assert sent[-1] == m.ActorGaveUp(WORKER, "failed 6 times in 100 s; last: ValueError: no")


async def test_failures_are_forgiven_after_their_window(supervisor: Stage) -> None:
    """One failure every ten minutes is restarted at once each time."""
    for _ in range(3 * ALLOWED):
        assert await supervisor.tell(failed()) == [m.RestartActor(WORKER)]
        await supervisor.advance(600)


async def test_a_role_that_handles_nothing_is_given_up_however_slowly_it_fails(
    supervisor: Stage,
) -> None:
    """Where messages are rare no window holds enough failures; the kernel counts them in a row."""
    last = m.ActorFailed(WORKER, "CandleClosed", "ValueError: no", True, streak=STREAK)

    assert await supervisor.tell(last) == [
        m.ActorGaveUp(WORKER, f"failed {STREAK} times in a row; last: ValueError: no")
    ]


async def test_each_role_has_its_own_count(supervisor: Stage) -> None:
    """The fall of one costs the others nothing."""
    await supervisor.tell(failed())

    assert await supervisor.tell(failed("validator")) == [m.RestartActor("validator")]


async def test_it_beats_once_the_session_has_started(supervisor: Stage) -> None:
    """So that the KillSwitch can see that somebody watches."""
    assert await supervisor.advance(100) == []
    await supervisor.tell(m.SessionStarted("run", resumed=False))

    assert await supervisor.advance(125) == [m.Heartbeat(1), m.Heartbeat(2)]
