"""What a question may cost at most, and what tokens cost by the prices of the settings."""

from decimal import Decimal
from functools import cache

import msgspec

from trader.advice.answers import to_schema
from trader.advice.settings import LlmSettings
from trader.model.opinions import Question

_MILLION = Decimal(1_000_000)
_OVERHEAD = 256
"""Bytes of a request beside what is shown: the roles, and the schema's own envelope."""


class Cost(msgspec.Struct, frozen=True):
    """Tokens in and out, and USD."""

    tokens: int
    usd: Decimal


def most(settings: LlmSettings, question: Question) -> Cost:
    """Return what a question may cost at most; no token is shorter than a byte."""
    return price(settings, question.model, _shown(question), settings.max_output_tokens)


def price(settings: LlmSettings, model: str, input_tokens: int, output_tokens: int) -> Cost:
    """Return what tokens cost; no USD for a model without a price."""
    into = Decimal(str(settings.input_prices.get(model, 0.0)))
    out = Decimal(str(settings.output_prices.get(model, 0.0)))
    usd = (into * input_tokens + out * output_tokens) / _MILLION
    return Cost(input_tokens + output_tokens, usd)


def _shown(question: Question) -> int:
    return len(question.system.encode()) + len(question.brief.encode()) + _schema_bytes()


@cache
def _schema_bytes() -> int:
    return len(msgspec.json.encode(to_schema())) + _OVERHEAD
