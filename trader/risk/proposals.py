"""Judge a proposal: approve it with a size, smaller where a limit asks for it, or deny it."""

from bisect import bisect_right
from decimal import Decimal

import msgspec

from trader.model.instrument import ZERO, to_decimal
from trader.model.market import SECOND
from trader.model.messages import Message, OrderDenied, ProposeOrder
from trader.model.orders import BUY, ENTRY, EXIT, SELL, Side
from trader.model.reasons import Reason
from trader.model.views import Stance
from trader.risk import portfolio
from trader.risk.checks import LOSS_LIMITS
from trader.risk.exits import trail_of
from trader.risk.guard import place
from trader.risk.holds import current
from trader.risk.limits import ALLOWED, ENTRIES_KEPT, LIMITS, SIZE_LIMITS
from trader.risk.losses import room
from trader.risk.portfolio import Portfolio
from trader.risk.protection import close, is_held
from trader.risk.returns import Moves, moves_of
from trader.risk.situation import Rate, Situation, Sized
from trader.risk.sizing import Band, Budget, apart, loss_of, share, size_entry, tighten, wish
from trader.risk.state import Campaign, RiskState, Rules
from trader.risk.tail import bound_tail


def judge(rules: Rules, state: RiskState, proposal: ProposeOrder, now: int) -> list[Message]:
    """Return the order that a proposal becomes, or its denial."""
    unknown = ALLOWED.check(rules.instruments, proposal.symbol)
    if unknown is not None:
        return [_deny(proposal, ALLOWED.reason, unknown)]
    if proposal.stance is Stance.LONG:
        return _judge_entry(rules, state, proposal, BUY, now)
    if proposal.stance is Stance.SHORT and rules.instruments[proposal.symbol].terms is not None:
        return _judge_entry(rules, state, proposal, SELL, now)
    return _judge_exit(rules, state, proposal)


def _judge_exit(rules: Rules, state: RiskState, proposal: ProposeOrder) -> list[Message]:
    campaign = state.campaigns.get(proposal.symbol)
    if campaign is None or not (is_held(rules, state, campaign) or campaign.alive(ENTRY)):
        return [_deny(proposal, Reason.NOTHING_TO_CLOSE, "nothing is held or on its way")]
    if campaign.closing is not None:
        return [_deny(proposal, Reason.ORDER_IN_FLIGHT, f"{campaign.closing} closes it already")]
    campaign.decision = proposal.decision
    return close(rules, state, campaign, Reason.EXIT_ADVICE)


def _judge_entry(
    rules: Rules, state: RiskState, proposal: ProposeOrder, side: Side, now: int
) -> list[Message]:
    held = portfolio.take(rules, state)
    situation = situation_of(rules, state, held, proposal, side, now)
    refused = refusal(situation)
    if refused is not None:
        return [_deny(proposal, *refused)]
    sized = size(rules, state, held, situation)
    refused = size_refusal(sized)
    if refused is not None:
        return [_deny(proposal, *refused)]
    entry = sized.entry
    state.entries.append(now)
    state.entered[_intent(proposal.symbol, side)] = now
    campaign = Campaign(proposal.symbol, proposal.decision, entry.stop, entry.target, side)
    campaign.first_stop = entry.stop
    market, atr = situation.market, proposal.atr
    campaign.trail = trail_of(rules.exits, situation.instrument, market, atr)
    state.campaigns[proposal.symbol] = campaign
    order = place(state, campaign, ENTRY, entry.quantity, worst=entry.worst, limit=entry.limit)
    return [msgspec.structs.replace(order, resized=entry.resized, sizing=sized.said)]


def refusal(situation: Situation) -> tuple[Reason, str] | None:
    """Return the first no of what an entry must pass before it is sized."""
    for limit in LIMITS:
        detail = limit.check(situation)
        if detail is not None:
            return limit.reason, detail
    return None


def size_refusal(sized: Sized) -> tuple[Reason, str] | None:
    """Return the first no of what an entry must pass once it is sized."""
    for limit in SIZE_LIMITS:
        detail = limit.check(sized)
        if detail is not None:
            return limit.reason, detail
    return None


def situation_of(
    rules: Rules,
    state: RiskState,
    held: Portfolio,
    proposal: ProposeOrder,
    side: Side,
    now: int,
) -> Situation:
    """Gather what an entry is judged by."""
    settings, price = rules.settings, state.prices[proposal.symbol]
    worth = held.equity * state.rate
    campaign = state.campaigns.get(proposal.symbol) or Campaign(proposal.symbol, 0, ZERO, None)
    holds = is_held(rules, state, campaign)
    at_work = campaign.alive(ENTRY, EXIT) if holds else campaign.alive()
    loss, gain = settings.default_stop_loss_pct / 100, settings.default_take_profit_pct / 100
    market, sign = price.of(side), side.sign
    return Situation(
        now=now,
        symbol=proposal.symbol,
        side=side,
        instrument=rules.instruments[proposal.symbol],
        conviction=proposal.conviction,
        advised=proposal.price,
        stop=market * (1 - sign * loss) if proposal.stop is None else proposal.stop,
        target=market * (1 + sign * gain) if proposal.target is None else proposal.target,
        settings=settings,
        hold=current(state),
        price=price,
        positions=tuple(held.positions),
        in_flight=tuple(w.order.client_order_id for w in at_work),
        unknown=tuple(w.order.client_order_id for w in campaign.alive() if w.unknown),
        rate=_rate(state, now),
        exited=state.exits.get(proposal.symbol),
        entered=state.entered.get(_intent(proposal.symbol, side)),
        locks=tuple(k for k in state.locks if k.holds(proposal.symbol, side, now)),
        losses={window: state.windows.loss_pct(window, worth) for window in LOSS_LIMITS},
        drawdown=state.measured.drawdown_pct(worth),
        conversion=rules.conversion,
        converter=state.prices[rules.conversion] if rules.conversion else None,
        leverage=state.leverages.get(proposal.symbol),
    )


def size(rules: Rules, state: RiskState, held: Portfolio, situation: Situation) -> Sized:
    """Size an entry that nothing denies."""
    settings, instrument, price = rules.settings, situation.instrument, situation.market
    equity, symbol = to_decimal(held.equity), instrument.symbol
    moves = _moves(rules, state, held, situation)
    now_held = abs(state.ledger.quantity(symbol)) * to_decimal(price)
    group = portfolio.group_of(settings, instrument)
    of_group = portfolio.group_exposure(rules, held, group)
    of_symbol = held.exposure.get(symbol, ZERO)
    budget = Budget(
        wish=wish(rules.sizing, settings, equity, situation.conviction, state.results, moves),
        risk=share(settings.risk_per_trade_pct, equity),
        cash=state.ledger.cash - held.margin - held.reserved,
        notional={
            Reason.EXPOSURE_SIZE: share(rules.max_size_pct, equity) / instrument.stake - now_held,
            Reason.EXPOSURE_SYMBOL: to_decimal(settings.max_symbol_exposure_x) * equity - of_symbol,
            Reason.EXPOSURE_GROUP: to_decimal(settings.max_group_exposure_x) * equity - of_group,
            Reason.EXPOSURE_TOTAL: to_decimal(settings.max_total_exposure_x) * equity - held.total,
            Reason.ORDER_NOTIONAL: Decimal(settings.max_order_notional_quote),
        },
    )
    band = Band(settings.max_slippage_pct, situation.price.mid, settings.max_collar_pct)
    stop, target = situation.stop, situation.target
    entry = size_entry(instrument, situation.side, price, stop, target, band, budget)
    said = f"{rules.sizing.method}: {budget.wish.said}"
    part = 1.0
    if rules.sizing.reduce_correlated:
        pull = _pull(held, situation, moves)
        part = apart(float(entry.quantity * entry.worst), pull)
        said += f"; {part * 100:.0f} % of it beside what is held" if part < 1 else ""
    entry = tighten(instrument, entry, Reason.EXPOSURE_CORRELATED, part)
    nearest, left = room(rules, state)
    loss = float(entry.quantity) * loss_of(instrument, price, float(entry.stop))
    if loss > left:
        said += f"; {nearest} leaves {max(0.0, left):.2f} {instrument.quote}"
        entry = tighten(instrument, entry, nearest, max(0.0, left) / loss)
    tails = None
    if settings.returns_candles:
        entry, tails = bound_tail(settings, instrument, entry, moves, held.equity)
        said += f"; {tails}"
    return Sized(instrument, entry, settings, situation.price.mid, said, tails)


def _moves(rules: Rules, state: RiskState, held: Portfolio, situation: Situation) -> Moves:
    settings, sign = rules.settings, situation.side.sign
    shares = portfolio.shares_of(rules, held)
    most, least = settings.returns_candles, settings.returns_needed
    return moves_of(state.returns, shares, situation.symbol, sign, most, least)


def _pull(held: Portfolio, situation: Situation, moves: Moves) -> float:
    """Return the notional that moves as the entry does; what is not known moves as one."""
    if moves.missing or not any(moves.entry):
        return situation.side.sign * float(sum(held.net.values(), ZERO))
    return moves.pull * held.equity


def _rate(state: RiskState, now: int) -> Rate:
    """Count the entries of the last second, minute and day; forget those before."""
    entries = state.entries
    del entries[: bisect_right(entries, now - ENTRIES_KEPT)]
    count = len(entries)
    return Rate(
        second=count - bisect_right(entries, now - SECOND),
        minute=count - bisect_right(entries, now - 60 * SECOND),
        day=count,
    )


def _intent(symbol: str, side: Side) -> str:
    return side + " " + symbol


def _deny(proposal: ProposeOrder, reason: Reason, detail: str) -> OrderDenied:
    return OrderDenied(proposal.decision, proposal.symbol, reason, detail)
