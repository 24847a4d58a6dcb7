"""Recorded answers: the same after as long, and nothing where nothing was recorded."""

import os
from collections.abc import Coroutine
from decimal import Decimal
from pathlib import Path
from typing import Any

import msgspec
import pytest

from trader.llm.recorded import Recorded, RecordedModel, read_recorded
from trader.model.errors import NotSent, OutcomeUnknown, Rejected, UsageError, VenueError
from trader.model.messages import CallFailure, Failure
from trader.model.opinions import Answer, Question
from trader.model.reasons import Reason
from trader.ports import Blocking, SleepUntil
from trader.runtime.schedule import to_failure

QUESTION = Question("BTC-USD", "openai:any", "1", "d1", "You advise.", "A brief.")
ANSWER = Answer("openai:any", "1", "d1", "{}", 10, 5, Decimal("0.001"), 1.5)


class Clock:
    """A time that stands."""

    def now(self) -> int:
        """Return it."""
        return 1_000


def ask(*recorded: Recorded) -> Coroutine[Any, Any, Answer]:
    """Ask the question of a recording."""
    return RecordedModel(recorded, Clock()).ask(QUESTION)


def end(asking: Coroutine[Any, Any, Answer]) -> Answer:
    """Let a coroutine go on to its end."""
    with pytest.raises(StopIteration) as ended:
        asking.send(None)
    answer: Answer = ended.value.value
    return answer


def test_an_answer_comes_after_as_long_as_it_took() -> None:
    """In market time; one that took none comes as a driver brings what it ran elsewhere."""
    late, at_once = (
        ask(Recorded("openai:any", "d1", 50, ANSWER)),
        ask(Recorded("openai:any", "d1", 0, ANSWER)),
    )

    assert late.send(None) == SleepUntil(1_050)
    assert isinstance(at_once.send(None), Blocking)
    assert end(late) == end(at_once) == ANSWER


@pytest.mark.parametrize(
    ("failure", "kind"),
    [
        (CallFailure(Failure.REJECTED, "spent", Reason.MODEL_BUDGET), Rejected),
        (CallFailure(Failure.NOT_SENT, "hung"), NotSent),
        (CallFailure(Failure.UNKNOWN, "no answer within 20 s"), OutcomeUnknown),
    ],
)
def test_a_failure_comes_back_as_it_was(failure: CallFailure, kind: type[VenueError]) -> None:
    """What the kernel makes of it is what it was made from."""
    asking = ask(Recorded("openai:any", "d1", 0, failure=failure))
    asking.send(None)

    with pytest.raises(kind) as caught:
        asking.send(None)
    assert to_failure(caught.value) == failure


@pytest.mark.parametrize(
    "other", [Recorded("openai:other", "d1", 0, ANSWER), Recorded("openai:any", "d2", 0, ANSWER)]
)
def test_another_question_has_no_answer(other: Recorded) -> None:
    """Another model, or another brief: the rules have to serve."""
    with pytest.raises(Rejected, match="not asked"):
        ask(other).send(None)


def test_a_file_holds_one_a_line(tmp_path: Path) -> None:
    """As it was written, blank lines aside; a bad line is named."""
    one = Recorded("openai:any", "d1", 7, ANSWER)
    path = tmp_path / "answers.jsonl"
    path.write_bytes(msgspec.json.encode(one) + b"\n\n")
    assert read_recorded(path) == [one]

    path.write_bytes(msgspec.json.encode(one) + b"\n{}\n")
    with pytest.raises(UsageError, match=r"answers\.jsonl line 2: no recorded answer"):
        read_recorded(path)
    with pytest.raises(UsageError, match="cannot be read"):
        read_recorded(tmp_path / "missing.jsonl")
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(UsageError, match="is a pipe"):
        read_recorded(tmp_path / "pipe")


@pytest.mark.parametrize("asked", [("d1", "d2"), ("d2", "d1")])
@pytest.mark.parametrize("delay", [0, 50])
def test_what_came_at_one_instant_comes_in_its_order(asked: tuple[str, str], delay: int) -> None:
    """As it is recorded, whichever was asked first: the one behind waits once more."""
    recorded = [Recorded("openai:any", digest, delay, ANSWER) for digest in ("d1", "d2")]
    model = RecordedModel(recorded, Clock())
    questions = {d: model.ask(msgspec.structs.replace(QUESTION, digest=d)) for d in asked}
    for digest in asked:
        questions[digest].send(None)

    assert type(questions["d2"].send(None)) is (SleepUntil if delay else Blocking)
    assert end(questions["d1"]) == end(questions["d2"]) == ANSWER


def test_what_never_came_never_comes() -> None:
    """Its run ended first; the rules do not step in for it here either."""
    asking = ask(Recorded("openai:any", "d1", 0))

    assert [asking.send(None) for _ in range(3)] == [None, None, None]
