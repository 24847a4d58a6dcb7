"""Start, watch, restart and stop the others; the KillSwitch stands outside."""

import msgspec

from trader.model import messages as m
from trader.model.market import SECOND
from trader.runtime import Actor
from trader.safety.restart import RestartAfter, RestartNow, decide, policy_of, recent
from trader.topology import SUPERVISOR


class SupervisorState(msgspec.Struct):
    """How often each role was started, and when it failed (ns, as long as that counts)."""

    starts: dict[str, int] = {}
    failures: dict[str, tuple[int, ...]] = {}


class Supervisor(Actor):
    """Restart what fails, as often as its policy allows; then hand over to the KillSwitch."""

    role = SUPERVISOR
    State = SupervisorState
    state: SupervisorState

    def __init__(self, heartbeat_seconds: float) -> None:
        super().__init__()
        self.heartbeat = round(heartbeat_seconds * SECOND)

    def on_actor_started(self, message: m.ActorStarted) -> None:
        """Count it."""
        starts = self.state.starts
        starts[message.role] = starts.get(message.role, 0) + 1

    def on_actor_failed(self, message: m.ActorFailed) -> None:
        """Restart the role now or later, or give it up; the kernel restarts it as we return."""
        role = message.role
        policy = policy_of(role)
        failures = recent(policy, (*self.state.failures.get(role, ()), self.now), self.now)
        self.state.failures[role] = failures
        decision = decide(policy, len(failures), message.streak)
        if isinstance(decision, RestartNow):
            self.send(m.RestartActor(role))
        elif isinstance(decision, RestartAfter):
            self.after(role, decision.delay, m.RestartDue(role))
        else:
            detail = f"{_count(failures, message.streak)}; last: {message.error}"
            self.send(m.ActorGaveUp(role, detail))

    def on_restart_due(self, message: m.RestartDue) -> None:
        """Restart a role whose back-off is over."""
        self.send(m.RestartActor(message.role))

    def on_session_started(self, _message: m.SessionStarted) -> None:
        """Begin to beat."""
        self.after("heartbeat", self.heartbeat, m.HeartbeatDue(1))

    def on_heartbeat_due(self, message: m.HeartbeatDue) -> None:
        """Show the KillSwitch that somebody watches."""
        self.send(m.Heartbeat(message.beat))
        self.after("heartbeat", self.heartbeat, m.HeartbeatDue(message.beat + 1))


def _count(failures: tuple[int, ...], streak: int) -> str:
    if streak > len(failures):
        return f"failed {streak} times in a row"
    return f"failed {len(failures)} times in {(failures[-1] - failures[0]) / SECOND:.0f} s"
