"""Stops that follow the market, and positions that last too long.

A stop is only ever tightened: to where leaving costs nothing, once the gain is large enough, and
behind the best close. What rests is moved by a tighter stop of the same group; only when the venue
has taken that one is the old one canceled (see `protection`), so that no crash, loss or refusal in
between leaves the position without. A move that came to nothing is tried again at the next candle.

Where a trailing stop may rest at the venue, it rests beside the stop and follows every price. On
spot where no two orders may rest for the same quantity, no stop can be moved without a moment
without one: the first stop stays, and the position is closed once a candle closes past the tighter
one.
"""

from collections.abc import Iterator
from decimal import Decimal

import msgspec

from trader.accounting.position import OpenTrade
from trader.model.instrument import ONE, ZERO, Instrument, to_decimal
from trader.model.market import Candle
from trader.model.messages import Message
from trader.model.orders import STOP
from trader.model.reasons import Reason
from trader.risk.guard import place
from trader.risk.protection import close, covered_by, is_held, reach, settle
from trader.risk.settings import ExitSettings
from trader.risk.sizing import is_tradable, round_stop
from trader.risk.state import Campaign, RiskState, Rules, Working

STEP = Decimal("0.1")
"""Part of its distance by which a trailing stop is moved at least: not an order a tick."""


def followed(rules: Rules) -> frozenset[str]:
    """Return the symbols whose positions ask for something as candles close."""
    asks = any(msgspec.structs.astuple(rules.exits))
    return frozenset(s for s, i in rules.instruments.items() if asks or not i.pairs)


def trail_of(exits: ExitSettings, instrument: Instrument, price: float, atr: float) -> Decimal:
    """Return how far behind the market the stop of an entry stays, by the tick; 0: where it is."""
    distance = exits.trail_pct / 100 * price if exits.trail_pct else exits.trail_atr * atr
    return instrument.ceil_price(to_decimal(distance)) if distance > 0 else ZERO


def follow(rules: Rules, state: RiskState, symbol: str, candle: Candle) -> list[Message]:
    """Return what the close of a candle asks of a position: to be closed, or a tighter stop."""
    if symbol not in state.held:
        return []
    campaign, exits = state.campaigns[symbol], rules.exits
    if campaign.closing is not None:
        return []
    if not rules.instruments[symbol].pairs and (told := reach(rules, state, symbol, candle.close)):
        return told
    over = _is_over(exits, state.ledger.positions[symbol].trade, candle)
    moves = campaign.trail or exits.break_even_at_r or exits.break_even_at_pct
    if not (over or moves) or not is_held(rules, state, campaign):
        return []
    if over:
        return close(rules, state, campaign, Reason.EXIT_TIME)
    return _follow(rules, state, campaign, candle.close)


def _follow(rules: Rules, state: RiskState, campaign: Campaign, price: float) -> list[Message]:
    before = campaign.stop
    _tighten(rules, state, campaign, price)
    # A rest that was too little to sell at the old stop may be enough at the new one.
    told = settle(rules, state, campaign) if campaign.stop != before else []
    if _can_move(rules.instruments[campaign.symbol]):
        return [*told, *_move(rules, state, campaign, price)]
    return told + _leave_past_stop(rules, state, campaign, price)


def _is_over(exits: ExitSettings, trade: OpenTrade | None, candle: Candle) -> bool:
    longest = exits.max_candles * (candle.ts_event - candle.ts_open)
    return trade is not None and 0 < longest <= candle.ts_event - trade.opened


def _can_move(instrument: Instrument) -> bool:
    """Tell whether a second stop may rest: in one group, or where reduce-only locks nothing."""
    return instrument.pairs or instrument.terms is not None


def _rests_trailing(instrument: Instrument) -> bool:
    return instrument.trails and _can_move(instrument)


# -- where the stop is to lie ----------------------------------------------------------------------


def _tighten(rules: Rules, state: RiskState, campaign: Campaign, price: float) -> None:
    """Tighten where the stop of a campaign is to lie; it stays on its side of the market."""
    instrument, sign = rules.instruments[campaign.symbol], campaign.side.sign
    entry = float(state.ledger.positions[campaign.symbol].average_price)
    if campaign.stopping is Reason.EXIT_STOP and _breaks_even(rules.exits, campaign, entry, price):
        level = _cost_free(instrument, campaign, to_decimal(entry))
        if sign * (to_decimal(price) - level) > 0 and sign * (level - campaign.stop) > 0:
            campaign.stop, campaign.stopping = level, Reason.EXIT_BREAK_EVEN
    trail = campaign.trail
    if trail and not _rests_trailing(instrument):
        level = round_stop(instrument, to_decimal(price) - sign * trail, campaign.side)
        if level > 0 and sign * (level - campaign.stop) >= trail * STEP:
            campaign.stop, campaign.stopping = level, Reason.EXIT_TRAILING


def _breaks_even(exits: ExitSettings, campaign: Campaign, entry: float, price: float) -> bool:
    gain, risk = campaign.side.sign * (price - entry), abs(entry - float(campaign.first_stop))
    by_risk = exits.break_even_at_r > 0 and gain >= exits.break_even_at_r * risk
    return by_risk or (
        exits.break_even_at_pct > 0 and gain * 100 >= exits.break_even_at_pct * entry
    )


def _cost_free(instrument: Instrument, campaign: Campaign, entry: Decimal) -> Decimal:
    """Return the price at which leaving pays the fees of both ways, by the tick."""
    sign, fee = campaign.side.sign, max(instrument.taker_fee, ZERO)
    level = entry * (ONE + sign * fee) / (ONE - sign * fee)
    return instrument.ceil_price(level) if sign > 0 else instrument.floor_price(level)


# -- what rests ------------------------------------------------------------------------------------


def _move(rules: Rules, state: RiskState, campaign: Campaign, price: float) -> Iterator[Message]:
    """Yield a tighter stop, or a trailing one, for each group that lacks it; one at a time."""
    instrument, sign = rules.instruments[campaign.symbol], campaign.side.sign
    ahead = sign * to_decimal(price) - campaign.trail > sign * campaign.stop
    trails = bool(campaign.trail) and ahead and _rests_trailing(instrument)
    if campaign.stop == campaign.first_stop and not campaign.trail:
        return
    for group, stops in _by_group(campaign).items():
        covered = covered_by(stops)
        if any(not stop.rests for stop in stops) or not is_tradable(
            instrument, covered, campaign.stop
        ):
            continue
        fixed = [stop for stop in stops if stop.order.trigger is not None]
        if not any(_lies_at_least(campaign, stop) for stop in fixed):
            yield place(state, campaign, STOP, covered, group)
        elif trails and len(fixed) == len(stops):
            yield place(state, campaign, STOP, covered, group, trail=campaign.trail)


def _by_group(campaign: Campaign) -> dict[str | None, list[Working]]:
    groups: dict[str | None, list[Working]] = {}
    for stop in campaign.alive(STOP):
        groups.setdefault(stop.order.group, []).append(stop)
    return groups


def _lies_at_least(campaign: Campaign, stop: Working) -> bool:
    """Tell whether a stop lies where it is to lie, or nearer to the market."""
    trigger = stop.order.trigger
    return trigger is not None and campaign.side.sign * (trigger - campaign.stop) >= 0


def _leave_past_stop(
    rules: Rules, state: RiskState, campaign: Campaign, price: float
) -> list[Message]:
    moved, sign = campaign.stop != campaign.first_stop, campaign.side.sign
    if not moved or sign * (to_decimal(price) - campaign.stop) > 0:
        return []
    return close(rules, state, campaign, campaign.stopping)
