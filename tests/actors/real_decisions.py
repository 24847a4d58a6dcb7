"""Real decisions of six models, mapped to the schema and judged as this engine would judge them.

`python -m tests.actors.real_decisions` prints the share refused, by reason. The data are read where
they lie (see `tests/conftest.py`). They are a competition's on perpetuals, and are judged on spot
as well.
"""

import gzip
import json
import os
import re
import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import trio

from actors.validator import Validator
from trader.advice.answers import to_advice, to_opinion
from trader.advice.claims import ClaimCount
from trader.advice.settings import AdviceSettings
from trader.model.messages import AdviceGiven, AdviceRefused
from trader.model.opinions import Reading
from trader.model.reasons import Reason
from trader.testing.stage import open_stage

FILE = Path("data/llm/nof1_alpha_arena_trades.jsonl.gz")
STANCES = {
    "buy_to_enter": "long",
    "sell_to_enter": "short",
    "close_position": "flat",
    "hold": "hold",
}
ACCEPTED, NO_ADVICE = "accepted", "hold: nothing to judge"
SPOT, PERPETUAL = "-USD", "-USDT-PERP"

_COINS = re.compile(r"\b(BTC|ETH|SOL|XRP|DOGE|BNB)\b")
_NUMBER = r"\$?(\d[\d,]*(?:\.\d+)?)(k?)\b(?!%)"
_SAID = {
    "close": re.compile(rf"current price(?: is|:| of| at)? *\(?{_NUMBER}", re.IGNORECASE),
    "entry_price": re.compile(rf"entry(?: price)?(?: is|:| of| at)? *{_NUMBER}", re.IGNORECASE),
}
"""How models speak of what they were shown of a position, each soon after its coin."""
_SOON = 200
_LEVEL = re.compile(rf"(?:below|above|under|over) {_NUMBER}", re.IGNORECASE)
_NEAR = 0.5
"""A number farther from the price, as a share of it, is no level of this coin's."""
_ROUNDED = 0.001


class Decision(msgspec.Struct, frozen=True):
    """What a model decided on a coin at a price, and the side of its position or plan.

    `claims` are readings by name as it put them in its own words, `shown` those it had seen.
    """

    model: str
    coin: str
    price: float
    side: int
    said: dict[str, Any]
    claims: dict[str, float] = {}
    shown: dict[str, float] = {}


def read(shared: Path) -> Iterator[Decision]:
    """Yield every decision whose price is on record."""
    for cycle in cycles(shared):
        before, after = cycle["positions_before"], cycle["positions_after"]
        held, claims = {**before, **after}, _claims(cycle.get("cot_trace") or "")
        for coin, said in cycle["llm_response"].items():
            if isinstance(said, dict) and coin in held:
                # Some models leave the sign of a short out; its position has it.
                side = 1 if held[coin]["quantity"] > 0 else -1
                price = held[coin]["current_price"]
                # Of a position just opened they had seen another price than what is on record.
                kept = coin in before and coin in after
                shown = {"close": price, "entry_price": held[coin]["entry_price"]} if kept else {}
                own = claims.get(coin, {}) if kept else {}
                yield Decision(cycle["model_id"], coin, price, side, said, own, shown)


def broken(shared: Path) -> list[str]:
    """Return the answers from which nobody could read a decision."""
    said = (value for cycle in cycles(shared) for value in cycle["llm_response"].values())
    return [text for text in said if isinstance(text, str)]


def cycles(shared: Path) -> Iterator[dict[str, Any]]:
    """Yield what was shown, said and done, time after time."""
    with gzip.open(shared / FILE, "rt", encoding="utf-8") as lines:
        yield from map(json.loads, lines)


def _claims(trace: str) -> dict[str, dict[str, float]]:
    """Find what a model's own words say of the position in each coin: the first time they do."""
    found: dict[str, dict[str, float]] = {}
    parts = _COINS.split(trace)
    for coin, words in zip(parts[1::2], parts[2::2], strict=True):
        for name, pattern in _SAID.items():
            match = pattern.search(words[:_SOON])
            if match is not None:
                found.setdefault(coin, {}).setdefault(name, _number(match))
    return found


def _invalidation(decision: Decision) -> float | None:
    """Return the price that a condition names, if it names one of this coin."""
    levels = map(_number, _LEVEL.finditer(decision.said["invalidation_condition"] or ""))
    near = (at for at in levels if abs(at / decision.price - 1.0) < _NEAR)
    return next(near, None)


def _number(match: re.Match[str]) -> float:
    return float(match[1].replace(",", "")) * (1_000.0 if match[2] else 1.0)


def to_answer(decision: Decision, symbol: str, *, as_entry: bool) -> str:
    """Write a decision as an answer of our schema; `as_entry` takes a plan held for one to enter.

    Where its own words say nothing that can be checked, it claims the price alone.
    """
    said = decision.said
    stance = STANCES[said["signal"]]
    if as_entry and stance == "hold":
        stance = "long" if decision.side > 0 else "short"
    claims = decision.claims or {"close": decision.price}
    return json.dumps(
        {
            "symbol": symbol,
            "claims": [{"reading": name, "value": value} for name, value in claims.items()],
            "rationale": said.get("justification", "")[:1_000],
            "stance": stance,
            "conviction": said["confidence"],
            "levels": "price",
            "stop": said["stop_loss"],
            "target": said["profit_target"],
            "invalidation": _invalidation(decision),
            "horizon_candles": 1,
        }
    )


class Verdicts(msgspec.Struct):
    """How many decisions were refused by each reason, and what the claims of each model came to."""

    counts: Counter[str]
    claims: dict[str, ClaimCount]


async def judge(decisions: list[Decision], instrument: str, *, as_entry: bool) -> Verdicts:
    """Have the Validator judge each decision as advice on a flat account; count by reason."""
    counts: Counter[str] = Counter()
    symbols = {decision.coin + instrument for decision in decisions}
    async with trio.open_nursery() as nursery:
        with open_stage("virtual", nursery) as stage:
            await stage.start(Validator, symbols, AdviceSettings())
            for decision in decisions:
                counts[_verdict(await stage.tell(_given(decision, instrument, as_entry)))] += 1
            return Verdicts(counts, stage.state.claims)


def _given(decision: Decision, instrument: str, as_entry: bool) -> AdviceGiven:
    symbol, price = decision.coin + instrument, decision.price
    opinion = to_opinion(to_answer(decision, symbol, as_entry=as_entry))
    advice = to_advice(opinion, decision.model, symbol, price, 0)
    seen = {"close": price, **decision.shown}
    shown = {name: Reading(value, abs(value) * _ROUNDED) for name, value in seen.items()}
    return AdviceGiven(advice, opinion, shown)


def _verdict(sent: list[Any]) -> str:
    if not sent:
        return NO_ADVICE
    (message,) = sent
    return str(message.reason) if isinstance(message, AdviceRefused) else ACCEPTED


def unread(answers: list[str]) -> Counter[str]:
    """Count the answers that are no opinion, by the reason they are refused for."""
    counts: Counter[str] = Counter()
    for text in answers:
        try:
            to_opinion(text)
        except ValueError:
            counts[Reason.MODEL_MALFORMED] += 1
    return counts


def main() -> None:
    """Print the shares."""
    shared = Path(os.environ.get("TRADER_SHARED", "../shared"))
    if not (shared / FILE).is_file():
        sys.exit(f"error: there is no {shared / FILE}; say where it is with TRADER_SHARED")
    decisions, answers = list(read(shared)), broken(shared)
    lines = []
    for instrument in (PERPETUAL, SPOT):
        for as_entry in (False, True):
            verdicts = trio.run(lambda i=instrument, e=as_entry: judge(decisions, i, as_entry=e))
            title = "plans held, judged as entries" if as_entry else "as they were decided"
            lines.append(f"{len(decisions)} decisions on *{instrument}, {title}:")
            for reason, count in verdicts.counts.most_common():
                lines.append(f"  {count:5d} {count / len(decisions):6.1%}  {reason}")
    lines.append(f"{len(answers)} answers that nobody could read: {dict(unread(answers))}")
    own = [decision for decision in decisions if decision.claims]
    claims = trio.run(lambda: judge(own, PERPETUAL, as_entry=False)).claims
    lines.append(f"{len(own)} decisions say in their own words what can be checked:")
    for model, tally in sorted(claims.items()):
        lines.append(f"  {model}: {tally.false} of {tally.claims} claims are false")
    sys.stdout.write("\n".join(lines) + "\n")


if __name__ == "__main__":
    main()
