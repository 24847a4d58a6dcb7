"""Judge a proposal: approve it with a size, or deny it with a reason."""

from decimal import Decimal

from trader.accounting.windows import Window
from trader.model.instrument import ZERO, Instrument, to_decimal
from trader.model.messages import Message, OrderDenied, ProposeOrder
from trader.model.orders import Leg, Side
from trader.model.reasons import Reason
from trader.model.views import Stance
from trader.risk.guard import place
from trader.risk.holds import current
from trader.risk.limits import CHECKS, RATE_WINDOW, SIZE_CHECKS, Situation, Sized
from trader.risk.protection import close, is_held
from trader.risk.sizing import Budget, Entry, share, size_entry
from trader.risk.state import Campaign, RiskState, Rules


def judge(rules: Rules, state: RiskState, proposal: ProposeOrder, now: int) -> list[Message]:
    """Return the order that a proposal becomes, or its denial."""
    if proposal.stance is Stance.LONG:
        return _judge_entry(rules, state, proposal, Side.BUY, now)
    if proposal.stance is Stance.SHORT and rules.instruments[proposal.symbol].terms is not None:
        return _judge_entry(rules, state, proposal, Side.SELL, now)
    return _judge_exit(rules, state, proposal)


def _judge_exit(rules: Rules, state: RiskState, proposal: ProposeOrder) -> list[Message]:
    campaign = state.campaigns.get(proposal.symbol)
    if campaign is None or not (is_held(rules, state, campaign) or campaign.alive(Leg.ENTRY)):
        return [_deny(proposal, Reason.NOTHING_TO_CLOSE, "nothing is held or on its way")]
    if campaign.closing is not None:
        return [_deny(proposal, Reason.ORDER_IN_FLIGHT, f"{campaign.closing} closes it already")]
    campaign.decision = proposal.decision
    return close(rules, state, campaign, Reason.EXIT_ADVICE)


def _judge_entry(
    rules: Rules, state: RiskState, proposal: ProposeOrder, side: Side, now: int
) -> list[Message]:
    state.entries = [ts for ts in state.entries if now - ts < RATE_WINDOW]
    situation = _situation(rules, state, proposal, side, now)
    for reason, check in CHECKS:
        detail = check(situation)
        if detail is not None:
            return [_deny(proposal, reason, detail)]
    instrument = rules.instruments[proposal.symbol]
    entry = _size(rules, state, situation, instrument)
    for reason, check_sized in SIZE_CHECKS:
        detail = check_sized(Sized(instrument, entry))
        if detail is not None:
            return [_deny(proposal, reason, detail)]
    state.entries.append(now)
    campaign = Campaign(proposal.symbol, proposal.decision, entry.stop, entry.target, side)
    state.campaigns[proposal.symbol] = campaign
    order = place(state, campaign, Leg.ENTRY, entry.quantity, worst=entry.worst, limit=entry.limit)
    return [order]


def _situation(
    rules: Rules, state: RiskState, proposal: ProposeOrder, side: Side, now: int
) -> Situation:
    settings, price, equity = rules.settings, state.prices[proposal.symbol], state.equity()
    campaign = state.campaigns.get(proposal.symbol) or Campaign(proposal.symbol, 0, ZERO, None)
    holds = is_held(rules, state, campaign)
    at_work = campaign.alive(Leg.ENTRY, Leg.EXIT) if holds else campaign.alive()
    loss, gain = settings.default_stop_loss_pct / 100, settings.default_take_profit_pct / 100
    market, sign = price.of(side), side.sign
    return Situation(
        now=now,
        symbol=proposal.symbol,
        side=side,
        instrument=rules.instruments[proposal.symbol],
        advised=proposal.price,
        stop=market * (1 - sign * loss) if proposal.stop is None else proposal.stop,
        target=market * (1 + sign * gain) if proposal.target is None else proposal.target,
        settings=settings,
        hold=current(state),
        price=price,
        positions=_positions(rules, state),
        in_flight=tuple(w.order.client_order_id for w in at_work),
        unknown=tuple(w.order.client_order_id for w in campaign.alive() if w.unknown),
        recent=len(state.entries),
        exited=state.exits.get(proposal.symbol),
        losses={window: state.windows.loss_pct(window, equity) for window in Window},
        drawdown=state.performance.drawdown_pct(equity),
    )


def _size(rules: Rules, state: RiskState, situation: Situation, instrument: Instrument) -> Entry:
    settings, price = rules.settings, situation.market
    equity = to_decimal(state.equity())
    held = abs(state.ledger.quantity(instrument.symbol)) * to_decimal(price)
    budget = Budget(
        risk=share(settings.risk_per_trade_pct, equity),
        size=share(rules.max_size_pct, equity) / instrument.stake - held,
        cash=state.ledger.cash - margins(rules, state) - reserved(rules, state),
    )
    slip, stop, target = settings.max_slippage_pct, situation.stop, situation.target
    return size_entry(instrument, situation.side, price, stop, target, slip, budget)


def margins(rules: Rules, state: RiskState) -> Decimal:
    """Return the cash that stands under positions in perpetuals."""
    positions = state.ledger.positions.items()
    staked = ((rules.instruments[s], p) for s, p in positions if s in rules.instruments)
    return sum((abs(p.cost) * i.stake for i, p in staked if i.terms is not None), ZERO)


def reserved(rules: Rules, state: RiskState) -> Decimal:
    """Return the cash that entries on their way, unknown ones too, may still put up at worst."""
    return sum(
        (
            working.remaining
            * working.worst
            * (rules.instruments[symbol].stake + rules.instruments[symbol].taker_fee)
            for symbol, campaign in state.campaigns.items()
            for working in campaign.alive(Leg.ENTRY)
        ),
        ZERO,
    )


def _positions(rules: Rules, state: RiskState) -> tuple[str, ...]:
    return tuple(
        symbol
        for symbol, campaign in state.campaigns.items()
        if campaign.alive(Leg.ENTRY) or is_held(rules, state, campaign)
    )


def _deny(proposal: ProposeOrder, reason: Reason, detail: str) -> OrderDenied:
    return OrderDenied(proposal.decision, proposal.symbol, reason, detail)
