"""What may go to the broker, and that nothing else makes an approval."""

import re
from decimal import Decimal
from pathlib import Path

from tests.trader.risk.desk import SYMBOL
from trader.model.ids import leg_of, order_hash
from trader.model.messages import SubmitOrder
from trader.model.orders import Leg, OrderKind, OrderStatus, Side, TimeInForce
from trader.model.reasons import Reason
from trader.risk.guard import REMEMBERED, cancel, place
from trader.risk.state import Campaign, RiskState

ROOT = Path(__file__).parents[3]


def campaign() -> Campaign:
    """Return a campaign with its stop at 95 and its target at 110."""
    return Campaign(SYMBOL, 7, Decimal(95), Decimal(110))


def test_approvals_are_made_in_one_place() -> None:
    """No other file of the engine builds an Approval."""
    sources = [*ROOT.glob("trader/**/*.py"), *ROOT.glob("actors/*.py")]
    makers = [p for p in sources if re.search(r"\bApproval\(", p.read_text(encoding="utf-8"))]
    assert [p.relative_to(ROOT).as_posix() for p in makers if p.name != "orders.py"] == [
        "trader/risk/guard.py"
    ]


def test_an_approval_fits_its_order_and_epoch() -> None:
    """The approval carries the order's hash and the epoch of the interlock."""
    sent = place(RiskState(epoch=3), campaign(), Leg.ENTRY, Decimal(1))
    assert (sent.approval.epoch, sent.approval.order_hash) == (3, order_hash(sent.order))


def test_each_leg_is_the_order_it_should_be() -> None:
    """An entry buys at its limit, at once or not; all else is a reduce-only sale of its kind."""
    state, ours = RiskState(run="r"), campaign()
    ours.closing = Reason.EXIT_ADVICE
    limits = {Leg.ENTRY: Decimal(101)}
    sent = {leg: place(state, ours, leg, Decimal(1), "g", limit=limits.get(leg)) for leg in Leg}
    rows = {
        leg: (m.order.side, m.order.kind, m.order.trigger, m.order.price, m.order.reduce_only)
        for leg, m in sent.items()
    }
    assert rows == {
        Leg.ENTRY: (Side.BUY, OrderKind.LIMIT, None, Decimal(101), False),
        Leg.STOP: (Side.SELL, OrderKind.STOP, Decimal(95), None, True),
        Leg.TARGET: (Side.SELL, OrderKind.TAKE_PROFIT, None, Decimal(110), True),
        Leg.EXIT: (Side.SELL, OrderKind.MARKET, None, None, True),
    }
    assert [m.order.tif for m in sent.values()] == [TimeInForce.IOC, *[TimeInForce.GTC] * 3]
    assert [m.reason for m in sent.values()] == [
        None,
        Reason.EXIT_STOP,
        Reason.EXIT_TARGET,
        Reason.EXIT_ADVICE,
    ]
    assert [leg_of(m.order.client_order_id) for m in sent.values()] == list(Leg)


def test_a_short_is_the_mirror_of_a_long() -> None:
    """An entry sells, and whatever protects or closes it buys, reduce-only."""
    ours = Campaign(SYMBOL, 7, Decimal(105), Decimal(90), Side.SELL)
    sent = [place(RiskState(run="r"), ours, leg, Decimal(1)).order for leg in Leg]
    assert [order.side for order in sent] == [Side.SELL, Side.BUY, Side.BUY, Side.BUY]
    assert [order.reduce_only for order in sent] == [False, True, True, True]


def test_no_id_is_used_twice() -> None:
    """Each order of a campaign is another attempt."""
    state, ours = RiskState(run="r"), campaign()
    ids = {place(state, ours, Leg.STOP, Decimal(1)).order.client_order_id for _ in range(5)}
    assert len(ids) == 5


def test_ids_do_not_depend_on_anything_but_what_is_decided() -> None:
    """The same run, decision, leg and attempt have the same id."""

    def first() -> SubmitOrder:
        return place(RiskState(run="r"), campaign(), Leg.ENTRY, Decimal(1))

    assert first() == first()


def test_a_campaign_of_many_orders_stays_small() -> None:
    """Final orders are forgotten in the end, those that may still fill never."""
    ours = campaign()
    kept = place(RiskState(), ours, Leg.STOP, Decimal(1)).order.client_order_id
    for _ in range(2 * REMEMBERED):
        cid = place(RiskState(), ours, Leg.STOP, Decimal(1)).order.client_order_id
        ours.orders[cid].status = OrderStatus.CANCELED
    assert len(ours.orders) <= REMEMBERED + 2
    assert kept in ours.orders


def test_a_cancel_is_sent_once() -> None:
    """An order that is being canceled is not canceled again."""
    ours = campaign()
    place(RiskState(), ours, Leg.STOP, Decimal(1))
    assert len(cancel(ours.alive(), Reason.CANCEL_CLOSING)) == 1
    assert cancel(ours.alive(), Reason.CANCEL_CLOSING) == []
