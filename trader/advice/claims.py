"""What a model says beside its advice, held against what it was shown."""

from collections.abc import Mapping

import msgspec

from trader.advice.answers import level
from trader.advice.checks import Refusal
from trader.advice.settings import AdviceSettings
from trader.model.messages import AdviceGiven
from trader.model.opinions import Opinion, Reading
from trader.model.reasons import Reason
from trader.model.views import Stance


class ClaimCount(msgspec.Struct):
    """How many claims of a model were checked, and how many were false."""

    claims: int = 0
    false: int = 0


def count_false(opinion: Opinion, shown: Mapping[str, Reading]) -> int:
    """Count the claims about readings that nobody showed, or that had another value."""
    return sum(not _holds(shown.get(claim.reading), claim.value) for claim in opinion.claims)


def _holds(reading: Reading | None, value: float) -> bool:
    return reading is not None and abs(value - reading.value) <= reading.tolerance


def refuse_opinion(settings: AdviceSettings, given: AdviceGiven) -> Refusal | None:
    """Return why advice is not to be followed for what came with it; None if nothing speaks so."""
    if given.fault is not None:
        return given.fault, given.detail
    if given.opinion is None or given.advice.stance is Stance.HOLD:
        return None
    return _refuse_claims(settings, given.opinion, given.shown) or _refuse_invalidation(
        given.opinion, given.advice.price
    )


def _refuse_claims(
    settings: AdviceSettings, opinion: Opinion, shown: Mapping[str, Reading]
) -> Refusal | None:
    """Refuse a view that rests on what is not so; of whom it comes does not matter."""
    false, count = count_false(opinion, shown), len(opinion.claims)
    if false <= settings.max_false_claims * count:
        return None
    allowed = f"at most {settings.max_false_claims:g} of them"
    return Reason.ADVICE_FALSE_CLAIMS, f"{false} of {count} claims are false, {allowed}"


def _refuse_invalidation(opinion: Opinion, price: float) -> Refusal | None:
    """Refuse an entry that its own invalidation has already undone."""
    at = level(opinion, opinion.invalidation, price, against=True)
    if at is None or (at < price if opinion.stance is Stance.LONG else at > price):
        return None
    return Reason.ADVICE_INVALIDATION_WRONG_SIDE, f"invalid at {at:g} with the price at {price:g}"
