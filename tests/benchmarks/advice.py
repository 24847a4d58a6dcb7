"""What the engine itself takes for one advice of a model: brief, parse, validate."""

from collections.abc import Iterator
from decimal import Decimal
from time import perf_counter

from tests.benchmarks.figures import Figure, median
from tests.trader.advice.samples import PROMPT, SYMBOL, said, window
from trader.advice.asking import Asking, answered, begin
from trader.advice.checks import Standing, refusal
from trader.advice.claims import refuse_opinion
from trader.advice.desk import Desk
from trader.advice.settings import AdviceSettings, LlmSettings
from trader.advice.window import SPAN, STRIDE
from trader.model.messages import ModelAnswered
from trader.model.opinions import Answer

MODEL = "openai:any"


def measure(scale: float) -> Iterator[Figure]:
    """Ask, answer and judge, time and again, about a full window."""
    asking = Asking(LlmSettings(model=MODEL), PROMPT, "1m", 5.0)
    desk, settings = Desk(windows={SYMBOL: window(SPAN + STRIDE - 1)}), AdviceSettings()
    answer = Answer(MODEL, "1", "d", said(), 1_000, 100, Decimal(0), 1.0)
    took, size = [], 0
    for _ in range(max(int(2_000 * scale), 5)):
        began = perf_counter()
        due = begin(asking, desk, SYMBOL, (), (), 0)
        assert due is not None, "its breaker never opens here"
        question = desk.let_go(due.key)
        assert question is not None, "it was written down a line before"
        ended = answered(asking, desk, ModelAnswered(due.key, answer), 0)
        assert ended is not None, "it was asked a line before"
        standing = Standing(now=0, known_symbol=True, position=0, stalled=None)
        refuse_opinion(settings, ended.given)
        refusal(settings, ended.given.advice, standing)
        took.append(perf_counter() - began)
        size = len(question.system.encode()) + len(question.brief.encode())
    yield Figure("an advice, the model's time aside", median(took) * 1e3, "ms").at_most(1)
    yield Figure("the default brief", size, "bytes").at_most(9_000)
