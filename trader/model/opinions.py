"""What a model is asked and what it may answer: the one definition of both."""

from decimal import Decimal
from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from trader.model.views import Stance


class Claim(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A reading that the opinion relies on, by its name in the brief, and its value there."""

    reading: Annotated[str, Meta(max_length=60)]
    value: float


class Opinion(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A model's whole answer; its fields are in the order in which they are to be thought of.

    `stop`, `target` and `invalidation` are prices, or distances from the close in % of it, as
    `levels` says; null where there is none.
    """

    symbol: Annotated[str, Meta(max_length=40)]
    claims: Annotated[tuple[Claim, ...], Meta(min_length=1, max_length=12)]
    rationale: Annotated[str, Meta(max_length=1000)]
    stance: Stance
    conviction: Annotated[float, Meta(ge=0.0, le=1.0)]
    levels: Literal["price", "percent"]
    stop: float | None
    target: float | None
    invalidation: float | None
    horizon_candles: Annotated[int, Meta(ge=1, le=10_000)]


class Reading(msgspec.Struct, frozen=True):
    """A value that a model was shown, and how far off a claim about it may be."""

    value: float
    tolerance: float


class Question(msgspec.Struct, frozen=True):
    """One question to one model; `digest` is the hash of all that the model is shown."""

    symbol: str
    model: str
    version: str
    digest: str
    system: str
    brief: str


class Answer(msgspec.Struct, frozen=True):
    """What a model said, word for word, and what it took; `cost` is in USD, 0 without a price."""

    model: str
    version: str
    digest: str
    text: str
    input_tokens: int
    output_tokens: int
    cost: Decimal
    seconds: float
