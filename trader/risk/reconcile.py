"""The ledger against the venue's balances, at the start of a session and after a loss."""

import math
from collections.abc import Iterator
from decimal import Decimal

import msgspec

from trader.model.ids import leg_of
from trader.model.instrument import ZERO
from trader.model.messages import HoldingsSetApart, Message, TradingStateChanged
from trader.model.orders import STOP, Fill, OrderStatus
from trader.model.reasons import Reason
from trader.model.views import Account, TradingState
from trader.risk.holds import LASTING, hold, release
from trader.risk.losses import mark
from trader.risk.orders import fill, move_cash, position_of
from trader.risk.protection import settle
from trader.risk.state import STARTING, RiskState, Rules

CASH_TOLERANCE = Decimal("0.001")
"""Share of the cash that a venue's own rounding of fees may have cost."""

UNTIL_RECONCILED = frozenset(
    {Reason.START_RECONCILING, Reason.HALT_MESSAGE_LOST, Reason.HALT_ACCOUNT_DIFFERS}
)


def begin(rules: Rules, state: RiskState, run: str, now: int) -> list[Message]:
    """Begin a session: its interlock is new, and nothing is certain until reconciled.

    What is held is told again: the last word of it may have died with an earlier process.
    """
    state.run, state.epoch, state.alarm = run, 0, math.inf
    state.leverages = {}
    lasting = (known for known in state.holds if known.reason in LASTING)
    state.holds = [msgspec.structs.replace(STARTING, since=now), *lasting]
    state.marked = None
    state.know(rules.instruments, rules.conversion)
    for price in state.prices.values():
        price.closed = price.quoted = 0
    for campaign in state.campaigns.values():
        campaign.watched = False
    state.doubt_all()
    traded = (c for c in state.campaigns.values() if c.symbol in state.ledger.positions)
    return [
        TradingStateChanged(STARTING.level, STARTING.reason, STARTING.detail),
        *(position_of(rules, state, campaign) for campaign in traded),
    ]


def reconcile(rules: Rules, state: RiskState, account: Account, now: int) -> list[Message]:
    """Take the first balances as given and hold later ones against the ledger.

    What nobody told of, as far as the account lists it, is taken in before: a fill that was lost, a
    liquidation, funding. Trading is released where they agree. Either way every position gets back
    the stop it lacks.
    """
    caught_up = _open_books(rules, state, account, now)
    state.leverages = account.leverages
    found = "; ".join(_differences(rules, state, account))
    if found or any(known.reason in UNTIL_RECONCILED for known in state.holds):
        caught_up.append(HoldingsSetApart(state.run, _apart(rules, state, account)))
    if found:
        # From here on this is why, and no longer that the account was not read.
        differs = Reason.HALT_ACCOUNT_DIFFERS
        since = next((h.since for h in state.holds if h.reason is differs), now)
        state.holds = [h for h in state.holds if h.reason not in UNTIL_RECONCILED - {differs}]
        told = hold(state, differs, TradingState.HALTED, found, since)
    else:
        detail = "the account agrees with our fills"
        told = release(state, UNTIL_RECONCILED, Reason.START_RECONCILED, detail)
    told = [*caught_up, *told, *mark(rules, state, now)]
    listed = {open_order.order.client_order_id for open_order in account.open_orders}
    for campaign in state.campaigns.values():
        for working in campaign.alive():
            if working.doubtful and working.order.client_order_id not in listed:
                working.status = OrderStatus.CANCELED
        told += settle(rules, state, campaign)
    return told


def _open_books(rules: Rules, state: RiskState, account: Account, now: int) -> list[Message]:
    """Begin the ledger; what the account holds of a base currency beyond it was never ours."""
    told: list[Message] = []
    if state.baseline is None:
        quote = next(iter(rules.instruments.values())).quote
        state.baseline = {}
        state.ledger.cash = account.balances.get(quote, ZERO)
        state.note_cash()
        for flow in account.flows:
            state.ledger.pass_over(flow)
        for told_before in account.fills:
            state.ledger.pass_over(told_before)
    else:
        for flow in account.flows:
            told += move_cash(rules, state, flow, now)
        for missed in state.ledger.unknown(account.fills):
            if missed.symbol in rules.instruments:
                told += fill(rules, state, missed, _status(state, missed), now)
    for symbol, instrument in rules.instruments.items():
        if instrument.terms is None:
            excess = account.held(instrument) - state.ledger.quantity(symbol)
            state.baseline.setdefault(instrument.base, excess)
    return told


def _apart(rules: Rules, state: RiskState, account: Account) -> dict[str, Decimal]:
    """Return what of each instrument is nobody's to close here: no fill of ours brought it.

    What rests under a stop of ours was ours, though neither is remembered.
    """
    resting = ((known.order, known.order.quantity - known.filled) for known in account.open_orders)
    stops = {
        (order.symbol, order.group or order.client_order_id): -order.side.sign * quantity
        for order, quantity in resting
        if leg_of(order.client_order_id) is STOP and state.find(order.client_order_id) is None
    }
    apart: dict[str, Decimal] = {}
    for symbol, instrument in rules.instruments.items():
        excess = account.held(instrument) - state.ledger.quantity(symbol)
        if instrument.terms is None:
            excess = max(excess, (state.baseline or {})[instrument.base])
        under = sum((quantity for (of, _), quantity in stops.items() if of == symbol), ZERO)
        apart[symbol] = excess - min(max(under, min(excess, ZERO)), max(excess, ZERO))
    return apart


def _status(state: RiskState, missed: Fill) -> OrderStatus:
    found = state.find(missed.client_order_id)
    whole = found is None or missed.quantity >= found[1].remaining
    return OrderStatus.FILLED if whole else OrderStatus.PARTIALLY_FILLED


def _differences(rules: Rules, state: RiskState, account: Account) -> Iterator[str]:
    baseline = state.baseline or {}
    for symbol, instrument in rules.instruments.items():
        # A perpetual has one position, whoever opened it: nothing of it can be set apart.
        apart = ZERO if instrument.terms else baseline[instrument.base]
        ours = state.ledger.quantity(symbol) + apart
        theirs = account.held(instrument)
        if ours != theirs:
            what = symbol if instrument.terms else instrument.base
            yield f"the venue holds {theirs:f} {what}, our fills say {ours:f}"
    quote = next(iter(rules.instruments.values())).quote
    cash = account.balances.get(quote, ZERO)
    if cash < state.ledger.cash * (1 - CASH_TOLERANCE):
        yield f"the venue holds {cash:f} {quote}, our fills say {state.ledger.cash:f}"
