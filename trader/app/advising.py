"""What a run's advisor asks: models, what they said in an earlier run, or nobody."""

import sys
from collections.abc import Callable, Iterable
from functools import partial
from pathlib import Path

import msgspec

from trader.advice.asking import Asking
from trader.advice.brief import Prompt, to_prompt
from trader.advice.settings import LlmSettings
from trader.llm.langchain_model import LangChainModel
from trader.llm.providers import check_installed
from trader.llm.recorded import Recorded, RecordedModel, read_recorded
from trader.llm.spend import Spend
from trader.model.errors import UsageError
from trader.model.messages import ModelAnswered, ModelFailed, QuestionDue
from trader.ports import Clock, Model
from trader.settings.schema import Settings
from trader.settings.sources import CONFIG
from trader.storage.archive import JOURNAL_FILE, Archive, open_archive
from trader.storage.schema import Run
from trader.topology import LLM_ADVISOR

PROMPT = CONFIG / "advisor_prompt.txt"
LEDGER = "llm_spend.json"
"""The file in the data directory with what models cost."""


class Advising(msgspec.Struct, frozen=True):
    """How models are asked in a run, and the ledger of what they cost; a recorded run has none."""

    asking: Asking
    connect: Callable[[Clock], Model]
    spend: Spend | None = None


def open_advising(
    settings: Settings,
    directory: Path,
    archive: Archive | None,
    account: str,
    redact: Callable[[str], str],
    ending: Callable[[], bool] = lambda: False,
) -> Advising | None:
    """Prepare what a run asks, without a call; None where rules advise alone.

    Once `ending` says so, nobody is waited for any more.

    Raise UsageError for a package, a template, a ledger or a recording that is missing or damaged.
    """
    llm = settings.llm
    if settings.advice.advisor == "recorded":
        recorded = _recorded(llm, archive, account)
        if not llm.models:
            models = tuple(dict.fromkeys(each.model for each in recorded))
            llm = msgspec.structs.replace(llm, model=models[0], fallbacks=models[1:])
        asking = msgspec.structs.replace(_asking(settings, llm), durable=False)
        return Advising(asking, partial(RecordedModel, recorded))
    if not llm.models:
        return None
    check_installed(llm)
    spend = Spend(directory / LEDGER, llm)
    model = LangChainModel(llm, spend, redact, ending)
    return Advising(_asking(settings, llm), lambda _clock: model, spend)


def _asking(settings: Settings, llm: LlmSettings) -> Asking:
    tolerance = settings.advice.claim_tolerance_pct
    return Asking(llm, _prompt(), settings.trading.interval, tolerance)


def _prompt() -> Prompt:
    try:
        return to_prompt(PROMPT.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise UsageError(f"{PROMPT}: {error}; put back the one that ships") from error


def _recorded(llm: LlmSettings, archive: Archive | None, account: str) -> list[Recorded]:
    if llm.recorded is not None:
        found = read_recorded(Path(llm.recorded))
    elif archive is None:
        raise UsageError("advisor recorded: there is no journal; name a file in llm.recorded")
    else:
        runs = (run for run in reversed(archive.runs()) if run.account == account)
        found = next(filter(None, (answers_of(archive, run) for run in runs)), [])
    if not found:
        where = llm.recorded or f"the journal's runs of {account}"
        raise UsageError(f"advisor recorded: no model was asked in {where}; name another recording")
    return found


def answers_of(archive: Archive, run: Run) -> list[Recorded]:
    """Return what models said in a run, in the order in which it came; last, what stayed open."""
    asked: dict[int, int] = {}
    found, open_ = [], dict[int, Recorded]()
    for record in archive.messages_after(run, LLM_ADVISOR, 0):
        asked[record.seq] = record.time
        delay = record.time - asked.get(record.cause, record.time)
        if record.kind == QuestionDue.__name__:
            due = msgspec.msgpack.decode(record.body, type=QuestionDue)
            open_[record.seq] = Recorded(*_asked_of(due.key), 0)
        elif record.kind == ModelAnswered.__name__:
            answered = msgspec.msgpack.decode(record.body, type=ModelAnswered)
            found.append(Recorded(*_asked_of(answered.key), delay, answer=answered.answer))
        elif record.kind == ModelFailed.__name__:
            failed = msgspec.msgpack.decode(record.body, type=ModelFailed)
            found.append(Recorded(*_asked_of(failed.key), delay, failure=failed.failure))
        else:
            continue
        open_.pop(record.cause, None)
    return [*found, *open_.values()]


def _asked_of(key: str) -> tuple[str, str]:
    _symbol, model, digest = key.split(" ")
    return model, digest


def recorded_lines(run: Run, directory: Path) -> str:
    """Write what models said in a run as `llm.recorded` reads it; tell of a run that asked none."""
    with open_archive(directory / JOURNAL_FILE) as archive:
        found = answers_of(archive, run)
    if not found:
        sys.stderr.write(f"note: run {run.id} asked no model\n")
    return to_lines(found)


def to_lines(recorded: Iterable[Recorded]) -> str:
    """Write answers, one a line."""
    return "".join(f"{msgspec.json.encode(each).decode()}\n" for each in recorded)
