"""When a model is asked, what about, and what becomes of its answer."""

from collections.abc import Sequence

import msgspec

from trader.advice import breaker
from trader.advice.answers import to_advice, to_opinion
from trader.advice.brief import Brief, Prompt, digest, render
from trader.advice.cost import most
from trader.advice.desk import Desk, No, Pending
from trader.advice.settings import LlmSettings
from trader.advice.window import events, shown, states
from trader.model.market import SECOND
from trader.model.messages import (
    AdviceGiven,
    Failure,
    ModelAnswered,
    ModelFailed,
    OrderDenied,
    QuestionDue,
)
from trader.model.opinions import Answer, Opinion, Question
from trader.model.reasons import Reason
from trader.model.views import Snapshot


class Asking(msgspec.Struct, frozen=True):
    """How models are asked: by which settings and template, about candles of which interval."""

    settings: LlmSettings = LlmSettings()
    prompt: Prompt = Prompt("", "", "")
    interval: str = ""
    tolerance_pct: float = 0.0
    """How far off a claim may be, in % of its reading's range."""
    durable: bool = True
    """Whether a question is in the journal on disk before it leaves: where it costs anything."""


NO_MODEL = Asking()
"""Nobody is asked."""


class Ended(msgspec.Struct, frozen=True):
    """A question that is over, and what came of it."""

    pending: Pending
    given: AdviceGiven


class Fault(msgspec.Struct, frozen=True):
    """Why nothing came of a question; `detail` may quote the model or its server."""

    reason: Reason
    detail: str


def merits(settings: LlmSettings, desk: Desk, symbol: str, held: bool, pause: int) -> bool:
    """Tell whether the newest candle is worth a question, `pause` ns after the last at least.

    No entry may rest on a window with a hole, so that nobody is asked for one.
    """
    newest, last = desk.windows[symbol].newest, desk.asked.get(symbol)
    if newest.gap is not None and not held:
        return False
    if last is None:
        return True
    if newest.ts_event - last.ts_event < pause:
        return False
    return not settings.prefilter or held or _differs(newest, last)


def _differs(now: Snapshot, then: Snapshot) -> bool:
    """Tell whether anything happened, or is another than at the last question."""
    moved = abs(now.close - then.close) >= now.atr
    return moved or bool(events(now)) or states(now) != states(then)


def begin(
    asking: Asking, desk: Desk, symbol: str, tried: tuple[str, ...], noes: Sequence[No], now: int
) -> QuestionDue | None:
    """Note a question to the next model that may be asked; None where there is none."""
    settings = asking.settings
    model = breaker.next_model(settings.models, desk.breakers, tried, now)
    if model is None:
        return None
    question = to_question(asking, desk, symbol, model, noes, now)
    key, row = f"{symbol} {model} {question.digest}", desk.windows[symbol].recent[-1]
    cost = most(settings, question)
    desk.pending[symbol] = Pending(key, question, row, now, (*tried, model), cost)
    desk.asked[symbol] = row.snapshot
    desk.breakers[model] = breaker.asked(desk.breaker(model), settings, now)
    return QuestionDue(key, symbol, model, question.version, cost.tokens, cost.usd)


def to_question(
    asking: Asking, desk: Desk, symbol: str, model: str, noes: Sequence[No], now: int
) -> Question:
    """Write down what a model is shown of a symbol."""
    window, traded, prompt = desk.windows[symbol], desk.traded.get(symbol), asking.prompt
    brief = Brief(
        symbol=symbol,
        interval=asking.interval,
        window=window,
        holding=desk.holding(symbol),
        notes=tuple(map(to_note, noes)),
        traded_seconds=None if traded is None else (now - traded) / SECOND,
    )
    text = render(prompt, brief, asking.settings.max_brief_bytes)
    return Question(symbol, model, prompt.version, digest(prompt, text), prompt.system, text)


def to_note(no: No) -> str:
    """Say why nothing came of advice, in words of ours alone: a denial's may hold amounts."""
    if isinstance(no, OrderDenied):
        return f"denied {no.reason}"
    if no.reason.startswith("MODEL_"):
        return f"refused {no.reason}"
    return f"refused {no.reason}: {no.detail}"


def answered(asking: Asking, desk: Desk, message: ModelAnswered, now: int) -> Ended | None:
    """End a question with what was said; None where nobody waits for it any more."""
    answer = message.answer
    desk.used(answer.model).add(answer.input_tokens + answer.output_tokens, answer.cost)
    pending = desk.take(message.key)
    if pending is None:
        return None
    read = _read(desk, pending, answer)
    if isinstance(read, Fault):
        return _missed(asking, desk, pending, read, now)
    model, symbol, at = answer.model, pending.question.symbol, pending.row.snapshot
    desk.breakers.pop(model, None)
    seen = shown(desk.windows[symbol], asking.tolerance_pct)
    advice = to_advice(read, model, symbol, at.close, at.ts_event, atr=at.atr, gap=at.gap)
    return Ended(pending, AdviceGiven(advice, read, seen))


def failed(asking: Asking, desk: Desk, message: ModelFailed, now: int) -> Ended | None:
    """End a question that has no answer; None where nobody waits for one any more."""
    pending, failure = desk.take(message.key), message.failure
    if pending is None:
        return None
    if failure.failure is Failure.UNKNOWN:
        desk.used(pending.question.model).add(pending.most.tokens, pending.most.usd)
    fault = Fault(failure.reason or Reason.MODEL_FAILED, failure.text)
    return _missed(asking, desk, pending, fault, now)


def _read(desk: Desk, pending: Pending, answer: Answer) -> Opinion | Fault:
    if not desk.is_newest(pending):
        return Fault(Reason.MODEL_LATE, "it came after the next candle")
    try:
        opinion = to_opinion(answer.text)
    except ValueError as error:
        return Fault(Reason.MODEL_MALFORMED, str(error))
    if opinion.symbol != pending.question.symbol:
        return Fault(Reason.ADVICE_WRONG_SYMBOL, "the answer is about another symbol")
    return opinion


def _missed(asking: Asking, desk: Desk, pending: Pending, fault: Fault, now: int) -> Ended:
    model, spent = pending.question.model, fault.reason is Reason.MODEL_BUDGET
    used = desk.used(model)
    if spent:
        used.refuse()
    else:
        used.failures += 1
    earlier = desk.breaker(model)
    desk.breakers[model] = breaker.failed(earlier, asking.settings, now, for_good=spent)
    hold = AdviceGiven(pending.to_hold(), fault=fault.reason, detail=fault.detail)
    return Ended(pending, hold)
