"""Client order ids and order hashes: derived from what was decided, and read without a journal."""

import re
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from trader.model.ids import client_order_id, leg_of, order_hash
from trader.model.orders import Leg, Order, OrderKind, Side, TimeInForce

ORDER = Order("ate1", "BTC-USD", Side.BUY, OrderKind.LIMIT, Leg.ENTRY, Decimal(1))


@given(st.text(), st.integers(0), st.sampled_from(Leg), st.integers(0))
def test_an_id_suits_every_venue_and_tells_its_leg(
    run: str, decision: int, leg: Leg, attempt: int
) -> None:
    """24 lower-case letters and digits; the third tells entry, stop, target and exit apart."""
    made = client_order_id(run, decision, leg, attempt)

    assert re.fullmatch("at[estx][a-z0-9]{21}", made)
    assert leg_of(made) is leg


def test_an_id_is_of_one_attempt_at_one_leg_of_one_decision_of_one_run() -> None:
    """Whatever differs, the id does; the same is derived again."""
    sources = [
        ("one", 1, Leg.ENTRY, 0),
        ("other", 1, Leg.ENTRY, 0),
        ("one", 2, Leg.ENTRY, 0),
        ("one", 1, Leg.EXIT, 0),
        ("one", 1, Leg.ENTRY, 1),
    ]
    made = [client_order_id(*source)[3:] for source in sources]

    assert len(set(made)) == len(made)
    assert made == [client_order_id(*source)[3:] for source in sources]


@pytest.mark.parametrize(
    "foreign",
    ["", "manual-1", "ate" + "0" * 20, "ate" + "0" * 22, "aze" + "0" * 21, "atz" + "0" * 21],
)
def test_a_foreign_order_has_no_leg(foreign: str) -> None:
    """What others placed is never taken for ours."""
    assert leg_of(foreign) is None


@pytest.mark.parametrize(
    "change",
    [
        {"client_order_id": "ate2"},
        {"symbol": "ETH-USD"},
        {"side": Side.SELL},
        {"kind": OrderKind.STOP_LIMIT},
        {"leg": Leg.EXIT},
        {"quantity": Decimal(2)},
        {"price": Decimal(1)},
        {"trigger": Decimal(1)},
        {"reduce_only": True},
        {"group": "g"},
        {"tif": TimeInForce.IOC},
        {"post_only": True},
        {"trail": Decimal(1)},
    ],
    ids=lambda change: next(iter(change)),
)
def test_a_hash_is_of_every_field(change: dict[str, object]) -> None:
    """An approval fits the order that it was given for, and no other."""
    assert order_hash(replace(ORDER)) == order_hash(ORDER)
    assert order_hash(replace(ORDER, **change)) != order_hash(ORDER)
