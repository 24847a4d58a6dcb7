"""Keep every position under a stop, or close it.

On spot a resting sell locks what it would sell. So a position, long or short, is protected by pairs
of a stop and a target, one group and one lock each; a further fill gets a pair of its own; and an
exit waits until the pairs have let go. Where the venue lets no pair rest, the stop rests alone, and
the target is an exit once the market is there. A stop is moved by a tighter one that joins its
group: the old one is canceled when the new one rests, and the two count as one until then. What to
do next is derived each time from what is there:

    COVERED   as much under stops as is held                       nothing
    NAKED     more held than under stops                           a pair for the difference
    UNEVEN    more under stops than held, a difference too small   cancel the pairs
              for a pair of its own, or as many pairs as may be
    WAITING   an order or a cancel of ours is on its way, or what  nothing
              is held is too little to sell
    FREE      to be closed, and nothing is in the way              close what is held

A stop or an exit that comes to nothing is sent again. After ATTEMPTS in a row the other way is
tried; after as many failures of that one too, trading halts and nothing is sent until the watch is
due. The watch also closes a position whose stop was not accepted in time.
"""

from collections.abc import Callable, Iterable
from decimal import Decimal
from enum import StrEnum

from trader.model.instrument import ZERO, Instrument
from trader.model.messages import Message, ProtectionDue
from trader.model.orders import ENTRY, EXIT, STOP, TARGET, Side
from trader.model.reasons import Reason
from trader.model.views import TradingState
from trader.risk.guard import cancel, place
from trader.risk.holds import hold
from trader.risk.sizing import is_tradable
from trader.risk.state import Campaign, Legs, RiskState, Rules, Working

ATTEMPTS = 3
GIVE_UP = 2 * ATTEMPTS
"""Failures in a row after which neither way is tried until the watch is due."""
PAIRS = 4
"""Pairs of one position at once; Binance takes five stops a symbol."""


class Phase(StrEnum):
    """Where a campaign is: see the module's table."""

    COVERED = "covered"
    NAKED = "naked"
    UNEVEN = "uneven"
    WAITING = "waiting"
    FREE = "free"


COVERED, NAKED, UNEVEN, WAITING, FREE = Phase

Groups = dict[str | None, Decimal]
"""Quantities by the group of their orders."""


def settle(rules: Rules, state: RiskState, campaign: Campaign) -> list[Message]:
    """Return the commands that bring a campaign's orders in line with its position."""
    instrument = rules.instruments[campaign.symbol]
    held = instrument.floor_quantity(held_of(state, campaign))
    legs = campaign.by_leg()
    if not held and not any(legs.values()):
        campaign.watched = False
        return []
    told: list[Message] = []
    if campaign.closing is not None:
        told += cancel(campaign.alive(ENTRY, STOP, TARGET), Reason.CANCEL_CLOSING)
    if len(legs[STOP]) > 1:
        told += cancel(replaced(campaign.side, legs[STOP]), Reason.CANCEL_REPLACED)
    step = STEPS.get(phase_of(instrument, campaign, legs, held))
    if step is not None:
        told += step(instrument, state, campaign, legs, held)
    # Where something is to be done, the venue's word of it is to be waited for.
    if step is None and is_secure(instrument, campaign, legs, held):
        campaign.watched = False
    elif not campaign.watched:
        campaign.watched = True
        told.append(ProtectionDue(campaign.symbol))
    return told


def watch(rules: Rules, state: RiskState, campaign: Campaign) -> list[Message]:
    """Close a position that is not secure by now; what was tried in vain may be tried again."""
    if not campaign.watched:
        return []
    campaign.watched = False
    for working in campaign.alive():
        working.canceling = False
        working.doubtful |= working.unknown
    if campaign.failures >= GIVE_UP:
        campaign.failures = 0
    elif is_held(rules, state, campaign):
        campaign.closing = campaign.closing or Reason.EXIT_UNPROTECTED
    left_over = [working for working in campaign.alive() if not working.remaining]
    return [*cancel(left_over, Reason.CANCEL_SIBLING), *settle(rules, state, campaign)]


def close(rules: Rules, state: RiskState, campaign: Campaign, reason: Reason) -> list[Message]:
    """Close a position, whatever rests for it."""
    campaign.closing = reason
    campaign.failures = 0
    return settle(rules, state, campaign)


def reach(rules: Rules, state: RiskState, symbol: str, price: float) -> list[Message]:
    """Close a position whose target cannot rest, once the market is there."""
    campaign = state.campaigns.get(symbol)
    if campaign is None or campaign.target is None or campaign.closing is not None:
        return []
    sign, pairs = campaign.side.sign, rules.instruments[symbol].pairs
    if pairs or sign * price < sign * float(campaign.target) or not is_held(rules, state, campaign):
        return []
    return close(rules, state, campaign, Reason.EXIT_TARGET)


def fail(state: RiskState, campaign: Campaign, ended: Working, now: int) -> list[Message]:
    """Count a stop or an exit that came to nothing, and turn to the other way after ATTEMPTS.

    A stop beside which another of its group stands leaves nothing unprotected.
    """
    leg, group = ended.order.leg, ended.order.group
    if leg is not (EXIT if campaign.closing else STOP):
        return []
    if leg is STOP and any(s.order.group == group for s in campaign.alive(STOP)):
        return []
    campaign.failures += 1
    if campaign.failures % ATTEMPTS == 0:
        campaign.closing = None if campaign.closing else Reason.EXIT_UNPROTECTED
    if campaign.failures < GIVE_UP:
        return []
    detail = f"{campaign.symbol} can be neither protected nor closed"
    return hold(state, Reason.EXIT_UNPROTECTED, TradingState.HALTED, detail, now)


def is_held(rules: Rules, state: RiskState, campaign: Campaign) -> bool:
    """Tell whether enough is held of a campaign's symbol to be closed."""
    held = held_of(state, campaign)
    return is_tradable(rules.instruments[campaign.symbol], held, campaign.stop)


def held_of(state: RiskState, campaign: Campaign) -> Decimal:
    """Return what is held on a campaign's side; a crumb on the other is none of its own."""
    return max(ZERO, campaign.side.sign * state.ledger.quantity(campaign.symbol))


def is_secure(instrument: Instrument, campaign: Campaign, legs: Legs, held: Decimal) -> bool:
    """Tell whether nothing is left to wait for: accepted stops cover all that can be sold.

    `held` is floored to the lot.
    """
    sellable = instrument.takes(held, campaign.stop)
    if campaign.closing is not None or legs[EXIT]:
        return not (sellable or any(legs.values()))
    stops = legs[STOP]
    if not sellable:
        return not (stops or legs[TARGET])
    rest = held - covered_by(stop for stop in stops if stop.rests)
    if rest > 0 and legs[ENTRY]:
        # A crumb waits for the rest of its entry.
        return not is_tradable(instrument, rest, campaign.stop)
    return rest == 0


def phase_of(instrument: Instrument, campaign: Campaign, legs: Legs, held: Decimal) -> Phase:
    """Derive where a campaign is; `held` is floored to the lot."""
    stops, resting = legs[STOP], [*legs[STOP], *legs[TARGET]]
    if legs[EXIT]:
        return WAITING
    if campaign.closing is not None:
        # The venue itself refuses an exit beyond the holding, should a lost order rest after all.
        blocked = any(not (working.unknown and working.doubtful) for working in resting)
        return FREE if not blocked and instrument.takes(held, campaign.stop) else WAITING
    canceling = [working for working in resting if working.canceling]
    if canceling and any(w not in replaced(campaign.side, stops) for w in canceling):
        return WAITING
    covered = by_group(stops)
    orphans = _orphans(legs[TARGET], covered)
    lacking = held - sum(covered.values(), ZERO)
    rest = lacking - _sum(orphans)
    if rest < 0:
        return UNEVEN
    if not lacking:
        return COVERED
    pieces = [rest, *(orphan.remaining for orphan in orphans)]
    if any(is_tradable(instrument, piece, campaign.stop) for piece in pieces):
        return NAKED if len(covered) < PAIRS else UNEVEN
    mergeable = resting and not legs[ENTRY] and instrument.takes(held, campaign.stop)
    return UNEVEN if mergeable else WAITING


def _orphans(targets: list[Working], covered: Groups) -> list[Working]:
    """Return the targets whose stop is gone."""
    return [t for t in targets if t.order.group not in covered and t.remaining]


def replaced(side: Side, stops: list[Working]) -> list[Working]:
    """Return the stops that are not needed any more: a tighter one of their group rests."""
    tightest: dict[str | None, tuple[Decimal, Working]] = {}
    for stop in stops:
        trigger, group = stop.order.trigger, stop.order.group
        if trigger is not None and stop.rests:
            tightness = side.sign * trigger
            if group not in tightest or tightness >= tightest[group][0]:
                tightest[group] = tightness, stop
    fixed = [s for s in stops if s.order.trigger is not None and s.order.group in tightest]
    return [s for s in fixed if s.accepted and tightest[s.order.group][1] is not s]


def by_group(stops: Iterable[Working]) -> Groups:
    """Return how much is under the stops of each group, which sell the same."""
    groups: Groups = {}
    for stop in stops:
        group = stop.order.group
        groups[group] = max(groups.get(group, ZERO), stop.remaining)
    return groups


def covered_by(stops: Iterable[Working]) -> Decimal:
    """Return how much is under stops."""
    return sum(by_group(stops).values(), ZERO)


def _sum(orders: Iterable[Working]) -> Decimal:
    return sum((working.remaining for working in orders), ZERO)


Step = Callable[[Instrument, RiskState, Campaign, Legs, Decimal], list[Message]]


def _cover(
    instrument: Instrument, state: RiskState, campaign: Campaign, legs: Legs, held: Decimal
) -> list[Message]:
    if campaign.failures >= GIVE_UP:
        return []
    covered = by_group(legs[STOP])
    orphans = _orphans(legs[TARGET], covered)
    rest = held - sum(covered.values(), ZERO) - _sum(orphans)
    told: list[Message] = [
        place(state, campaign, STOP, orphan.remaining, orphan.order.group)
        for orphan in orphans
        if is_tradable(instrument, orphan.remaining, campaign.stop)
    ]
    if is_tradable(instrument, rest, campaign.stop):
        stop = place(state, campaign, STOP, rest)
        told.append(stop)
        if campaign.target is not None and instrument.pairs:
            told.append(place(state, campaign, TARGET, rest, stop.order.group))
    return told


def _let_go(_i: Instrument, _s: RiskState, c: Campaign, _l: Legs, _h: Decimal) -> list[Message]:
    resting = [w for w in c.alive(STOP, TARGET) if w.remaining]
    return [*cancel(resting, Reason.CANCEL_REPLACED)]


def _exit(
    _i: Instrument, state: RiskState, campaign: Campaign, _l: Legs, held: Decimal
) -> list[Message]:
    if campaign.failures >= GIVE_UP:
        return []
    return [place(state, campaign, EXIT, held)]


STEPS: dict[Phase, Step] = {NAKED: _cover, UNEVEN: _let_go, FREE: _exit}
"""What a phase asks for; the others ask for nothing."""
