"""What may go to the broker. Approvals are made here and nowhere else."""

from decimal import Decimal

from trader.model.ids import client_order_id, order_hash
from trader.model.instrument import ZERO
from trader.model.messages import CancelOrder, SubmitOrder
from trader.model.orders import (
    ENTRY,
    EXIT,
    STOP,
    TARGET,
    Approval,
    Leg,
    Order,
    OrderKind,
    TimeInForce,
)
from trader.model.reasons import Reason
from trader.risk.state import Campaign, RiskState, Working

REMEMBERED = 50
"""Final orders of a campaign that are kept, the newest ones: late word of them is understood."""

_KINDS = {
    # At its limit an entry cannot cost more than was reserved for it, and nothing of it stays.
    ENTRY: OrderKind.LIMIT,
    STOP: OrderKind.STOP,
    TARGET: OrderKind.TAKE_PROFIT,
    EXIT: OrderKind.MARKET,
}


def approve(order: Order, epoch: int) -> Approval:
    """Permit one order, once, in one epoch of the interlock."""
    return Approval(epoch, order_hash(order))


def place(
    state: RiskState,
    campaign: Campaign,
    leg: Leg,
    quantity: Decimal,
    group: str | None = None,
    worst: Decimal = ZERO,
    limit: Decimal | None = None,
    trail: Decimal | None = None,
) -> SubmitOrder:
    """Book a campaign's next order and return the command; a stop without a group founds one.

    An entry has a `limit`, and a `worst` price at which it is counted until it has filled. A stop
    with a `trail` follows the market.
    """
    cid = client_order_id(state.run, campaign.decision, leg, campaign.attempt)
    entry = leg is ENTRY
    order = Order(
        client_order_id=cid,
        symbol=campaign.symbol,
        side=campaign.side if entry else campaign.side.opposite,
        kind=_KINDS[leg] if trail is None else OrderKind.TRAILING,
        leg=leg,
        quantity=quantity,
        price=campaign.target if leg is TARGET else limit,
        trigger=campaign.stop if leg is STOP and trail is None else None,
        reduce_only=not entry,
        group=cid if leg is STOP and group is None else group,
        tif=TimeInForce.IOC if entry else TimeInForce.GTC,
        trail=trail,
    )
    campaign.attempt += 1
    campaign.orders[cid] = Working(order, quantity, worst)
    if len(campaign.orders) > REMEMBERED:
        _forget(campaign)
    return SubmitOrder(
        campaign.decision, order, approve(order, state.epoch), _purpose(campaign, order)
    )


def _forget(campaign: Campaign) -> None:
    final = [cid for cid, working in campaign.orders.items() if working.status.final]
    for cid in final[:-REMEMBERED]:
        del campaign.orders[cid]


def _purpose(campaign: Campaign, order: Order) -> Reason | None:
    leg = order.leg
    if leg is STOP:
        return campaign.stopping if order.trail is None else Reason.EXIT_TRAILING
    if leg is TARGET:
        return Reason.EXIT_TARGET
    return campaign.closing if leg is EXIT else None


def cancel(orders: list[Working], reason: Reason) -> list[CancelOrder]:
    """Return the commands that cancel these orders, but for those that are being canceled."""
    told = []
    for working in orders:
        if not working.canceling:
            working.canceling = True
            told.append(CancelOrder(working.order.client_order_id, reason))
    return told
