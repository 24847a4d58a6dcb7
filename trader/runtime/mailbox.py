"""The bounds of the mailboxes: late quotes conflate, too much of anything else is announced."""

from collections import Counter
from typing import TYPE_CHECKING, Any

from trader.model.messages import MailboxOverflowed
from trader.runtime.role import Envelope, Role

if TYPE_CHECKING:
    from trader.runtime.kernel import Kernel

MAILBOX_BOUND = 10_000
"""Messages that may wait: beyond it quotes conflate, and a role with as many others halts."""


def admit(kernel: "Kernel", envelope: Envelope) -> None:
    """Queue an envelope that finds the queue full."""
    if not conflated(kernel, envelope):
        kernel.queue.append(envelope)
        if envelope.seq >= kernel.recount:
            # Counting is dear: an overflow is seen at most a tenth of the bound late.
            kernel.recount = envelope.seq + max(MAILBOX_BOUND // 10, 1)
            _look_for_overflow(kernel)


def readmit(kernel: "Kernel", cause: Envelope) -> None:
    """Queue once more, within the bounds, what a handler has just sent."""
    queue, sent = kernel.queue, []
    while queue and queue[-1].cause == cause.seq:
        sent.append(queue.pop())
    for envelope in reversed(sent):
        admit(kernel, envelope)


def hold(kernel: "Kernel", role: Role, envelope: Envelope) -> None:
    """Keep an envelope, in its order, for a role that is down."""
    if len(role.held) < MAILBOX_BOUND:
        role.held.append(envelope)
    elif not conflated(kernel, envelope):
        role.held.append(envelope)
        _look_for_overflow(kernel)


def conflated(kernel: "Kernel", envelope: Envelope) -> bool:
    """Let a late quote take the place of an older one that waits too; tell whether it did."""
    role, message = envelope.role, envelope.message
    if type(message) not in kernel.sampled:
        return False
    waiting = role.newest.setdefault(key_of(message), envelope)
    if waiting is envelope:
        role.special = True
        return False
    if waiting.seq < envelope.seq:
        # All but the time, which must not be ahead of what waits behind.
        waiting.seq, waiting.message = envelope.seq, message
        waiting.cause, waiting.correlation = envelope.cause, envelope.correlation
    role.conflated += 1
    return True


def key_of(message: Any) -> tuple[type, str]:
    """Return what a quote has in common with the one that replaces it."""
    return type(message), getattr(message, "symbol", "")


def _look_for_overflow(kernel: "Kernel") -> None:
    waiting = Counter(e.role for e in kernel.queue if type(e.message) not in kernel.sampled)
    for role in kernel.roles.values():
        depth = waiting[role] + sum(type(e.message) not in kernel.sampled for e in role.held)
        if depth > MAILBOX_BOUND and not role.overflowed:
            role.overflowed = True
            kernel.announce(MailboxOverflowed(role.name, depth))
