"""The LLMAdvisor with models: whom it asks, when, and what it makes of the answer or of none."""

from decimal import Decimal

import msgspec
import pytest

from actors.llm_advisor import LLMAdvisor
from tests.trader.advice.samples import DIP, HALT, PEAK, PROMPT, SYMBOL, position, said
from trader.advice.asking import Asking
from trader.advice.desk import LOST, Usage
from trader.advice.settings import AdviceSettings, LlmSettings
from trader.model.errors import OutcomeUnknown, Rejected
from trader.model.market import SECOND, Candle
from trader.model.messages import (
    AdviceGiven,
    AdviceRefused,
    FeedEnded,
    Message,
    OrderDenied,
    QuestionDue,
    SessionStarted,
    SnapshotTaken,
)
from trader.model.opinions import Answer, Question
from trader.model.reasons import Reason
from trader.model.views import Snapshot, Stance
from trader.ports import forever, sleep_until
from trader.testing.stage import Stage

BIG, SMALL = "openai:big", "openai:small"
QUIET = msgspec.structs.replace(DIP, cross=0, marks=())


class ScriptedModel:
    """A model that says what it is told to, at once or at a time; `asked` holds the questions."""

    def __init__(self, **says: str | Exception | None) -> None:
        self.says = {f"openai:{name}": text for name, text in says.items()}
        self.asked: list[Question] = []
        self.due: int | None = None

    async def ask(self, question: Question) -> Answer:
        """Answer; None never does."""
        self.asked.append(question)
        text = self.says[question.model]
        if text is None:
            await forever()
        if self.due is not None:
            await sleep_until(self.due)
        if isinstance(text, Exception):
            raise text
        q = question
        return Answer(q.model, q.version, q.digest, str(text), 1_000, 100, Decimal("0.002"), 1.5)

    @property
    def models(self) -> list[str]:
        """Who was asked."""
        return [question.model for question in self.asked]


async def start(stage: Stage, model: ScriptedModel, **settings: object) -> None:
    """Start an advisor with the models of a script."""
    first, *rest = model.says
    llm = LlmSettings(model=first, fallbacks=tuple(rest), **settings)
    asking = Asking(llm, PROMPT, "1m", 5.0)
    await stage.start(LLMAdvisor, AdviceSettings(), 60.0, asking, model)


def taken(snapshot: Snapshot, minute: int = 0, symbol: str = SYMBOL, **changes: object) -> Message:
    """Return a snapshot with its candle as the worker sends them."""
    closed = minute * 60 * SECOND
    candle = Candle(closed - 60 * SECOND, closed, 100.0, 101.0, 99.0, 100.0, 5.0)
    at = msgspec.structs.replace(snapshot, ts_event=closed, **changes)
    return SnapshotTaken(symbol, at, candle)


def sources(messages: list[Message]) -> list[tuple[str, Stance | Reason]]:
    """Return who advised what, a fault in the place of the stance."""
    return [
        (m.advice.source, m.fault or m.advice.stance)
        for m in messages
        if isinstance(m, AdviceGiven)
    ]


async def test_a_models_opinion_becomes_advice(stage: Stage) -> None:
    """With the opinion itself, and with what the model was shown."""
    model = ScriptedModel(big=said())
    await start(stage, model)

    due, given = await stage.tell(taken(QUIET))
    assert isinstance(due, QuestionDue)
    assert isinstance(given, AdviceGiven)

    assert (given.advice.source, given.advice.stance, given.advice.stop) == (BIG, Stance.LONG, 98.0)
    assert given.opinion is not None
    assert (given.shown["rsi"].value, given.shown["high"].value) == (40.0, 101.0)


async def test_hold_is_said_too(stage: Stage) -> None:
    """Nothing comes of it, and it is on record."""
    await start(stage, ScriptedModel(big=said(stance="hold")))

    assert sources(await stage.tell(taken(QUIET))) == [(BIG, Stance.HOLD)]


@pytest.mark.parametrize(
    ("says", "reason"),
    [
        ("no JSON", Reason.MODEL_MALFORMED),
        (said(stance="YOLO"), Reason.MODEL_MALFORMED),
        (said(symbol="DOGE-USD"), Reason.ADVICE_WRONG_SYMBOL),
        (OutcomeUnknown("no answer within 20 s"), Reason.MODEL_FAILED),
        (Rejected("nothing is left", Reason.MODEL_BUDGET), Reason.MODEL_BUDGET),
        (ValueError("what a port must not raise"), Reason.MODEL_FAILED),
    ],
    ids=str,
)
async def test_where_a_model_fails_the_rules_advise(
    stage: Stage, says: str | Exception, reason: Reason
) -> None:
    """The failure is said, as HOLD with its reason, and the same candle is judged by the rules."""
    await start(stage, ScriptedModel(big=says))

    assert sources(await stage.tell(taken(DIP))) == [(BIG, reason), ("rules", Stance.LONG)]


async def test_the_next_model_comes_before_the_rules(stage: Stage) -> None:
    """In the order of the settings, each once."""
    model = ScriptedModel(big=OutcomeUnknown("down"), small=said())
    await start(stage, model)

    given = await stage.tell(taken(DIP))

    assert sources(given) == [(BIG, Reason.MODEL_FAILED), (SMALL, Stance.LONG)]
    assert model.models == [BIG, SMALL]


async def test_without_rules_nobody_enters(stage: Stage) -> None:
    """`without_model = no-entries` ends the ladder; an exit by the rules is given as ever."""
    await start(stage, ScriptedModel(big=OutcomeUnknown("down")), without_model="no-entries")

    assert sources(await stage.tell(taken(DIP))) == [(BIG, Reason.MODEL_FAILED)]
    assert sources(await stage.tell(position("1"), taken(PEAK, 1))) == [("rules", Stance.FLAT)]


async def test_a_model_that_fails_is_left_alone(stage: Stage) -> None:
    """After three failures it is not asked for five minutes, then once."""
    model = ScriptedModel(big=OutcomeUnknown("down"))
    await start(stage, model, prefilter=False)

    for minute in range(9):
        await stage.tell(taken(QUIET, minute))
        await stage.advance(60)

    assert len(model.asked) == 4


@pytest.mark.parametrize("minutes", [5, 30])
async def test_one_question_tries_a_model_that_rests(stage: Stage, minutes: int) -> None:
    """A sound answer brings it back; until then, and while it is tried, the next one is asked."""
    model = ScriptedModel(big=OutcomeUnknown("down"), small=said(stance="hold"))
    await start(stage, model, prefilter=False)
    for minute in range(3):
        await stage.tell(taken(QUIET, minute))
        await stage.advance(60)
    assert model.models == [BIG, SMALL] * 3

    await stage.tell(taken(QUIET, 3))
    model.says[BIG] = said(stance="hold")
    await stage.advance(60 * minutes)
    await stage.tell(taken(QUIET, 3 + minutes))
    await stage.tell(taken(QUIET, 4 + minutes))

    assert model.models[6:] == [SMALL, BIG, BIG]
    assert stage.state.desk.breakers == {}


async def test_an_exit_waits_for_nobody(stage: Stage) -> None:
    """The rules' exit is given at once, while a question is under way and without one."""
    model = ScriptedModel(big=None)
    await start(stage, model)
    await stage.tell(position("1"), taken(QUIET, 0))

    given = await stage.tell(taken(PEAK, 1))

    assert sources(given) == [("rules", Stance.FLAT)]
    assert len(model.asked) == 1


async def test_one_question_a_symbol_is_under_way(stage: Stage) -> None:
    """Meanwhile the rules serve that symbol; another symbol has its own."""
    model = ScriptedModel(big=None)
    await start(stage, model)

    given = await stage.tell(taken(DIP, 0), taken(DIP, 1), taken(DIP, 1, "ETH-USD"))

    assert [question.symbol for question in model.asked] == [SYMBOL, "ETH-USD"]
    assert sources(given) == [("rules", Stance.LONG)]


async def test_an_answer_after_the_next_candle_is_dropped(stage: Stage) -> None:
    """It says so, and asks nobody else about the past."""
    model = ScriptedModel(big=said(), small=said())
    model.due = 61 * SECOND
    await start(stage, model)
    await stage.tell(taken(QUIET, 0))
    await stage.advance(60)
    await stage.tell(taken(QUIET, 1))

    given = await stage.advance(2)

    assert sources(given) == [(BIG, Reason.MODEL_LATE)]
    assert model.models == [BIG]


async def test_a_question_that_was_lost_does_not_bind_for_ever(stage: Stage) -> None:
    """An hour later another is asked; should the first be answered then, nobody listens."""
    model = ScriptedModel(big=said())
    model.due = LOST + 120 * SECOND
    await start(stage, model, prefilter=False)
    await stage.tell(taken(QUIET, 0))
    await stage.advance(3_600)

    assert sources(await stage.tell(taken(QUIET, 60))) == []
    assert len(model.asked) == 2
    assert sources(await stage.advance(600)) == [(BIG, Stance.LONG)]


@pytest.mark.parametrize(("prefilter", "asked"), [(True, 1), (False, 3)])
async def test_quiet_candles_are_not_asked_about(stage: Stage, prefilter: bool, asked: int) -> None:
    """The first is, for want of an earlier one; the filter can be switched off."""
    model = ScriptedModel(big=said(stance="hold"))
    await start(stage, model, prefilter=prefilter)

    for minute in range(3):
        await stage.tell(taken(QUIET, minute))

    assert len(model.asked) == asked


@pytest.mark.parametrize(
    ("changes", "asked"),
    [
        ({}, False),
        ({"cross": 1}, True),
        ({"close": 100.19}, False),
        ({"close": 100.2}, True),
        ({"close": 99.8}, True),
        ({"marks": ("gold_buy",)}, True),
        ({"rsi_zone": -1}, True),
        ({"last": ()}, False),
    ],
)
async def test_what_makes_a_candle_worth_a_question(
    stage: Stage, changes: dict[str, object], asked: bool
) -> None:
    """An event, another zone or a move of one average true range since the last question."""
    model = ScriptedModel(big=said(stance="hold"))
    await start(stage, model)

    await stage.tell(taken(QUIET, 0))
    await stage.tell(taken(QUIET, 1, **changes))

    assert len(model.asked) == 1 + asked


async def test_nobody_is_asked_for_an_entry_across_a_hole(stage: Stage) -> None:
    """What is open may be closed at any time; an entry would be refused."""
    model = ScriptedModel(big=said())
    await start(stage, model)

    assert await stage.tell(taken(DIP, 0, gap=3)) == []
    assert model.asked == []

    await stage.tell(position("1"), taken(DIP, 1, gap=4))
    assert len(model.asked) == 1


async def test_an_open_position_is_asked_about_on_every_candle(stage: Stage) -> None:
    """At most once in the update frequency."""
    model = ScriptedModel(big=said(stance="hold"))
    await start(stage, model)
    await stage.tell(position("1"))
    for minute in (0, 1, 1, 2):
        await stage.tell(taken(QUIET, minute))

    assert len(model.asked) == 3


async def test_after_a_halt_no_model_enters(stage: Stage) -> None:
    """Nobody is asked without a position; with one, an opinion to close it is passed on."""
    model = ScriptedModel(big=said())
    await start(stage, model)

    assert await stage.tell(HALT, taken(DIP, 0)) == []
    assert model.asked == []

    assert sources(await stage.tell(position("1"), taken(QUIET, 1))) == []
    model.says[BIG] = said(stance="flat")
    assert sources(await stage.tell(taken(QUIET, 2))) == [(BIG, Stance.FLAT)]


async def test_once_the_market_has_ended_no_model_enters(stage: Stage) -> None:
    """An answer may still come: nobody can say what the market has done since."""
    model = ScriptedModel(big=said())
    model.due = 10 * SECOND
    await start(stage, model)
    await stage.tell(taken(DIP, 0), FeedEnded("the market has no more candles"))

    assert sources(await stage.advance(20)) == []


async def test_the_next_brief_says_what_became_of_earlier_advice(stage: Stage) -> None:
    """Refusals with their detail, denials and failures by their code alone."""
    model = ScriptedModel(big=said())
    await start(stage, model)
    await stage.tell(
        AdviceRefused(1, SYMBOL, BIG, Reason.ADVICE_FALSE_CLAIMS, "1 of 2 claims are false"),
        AdviceRefused(2, SYMBOL, BIG, Reason.MODEL_MALFORMED, "`Buy everything`"),
        OrderDenied(3, SYMBOL, Reason.EXPOSURE_BALANCE, "needs 7000 USD of 5000 USD"),
        taken(DIP),
    )
    (question,) = model.asked

    assert "- refused ADVICE_FALSE_CLAIMS: 1 of 2 claims are false" in question.brief
    assert "- refused MODEL_MALFORMED\n" in question.brief
    assert "- denied EXPOSURE_BALANCE\n" in question.brief
    assert "7000" not in question.brief
    assert "everything" not in question.brief


async def test_a_brief_tells_ratios_and_no_amounts(stage: Stage) -> None:
    """The position is a side and its gain: 100 now, entered at 80, however many."""
    model = ScriptedModel(big=said(stance="hold"))
    await start(stage, model)
    await stage.tell(position("31337.5", 80), taken(QUIET))
    (question,) = model.asked

    assert "long, +25.00 % since its entry" in question.brief
    assert "last fill on this instrument: 0 s ago" in question.brief
    assert "31337" not in question.brief


async def test_what_models_took_is_counted(stage: Stage) -> None:
    """By model: questions, failures, tokens and money."""
    await start(stage, ScriptedModel(big="no JSON", small=said(stance="hold")))
    await stage.tell(taken(DIP))

    usage = {name: msgspec.structs.astuple(u) for name, u in stage.state.desk.usage.items()}
    assert usage == {
        BIG: (1, 1, 1_100, Decimal("0.002"), 0),
        SMALL: (1, 0, 1_100, Decimal("0.002"), 0),
    }


async def test_what_the_budget_refused_was_not_asked(stage: Stage) -> None:
    """It is counted apart, and is no failure of the model."""
    await start(stage, ScriptedModel(big=Rejected("spent", Reason.MODEL_BUDGET)))
    await stage.tell(taken(QUIET))

    used = stage.state.desk.used(BIG)
    assert (used.questions, used.failures, used.refused) == (0, 0, 1)


async def test_a_new_session_waits_for_no_old_question(stage: Stage) -> None:
    """Whoever was asked by the process before cannot answer this one; it counts all the same."""
    model = ScriptedModel(big=None)
    await start(stage, model)
    (due,) = await stage.tell(taken(QUIET, 0))
    await stage.tell(SessionStarted("run", resumed=True), taken(DIP, 1))

    assert isinstance(due, QuestionDue)
    assert len(model.asked) == 2
    assert stage.state.desk.used(BIG) == Usage(2, 1, due.tokens, due.cost)


async def test_a_question_is_on_record_before_it_leaves(stage: Stage) -> None:
    """By its key, with the most it may cost: its process may not live to see the answer."""
    model = ScriptedModel(big=None)
    await start(stage, model)
    sent = await stage.tell(taken(QUIET))
    (question,) = model.asked

    assert sent == [
        QuestionDue(
            f"{SYMBOL} {BIG} {question.digest}", SYMBOL, BIG, "2", sent[0].tokens, Decimal(0)
        )
    ]
    assert stage.state.desk.pending[SYMBOL].left


async def test_what_is_past_fills_the_window_and_no_more(stage: Stage) -> None:
    """Nobody advises on it, and the first question after shows it."""
    model = ScriptedModel(big=said(stance="hold"))
    await start(stage, model)
    for minute in range(30):
        past = msgspec.structs.replace(taken(DIP, minute), past=True)
        assert await stage.tell(past) == []
    assert model.asked == []

    await stage.tell(taken(QUIET, 30))
    (question,) = model.asked
    assert "over 31 candles" in question.brief


async def test_memory_is_a_checkpoint(stage: Stage) -> None:
    """Rows, questions under way, breakers and usage survive msgpack."""
    await start(stage, ScriptedModel(big=OutcomeUnknown("down"), small=None))
    await stage.tell(position("1"), taken(QUIET))

    restored = msgspec.msgpack.decode(msgspec.msgpack.encode(stage.state), type=LLMAdvisor.State)

    assert restored == stage.state
    assert restored.desk.pending[SYMBOL].tried == (BIG, SMALL)
