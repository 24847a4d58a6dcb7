"""The tail of what a portfolio may bring: value at risk and expected shortfall, in % of equity.

Historical: the newest returns of what is held, at the sizes of now, sorted. Parametric, beside it
for comparison: as if they were normal. Both are of a day, to which a candle's are brought by the
square root of time.
"""

import math
from collections.abc import Sequence
from statistics import NormalDist

from trader.model.instrument import Instrument
from trader.model.reasons import Reason
from trader.risk.portfolio import shares_of, take
from trader.risk.returns import Moves, moves_of
from trader.risk.settings import RiskSettings
from trader.risk.situation import Entry, Tail, Tails
from trader.risk.sizing import tighten
from trader.risk.state import RiskState, Rules

_NORMAL = NormalDist()
_TRIES = 8
"""Times that an entry is made smaller until it is within both limits; then it is denied."""


def historical(outcomes: Sequence[float], confidence_pct: float, scale: float = 1.0) -> Tail:
    """Return the tail of outcomes (ratios), each times `scale`; none of them may be too few.

    The worst share of 1 - confidence, a whole number of outcomes, is the tail: value at risk is
    the least loss in it, expected shortfall the mean. A gain is no loss.
    """
    count = max(1, int(len(outcomes) * (100 - confidence_pct) / 100 + 1e-9))
    worst = sorted(outcomes)[:count]
    scale *= -100
    return Tail(max(0.0, worst[-1] * scale), max(0.0, math.fsum(worst) / count * scale))


def parametric(deviation: float, confidence_pct: float) -> Tail:
    """Return the tail of a normal distribution around 0 of this deviation (a ratio)."""
    z = _NORMAL.inv_cdf(confidence_pct / 100)
    beyond = _NORMAL.pdf(z) / (1 - confidence_pct / 100)
    return Tail(100 * deviation * z, 100 * deviation * beyond)


def tail_now(rules: Rules, state: RiskState) -> Tail | None:
    """Return the tail of what is held and on its way; None where it is not measured or known."""
    settings = rules.settings
    if not settings.returns_candles:
        return None
    shares = shares_of(rules, take(rules, state))
    if not shares:
        return Tail()
    most, least = settings.returns_candles, settings.returns_needed
    moves = moves_of(state.returns, shares, next(iter(shares)), 1, most, least)
    if moves.missing:
        return None
    return _held(moves, settings.var_confidence_pct)


def bound_tail(
    settings: RiskSettings, instrument: Instrument, entry: Entry, moves: Moves, equity: float
) -> tuple[Entry, Tails]:
    """Make an entry smaller until the tail of the portfolio with it is within its limits.

    The expected shortfall is convex in the quantity, so that its chord from the portfolio without
    the entry is above it: one step is enough. The value at risk may need more.
    """
    confidence, scale = settings.var_confidence_pct, moves.per_day
    if moves.missing or equity <= 0:
        return entry, Tails(missing=moves.missing or "there is no equity")

    def outcomes(entry: Entry) -> tuple[list[float], float]:
        part = float(entry.quantity * entry.worst) / equity
        if not moves.held:
            return moves.entry, part * scale
        both = zip(moves.held, moves.entry, strict=True)
        return [held + part * own for held, own in both], scale

    before = _held(moves, confidence)
    found, times = outcomes(entry)
    after = historical(found, confidence, times)
    for _ in range(_TRIES):
        part, reason = min(
            (_room(before.var, after.var, settings.max_var_pct), Reason.VALUE_AT_RISK),
            (
                _room(before.shortfall, after.shortfall, settings.max_expected_shortfall_pct),
                Reason.EXPECTED_SHORTFALL,
            ),
        )
        if part >= 1 or not entry.quantity:
            break
        entry = tighten(instrument, entry, reason, part)
        found, times = outcomes(entry)
        after = historical(found, confidence, times)
    deviation = math.hypot(*found) / math.sqrt(len(found)) * times
    return entry, Tails(before, after, parametric(deviation, confidence))


def _held(moves: Moves, confidence_pct: float) -> Tail:
    """Return the tail of what is held."""
    return historical(moves.held, confidence_pct, moves.per_day) if moves.held else Tail()


def _room(before: float, after: float, bound: float) -> float:
    """Return the part of an entry that is within a bound, along the chord; 1 where all of it is."""
    if after <= bound:
        return 1.0
    return max(0.0, (bound - before) / (after - before)) if after > before else 0.0
