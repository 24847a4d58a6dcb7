"""Client order ids and order hashes: functions of what is decided, never of clock or chance."""

import hashlib

import msgspec

from trader.model.orders import Leg, Order

PREFIX = "at"
"""Marks an order as ours at a venue that other programs and people use too."""
_LEGS = {leg.value: leg for leg in Leg}


def client_order_id(run: str, decision: int, leg: Leg, attempt: int = 0) -> str:
    """Derive the id of one leg of one decision: 24 characters of [a-z0-9], the leg the third.

    Within the limits of the venues known to us, which are at most 32 characters.
    """
    digest = hashlib.sha256(f"{run}/{decision}/{leg}/{attempt}".encode()).hexdigest()
    return PREFIX + leg + digest[:21]


def leg_of(client_order_id: str) -> Leg | None:
    """Return the leg of an order of ours, None for a foreign order."""
    if len(client_order_id) != 24 or not client_order_id.startswith(PREFIX):
        return None
    return _LEGS.get(client_order_id[len(PREFIX)])


def order_hash(order: Order) -> str:
    """Hash every field of an order, so that an approval fits that order and no other."""
    return hashlib.sha256(msgspec.json.encode(order)).hexdigest()
