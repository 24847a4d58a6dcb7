"""Recovery: a crash changes nothing; a message that always crashes is quarantined, not lost."""

import msgspec
import pytest
import trio
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.trader.runtime.house import (
    BOSS,
    CHECK,
    FEED,
    GUARD,
    ROLES,
    Added,
    Armed,
    Asked,
    Boss,
    Counted,
    Feed,
    Guard,
    House,
    Kept,
    Ticked,
    open_house,
)
from trader.model.messages import ActorFailed, Message, MessageLost
from trader.runtime import kernel as kernel_module
from trader.runtime import recovery
from trader.runtime.faults import Fault
from trader.runtime.recovery import Memory
from trader.topology import Edge, Loss

PORTS = ["at_once", "late", "never", "not_sent", "rejected", "unknown", "broken", "fatal"]
keys = st.sampled_from(["durable", "fast", "must"])
messages: st.SearchStrategy[Message] = st.one_of(
    st.builds(Counted, st.integers(1, 9)),
    st.builds(Ticked, st.sampled_from(["BTC", "ETH"]), st.integers(0, 9)),
    st.builds(Armed, keys, st.integers(0, 40)),
    st.builds(Asked, keys, st.sampled_from(PORTS)),
)
scripts = st.lists(st.tuples(st.sampled_from([0, 0, 5, 20]), messages), max_size=12)
drivers = st.sampled_from(["virtual", "live"])


def twice(role: str, at: int) -> tuple[Fault, Fault]:
    """Crash a role in its `at`-th message, and when that is delivered again."""
    return Fault(role, at), Fault(role, at + 1)


# -- a single crash --------------------------------------------------------------------------------


@settings(max_examples=120, deadline=None)
@given(
    script=scripts,
    driver=drivers,
    role=st.sampled_from(ROLES),
    at=st.integers(1, 20),
    every=st.sampled_from([1, 3, 4096]),
)
def test_a_single_crash_changes_nothing(
    script: list[tuple[int, Message]], driver: str, role: str, at: int, every: int
) -> None:
    """Whichever role crashes at whichever message: same memory, same calls, same order of all."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(kernel_module, "CHECKPOINT_EVERY", every)
        traces = []
        for faults in ((), (Fault(role, at),)):
            with open_house(*faults) as house:
                trio.run(house.perform, driver, *script)
                traces.append(house.trace())

    assert traces[1] == traces[0]


def test_a_handler_that_raises_leaves_no_trace() -> None:
    """No send, no timer, no call, no tap, no memory; its message waits, and the role is down."""
    with open_house(Fault(FEED, 3)) as house:
        house.ports.patience = 10
        house.tell(Counted(5), Armed("a", 3))
        before = house.trace(), house.kernel.schedule.next_due()
        house.kernel.arrive(FEED, Asked("fast", "at_once"), "market")
        house.run(0)

        role = house.kernel.roles[FEED]
        assert role.down
        assert (role.retry and role.retry.message) == Asked("fast", "at_once")
        assert house.ports.begun == []
        house.run(10)
        assert not role.down
        assert house.ports.begun == ["at_once"]
        assert before[1] == 3


def test_the_failure_is_told_before_anything_else(house: House) -> None:
    """The Supervisor acts before the next message, so that a restart reorders nothing."""
    house.ports.strikes[FEED] = [ValueError("no")]
    house.tell(Counted(1), Counted(2), Counted(3))

    kinds = [(row[3], row[6]) for row in house.ledger.rows]
    first = kinds.index((FEED, "Counted"))
    assert kinds[first + 1 : first + 3] == [(BOSS, "ActorFailed"), ("kernel", "RestartActor")]
    assert house.log(FEED) == [str(Counted(n)) for n in (1, 2, 3)]


def test_all_who_are_told_of_a_failure_are_told_first() -> None:
    """With several receivers each has its ActorFailed before the queue goes on, in their order."""

    class Nosy(Guard):
        on_actor_failed = Guard.on_message_lost

    edges = (*House().kernel.edges, Edge("kernel", ActorFailed, GUARD, Loss.HALT))
    with open_house(edges=edges, risk_guard=Nosy) as house:
        house.ports.strikes[FEED] = [ValueError("no")]
        house.tell(Counted(1), Counted(2))

        kinds = {"ActorFailed", "Added"}
        order = [(row[3], row[6]) for row in house.ledger.rows if row[6] in kinds]
        assert order[:3] == [(BOSS, "ActorFailed"), (GUARD, "ActorFailed"), (GUARD, "Added")]


def test_without_an_edge_for_it_a_failure_leaves_the_queue_as_it_is() -> None:
    """Nothing is announced, so nothing is moved to the front either."""
    edges = tuple(edge for edge in House().kernel.edges if edge.message is not ActorFailed)
    with open_house(edges=edges) as house:
        house.ports.strikes[GUARD] = [ValueError("no")]
        house.tell(Counted(1), Counted(2))

        assert house.log(CHECK) == [str(Added(1)), str(Added(3))]


# -- a role that is down ---------------------------------------------------------------------------


def test_a_role_that_is_down_keeps_its_queue(house: House) -> None:
    """In order, and told at times that never go back; the others go on meanwhile."""
    house.ports.patience = 20
    house.ports.strikes[GUARD] = [ValueError("no")]
    for number in (1, 2, 3):
        house.tell(Counted(number))
        house.run(house.kernel.now + 5)
    house.tell(Counted(4))
    assert house.log(CHECK) == [str(Added(n)) for n in (1, 3, 6, 10)]
    house.run()

    assert house.state(GUARD).log == [(20, str(Added(n))) for n in (1, 3, 6, 10)]
    assert house.log(CHECK)[4:] == [str(Kept(n)) for n in (1, 3, 6, 10)]


def test_a_message_that_waited_is_journaled_with_the_time_it_was_told_at(house: House) -> None:
    """A restore takes the last row of a seq: it must fold the message at the time it saw."""
    house.ports.patience = 20
    house.ports.strikes[FEED] = [ValueError("no")]
    house.tell(Counted(1))
    house.run()

    rows = [row for row in house.ledger.rows if row[3] == FEED]
    assert [(row[1], row[6]) for row in rows] == [(0, "Counted"), (20, "Counted")]
    assert rows[0][0] == rows[1][0]


def test_timers_outlive_a_crash_of_their_role(house: House) -> None:
    """They belong to the role, not to the actor that armed them."""
    house.tell(Armed("a", 30))
    house.ports.strikes[FEED] = [ValueError("no")]
    house.tell(Counted(1))
    house.run()

    assert house.state(FEED).log[-1] == (30, "Rang(key='a')")


# -- a second crash --------------------------------------------------------------------------------


def test_a_message_that_crashes_twice_is_quarantined() -> None:
    """Its role goes on without it, with the memory of never having seen it."""
    with open_house(*twice(FEED, 2)) as house:
        house.tell(Counted(1), Counted(2), Counted(4))

        assert house.log(FEED) == [str(Counted(1)), str(Counted(4))]
        assert house.state(FEED).total == 5
        role = house.kernel.roles[FEED]
        assert (role.failures, role.restarts, role.quarantined) == (2, 2, 1)


@pytest.mark.parametrize(
    ("role", "loss", "told", "halts"),
    [(FEED, Loss.RECONCILE, 1, 0), (GUARD, Loss.GAP, 0, 0), (CHECK, Loss.HALT, 1, 1)],
)
def test_a_loss_means_what_the_topology_says(role: str, loss: Loss, told: int, halts: int) -> None:
    """A gap is journaled; a loss that must be reconciled is told; one that halts, to the end."""
    kind = {FEED: "Counted", GUARD: "Added", CHECK: "Kept"}[role]
    with open_house() as house:
        assert {e.loss for e in house.kernel.edges if e.message.__name__ == kind} >= {loss}
        number = {FEED: Counted(3), GUARD: Added(3), CHECK: Kept(3)}[role]
        if role == GUARD:
            house.ports.strikes[GUARD] = [ValueError("no"), ValueError("no")]
        else:
            house.ports.strikes[str(number)] = [ValueError("no"), ValueError("no")]
        house.tell(Counted(3))

        lost = [text for text in house.log(GUARD) if text.startswith("MessageLost")]
        assert len(lost) == told
        assert [who for who, _ in house.lost] == [role] * halts
        assert house.ledger.kinds("kernel").count("MessageLost") == 1


def test_the_loss_of_a_loss_is_not_told_again(house: House) -> None:
    """It goes to the last resort: telling it once more would go on for ever."""
    house.ports.strikes[str(Counted(1))] = [ValueError("no")] * 2
    house.ports.strikes[GUARD] = [ValueError("no")] * 2
    house.tell(Counted(1))

    assert house.log(GUARD) == []
    assert [who for who, _ in house.lost] == [GUARD]


def test_a_crash_tells_how_often_the_role_failed_in_a_row() -> None:
    """The streak ends with the first message that is handled."""
    with open_house() as house:
        house.ports.strikes[FEED] = [ValueError("no")] * 3
        house.tell(Counted(1), Counted(2))
        house.ports.strikes[FEED] = [ValueError("no")]
        house.tell(Counted(3))

        failed = [m for _, _, m in house.sent if isinstance(m, ActorFailed)]
        assert [(m.streak, m.quarantined) for m in failed] == [
            (1, False),
            (2, True),
            (3, False),
            (1, False),
        ]


# -- a rebuild that fails --------------------------------------------------------------------------


def test_a_rebuild_that_fails_is_a_failure_of_the_role(house: House) -> None:
    """The Supervisor hears of it like of any other, with no message to it; then it may succeed."""
    house.tell(Counted(1))
    house.ports.strikes[FEED] = [ValueError("again"), ValueError("no")]
    house.ports.strikes[str(Counted(1))] = [ValueError("in the fold")]
    house.tell(Counted(2))

    failed = [m for _, _, m in house.sent if isinstance(m, ActorFailed)]
    assert [(m.message, m.streak) for m in failed] == [("Counted", 1), ("", 2), ("", 3)]
    assert house.log(FEED) == [str(Counted(1)), str(Counted(2))]


# -- nobody above ----------------------------------------------------------------------------------


def test_the_supervisor_is_restarted_once_by_the_kernel(house: House) -> None:
    """Its message is delivered again; the role it was told of is restarted after all."""
    house.ports.strikes[BOSS] = [ValueError("no")]
    house.ports.strikes[FEED] = [ValueError("no")]
    house.tell(Counted(1))

    assert house.log(FEED) == [str(Counted(1))]
    assert house.kernel.roles[BOSS].restarts == 1
    assert house.lost == []


def test_a_supervisor_that_fails_twice_is_for_the_last_resort(house: House) -> None:
    """It is not restarted any more; the kernel goes on, and restarts the others once at a time."""
    house.ports.strikes[BOSS] = [ValueError("no"), ValueError("no")]
    house.ports.strikes[GUARD] = [ValueError("no")]
    house.tell(Counted(1))
    assert {who for who, _ in house.lost} == {BOSS}
    assert house.kernel.roles[BOSS].gave_up

    house.ports.strikes[FEED] = [ValueError("no")]
    house.tell(Counted(2))
    assert house.log(FEED) == [str(Counted(1)), str(Counted(2))]


def test_without_a_supervisor_a_second_failure_in_a_row_ends_the_role() -> None:
    """What comes later for it is dropped: nobody will ever be there to take it."""
    house = House()
    del house.kernel.roles[BOSS]
    house.open()
    house.ports.strikes[GUARD] = [ValueError("no")]
    house.tell(Counted(1))
    assert house.lost == []
    house.ports.strikes[GUARD] = [ValueError("no"), ValueError("no")]
    house.tell(Counted(2), Counted(3))

    assert [who for who, _ in house.lost] == [GUARD]
    assert house.kernel.roles[GUARD].gave_up
    assert house.kernel.depth(house.kernel.roles[GUARD]) == 0
    house.close()


def test_a_gateway_that_fails_is_open_again_and_hands_on() -> None:
    """It has no memory to rebuild; were it closed for good, nobody behind it could end the run."""
    house, got, troubles = House(), list[Message](), [ValueError("no")]

    def forward(_sender: str, message: Message) -> None:
        if troubles:
            raise troubles.pop()
        got.append(message)

    house.kernel.add_gateway(CHECK, forward)
    house.open()
    house.tell(Counted(1), Counted(2))

    assert got == [Added(1), Added(3), Kept(1), Kept(3)]
    assert not house.kernel.roles[CHECK].down
    house.close()


# -- checkpoints, and an earlier run ---------------------------------------------------------------


def test_what_a_role_heard_last_is_known_after_a_checkpoint(house: House) -> None:
    """However long ago that was: one that hears little is not one that heard nothing."""
    house.tell(Counted(1))
    recovery.checkpoint(house.kernel)
    house.tell(Armed("a", 5))
    recovery.checkpoint(house.kernel)

    heard = [house.kernel.roles[name].last for name in (FEED, GUARD, CHECK)]
    assert heard == [Armed("a", 5), Added(1), Kept(1)]


def test_a_checkpoint_bounds_what_is_folded_again(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The history of roles that are up is forgotten; that of a role that is down is not."""
    monkeypatch.setattr(kernel_module, "CHECKPOINT_EVERY", 1)
    house.tell(Counted(1))
    assert house.kernel.history == []
    house.ports.patience = 5
    monkeypatch.setattr(kernel_module, "CHECKPOINT_EVERY", 1_000)
    house.tell(Counted(2))
    house.ports.strikes[FEED] = [ValueError("no")]
    house.tell(Counted(3))
    recovery.checkpoint(house.kernel)

    assert [e.message for e in house.kernel.history] == [Counted(2)]
    house.run()
    assert house.log(FEED) == [str(Counted(n)) for n in (1, 2, 3)]


def test_memory_that_cannot_be_encoded_costs_no_more_than_its_checkpoint(house: House) -> None:
    """The last one and the history since remain, and the role goes on."""
    house.tell(Counted(1))
    house.state(FEED).log.append(object())
    recovery.checkpoint(house.kernel)
    assert [e.role.name for e in house.kernel.history] == [FEED]

    house.ports.strikes[str(Counted(2))] = [ValueError("no")]
    house.tell(Counted(2))
    assert house.log(FEED) == [str(Counted(1)), str(Counted(2))]


def test_a_run_goes_on_where_an_earlier_one_ended(house: House) -> None:
    """From its checkpoint and the messages after it, at their times and with nothing sent."""
    house.tell(Counted(1))
    recovery.checkpoint(house.kernel)
    house.run(10)
    house.tell(Counted(2), Armed("a", 5))
    seq, checkpoint = house.ledger.checkpoints[FEED]
    log: list[tuple[int, int, int, Message]] = [
        (row[1], row[4], row[5], msgspec.msgpack.decode(row[7], type=Counted | Armed))
        for row in house.ledger.rows
        if row[3] == FEED and row[0] > seq
    ]
    next_run = House()
    next_run.kernel.now = 50
    next_run.kernel.start({FEED: Memory(checkpoint, log)})
    next_run.run()

    assert next_run.state(FEED) == house.state(FEED)
    assert next_run.log(CHECK) == []
    assert next_run.kernel.now == 50
    assert FEED in next_run.ledger.checkpoints
    next_run.close()


def test_the_memory_of_a_role_that_is_down_can_be_read_at_the_end(house: House) -> None:
    """As it was before the message that felled it; and as it was at its last checkpoint."""
    house.tell(Counted(1))
    recovery.checkpoint(house.kernel)
    house.ports.patience = 1_000
    house.tell(Counted(2))
    house.ports.strikes[FEED] = [ValueError("no")]
    house.tell(Counted(4))
    role = house.kernel.roles[FEED]
    remembered = recovery.remembered(role)
    assert isinstance(remembered, Feed.State)
    assert remembered.total == 1

    recovery.revive(house.kernel)
    assert house.state(FEED).total == 3


def test_commands_to_roles_that_need_none_are_obeyed_by_doing_nothing(house: House) -> None:
    """A role that is up, or that this kernel has not, is not restarted."""

    class Hasty(Boss):
        def on_actor_started(self, message: object) -> None:
            self.send(recovery.RestartActor(FEED))
            self.send(recovery.RestartActor("nobody"))

    with open_house(supervisor=Hasty) as hasty:
        assert hasty.kernel.roles[FEED].restarts == 0
        assert hasty.ledger.kinds("kernel").count("RestartActor") == 8


def test_a_message_lost_names_what_was_lost(house: House) -> None:
    """By role, message and seq, so that a restore leaves it out."""
    house.ports.strikes[str(Counted(1))] = [ValueError("no")] * 2
    house.tell(Counted(1))

    seq = next(row[0] for row in house.ledger.rows if row[6] == "Counted")
    assert house.log(GUARD) == [str(MessageLost(FEED, "Counted", seq))]
