"""One order: each fact is told once, whoever tells it and in whatever order."""

from decimal import Decimal

import msgspec
import pytest

from tests.trader.execution.samples import WITHIN, fill, order, state
from trader.execution.doubt import GONE_MISSES
from trader.execution.lifecycle import IllegalMove
from trader.execution.record import Record
from trader.model import messages as m
from trader.model.orders import Leg, OrderStatus
from trader.model.reasons import Reason

ENTRY = order()
CID = ENTRY.client_order_id
VENUE_ID = state(ENTRY).venue_order_id
ACCEPTED = m.OrderAccepted(CID, VENUE_ID)
S = OrderStatus


@pytest.fixture
def record() -> Record:
    """Return an entry that is on its way."""
    return Record(ENTRY, correlation=7)


def test_an_ack_is_told_once(record: Record) -> None:
    """The answer to the submit and the stream say the same: one event."""
    assert record.take(state(ENTRY), ()) == [ACCEPTED]
    assert record.take(state(ENTRY), ()) == []
    assert record.status is S.OPEN


def test_an_order_is_settled_once_it_is_final_and_nothing_of_it_is_missing(record: Record) -> None:
    """One that rests is not, though nobody doubts it, nor one whose last fill is yet to come."""
    assert (record.settled, record.doubtful) == (False, False)
    record.take(state(ENTRY), ())
    assert (record.settled, record.doubtful) == (False, False)
    record.take(state(ENTRY, S.CANCELED), ())
    assert (record.settled, record.doubtful) == (True, False)
    record.take(state(ENTRY, S.CANCELED, "0.3"), ())
    assert (record.settled, record.doubtful) == (False, True)


@pytest.mark.parametrize(
    ("found", "told"),
    [(S.OPEN, ACCEPTED), (S.CANCELED, m.OrderCanceled(CID)), (S.EXPIRED, m.OrderExpired(CID))],
)
def test_what_was_held_for_uncertain_is_told_again_once(
    record: Record, found: OrderStatus, told: m.Message
) -> None:
    """Whoever should have heard that it rests may not have; an end is news of its own."""
    record.take(state(ENTRY), ())
    record.suspect = True

    assert record.take(state(ENTRY, found), ()) == [told]
    assert record.take(state(ENTRY, found), ()) == []


def test_an_order_that_is_to_go_is_not_told_of_as_resting(record: Record) -> None:
    """Its end is on the way, and says all there is to know."""
    record.take(state(ENTRY), ())
    record.unwanted = True
    assert record.begin_cancel()
    record.suspect = True

    assert record.take(state(ENTRY), ()) == []


def test_a_fill_before_the_ack_is_told_after_an_acceptance(record: Record) -> None:
    """A fill proves that the venue has the order; the ack that comes later is no news."""
    whole = fill(ENTRY)

    assert record.take(state(ENTRY, S.FILLED, "1"), (whole,)) == [ACCEPTED, m.OrderFilled(whole)]
    assert record.take(state(ENTRY), ()) == []
    assert record.settled


def test_a_fill_is_told_once_by_its_trade_id(record: Record) -> None:
    """The stream and a query bring the same fills."""
    half, rest = fill(ENTRY, "0.4", "t1"), fill(ENTRY, "0.6", "t2")
    record.take(state(ENTRY, S.PARTIALLY_FILLED, "0.4"), (half,))

    assert record.take(state(ENTRY, S.FILLED, "1"), (half, rest)) == [m.OrderFilled(rest)]
    assert record.filled == 1


def test_a_total_without_its_fills_is_doubtful_and_invents_nothing(record: Record) -> None:
    """Fills known by their sum alone are asked for; the end is told after them."""
    assert record.take(state(ENTRY, S.CANCELED, "0.5"), ()) == [ACCEPTED]
    assert record.doubtful
    assert record.filled == 0

    half = fill(ENTRY, "0.5")
    assert record.take(state(ENTRY, S.CANCELED, "0.5"), (half,)) == [
        m.OrderPartiallyFilled(half),
        m.OrderCanceled(CID),
    ]
    assert record.settled


def test_an_older_report_does_not_unsay_an_end(record: Record) -> None:
    """OPEN, heard after CANCELED, is old: the fills before the end are all that is missing."""
    half = fill(ENTRY, "0.5")
    record.take(state(ENTRY, S.CANCELED, "0.5"), ())

    assert record.take(state(ENTRY, S.OPEN), (half,))[-1] == m.OrderCanceled(CID)


def test_filled_without_a_total_means_all_of_it(record: Record) -> None:
    """A venue that says FILLED and no number leaves no rest to be canceled."""
    assert record.take(state(ENTRY, S.FILLED, "0"), ()) == [ACCEPTED]
    assert record.doubtful


def test_filled_with_a_rest_ends_the_rest(record: Record) -> None:
    """Where a sibling took the rest, or the venue a crumb, the rest will not be filled."""
    part = fill(ENTRY, "0.9")

    assert record.take(state(ENTRY, S.FILLED, "0.9"), (part,)) == [
        ACCEPTED,
        m.OrderPartiallyFilled(part),
        m.OrderCanceled(CID),
    ]


def test_a_fill_that_raced_the_cancel_counts(record: Record) -> None:
    """CANCELED, then a fill: the position comes from fills, and the end is not told again."""
    record.take(state(ENTRY, S.CANCELED), ())
    late = fill(ENTRY, "0.3")

    assert record.take(state(ENTRY, S.CANCELED, "0.3"), (late,)) == [m.OrderPartiallyFilled(late)]
    assert record.status is S.CANCELED


def test_a_submit_that_gave_up_does_not_unsay_the_stream(record: Record) -> None:
    """What the venue told outranks the outcome of a call."""
    record.take(state(ENTRY), ())

    assert record.doubt("read timed out") == []
    assert record.refuse(Reason.VENUE_REJECTED, "no") == []
    assert record.status is S.OPEN


def test_doubt_is_told_once(record: Record) -> None:
    """UNKNOWN is an event of its own, and the venue is asked."""
    assert record.doubt("read timed out") == [m.OrderUnknown(CID, "read timed out")]
    assert record.doubt("again") == []
    assert record.doubtful


def test_an_unknown_order_is_given_up_after_a_minute_of_misses(record: Record) -> None:
    """Only then is it rejected, and nothing is in doubt any more."""
    record.doubt("read timed out")
    told = [record.miss(now, WITHIN) for now in range(0, WITHIN + 1, WITHIN // 4)]

    assert len(told) > GONE_MISSES
    assert told[:-1] == [[]] * (len(told) - 1)
    assert told[-1] == [m.OrderRejected(CID, Reason.VENUE_REJECTED, "never reached the venue")]
    assert record.settled


def test_an_unknown_order_is_not_given_up_after_two_misses(record: Record) -> None:
    """However far apart they are; the third is the last, and ends every doubt of it."""
    record.doubt("read timed out")
    record.suspect = True
    told = [record.miss(now, WITHIN) for now in (1, 2 * WITHIN)]

    assert told == [[], []]
    assert record.miss(3 * WITHIN, WITHIN) != []
    assert record.settled


def test_an_order_that_was_there_and_is_not_found_has_expired(record: Record) -> None:
    """A venue that dropped an order ended it by its own rule."""
    record.take(state(ENTRY), ())
    record.suspect = True
    told = [record.miss(now, WITHIN) for now in (0, 1, WITHIN)]

    assert told == [[], [], [m.OrderExpired(CID)]]
    assert record.settled


def test_an_order_whose_fills_are_missing_is_not_given_up(record: Record) -> None:
    """What was filled is known by its sum: no miss makes that an end."""
    record.take(state(ENTRY, S.PARTIALLY_FILLED, "0.5"), ())
    record.miss(0, WITHIN)
    record.miss(1, WITHIN)

    assert record.miss(WITHIN, WITHIN) == []
    assert record.take(state(ENTRY, S.PARTIALLY_FILLED, "0.5"), (fill(ENTRY, "0.5"),)) != []
    assert record.status is S.PARTIALLY_FILLED


def test_misses_with_an_answer_between_them_do_not_add_up(record: Record) -> None:
    """A venue that found it once is not read as one that never had it."""
    record.doubt("read timed out")
    record.miss(0, WITHIN)
    record.miss(1, WITHIN)
    record.take(state(ENTRY), ())
    record.suspect = True

    assert [record.miss(now, WITHIN) for now in (WITHIN, 3 * WITHIN)] == [[], []]


def test_a_miss_that_comes_after_the_ack_is_old(record: Record) -> None:
    """The query was asked before the order arrived, however many of them there are."""
    record.doubt("read timed out")
    record.take(state(ENTRY), ())

    assert [record.miss(now, WITHIN) for now in (0, 1, WITHIN)] == [[], [], []]
    assert record.status is S.OPEN


@pytest.mark.parametrize(("leg", "unwanted"), [(Leg.ENTRY, True), (Leg.STOP, False)])
def test_a_late_arrival_is_ours(leg: Leg, unwanted: bool) -> None:
    """Given up and there after all: an entry is not wanted any more, its fills count."""
    late = order(leg)
    record = Record(late, 1)
    record.doubt("read timed out")
    record.refuse(Reason.VENUE_REJECTED, "never reached the venue")
    part = fill(late, "0.2")

    assert record.take(state(late, S.PARTIALLY_FILLED, "0.2"), (part,)) == [
        m.OrderAccepted(late.client_order_id, state(late).venue_order_id),
        m.OrderPartiallyFilled(part),
    ]
    assert record.begin_cancel() is unwanted


def test_a_cancel_waits_until_the_venue_has_the_order(record: Record) -> None:
    """What is still on its way cannot be canceled; it is as soon as it rests, and once."""
    record.unwanted = True
    assert not record.begin_cancel()

    record.take(state(ENTRY), ())
    assert record.begin_cancel()
    assert not record.begin_cancel()
    assert record.status is S.CANCELING


def test_a_stop_refused_when_it_triggers_has_expired() -> None:
    """It rested, so that its loss is the end of a rest, not a refusal."""
    stop = order(Leg.STOP)
    record = Record(stop, 1)
    record.take(state(stop), ())

    assert record.take(state(stop, S.REJECTED), ()) == [m.OrderExpired(stop.client_order_id)]


def test_a_refusal_told_by_the_stream_is_told_once(record: Record) -> None:
    """The stream may say REJECTED before the submit fails."""
    assert [type(event) for event in record.take(state(ENTRY, S.REJECTED), ())] == [m.OrderRejected]
    assert record.refuse(Reason.VENUE_MINIMUM, "too small") == []
    assert record.take(state(ENTRY, S.REJECTED), ()) == []


def test_a_venue_that_contradicts_itself_is_not_believed(record: Record) -> None:
    """Refusing what was filled is no row of the table."""
    record.take(state(ENTRY, S.OPEN), (fill(ENTRY),))

    with pytest.raises(IllegalMove):
        record.take(state(ENTRY, S.REJECTED), ())


def test_more_than_was_asked_counts_as_well(record: Record) -> None:
    """The position comes from fills, not from what was asked."""
    record.take(state(ENTRY, S.FILLED, "1"), (fill(ENTRY),))
    more = fill(ENTRY, "0.1", "t2")

    assert record.take(state(ENTRY, S.FILLED, "1.1"), (more,)) == [m.OrderFilled(more)]
    assert record.filled == Decimal("1.1")


def test_a_record_survives_a_checkpoint(record: Record) -> None:
    """Everything that is known of an order can be written and read."""
    record.take(state(ENTRY, S.PARTIALLY_FILLED, "0.4"), (fill(ENTRY, "0.4"),))

    assert msgspec.msgpack.decode(msgspec.msgpack.encode(record), type=Record) == record
