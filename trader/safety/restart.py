"""How often a role may fail, how long it waits before it is restarted, and what its loss means.

The first restart comes at once; then the wait doubles, with a jitter that is a function of role and
attempt, so that roles felled by one cause do not come back in step and a replay waits as long.
"""

import hashlib

import msgspec

from trader.model.market import SECOND

STREAK = 6
"""Failures in a row (three messages lost) at which a role is given up, however far apart."""

_FIRST = SECOND
_LONGEST = 60 * SECOND


class Policy(msgspec.Struct, frozen=True):
    """`restarts` allowed in any `window` (ns), and in words what holds while the role is down."""

    role: str
    restarts: int
    window: int
    loss: str


class RestartNow(msgspec.Struct, frozen=True):
    """Restart the role at once."""


class RestartAfter(msgspec.Struct, frozen=True):
    """Restart the role `delay` ns from now."""

    delay: int


class GiveUp(msgspec.Struct, frozen=True):
    """Leave the role down: the KillSwitch halts trading."""


POLICIES = {
    policy.role: policy
    for policy in (
        Policy("market_feed", 10, 300 * SECOND, "prices go stale: entries off, exits on"),
        Policy("indicator_worker", 5, 300 * SECOND, "no snapshot of its symbol: no new advice"),
        Policy("llm_advisor", 5, 300 * SECOND, "no advice: HOLD; stops and targets rest"),
        Policy("validator", 5, 300 * SECOND, "no advice is followed; stops and targets rest"),
        Policy("risk_guard", 3, 60 * SECOND, "nothing is approved; stops and targets rest"),
        Policy("execution_broker", 3, 60 * SECOND, "nothing is sent; stops and targets rest"),
        Policy("supervisor", 1, 60 * SECOND, "the kernel restarts it once, then halts"),
        Policy("kill_switch", 3, 60 * SECOND, "entries off until it is back"),
    )
}


def policy_of(role: str) -> Policy:
    """Return the policy of a role, or of one instance of a role such as `role[SYMBOL]`."""
    return msgspec.structs.replace(POLICIES[role.partition("[")[0]], role=role)


def recent(policy: Policy, failures: tuple[int, ...], now: int) -> tuple[int, ...]:
    """Return the failures (ns) that still count: those within the window."""
    return tuple(time for time in failures if time > now - policy.window)


def decide(policy: Policy, count: int, streak: int) -> RestartNow | RestartAfter | GiveUp:
    """Decide on a role with `count` recent failures, the last of them just now.

    `streak` counts the failures since it last handled a message: where messages are rare, no
    window would ever hold enough of them.
    """
    if count > policy.restarts or streak >= STREAK:
        return GiveUp()
    return RestartNow() if count <= 1 else RestartAfter(_backoff(policy.role, count - 1))


def _backoff(role: str, attempt: int) -> int:
    """Attempt 1, 2, 3, ... waits 1, 2, 4, ... s up to 60 s, and up to a quarter longer."""
    wait = min(_FIRST << min(attempt - 1, 6), _LONGEST)
    digest = hashlib.sha256(f"{role}/{attempt}".encode()).digest()
    return wait + wait // 4 * int.from_bytes(digest[:4], "big") // 2**32


def to_table() -> str:
    """Render the policies as a Markdown table."""
    rows = [
        f"| `{p.role}` | {p.restarts} in {p.window // SECOND} s | {p.loss} |"
        for p in POLICIES.values()
    ]
    return "\n".join(["| role | restarts allowed | while it is down |", "|---|---|---|", *rows])
