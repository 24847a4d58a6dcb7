"""The breaker: who fails is left alone, tried by one question, and back once that is answered."""

from trader.advice.breaker import Breaker, asked, failed, next_model
from trader.advice.settings import LlmSettings
from trader.model.market import SECOND

SETTINGS = LlmSettings(breaker_failures=2, breaker_seconds=60.0)
MODELS = ("openai:big", "openai:small")
BROKEN = failed(failed(Breaker(), SETTINGS, 0), SETTINGS, 0)


def test_models_are_asked_in_order() -> None:
    """The first that was not tried; nobody once all were."""
    assert next_model(MODELS, {}, (), 0) == "openai:big"
    assert next_model(MODELS, {}, ("openai:big",), 0) == "openai:small"
    assert next_model(MODELS, {}, MODELS, 0) is None
    assert next_model((), {}, (), 0) is None


def test_failures_in_a_row_open_it() -> None:
    """The first failure changes nothing; at the second the next model has its turn."""
    once = failed(Breaker(), SETTINGS, 0)

    assert next_model(MODELS, {"openai:big": once}, (), 0) == "openai:big"
    assert next_model(MODELS, {"openai:big": BROKEN}, (), 0) == "openai:small"


def test_it_is_tried_again_after_a_while() -> None:
    """At the end of the pause, not before."""
    breakers = {"openai:big": BROKEN}

    assert next_model(MODELS[:1], breakers, (), 60 * SECOND - 1) is None
    assert next_model(MODELS[:1], breakers, (), 60 * SECOND) == "openai:big"


def test_one_question_tries_it() -> None:
    """While it is under way nobody else asks; when it fails, the pause begins anew."""
    trial = asked(BROKEN, SETTINGS, 60 * SECOND)
    again = failed(trial, SETTINGS, 61 * SECOND)

    assert next_model(MODELS[:1], {"openai:big": trial}, (), 61 * SECOND) is None
    assert again.until == 121 * SECOND


def test_a_sound_model_is_asked_by_many() -> None:
    """Only one on trial is kept for one question."""
    assert asked(Breaker(1), SETTINGS, 5) == Breaker(1)


def test_a_spent_budget_opens_it_at_once() -> None:
    """Asking again would get the same answer."""
    spent = failed(Breaker(), SETTINGS, 0, for_good=True)

    assert next_model(MODELS, {"openai:big": spent}, (), 1) == "openai:small"
