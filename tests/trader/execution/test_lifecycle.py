"""The life cycle of an order: what may happen to it, and what may not."""

import pytest

from trader.execution.lifecycle import NOT_THERE, RESTING, TABLE, IllegalMove, OrderEvent, move
from trader.model.orders import FINAL, OrderStatus

S = OrderStatus
E = OrderEvent


@pytest.mark.parametrize(
    ("status", "event", "after"),
    [
        (S.SUBMITTING, E.ACCEPTED, S.OPEN),
        (S.SUBMITTING, E.FILLED, S.FILLED),
        (S.PARTIALLY_FILLED, E.ACCEPTED, S.PARTIALLY_FILLED),
        (S.OPEN, E.DOUBTED, S.OPEN),
        (S.CANCELING, E.PART_FILLED, S.CANCELING),
        (S.CANCELING, E.FILLED, S.FILLED),
        (S.CANCELED, E.PART_FILLED, S.CANCELED),
        (S.CANCELED, E.FILLED, S.FILLED),
        (S.FILLED, E.CANCELED, S.FILLED),
        (S.OPEN, E.REFUSED, S.EXPIRED),
        (S.REJECTED, E.ACCEPTED, S.OPEN),
    ],
)
def test_what_is_odd_but_real(status: OrderStatus, event: OrderEvent, after: OrderStatus) -> None:
    """Acks come late, fills race cancels, and what was given up turns up."""
    assert move(status, event) is after


@pytest.mark.parametrize("event", OrderEvent)
@pytest.mark.parametrize("status", OrderStatus)
def test_a_move_without_a_row_is_illegal(status: OrderStatus, event: OrderEvent) -> None:
    """The table is all there is: any other move raises and names the order's status."""
    if (status, event) in TABLE:
        return

    with pytest.raises(IllegalMove, match=status.value):
        move(status, event)


@pytest.mark.parametrize("status", [S.SUBMITTING, S.UNKNOWN, S.FILLED, S.CANCELED, S.REJECTED])
def test_a_cancel_needs_an_order_that_rests(status: OrderStatus) -> None:
    """Nobody cancels what is not there, or is over."""
    with pytest.raises(IllegalMove):
        move(status, E.CANCEL_ASKED)


def test_an_end_is_final_save_for_fills() -> None:
    """Only a fill leads from one end to another, and only what was never there can come alive."""
    assert {
        (status, event)
        for (status, event), after in TABLE.items()
        if status in FINAL - NOT_THERE and after is not status and event is not E.FILLED
    } == set()


@pytest.mark.parametrize("status", [S.SUBMITTING, S.UNKNOWN, *RESTING, S.CANCELING])
def test_every_order_that_is_not_final_can_be_filled(status: OrderStatus) -> None:
    """A fill is accepted whatever we knew before it."""
    assert move(status, E.FILLED) is S.FILLED
