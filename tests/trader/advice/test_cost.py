"""What a question may cost: never less than it does, by the prices of the settings."""

from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from trader.advice.cost import Cost, most, price
from trader.advice.settings import LlmSettings
from trader.model.opinions import Question

MODEL = "openai:any"
SETTINGS = LlmSettings(
    max_output_tokens=500, input_prices={MODEL: 2.0}, output_prices={MODEL: 10.0}
)


def question(system: str, brief: str) -> Question:
    """Return a question with these texts."""
    return Question("BTC-USD", MODEL, "1", "d", system, brief)


def test_tokens_have_the_prices_of_their_model() -> None:
    """Per million; one without a price costs tokens alone."""
    assert price(SETTINGS, MODEL, 1_000_000, 100_000) == Cost(1_100_000, Decimal(3))
    assert price(SETTINGS, "openai:other", 10, 5) == Cost(15, Decimal(0))


@given(system=st.text(), brief=st.text())
def test_no_token_is_shorter_than_a_byte(system: str, brief: str) -> None:
    """So bytes shown, the schema among them, and the longest answer are the most there can be."""
    at_most = most(SETTINGS, question(system, brief))
    without = most(SETTINGS, question("", ""))

    shown = len(system.encode()) + len(brief.encode())
    assert at_most.tokens == without.tokens + shown
    assert without.tokens > 500
    assert at_most.usd - without.usd == Decimal(2) * shown / 1_000_000
