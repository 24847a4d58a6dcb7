"""Fold what the broker tells of an order into position, campaign and commands.

An order that nobody remembers is left to the broker: it cancels entries of ours that turn up, and
what protects a position that is not ours to know is left alone. Its fills count all the same, and
so do those by which a venue liquidates a position.
"""

import math
from decimal import Decimal

from trader.model import messages as m
from trader.model.instrument import ZERO
from trader.model.messages import Message, PositionChanged
from trader.model.orders import ENTRY, STOP, Fill, Flow, FlowKind, OrderStatus, Side
from trader.model.reasons import Reason
from trader.risk.guard import cancel
from trader.risk.locks import Closed, closed_by, judge_trades, remembered
from trader.risk.losses import mark
from trader.risk.protection import fail, settle
from trader.risk.sizing import RESULTS_KEPT, is_tradable, round_stop, share
from trader.risk.state import Campaign, RiskState, Rules

STATUSES: dict[type[Message], OrderStatus] = {
    m.OrderSubmitted: OrderStatus.SUBMITTING,
    m.OrderAccepted: OrderStatus.OPEN,
    m.OrderPartiallyFilled: OrderStatus.PARTIALLY_FILLED,
    m.OrderFilled: OrderStatus.FILLED,
    m.PositionLiquidated: OrderStatus.FILLED,
    m.OrderCanceled: OrderStatus.CANCELED,
    m.OrderExpired: OrderStatus.EXPIRED,
    m.OrderUnknown: OrderStatus.UNKNOWN,
}
"""What each word of the broker says of an order."""


def move(
    rules: Rules, state: RiskState, client_order_id: str, status: OrderStatus, now: int
) -> list[Message]:
    """Fold a change of an order that is not a fill."""
    found = state.find(client_order_id)
    if found is None:
        return []
    campaign, working = found
    if working.status is status and not working.doubtful:
        return []  # what was placed a moment ago, or is told twice
    unasked = not working.canceling and working.remaining > 0
    placed = working.status is OrderStatus.SUBMITTING and not working.doubtful
    working.status = status
    working.doubtful = False
    told: list[Message] = []
    if status is OrderStatus.OPEN and working.order.leg is STOP:
        campaign.failures = 0
    elif status is OrderStatus.OPEN and placed:
        return []  # it has counted since it was placed; a stop alone is to rest before it counts
    elif status.final and unasked:
        told += fail(state, campaign, working, now)
    return [*told, *settle(rules, state, campaign)]


def reject(
    rules: Rules, state: RiskState, client_order_id: str, reason: Reason, now: int
) -> list[Message]:
    """Fold a rejection; a stop that would trigger at once means that it is time to close."""
    found = state.find(client_order_id)
    if found is None:
        return []
    campaign, working = found
    if reason is Reason.VENUE_WOULD_TRIGGER and working.order.leg is STOP:
        campaign.closing = campaign.closing or campaign.stopping
    return move(rules, state, client_order_id, OrderStatus.REJECTED, now)


def fill(
    rules: Rules, state: RiskState, fill: Fill, status: OrderStatus, now: int
) -> list[Message]:
    """Fold a fill, each once: ledger, marks, and the protection that it asks for."""
    found = state.find(fill.client_order_id)
    campaign = found[0] if found else _adopt(rules, state, fill)
    told: list[Message] = []
    if not state.ledger.knows(fill):
        _reduce(campaign, fill)
        told += _book(rules, state, campaign, fill, now)
    if found is not None:
        working = found[1]
        working.doubtful = False
        # A fill that raced the end of its order does not bring the rest back.
        if status.final or not working.status.final:
            working.status = status
    if fill.side is not campaign.side:
        told += cancel(campaign.alive(ENTRY), Reason.CANCEL_CLOSING)
    return [*told, *settle(rules, state, campaign)]


def _adopt(rules: Rules, state: RiskState, fill: Fill) -> Campaign:
    """Return the symbol's campaign; a fill out of nowhere begins one, at the default stop."""
    campaign = state.campaigns.get(fill.symbol)
    if campaign is None:
        stop = _default_stop(rules, fill, fill.side)
        campaign = Campaign(fill.symbol, 0, stop, None, fill.side, first_stop=stop)
        state.campaigns[fill.symbol] = campaign
    return campaign


def _default_stop(rules: Rules, fill: Fill, side: Side) -> Decimal:
    distance = share(rules.settings.default_stop_loss_pct, fill.price)
    stop = fill.price - side.sign * distance
    return round_stop(rules.instruments[fill.symbol], stop, side)


def _reduce(campaign: Campaign, fill: Fill) -> None:
    """Take a fill off its order and, as the venue does, off the others of its group."""
    order = campaign.orders.get(fill.client_order_id)
    if order is None:
        return
    group = order.order.group
    for working in campaign.orders.values():
        if working is order or (group is not None and working.order.group == group):
            working.remaining = max(ZERO, working.remaining - fill.quantity)


def _book(
    rules: Rules, state: RiskState, campaign: Campaign, fill: Fill, now: int
) -> list[Message]:
    symbol, ledger = fill.symbol, state.ledger
    trade = ledger.apply(fill)
    if trade is not None:
        state.performance.count(trade)
        _remember(rules, state, closed_by(trade, _is_stop(campaign, fill)))
    position = ledger.positions[symbol]
    closes = fill.side is not campaign.side
    if position.quantity and position.side is not campaign.side:
        # More was closed than was there: another's order, or one of ours given up for lost.
        campaign.side, campaign.target = position.side, None
        campaign.stop = campaign.first_stop = _default_stop(rules, fill, position.side)
        campaign.stopping, campaign.trail = Reason.EXIT_STOP, ZERO
    state.note_cash()
    state.held[symbol] = float(position.quantity)
    if not position.quantity:
        del state.held[symbol]
    price = state.prices[symbol]
    price.close = price.close or float(fill.price)
    changed = position_of(rules, state, campaign)
    if not changed.quantity and closes:
        state.exits[symbol] = now
    return [changed, *mark(rules, state, now)]


def position_of(rules: Rules, state: RiskState, campaign: Campaign) -> PositionChanged:
    """Say what is held of a campaign's symbol, which has had a fill."""
    symbol = campaign.symbol
    position = state.ledger.positions[symbol]
    quantity = position.quantity
    if not is_tradable(rules.instruments[symbol], abs(quantity), campaign.stop):
        quantity = ZERO
    realized = position.realized - position.fees + position.funding
    return PositionChanged(symbol, quantity, position.average_price, realized)


def _is_stop(campaign: Campaign, fill: Fill) -> bool:
    """Tell whether a stop of ours, or the venue by liquidating, brought a fill about."""
    working = campaign.orders.get(fill.client_order_id)
    return working is None or working.order.leg is STOP


def _remember(rules: Rules, state: RiskState, closed: Closed) -> None:
    trades, since = state.closed, closed.ts - remembered(rules.protections)
    while trades and trades[0].ts < since:
        del trades[0]
    trades.append(closed)
    state.locks = [lock for lock in state.locks if lock.until > closed.ts]
    state.locks += judge_trades(rules.protections, trades)
    state.results = [*state.results[1 - RESULTS_KEPT :], closed.profit]


def move_cash(rules: Rules, state: RiskState, flow: Flow, now: int) -> list[Message]:
    """Fold a flow, each once; a transfer is no gain and no loss of any window."""
    if state.baseline is None or not state.ledger.move(flow):
        return []
    state.note_cash()
    if flow.kind is FlowKind.TRANSFER:
        amount = float(flow.amount)
        state.performance.shift(amount)
        amount *= state.rate
        state.windows.shift(amount)
        state.marked = None if state.marked is None else state.marked + amount
        if state.converted is not None:
            state.converted.shift(amount)
        state.alarm = math.inf
    return mark(rules, state, now)
