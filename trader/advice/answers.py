"""A model's text -> opinion -> advice: strictly, or not at all."""

import json
from typing import Any

import msgspec

from trader.model.opinions import Opinion
from trader.model.views import Advice, Stance

MAX_TEXT = 20_000
"""Characters of an answer beyond which nobody reads it."""
_MAX_FAULT = 160

_NOT_ASKED_FOR = frozenset({"maxLength"})
"""Keywords that structured output of common providers refuses; decoding enforces them."""


def to_schema() -> dict[str, Any]:
    """Return the JSON schema of an Opinion as structured output takes it: an object at its root."""
    schema = msgspec.json.schema(Opinion)
    definitions = schema["$defs"]
    root = definitions.pop(Opinion.__name__)
    cleaned: dict[str, Any] = _cleaned({**root, "$defs": definitions})
    return cleaned


def _cleaned(part: Any) -> Any:
    if isinstance(part, list):
        return [_cleaned(item) for item in part]
    if not isinstance(part, dict):
        return part
    kept = {name: _cleaned(item) for name, item in part.items() if name not in _NOT_ASKED_FOR}
    return {"type": "string", **kept} if "enum" in kept else kept


def to_opinion(text: str) -> Opinion:
    """Read an answer: one JSON object of the schema and nothing else; numbers are finite.

    Raise ValueError with what is wrong; it may quote the model.
    """
    if len(text) > MAX_TEXT:
        raise ValueError(f"{len(text)} characters, at most {MAX_TEXT}")
    try:
        opinion = msgspec.json.decode(text, type=Opinion)
        # msgspec takes the last of two equal names: whoever writes both has said nothing.
        json.loads(text, object_pairs_hook=_refuse_twins)
    except (ValueError, RecursionError) as error:
        raise ValueError(str(error)[:_MAX_FAULT]) from None
    return opinion


def _refuse_twins(pairs: list[tuple[str, Any]]) -> None:
    if len({name for name, _ in pairs}) < len(pairs):
        raise ValueError("a name stands twice in one object")


def to_advice(
    opinion: Opinion,
    source: str,
    symbol: str,
    close: float,
    ts_event: int,
    *,
    atr: float = 0.0,
    gap: int | None = None,
) -> Advice:
    """Turn an opinion on a candle that closed at `close` into advice, its levels into prices."""
    return Advice(
        symbol=symbol,
        stance=opinion.stance,
        conviction=opinion.conviction,
        price=close,
        stop=level(opinion, opinion.stop, close, against=True),
        target=level(opinion, opinion.target, close, against=False),
        source=source,
        rationale=_one_line(opinion.rationale),
        ts_event=ts_event,
        atr=atr,
        gap=gap,
    )


def level(opinion: Opinion, given: float | None, close: float, *, against: bool) -> float | None:
    """Return a level of an entry as a price; `against` lies where the entry would be wrong."""
    if given is None or opinion.stance not in {Stance.LONG, Stance.SHORT}:
        return None
    if opinion.levels == "price":
        return given
    distance = close * abs(given) / 100.0
    below = against == (opinion.stance is Stance.LONG)
    return close - distance if below else close + distance


def _one_line(text: str) -> str:
    printable = "".join(letter if letter.isprintable() else " " for letter in text)
    return " ".join(printable.split())
