"""The real client against the scripted server: every way in which a model fails, over loopback."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import nullcontext
from pathlib import Path
from typing import Any

import pytest

from trader.advice.answers import MAX_TEXT, to_opinion
from trader.advice.cost import most
from trader.advice.settings import LlmSettings
from trader.llm.langchain_model import LANE, LangChainModel
from trader.llm.spend import Spend
from trader.model.errors import NotSent, OutcomeUnknown, Rejected
from trader.model.opinions import Answer, Question
from trader.model.reasons import Reason
from trader.ports import Blocking
from trader.testing.model_server import FAULTS, ModelServer, open_model_server
from trader.ui.redact import redactor

pytest.importorskip("langchain_openai")

BRIEF = 'instrument: "BTC-USD"\nclose: 100\nrsi: 40\n' + "candles " * 50
QUESTION = Question("BTC-USD", "openai:any", "1", "d1", "You advise.", BRIEF)
KEY = "sk-canary-0123456789abcdef"
DAY = "2026-01-30"


class Rig:
    """A model, its ledger, and the server that plays it; `mode` is what the server does next."""

    def __init__(self, path: Path, server: ModelServer, **changes: Any) -> None:
        self.server = server
        self.mode = "ok"
        server.script = lambda _n: self.mode
        base = {"model": "openai:any", "base_url": server.url, "timeout_seconds": 0.5}
        settings = LlmSettings(**{**base, **changes})
        self.spend = Spend(path / "spend.json", settings, lambda: DAY)
        self.model = LangChainModel(settings, self.spend, redactor([KEY]))

    def ask(self) -> Answer:
        """Ask as a driver has it done: in its own time, on a thread."""
        coroutine = self.model.ask(QUESTION)
        trap = coroutine.send(None)
        assert isinstance(trap, Blocking)
        assert trap.lane == LANE
        answer: Answer = trap.function()
        coroutine.close()
        return answer

    @property
    def booked(self) -> int:
        """The tokens in the ledger."""
        return self.spend.total(DAY).tokens


def outcome(rig: Rig) -> str:
    """Return what is wrong with what a model said; raise why it said nothing."""
    answer = rig.ask()
    try:
        opinion = to_opinion(answer.text)
    except ValueError as error:
        return str(error)
    return "" if opinion.symbol == QUESTION.symbol else f"about {opinion.symbol}"


@pytest.fixture
def rig(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Rig]:
    """Open a rig whose server has a key of its own."""
    monkeypatch.setenv("LLM_API_KEY", KEY)
    with open_model_server() as server:
        yield Rig(tmp_path, server)


def test_a_sound_answer_comes_word_for_word(rig: Rig) -> None:
    """With what it took, as the server reports it; the ledger holds exactly that."""
    answer = rig.ask()

    assert to_opinion(answer.text).symbol == "BTC-USD"
    assert (answer.model, answer.version, answer.digest) == ("openai:any", "1", "d1")
    assert answer.input_tokens + answer.output_tokens == rig.server.tokens == rig.booked
    assert 0.0 < answer.seconds < 5.0


def test_the_request_asks_for_the_schema_and_bounds_the_answer(rig: Rig) -> None:
    """Strictly, with the key of this server, and nothing beside what is shown."""
    rig.ask()
    (asked,) = rig.server.asked
    form = asked.body["response_format"]["json_schema"]

    assert form["strict"] is True
    assert form["schema"]["additionalProperties"] is False
    assert asked.body["max_completion_tokens"] == 800
    assert [m["content"] for m in asked.body["messages"]] == ["You advise.", BRIEF]
    assert asked.headers["authorization"] == f"Bearer {KEY}"


USED, MOST, NOTHING = "what it reports", "the most it may", "nothing"
_NO_JSON = "JSON is malformed"
FAULT_TABLE = {
    # mode: what the port raises, None for an answer that is no opinion; why; what is booked
    "garbage": (None, _NO_JSON, USED),
    "plain": (None, _NO_JSON, USED),
    "fenced": (None, _NO_JSON, USED),
    "wrong_enum": (None, "Invalid enum value 'YOLO'", USED),
    "nan": (None, _NO_JSON, USED),
    "extra": (None, "unknown field `quantity`", USED),
    "wrong_symbol": (None, "about DOGE-USD", USED),
    "cut": (OutcomeUnknown, "LengthFinishReasonError", MOST),
    "cut_number": (None, _NO_JSON, USED),
    "empty": (None, "Input data was truncated", USED),
    "refusal": (None, "Input data was truncated", USED),
    "no_choices": (OutcomeUnknown, "IndexError", MOST),
    "401": (Rejected, "Error code: 401", NOTHING),
    "404": (Rejected, "Error code: 404", NOTHING),
    "429": (Rejected, "Error code: 429", NOTHING),
    "quota": (Rejected, "You exceeded your quota", NOTHING),
    "500": (OutcomeUnknown, "Error code: 500", MOST),
    "html": (OutcomeUnknown, "AttributeError", MOST),
    "hang": (OutcomeUnknown, "no answer within 0.5 s", MOST),
    "drip": (OutcomeUnknown, "no answer within 0.5 s", MOST),
    "reset": (OutcomeUnknown, "Connection error", MOST),
}
"""Structured output by `json_schema` of this client, without LangChain's parser, fault by fault."""


def test_every_fault_has_its_row() -> None:
    """Whatever the scripted model can do is measured."""
    assert FAULT_TABLE.keys() == set(FAULTS)


@pytest.mark.parametrize("mode", FAULTS)
def test_what_a_fault_comes_to(rig: Rig, mode: str) -> None:
    """An error, or an answer that is refused; one request each, and never less booked than used.

    What a server turned away is proven to cost nothing; what nobody knows may have been answered.
    """
    rig.mode = mode
    kind, why, books = FAULT_TABLE[mode]
    with nullcontext() if kind is None else pytest.raises(kind) as caught:
        said = outcome(rig)
    if caught is not None:
        said = str(caught.value)

    assert why in said
    assert len(said) <= 200
    assert len(rig.server.asked) == 1
    at_most = most(LlmSettings(), QUESTION).tokens
    assert rig.booked == {USED: rig.server.tokens, MOST: at_most, NOTHING: 0}[books]
    assert rig.booked >= rig.server.tokens


def test_questions_that_hang_do_not_pile_up(rig: Rig) -> None:
    """Past the fourth none is sent, nor booked, until one of them ends."""
    rig.mode = "drip"
    for _ in range(4):
        with pytest.raises(OutcomeUnknown, match=r"no answer within 0\.5 s"):
            rig.ask()
    booked = rig.booked

    with pytest.raises(NotSent, match="still hang"):
        rig.ask()
    assert (len(rig.server.asked), rig.booked) == (4, booked)


def test_over_the_budget_nothing_is_sent(tmp_path: Path) -> None:
    """The most a question may take has to fit before it leaves."""
    with open_model_server() as server:
        rig = Rig(tmp_path, server, max_tokens_per_day=1_000)

        with pytest.raises(Rejected) as caught:
            rig.ask()
        assert caught.value.reason is Reason.MODEL_BUDGET
        assert server.asked == []


def test_a_key_that_comes_back_is_taken_out(rig: Rig) -> None:
    """A server may answer with what it was sent, in a sound answer or in an error."""
    rig.server.reply = lambda _brief: f'{{"authorization": "Bearer {KEY}"}}'
    assert KEY not in rig.ask().text


def test_what_nobody_would_read_is_cut(rig: Rig) -> None:
    """The journal keeps no more of an answer than it takes to refuse it."""
    rig.server.reply = lambda _brief: json.dumps("x" * 50_000)

    assert len(rig.ask().text) == MAX_TEXT + 1


def test_a_client_that_cannot_be_made_is_a_failure(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Such as for want of a key; nothing is booked."""
    monkeypatch.delenv("OPENAI_API_KEY", raising=False)
    with open_model_server() as server:
        rig = Rig(tmp_path, server, base_url=None)

        with pytest.raises(Rejected, match="no client"):
            rig.ask()
        assert rig.booked == 0


def test_nothing_is_traced(rig: Rig, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever the environment says, prompts go to the model alone."""
    monkeypatch.setenv("LANGSMITH_TRACING", "true")
    rig.ask()

    assert os.environ["LANGSMITH_TRACING"] == "false"


def test_langchain_is_imported_at_the_first_question() -> None:
    """Neither a run nor its model needs it before: it would delay the first line of the log."""
    program = (
        "import sys; from pathlib import Path\n"
        "import trader.app.session\n"
        "from trader.advice.settings import LlmSettings\n"
        "from trader.llm.langchain_model import LangChainModel\n"
        "from trader.llm.providers import check_installed\n"
        "from trader.llm.spend import Spend\n"
        "settings = LlmSettings(model='openai:any')\n"
        "check_installed(settings)\n"
        "LangChainModel(settings, Spend(Path('unused'), settings))\n"
        "sys.exit(any(n.startswith(('langchain', 'openai', 'httpx')) for n in sys.modules))\n"
    )
    assert subprocess.run([sys.executable, "-c", program], check=False).returncode == 0
