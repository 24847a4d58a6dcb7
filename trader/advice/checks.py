"""One pure function a rule by which advice is refused, in the order they are asked.

A check returns None to let pass, or the reason and what it saw. Exits are asked few questions: a
position that someone wants closed is not kept open for want of conviction or of quotes.
"""

from collections.abc import Callable
from math import isfinite

import msgspec

from trader.advice.settings import AdviceSettings
from trader.model.instrument import is_perpetual
from trader.model.market import SECOND
from trader.model.messages import FeedStalled
from trader.model.reasons import Reason
from trader.model.views import Advice, Stance


class Standing(msgspec.Struct, frozen=True):
    """What the Validator knows when advice comes; `stalled` is None of a live feed.

    `position`: 1 when long, -1 when short, 0 when flat.
    """

    now: int
    known_symbol: bool
    position: int
    stalled: FeedStalled | None


Refusal = tuple[Reason, str]
Check = Callable[[AdviceSettings, Advice, Standing], Refusal | None]

# What rounding alone could decide is decided in favour of the advice.
_LEAST = 1.0 - 1e-9
_MOST = 1.0 + 1e-9


def refusal(settings: AdviceSettings, advice: Advice, standing: Standing) -> Refusal | None:
    """Ask every check in order; return the first refusal, None where advice may be followed."""
    checks = CHECKS + ENTRY_CHECKS if opens(advice, standing.position) else CHECKS
    for check in checks:
        refused = check(settings, advice, standing)
        if refused is not None:
            return refused
    return None


def opens(advice: Advice, position: int) -> bool:
    """Tell advice to enter from advice to leave: against a position, LONG and SHORT close it."""
    if advice.stance is Stance.LONG:
        return position >= 0
    return advice.stance is Stance.SHORT and position <= 0 and is_perpetual(advice.symbol)


# -- any advice ------------------------------------------------------------------------------------


def check_symbol(_s: AdviceSettings, advice: Advice, standing: Standing) -> Refusal | None:
    """Refuse a symbol nobody trades here."""
    if standing.known_symbol:
        return None
    return Reason.ADVICE_UNKNOWN_SYMBOL, f"{advice.symbol} is not traded"


def check_finite(_s: AdviceSettings, advice: Advice, _standing: Standing) -> Refusal | None:
    """Refuse prices that are none, and a conviction outside 0 to 1."""
    prices = {"price": advice.price, "stop": advice.stop, "target": advice.target}
    for name, price in prices.items():
        if price is not None and not (isfinite(price) and price > 0.0):
            return Reason.ADVICE_NOT_FINITE, f"{name} {price} is no price"
    if not 0.0 <= advice.conviction <= 1.0:
        return Reason.ADVICE_NOT_FINITE, f"conviction {advice.conviction} is not in 0 to 1"
    return None


def check_age(settings: AdviceSettings, advice: Advice, standing: Standing) -> Refusal | None:
    """Refuse advice whose candle closed too long ago."""
    age = (standing.now - advice.ts_event) / SECOND
    if age <= settings.max_age_seconds:
        return None
    return Reason.ADVICE_STALE, f"{age:.1f} s old, at most {settings.max_age_seconds:g} s"


def check_short(_s: AdviceSettings, advice: Advice, standing: Standing) -> Refusal | None:
    """Refuse to go short on spot; with a position open, SHORT asks to close it."""
    if advice.stance is not Stance.SHORT or standing.position or is_perpetual(advice.symbol):
        return None
    return Reason.ADVICE_SHORT_ON_SPOT, "no position to close, and spot cannot be sold short"


def check_something_to_close(
    _s: AdviceSettings, advice: Advice, standing: Standing
) -> Refusal | None:
    """Refuse to close what is not open."""
    if advice.stance is not Stance.FLAT or standing.position:
        return None
    return Reason.ADVICE_NOTHING_TO_CLOSE, "no position is open"


# -- entries ---------------------------------------------------------------------------------------


def check_not_there(_s: AdviceSettings, _advice: Advice, standing: Standing) -> Refusal | None:
    """Refuse to add to a position."""
    if not standing.position:
        return None
    long = standing.position > 0
    reason = Reason.ADVICE_ALREADY_LONG if long else Reason.ADVICE_ALREADY_SHORT
    return reason, "a position is open"


def check_conviction(
    settings: AdviceSettings, advice: Advice, _standing: Standing
) -> Refusal | None:
    """Refuse an entry that its own advisor half believes in."""
    if advice.conviction >= settings.min_conviction:
        return None
    least = settings.min_conviction
    return Reason.ADVICE_LOW_CONVICTION, f"conviction {advice.conviction:.2f}, at least {least:g}"


def check_stop_side(_s: AdviceSettings, advice: Advice, _standing: Standing) -> Refusal | None:
    """Refuse a stop that is not on the losing side of the price."""
    distance = _stop_pct(advice)
    if distance is None or distance > 0:
        return None
    where = "above" if advice.stance is Stance.SHORT else "below"
    return Reason.ADVICE_STOP_WRONG_SIDE, f"stop {advice.stop} is not {where} {advice.price}"


def check_stop_near(
    settings: AdviceSettings, advice: Advice, _standing: Standing
) -> Refusal | None:
    """Refuse a stop that noise and costs alone would reach."""
    distance = _stop_pct(advice)
    if distance is None or distance >= settings.min_stop_pct * _LEAST:
        return None
    bound = f"at least {settings.min_stop_pct:g} %"
    return Reason.ADVICE_STOP_TOO_CLOSE, f"stop {distance:.3f} % away, {bound}"


def check_stop_far(settings: AdviceSettings, advice: Advice, _standing: Standing) -> Refusal | None:
    """Refuse a stop so far away that it protects little."""
    distance = _stop_pct(advice)
    if distance is None or distance <= settings.max_stop_pct * _MOST:
        return None
    bound = f"at most {settings.max_stop_pct:g} %"
    return Reason.ADVICE_STOP_TOO_FAR, f"stop {distance:.3f} % away, {bound}"


def check_target_side(_s: AdviceSettings, advice: Advice, _standing: Standing) -> Refusal | None:
    """Refuse a target that is not on the winning side of the price."""
    if advice.target is None or _sign(advice) * (advice.target - advice.price) > 0:
        return None
    where = "below" if advice.stance is Stance.SHORT else "above"
    return Reason.ADVICE_TARGET_WRONG_SIDE, f"target {advice.target} is not {where} {advice.price}"


def check_reward(settings: AdviceSettings, advice: Advice, _standing: Standing) -> Refusal | None:
    """Refuse an entry that risks too much for what it may win."""
    if advice.stop is None or advice.target is None:
        return None
    ratio = (advice.target - advice.price) / (advice.price - advice.stop)
    if ratio >= settings.min_reward_risk * _LEAST:
        return None
    least = settings.min_reward_risk
    return Reason.ADVICE_REWARD_TOO_SMALL, f"reward/risk {ratio:.2f}, at least {least:g}"


def check_window(_s: AdviceSettings, advice: Advice, _standing: Standing) -> Refusal | None:
    """Refuse an entry on a signal across a hole in the data."""
    if advice.gap is None:
        return None
    return Reason.ADVICE_GAP, f"candles are missing, the last of them {advice.gap} candles ago"


def check_feed(_s: AdviceSettings, _advice: Advice, standing: Standing) -> Refusal | None:
    """Refuse an entry into a market that cannot be seen."""
    stalled = standing.stalled
    if stalled is None:
        return None
    ago = (standing.now - stalled.since) / SECOND
    why = f" ({stalled.detail})" if stalled.detail else ""
    return Reason.ADVICE_FEED_STALE, f"the feed is {stalled.condition}{why}, good {ago:.0f} s ago"


def _stop_pct(advice: Advice) -> float | None:
    if advice.stop is None:
        return None
    return _sign(advice) * (advice.price - advice.stop) / advice.price * 100.0


def _sign(advice: Advice) -> int:
    return -1 if advice.stance is Stance.SHORT else 1


CHECKS: tuple[Check, ...] = (
    check_symbol,
    check_finite,
    check_age,
    check_short,
    check_something_to_close,
)
"""Asked of any advice."""

ENTRY_CHECKS: tuple[Check, ...] = (
    check_not_there,
    check_conviction,
    check_stop_side,
    check_stop_near,
    check_stop_far,
    check_target_side,
    check_reward,
    check_window,
    check_feed,
)
"""Asked of an entry after CHECKS."""
