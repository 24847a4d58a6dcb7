"""The ledger: booked before it is spent, by wall time, and never forgotten."""

from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from trader.advice.cost import price
from trader.advice.settings import LlmSettings
from trader.llm.spend import Reservation, Spend
from trader.model.errors import Rejected, UsageError
from trader.model.reasons import Reason

MODEL = "openai:any"
SETTINGS = LlmSettings(
    max_tokens_per_day=1_000,
    max_tokens_per_month=1_500,
    max_cost_per_day=1.0,
    max_cost_per_month=2.0,
    input_prices={MODEL: 100.0, "openai:dear": 10_000.0},
    output_prices={MODEL: 1_000.0, "openai:dear": 10_000.0},
)


class Calendar:
    """A day that a test turns."""

    day = "2026-01-30"

    def __call__(self) -> str:
        """Return the day."""
        return self.day


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Name the ledger's file."""
    return tmp_path / "llm_spend.json"


def reserve(spend: Spend, model: str, asked: int, said: int) -> Reservation:
    """Book a question of so many tokens in and out at the most."""
    return spend.reserve(model, price(SETTINGS, model, asked, said))


def refused(spend: Spend, model: str, asked: int, said: int) -> str:
    """Return why a question may not be asked."""
    with pytest.raises(Rejected) as caught:
        reserve(spend, model, asked, said)
    assert caught.value.reason is Reason.MODEL_BUDGET
    return str(caught.value)


def test_the_most_is_booked_first_and_what_it_took_after(path: Path) -> None:
    """The cost is by the prices of the settings, per million tokens."""
    spend = Spend(path, SETTINGS, Calendar())
    booked = reserve(spend, MODEL, 400, 100)
    assert (booked.tokens, booked.cost) == (500, Decimal("0.14"))
    assert spend.total("2026-01-30").tokens == 500

    assert spend.settle(booked, 300, 50) == Decimal("0.08")
    total = spend.total("2026-01")
    assert (total.questions, total.tokens, total.cost) == (1, 350, Decimal("0.08"))


def test_a_budget_is_of_all_models_and_holds_to_the_token(path: Path) -> None:
    """What is left may be spent, and not one token more."""
    spend = Spend(path, SETTINGS, Calendar())
    reserve(spend, MODEL, 900, 0)

    assert "900 of 1000 tokens are spent in 2026-01-30" in refused(spend, "openai:other", 100, 1)
    reserve(spend, "openai:other", 100, 0)


def test_money_is_bounded_too(path: Path) -> None:
    """A dear model is over the budget before the tokens are gone."""
    spend = Spend(path, SETTINGS, Calendar())
    reserve(spend, "openai:dear", 100, 0)

    assert "1.0000 of 1 USD are spent" in refused(spend, MODEL, 1, 0)


def test_a_new_day_has_its_own_budget_within_the_months(path: Path) -> None:
    """The month ends by its own date, and a restart of the engine forgets neither."""
    calendar = Calendar()
    reserve(Spend(path, SETTINGS, calendar), "openai:free", 1_000, 0)
    again = Spend(path, SETTINGS, calendar)
    assert "1000 of 1000 tokens are spent in 2026-01-30" in refused(again, "openai:free", 1, 0)

    calendar.day = "2026-01-31"
    reserve(Spend(path, SETTINGS, calendar), "openai:free", 500, 0)
    again = Spend(path, SETTINGS, calendar)
    assert "1500 of 1500 tokens are spent in 2026-01" in refused(again, "openai:free", 1, 0)

    calendar.day = "2026-02-01"
    reserve(Spend(path, SETTINGS, calendar), "openai:free", 1, 0)


def test_a_question_that_was_never_answered_stays_booked(path: Path) -> None:
    """Also over the end of the process, which may have been the reason."""
    reserve(Spend(path, SETTINGS, Calendar()), MODEL, 900, 0)

    assert Spend(path, SETTINGS, Calendar()).total("2026-01-30").tokens == 900


def test_what_cannot_be_written_down_is_not_spent(tmp_path: Path) -> None:
    """A budget that forgets is none."""
    spend = Spend(tmp_path / "gone" / "llm_spend.json", SETTINGS, Calendar())

    assert "cannot be written" in refused(spend, MODEL, 1, 1)


def test_a_damaged_ledger_is_an_error_and_stays(path: Path) -> None:
    """It names the file and the cure."""
    path.write_text('{"2026-01-30": {"m": {"tokens": "many"}}}')

    with pytest.raises(UsageError, match=r"llm_spend\.json.*put a copy back, or remove it"):
        Spend(path, SETTINGS, Calendar())
    assert "many" in path.read_text()


def test_old_days_are_let_go(path: Path) -> None:
    """A hundred are kept."""
    calendar = Calendar()
    spend = Spend(path, SETTINGS, calendar)
    for number in range(105):
        calendar.day = f"20{number:02d}-01-01"
        reserve(spend, MODEL, 1, 0)

    assert sorted(Spend(path, SETTINGS).days)[0] == "2005-01-01"


@hypothesis_settings(max_examples=25, deadline=None)
@given(
    questions=st.lists(
        st.tuples(st.integers(0, 400), st.integers(0, 200), st.none() | st.floats(0, 1)),
        max_size=12,
    )
)
def test_no_run_of_questions_passes_the_budget(
    tmp_path_factory: pytest.TempPathFactory, questions: list[tuple[int, int, float | None]]
) -> None:
    """Whatever is asked, answered in full, in part or never."""
    spend = Spend(tmp_path_factory.mktemp("ledger") / "s.json", SETTINGS, Calendar())
    for asked, said, share in questions:
        try:
            booked = reserve(spend, MODEL, asked, said)
        except Rejected:
            continue
        if share is not None:
            spend.settle(booked, int(asked * share), int(said * share))
        total = spend.total("2026-01-30")
        assert 0 <= total.tokens <= SETTINGS.max_tokens_per_day
        assert 0 <= total.cost <= Decimal(1)
