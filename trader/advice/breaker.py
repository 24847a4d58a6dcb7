"""A circuit breaker a model: who fails time and again is left alone, then tried by one question."""

from collections.abc import Iterable, Mapping

import msgspec

from trader.advice.settings import LlmSettings
from trader.model.market import SECOND


class Breaker(msgspec.Struct, frozen=True):
    """How often a model failed in a row, and until when (ns) it is not asked."""

    failures: int = 0
    until: int = 0


def next_model(
    models: Iterable[str], breakers: Mapping[str, Breaker], tried: Iterable[str], now: int
) -> str | None:
    """Return the first model that may be asked and was not; None if nobody is left."""
    passed = frozenset(tried)
    for model in models:
        if model not in passed and breakers.get(model, Breaker()).until <= now:
            return model
    return None


def asked(breaker: Breaker, settings: LlmSettings, now: int) -> Breaker:
    """Note a question; while a model is on trial, nobody else is to ask it."""
    if breaker.failures < settings.breaker_failures:
        return breaker
    return Breaker(breaker.failures, now + _pause(settings))


def failed(breaker: Breaker, settings: LlmSettings, now: int, *, for_good: bool = False) -> Breaker:
    """Note a failure; one that is `for_good`, such as a spent budget, opens at once."""
    failures = breaker.failures + 1
    if for_good:
        failures = max(failures, settings.breaker_failures)
    return Breaker(failures, now + _pause(settings) if failures >= settings.breaker_failures else 0)


def _pause(settings: LlmSettings) -> int:
    return round(settings.breaker_seconds * SECOND)
