"""How a role fails, is rebuilt from checkpoint and log, and goes on where it was."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, cast

import msgspec
from loguru import logger
from pykka import ActorDeadError

from trader.model.messages import (
    ActorFailed,
    ActorStarted,
    Message,
    MessageLost,
    RestartActor,
)
from trader.runtime.actor import Actor, Inbox
from trader.runtime.recorder import NotRecorded
from trader.runtime.role import Envelope, Handler, Role
from trader.runtime.wiring import handlers_of
from trader.topology import SUPERVISOR, Loss

if TYPE_CHECKING:
    from trader.runtime.kernel import Kernel


class Memory(msgspec.Struct):
    """What an earlier run left of a role: a checkpoint, and the envelopes delivered after it."""

    checkpoint: bytes | None
    log: list[tuple[int, int, int, Message]]
    """(time, cause, correlation, message) in the order of delivery."""


class Gateway(dict[type[Message], Handler]):
    """Hands every message on, whatever its type."""

    def __init__(self, forward: Handler) -> None:
        super().__init__()
        self._forward = forward

    def __contains__(self, _kind: object) -> bool:
        return True

    def __missing__(self, _kind: type[Message]) -> Handler:
        return self._forward


def no_actor() -> Actor:
    """Refuse to start an actor for a role that has none."""
    raise RuntimeError("this role has no actor")


def owner_of(start: Callable[[], Any]) -> Callable[[], Actor]:
    """Turn a start as pykka does it, which returns a weak reference, into one that owns."""
    return lambda: cast("Actor", cast("Inbox", start().actor_inbox).actor)


def report(role: Role, error: BaseException) -> None:
    """Log an error of a role's with its traceback."""
    logger.bind(actor=role.name).opt(exception=error).error("{}", type(error).__name__)


# -- start, stop and rebuild -----------------------------------------------------------------------


def start(kernel: "Kernel", role: Role, memory: Memory | None) -> None:
    """Start the first actor of a role in this run."""
    log: list[Envelope] = []
    if memory is not None:
        role.checkpoint = memory.checkpoint
        log = [
            Envelope(0, time, "", cause, correlation, role, message)
            for time, cause, correlation, message in memory.log
        ]
    _rebuild(kernel, role, log)
    role.special = role.down = False
    if memory is not None:
        _remember(kernel, role, 0)
    kernel.announce(ActorStarted(role.name))


def stop(role: Role, envelope: Envelope) -> None:
    """Stop the actor of a role for good, as pykka's users ask it to."""
    reply_to = role.replies.pop(envelope.seq, None)
    give_up(role)
    if reply_to is not None:
        reply_to.set(None)


def give_up(role: Role) -> None:
    """End a role: its actor stops, what waits for it is dropped, and who asked it is told."""
    role.special = role.down = role.gave_up = True
    role.held.clear()
    role.newest.clear()
    role.retry = None
    actor, role.actor = role.actor, None
    if actor is not None:
        role.state_type = actor.State
        actor.retire()
        try:
            actor.on_stop()
        except BaseException as error:  # noqa: BLE001 - a user's hook must not fell the kernel
            report(role, error)
    for reply_to in role.replies.values():
        _refuse(role, reply_to)
    role.replies.clear()


def refuse(role: Role, envelope: Envelope) -> None:
    """Drop what reaches a role that has ended; tell its asker, if there is one."""
    _refuse(role, role.replies.pop(envelope.seq, None))


def _refuse(role: Role, reply_to: Any) -> None:
    if reply_to is not None:
        error = ActorDeadError(f"{role.name} stopped before handling the message")
        reply_to.set_exception((ActorDeadError, error, None))


def revive(kernel: "Kernel") -> None:
    """Rebuild the memory of roles that are down, to be read once the run has ended."""
    for role in kernel.roles.values():
        if role.actor is None and role.down:
            try:
                _rebuild(kernel, role, [e for e in kernel.history if e.role is role])
            except Exception as error:  # noqa: BLE001 - then its last checkpoint has to do
                report(role, error)


def checkpoint(kernel: "Kernel") -> None:
    """Remember the memory of every role that is up; forget the history nobody needs any more."""
    if not kernel.history:
        return
    if kernel.recorder is not None:
        # A twentieth of what a message costs without a journal, and nothing beside one.
        _note_last(kernel)
    seq = kernel.number()
    behind = {
        role
        for role in kernel.roles.values()
        if role.fold and (role.actor is None or not _remember(kernel, role, seq))
    }
    kernel.history[:] = [e for e in kernel.history if e.role in behind] if behind else ()


def _note_last(kernel: "Kernel") -> None:
    """Remember the last message of each role: its status says so, however long ago it was."""
    missing = set(kernel.roles.values())
    for envelope in reversed(kernel.history):
        if envelope.role in missing:
            envelope.role.last = envelope.message
            missing.remove(envelope.role)
            if not missing:
                break


def remembered(role: Role) -> msgspec.Struct | None:
    """Return the memory of a role at its last checkpoint."""
    if role.checkpoint is None or role.state_type is None:
        return None
    return msgspec.msgpack.decode(role.checkpoint, type=role.state_type)


def _remember(kernel: "Kernel", role: Role, seq: int) -> bool:
    assert role.actor is not None
    try:
        role.checkpoint = msgspec.msgpack.encode(role.actor.state)
    except Exception as error:  # noqa: BLE001 - its last checkpoint and its history have to do
        report(role, error)
        return False
    if kernel.recorder is not None:
        kernel.recorder.checkpoint(role, seq, role.checkpoint)
    return True


def _rebuild(kernel: "Kernel", role: Role, log: list[Envelope]) -> None:
    if isinstance(role.handlers, Gateway):
        return  # nobody is there who could have been left half changed
    role.actor = actor = role.start()
    actor.bind(kernel, role)
    if role.checkpoint is None:
        actor.state = actor.initial_state()
    else:
        actor.state = msgspec.msgpack.decode(role.checkpoint, type=actor.State)
    role.fold = handlers_of(actor, kernel.edges)
    now, current = kernel.now, kernel.current
    try:
        for envelope in log:
            kernel.now = envelope.time
            kernel.current = envelope
            role.fold[type(envelope.message)](envelope.message)
            kernel.out.clear()
    finally:
        kernel.out.clear()
        kernel.now, kernel.current = now, current
    role.handlers = role.fold
    if kernel.faults.concerns(role.base):
        role.handlers = {
            kind: kernel.faults.wrap(role.base, handler) for kind, handler in role.fold.items()
        }


# -- failure ---------------------------------------------------------------------------------------


def fail(kernel: "Kernel", role: Role, envelope: Envelope, error: BaseException) -> None:
    """Take down a role whose handler raised; have it restarted, its message redelivered once."""
    _bury(kernel, role, error)
    quarantined = role.retry is envelope
    if quarantined:
        role.retry = None
        _quarantine(kernel, role, envelope)
    else:
        role.retry = envelope
        role.recorded = None if isinstance(error, NotRecorded) else envelope
    _ask_supervisor(kernel, role, type(envelope.message).__name__, quarantined)


def interrupt(kernel: "Kernel", role: Role, envelope: Envelope, error: BaseException) -> None:
    """Rebuild a role whose handler was interrupted; its message waits in front of the queue."""
    _bury(kernel, role, error)
    role.recorded = envelope
    if role.retry is not envelope:
        role.held.appendleft(envelope)
    restart(kernel, role)


def obey(kernel: "Kernel", sender: Role, cause: Envelope, message: Message) -> None:
    """Carry out a command to the kernel at once, so that a restart reorders nothing."""
    _note(kernel, sender, cause, message)
    if isinstance(message, RestartActor) and message.role in kernel.roles:
        restart(kernel, kernel.roles[message.role])


def restart(kernel: "Kernel", role: Role) -> None:
    """Rebuild a role and put what it missed back in front of the queue."""
    if not role.down or role.gave_up:
        return
    try:
        _rebuild(kernel, role, [e for e in kernel.history if e.role is role])
    except BaseException as error:
        _bury(kernel, role, error)
        _ask_supervisor(kernel, role, "", quarantined=False)
        if isinstance(error, KeyboardInterrupt):
            raise
        return
    role.restarts += 1
    role.down = False
    missed = list(role.held)
    role.held.clear()
    if role.retry is not None:
        missed.insert(0, role.retry)
    for envelope in missed:
        if envelope.time < kernel.now:
            envelope.time = kernel.now
            if envelope is role.recorded:
                # It is journaled once more: a restore takes its last row.
                role.recorded = None
    kernel.queue.extendleft(reversed(missed))
    kernel.schedule.catch_up(role)
    kernel.announce(ActorStarted(role.name))


def _bury(kernel: "Kernel", role: Role, error: BaseException) -> None:
    report(role, error)
    role.special = role.down = True
    role.last_failure = kernel.redact(f"{type(error).__name__}: {error}")
    actor, role.actor = role.actor, None
    if actor is None:
        return
    role.state_type = actor.State
    actor.retire()
    try:
        actor.on_failure(type(error), error, error.__traceback__)
    except BaseException as second:  # noqa: BLE001 - a user's hook must not fell the kernel
        report(role, second)


def _quarantine(kernel: "Kernel", role: Role, envelope: Envelope) -> None:
    role.quarantined += 1
    kind = type(envelope.message)
    reply_to = role.replies.pop(envelope.seq, None)
    if reply_to is not None:
        error = RuntimeError(f"{role.name} could not handle {kind.__name__}: {role.last_failure}")
        reply_to.set_exception((RuntimeError, error, None))
    lost = MessageLost(role.name, kind.__name__, envelope.seq)
    _note(kernel, kernel.own, envelope, lost)
    loss = role.losses.get(kind)
    if loss in (Loss.RECONCILE, Loss.HALT) and kind is not MessageLost:
        kernel.announce(lost)
    if loss is Loss.HALT:
        kernel.last_resort(role.name, f"{kind.__name__} was lost: {role.last_failure}")


def _note(kernel: "Kernel", sender: Role, cause: Envelope, message: Message) -> None:
    """Journal what the kernel itself does, or is told to."""
    if kernel.recorder is not None:
        seq, now = kernel.number(), kernel.now
        note = Envelope(seq, now, sender.name, cause.seq, cause.correlation, kernel.own, message)
        kernel.recorder.write(note)


def _ask_supervisor(kernel: "Kernel", role: Role, message: str, quarantined: bool) -> None:
    role.failures += 1
    role.streak += 1
    supervisor = kernel.roles.get(SUPERVISOR, role)
    if supervisor is role or supervisor.gave_up:
        # Nobody stands above: once at once, then it is for the other kernel to act.
        if role.streak > 1:
            give_up(role)
            kernel.last_resort(role.name, role.last_failure)
        else:
            restart(kernel, role)
        return
    waiting = len(kernel.queue)
    kernel.announce(ActorFailed(role.name, message, role.last_failure, quarantined, role.streak))
    kernel.queue.rotate(len(kernel.queue) - waiting)
