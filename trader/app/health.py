"""How the models of a run do, and what is left of their budget, for its status."""

from typing import Any, Literal

from trader.advice.breaker import Breaker
from trader.advice.claims import ClaimCount
from trader.advice.desk import Desk, Usage
from trader.app.advising import Advising
from trader.llm.spend import Spend, today
from trader.ui.status import BudgetStatus, ModelStatus


def models_of(
    advising: Advising | None, advisor: Any, validator: Any, now: int
) -> tuple[ModelStatus, ...]:
    """Say how each model does at market time `now` (ns), from the memory of both actors."""
    if advising is None:
        return ()
    desk = Desk() if advisor is None else advisor.desk
    claims = {} if validator is None else validator.claims
    models = advising.asking.settings.models
    return tuple(_model(name, desk, claims.get(name, ClaimCount()), now) for name in models)


def _model(name: str, desk: Desk, claims: ClaimCount, now: int) -> ModelStatus:
    used = desk.usage.get(name, Usage())
    return ModelStatus(
        model=name,
        state=_state(desk.breaker(name), now),
        questions=used.questions,
        failures=used.failures,
        tokens=used.tokens,
        cost=used.cost,
        claims=claims.claims,
        false_claims=claims.false,
        refused=used.refused,
    )


def _state(breaker: Breaker, now: int) -> Literal["asked", "failing", "resting"]:
    if breaker.until > now:
        return "resting"
    return "failing" if breaker.failures else "asked"


def budgets_of(advising: Advising | None) -> tuple[BudgetStatus, ...]:
    """Say what is spent of this day's and this month's budget; nothing where nobody is called."""
    if advising is None or advising.spend is None:
        return ()
    llm, day = advising.asking.settings, today()
    return (
        _budget(advising.spend, day, llm.max_tokens_per_day, llm.max_cost_per_day),
        _budget(advising.spend, day[:7], llm.max_tokens_per_month, llm.max_cost_per_month),
    )


def _budget(spend: Spend, period: str, max_tokens: int, max_cost: float) -> BudgetStatus:
    total = spend.total(period)
    return BudgetStatus(period, total.questions, total.tokens, max_tokens, total.cost, max_cost)
