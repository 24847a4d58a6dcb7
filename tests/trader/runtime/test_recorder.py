"""The recorder: what is delivered is journaled first, and once; quotes only if they counted."""

from typing import Any

import msgspec
import pytest

from tests.trader.runtime.house import (
    CHECK,
    EDGES,
    FEED,
    GUARD,
    Added,
    Armed,
    Counted,
    Feed,
    Guard,
    House,
    Kept,
    Ledger,
    Ticked,
    open_house,
)
from trader.model.messages import JournalRecovered
from trader.runtime import kernel as kernel_module
from trader.runtime import recorder as recorder_module
from trader.runtime.recorder import Recorder
from trader.runtime.role import Envelope, Role
from trader.topology import Edge, Loss, Overflow


def test_an_envelope_is_journaled_before_its_handler_sees_it() -> None:
    """With all that is needed to walk from it back to what began it."""
    seen: list[tuple[Any, ...]] = []

    class Looking(Guard):
        def on_added(self, message: Added) -> Any:
            seen.append(house.ledger.rows[-1])
            return super().on_added(message)

    with open_house(risk_guard=Looking) as house:
        house.tell(Counted(3))
        rows = {row[6]: row for row in house.ledger.rows}
        seq, time, sender, receiver, cause, correlation, kind, body = seen[0]

        assert (time, sender, receiver, kind) == (0, FEED, GUARD, "Added")
        assert (cause, correlation) == (rows["Counted"][0],) * 2
        assert msgspec.msgpack.decode(body, type=Added) == Added(3)
        assert rows["Kept"][4:6] == (seq, correlation)


def test_a_message_to_several_is_encoded_once_and_journaled_for_each(house: House) -> None:
    """The rows of one message share their body."""
    house.tell(Counted(3))
    bodies = [row[7] for row in house.ledger.rows if row[6] == "Added"]

    assert len(bodies) == 2
    assert bodies[0] is bodies[1]


def test_a_redelivery_is_not_journaled_again(house: House) -> None:
    """It is the same envelope, at the same time."""
    for role in (FEED, GUARD, CHECK):
        house.ports.strikes[role] = [ValueError("no")]
    house.tell(Counted(1))

    rows = [row for row in house.ledger.rows if row[3] in {FEED, GUARD, CHECK}]
    assert [(row[3], row[6]) for row in rows] == [
        (FEED, "Counted"),
        (GUARD, "Added"),
        (CHECK, "Added"),
        (CHECK, "Kept"),
    ]


class Acting(Feed):
    """Sends quotes on; acts on every tenth, and on what is counted."""

    def on_ticked(self, message: Ticked) -> Any:
        """Send it on."""
        self.send(message)
        if message.value % 10 == 0:
            self.send(Added(message.value))


class Watching(Guard):
    """Only looks at quotes."""

    on_ticked = Guard.on_message_lost


QUOTED = (*EDGES, Edge(FEED, Ticked, GUARD, Loss.GAP, Overflow.NEWEST))


def journaled(house: House, receiver: str) -> list[str]:
    """Return the quotes that were journaled for a role."""
    return [
        str(msgspec.msgpack.decode(row[7], type=Ticked))
        for row in house.ledger.rows
        if row[6] == "Ticked" and row[3] == receiver
    ]


def test_a_quote_is_journaled_only_if_its_role_acted_after_it() -> None:
    """The newest of each symbol, before what the role sent; to pass it on is not to act."""
    with open_house(market_feed=Acting, risk_guard=Watching, edges=QUOTED) as house:
        house.tell(Ticked("BTC", 1), Ticked("BTC", 2), Ticked("ETH", 3))
        assert journaled(house, FEED) == []
        house.tell(Counted(1))
        assert journaled(house, FEED) == [str(Ticked("BTC", 2)), str(Ticked("ETH", 3))]
        assert journaled(house, GUARD) == [str(Ticked("BTC", 2)), str(Ticked("ETH", 3))]
        house.tell(Counted(1), Ticked("BTC", 4), Ticked("BTC", 10))

        assert journaled(house, FEED)[2:] == [str(Ticked("BTC", 10))]
        kinds = [(row[3], row[6]) for row in house.ledger.rows]
        assert kinds.index((FEED, "Ticked")) < kinds.index((GUARD, "Added"))


def test_a_timer_or_a_call_is_an_act() -> None:
    """What a handler requests rests on the quotes it saw, like what it sends."""

    class Arming(Feed):
        def on_ticked(self, message: Ticked) -> Any:
            self.after("x", 5, Added(1))

    edges = (*EDGES, Edge(FEED, Added, FEED, Loss.GAP))

    class Own(Arming):
        on_added = Feed.on_refused

    with open_house(market_feed=Own, edges=edges) as house:
        house.tell(Ticked("BTC", 1))

        assert journaled(house, FEED) == [str(Ticked("BTC", 1))]


def test_what_cannot_be_journaled_is_not_delivered() -> None:
    """It crashes nobody but its receiver, and the rows of others keep their own bodies."""
    with open_house() as house:
        house.tell(Counted(1))
        house.tell(Counted(2**80))
        house.tell(Counted(3))

        assert house.log(FEED) == [str(Counted(1)), str(Counted(3))]
        assert house.kernel.roles[FEED].last_failure.startswith("NotRecorded: Counted cannot be")
        bodies = [row[7] for row in house.ledger.rows if row[6] == "Counted"]
        assert [msgspec.msgpack.decode(b, type=Counted) for b in bodies] == [Counted(1), Counted(3)]


def test_an_envelope_that_could_not_be_journaled_is_tried_again() -> None:
    """The redelivery of a message is its second chance to be journaled, too."""
    ledger, role = Ledger(), Role(FEED, lambda: None)  # type: ignore[arg-type, return-value]
    recorder = Recorder(ledger, frozenset())
    for message in (Counted(1), Counted(2**80), Counted(1)):
        envelope = Envelope(1, 0, "", 0, 1, role, message)
        if message.number == 1:
            recorder.record(envelope)
        else:
            with pytest.raises(recorder_module.NotRecorded):
                recorder.record(envelope)

    assert len(ledger.rows) == 2


def test_checkpoints_are_journaled(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of every role, with a seq above all that it has seen and below all that it will see."""
    monkeypatch.setattr(kernel_module, "CHECKPOINT_EVERY", 3)
    house.tell(Counted(1))
    before = max(row[0] for row in house.ledger.rows)
    seq, state = house.ledger.checkpoints[CHECK]
    assert msgspec.msgpack.decode(state, type=Feed.State) == house.state(CHECK)
    house.tell(Armed("a", 5))
    after = house.ledger.rows[-1][0]

    assert before < seq < after
    assert set(house.ledger.checkpoints) == set(house.kernel.roles)


@pytest.mark.parametrize("durable", [True, False])
def test_a_failure_of_the_journal_is_told_whoever_noticed(
    house: House, monkeypatch: pytest.MonkeyPatch, durable: bool
) -> None:
    """A full buffer that cannot be written as well as a flush: once, and once that it works."""
    monkeypatch.setattr(recorder_module, "_FLUSH_ROWS", 1_000 if durable else 1)
    house.ledger.broken = True
    for _ in range(3):
        house.tell(Counted(1))
        if durable:
            assert house.kernel.flush(durable=True) is False
    house.ledger.broken = False
    for _ in range(3):
        house.tell(Counted(1))
        if durable:
            assert house.kernel.flush(durable=True) is True
    house.tell(Counted(1))

    told = [text for text in house.log(GUARD) if text.startswith("Journal")]
    assert told == ["JournalFailed(error='the disk is full')", str(JournalRecovered())]


def test_the_buffer_is_written_when_it_is_full(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    """And what has to be saved with it is, before."""
    monkeypatch.setattr(recorder_module, "_FLUSH_ROWS", 4)
    sizes: list[int] = []
    assert house.kernel.recorder is not None
    house.kernel.recorder.before_flush = lambda: sizes.append(len(house.ledger.rows))
    house.tell(Counted(1), Counted(2))

    assert house.ledger.safe == sizes[-1]
    assert sizes == [5, 9]


def test_a_gateway_is_journaled_and_hands_on() -> None:
    """With its sender; a role of another kernel is fed from there."""
    got: list[tuple[str, object]] = []
    house = House()
    house.kernel.add_gateway(CHECK, lambda sender, message: got.append((sender, message)))
    house.open()
    house.tell(Counted(2))
    house.kernel.arrive(CHECK, Kept(9), "market")
    house.run(0)

    assert got == [(FEED, Added(2)), (GUARD, Kept(2)), ("market", Kept(9))]
    assert house.ledger.kinds(CHECK) == ["Added", "Kept", "Kept"]
    house.close()
