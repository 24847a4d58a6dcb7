"""What models said in an earlier run, by what they were asked; nobody is called."""

from collections.abc import Iterable
from pathlib import Path

import msgspec

from trader.model.errors import NotSent, OutcomeUnknown, Rejected, UsageError, VenueError
from trader.model.messages import CallFailure, Failure
from trader.model.opinions import Answer, Question
from trader.model.reasons import Reason
from trader.ports import Clock, blocking, forever, sleep_until

_SECONDS = 60.0


class Recorded(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What came of a question, by the hash of what was shown; `delay` is market time, ns.

    With neither answer nor failure it was under way when its run ended.
    """

    model: str
    digest: str
    delay: int
    answer: Answer | None = None
    failure: CallFailure | None = None


class RecordedModel:
    """Answers as was answered then, after as long; a question nobody asked then has no answer.

    What came at one instant comes in the order in which it is recorded.
    """

    def __init__(self, recorded: Iterable[Recorded], clock: Clock) -> None:
        self._recorded = {
            (each.model, each.digest): (place, each) for place, each in enumerate(recorded)
        }
        self._clock = clock
        self._due: dict[int, int] = {}
        """When the answers under way come (ns), by their place."""

    async def ask(self, question: Question) -> Answer:
        """Return the recorded answer, or raise the recorded failure."""
        place, found = self._recorded.get((question.model, question.digest), (0, None))
        if found is None:
            raise Rejected("this was not asked in the recorded run", Reason.MODEL_FAILED)
        if found.answer is not None or found.failure is not None:
            await self._wait(place, found.delay)
        if found.answer is not None:
            return found.answer
        if found.failure is not None:
            raise _to_error(found.failure)
        return await forever()

    async def _wait(self, place: int, delay: int) -> None:
        due = self._due[place] = self._clock.now() + delay
        while True:
            if delay:
                await sleep_until(due)
            else:
                # As a model's own answer comes: after what is queued, before what is due.
                await blocking(lambda: None, _SECONDS)
            if not any(other < place and at <= due for other, at in self._due.items()):
                del self._due[place]
                return


def _to_error(failure: CallFailure) -> VenueError:
    if failure.failure is Failure.REJECTED:
        return Rejected(failure.text, failure.reason)
    kind = NotSent if failure.failure is Failure.NOT_SENT else OutcomeUnknown
    return kind(failure.text)


def read_recorded(path: Path) -> list[Recorded]:
    """Read a file of answers, a JSON object a line; raise UsageError with the line at fault."""
    try:
        if path.is_fifo():
            raise UsageError(f"llm.recorded: {path} is a pipe; name a file of recorded answers")
        lines = path.read_bytes().splitlines()
    except OSError as error:
        text = f"llm.recorded: {path} cannot be read: {error.strerror}"
        raise UsageError(f"{text}; name a file of recorded answers") from error
    return [_to_recorded(path, number, line) for number, line in enumerate(lines, 1) if line]


def _to_recorded(path: Path, number: int, line: bytes) -> Recorded:
    try:
        return msgspec.json.decode(line, type=Recorded)
    except msgspec.DecodeError as error:
        text = f"{path} line {number}: no recorded answer ({error})"
        raise UsageError(f"{text}; write it anew with `run.py advice --answers`") from error
