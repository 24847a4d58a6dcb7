"""Real decisions of six models, mapped to the schema and judged as this engine would judge them.

`python -m tests.actors.real_decisions` prints the share refused, by reason. The data are read where
they lie (see `tests/conftest.py`), and are a competition's on perpetuals: here they meet spot.
"""

import gzip
import json
import os
import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import trio

from actors.validator import Validator
from trader.advice.answers import to_advice, to_opinion
from trader.advice.settings import AdviceSettings
from trader.model.messages import AdviceGiven, AdviceRefused
from trader.model.opinions import Reading
from trader.testing.stage import open_stage

FILE = Path("data/llm/nof1_alpha_arena_trades.jsonl.gz")
STANCES = {
    "buy_to_enter": "long",
    "sell_to_enter": "short",
    "close_position": "flat",
    "hold": "hold",
}
ACCEPTED, NO_ADVICE = "accepted", "hold: nothing to judge"


class Decision(msgspec.Struct, frozen=True):
    """What a model decided on a symbol at a price, and the side of its position or plan."""

    model: str
    symbol: str
    price: float
    side: int
    said: dict[str, Any]


def read(shared: Path) -> Iterator[Decision]:
    """Yield every decision whose price is on record."""
    with gzip.open(shared / FILE, "rt", encoding="utf-8") as lines:
        for cycle in map(json.loads, lines):
            held = {**cycle["positions_before"], **cycle["positions_after"]}
            for coin, said in cycle["llm_response"].items():
                if isinstance(said, dict) and coin in held:
                    # Some models leave the sign of a short out; its position has it.
                    side = 1 if held[coin]["quantity"] > 0 else -1
                    price = held[coin]["current_price"]
                    yield Decision(cycle["model_id"], f"{coin}-USD", price, side, said)


def to_answer(decision: Decision, *, as_entry: bool) -> str:
    """Write a decision as an answer of our schema; `as_entry` takes a plan held for one to enter.

    What a model claims stands in prose there: here it claims the price alone.
    """
    said = decision.said
    stance = STANCES[said["signal"]]
    if as_entry and stance == "hold":
        stance = "long" if decision.side > 0 else "short"
    return json.dumps(
        {
            "symbol": decision.symbol,
            "claims": [{"reading": "close", "value": decision.price}],
            "rationale": said.get("justification", "")[:1_000],
            "stance": stance,
            "conviction": said["confidence"],
            "levels": "price",
            "stop": said["stop_loss"],
            "target": said["profit_target"],
            "invalidation": None,
            "horizon_candles": 1,
        }
    )


async def judge(decisions: list[Decision], *, as_entry: bool) -> Counter[str]:
    """Have the Validator judge each decision as advice on a flat account; count by reason."""
    counts: Counter[str] = Counter()
    symbols = {decision.symbol for decision in decisions}
    async with trio.open_nursery() as nursery:
        with open_stage("virtual", nursery) as stage:
            await stage.start(Validator, symbols, AdviceSettings())
            for decision in decisions:
                opinion = to_opinion(to_answer(decision, as_entry=as_entry))
                advice = to_advice(opinion, decision.model, decision.symbol, decision.price, 0)
                shown = {"close": Reading(decision.price, 0.0)}
                sent = await stage.tell(AdviceGiven(advice, opinion, shown))
                counts[_verdict(sent)] += 1
    return counts


def _verdict(sent: list[Any]) -> str:
    if not sent:
        return NO_ADVICE
    (message,) = sent
    return str(message.reason) if isinstance(message, AdviceRefused) else ACCEPTED


def main() -> None:
    """Print the shares."""
    decisions = list(read(Path(os.environ.get("TRADER_SHARED", "../shared"))))
    for as_entry in (False, True):
        counts = trio.run(lambda entry=as_entry: judge(decisions, as_entry=entry))
        title = "plans held, judged as entries" if as_entry else "as they were decided"
        lines = [f"{len(decisions)} decisions, {title}:"]
        for reason, count in counts.most_common():
            lines.append(f"  {count:5d} {count / len(decisions):6.1%}  {reason}")
        sys.stdout.write("\n".join(lines) + "\n")


if __name__ == "__main__":
    main()
