"""Health and spend in the status: of every model of the settings, asked or not."""

from decimal import Decimal
from pathlib import Path

from trader.advice.asking import Asking
from trader.advice.breaker import Breaker
from trader.advice.claims import ClaimCount
from trader.advice.cost import Cost
from trader.advice.desk import AdvisorState, Desk, Usage
from trader.advice.settings import LlmSettings
from trader.app.advising import Advising
from trader.app.health import budgets_of, models_of
from trader.llm.spend import Spend, today

LLM = LlmSettings(model="openai:a", fallbacks=("openai:b", "openai:c"), max_tokens_per_day=1_000)


class Judge:
    """The memory of a Validator, as far as it concerns models."""

    claims = {"openai:a": ClaimCount(10, 3)}


def advising(spend: Spend | None = None) -> Advising:
    """Return how the models above are asked; nobody asks them here."""
    return Advising(Asking(LLM), NotImplemented, spend)


def test_each_model_has_a_state() -> None:
    """Asked, failing, or resting until its breaker lets one question through."""
    desk = Desk(
        breakers={"openai:b": Breaker(1), "openai:c": Breaker(3, until=100)},
        usage={"openai:a": Usage(5, 1, 1_000, Decimal("0.02"), 2)},
    )
    first, second, third = models_of(advising(), AdvisorState(desk=desk), Judge(), 99)

    assert (first.model, first.state) == ("openai:a", "asked")
    assert (first.questions, first.failures, first.refused) == (5, 1, 2)
    assert (first.tokens, first.cost) == (1_000, Decimal("0.02"))
    assert (first.claims, first.false_claims) == (10, 3)
    assert (second.state, third.state) == ("failing", "resting")
    assert models_of(advising(), AdvisorState(desk=desk), None, 100)[2].state == "failing"


def test_a_model_nobody_asked_yet_is_named_too() -> None:
    """While its actors are not up yet as well."""
    assert [model.questions for model in models_of(advising(), None, None, 0)] == [0, 0, 0]


def test_the_budget_is_of_the_day_and_the_month(tmp_path: Path) -> None:
    """Of all models together, against what they may take."""
    spend = Spend(tmp_path / "spend.json", LLM)
    spend.reserve("openai:a", Cost(400, Decimal(0)))
    day, month = budgets_of(advising(spend))

    assert (day.tokens, day.max_tokens, month.tokens) == (400, 1_000, 400)
    assert today().startswith(month.period)


def test_where_nobody_is_called_there_is_nothing_to_say() -> None:
    """Rules, and recorded answers, cost nothing."""
    assert models_of(None, None, None, 0) == ()
    assert budgets_of(None) == budgets_of(advising()) == ()
