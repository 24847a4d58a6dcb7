"""What a run's advisor asks: prepared without a call, or refused with its cure."""

from decimal import Decimal
from pathlib import Path
from typing import Any

import msgspec
import pytest

from trader.advice.settings import AdviceSettings, LlmSettings
from trader.app.advising import LEDGER, Advising, open_advising, to_lines
from trader.app.compose import KernelClock
from trader.llm.langchain_model import LangChainModel
from trader.llm.recorded import Recorded, RecordedModel
from trader.model.errors import UsageError
from trader.model.opinions import Answer
from trader.runtime.kernel import Kernel
from trader.settings.schema import Settings

ANSWER = Answer("openai:b", "1", "d1", "{}", 10, 5, Decimal(0), 1.0)
RULES = AdviceSettings()
RECORDED = AdviceSettings(advisor="recorded")


def prepare(directory: Path, advice: AdviceSettings = RULES, **llm: Any) -> Advising | None:
    """Prepare a run without a journal."""
    settings = Settings(advice=advice, llm=LlmSettings(**llm))
    return open_advising(settings, directory, None, "paper/x", str)


def test_without_a_model_nobody_is_asked(tmp_path: Path) -> None:
    """The rules advise alone."""
    assert prepare(tmp_path) is None


def test_a_model_is_asked_about_the_runs_candles(tmp_path: Path) -> None:
    """By the template that ships; nothing is written before the first question."""
    pytest.importorskip("langchain_openai")
    advising = prepare(tmp_path, model="openai:a")

    assert advising is not None
    assert (advising.asking.interval, advising.asking.prompt.version) == ("1m", "2")
    assert isinstance(advising.connect(KernelClock(Kernel())), LangChainModel)
    assert not (tmp_path / LEDGER).exists()


def test_a_damaged_ledger_ends_the_run_before_it_begins(tmp_path: Path) -> None:
    """What models cost so far is not guessed."""
    pytest.importorskip("langchain_openai")
    (tmp_path / LEDGER).write_text("{")

    with pytest.raises(UsageError, match=LEDGER):
        prepare(tmp_path, model="openai:a")


def test_a_recording_names_its_models(tmp_path: Path) -> None:
    """In the order in which they were asked, where the settings name none."""
    path = tmp_path / "answers.jsonl"
    recorded = [Recorded(model, "d1", 0, ANSWER) for model in ("openai:b", "openai:a", "openai:b")]
    path.write_text(to_lines(recorded))

    advising = prepare(tmp_path, RECORDED, recorded=str(path))
    assert advising is not None
    assert advising.asking.settings.models == ("openai:b", "openai:a")
    assert isinstance(advising.connect(KernelClock(Kernel())), RecordedModel)
    assert advising.spend is None

    advising = prepare(tmp_path, RECORDED, recorded=str(path), model="openai:c")
    assert advising is not None
    assert advising.asking.settings.models == ("openai:c",)


def test_a_recording_of_nothing_is_an_error(tmp_path: Path) -> None:
    """It says where there was nothing, and what to do."""
    path = tmp_path / "answers.jsonl"
    path.write_text("")

    with pytest.raises(UsageError, match=r"no model was asked in .*answers\.jsonl; name another"):
        prepare(tmp_path, RECORDED, recorded=str(path))
    with pytest.raises(UsageError, match=r"there is no journal; name a file"):
        prepare(tmp_path, RECORDED)


def test_answers_read_back(tmp_path: Path) -> None:
    """A line an answer."""
    one = Recorded("openai:b", "d1", 7, ANSWER)

    assert msgspec.json.decode(to_lines([one]), type=Recorded) == one
