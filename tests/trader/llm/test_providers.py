"""Providers: what their clients are made with, and what is said where one is missing."""

import pytest

from trader.advice.answers import to_schema
from trader.advice.settings import LlmSettings
from trader.llm.langchain_model import make_client
from trader.llm.providers import arguments, check_installed, structured
from trader.model.errors import UsageError

MODELS = ("openai:any", "anthropic:any", "google_genai:any", "ollama:any")
SETTINGS = LlmSettings(timeout_seconds=7.0, max_output_tokens=300)


@pytest.mark.parametrize("model", MODELS)
def test_every_client_is_bounded_in_time_and_length(model: str) -> None:
    """Retries are ours; the client makes one attempt, however it counts."""
    given = arguments(model, SETTINGS)

    assert 300 in given.values()
    assert 7.0 in {given.get("timeout"), *given.get("client_kwargs", {}).values()}
    assert given.get("max_retries", 0) == (1 if model.startswith("google_genai:") else 0)
    assert structured(model)["method"] == "json_schema"


@pytest.mark.parametrize("model", MODELS)
def test_the_address_is_never_left_to_the_environment(model: str) -> None:
    """A variable such as OPENAI_BASE_URL would else send prompts and key elsewhere."""
    assert arguments(model, SETTINGS)["base_url"].startswith("http")


def test_another_server_gets_a_key_of_its_own(monkeypatch: pytest.MonkeyPatch) -> None:
    """The provider's key stays with the provider."""
    monkeypatch.setenv("OPENAI_API_KEY", "sk-of-the-provider")
    monkeypatch.delenv("LLM_API_KEY", raising=False)
    local = LlmSettings(base_url="http://127.0.0.1:9/v1")

    assert arguments("openai:any", local)["api_key"] == "none"
    monkeypatch.setenv("LLM_API_KEY", "of-the-server")
    assert arguments("openai:any", local)["api_key"] == "of-the-server"
    assert "api_key" not in arguments("openai:any", SETTINGS)


def test_a_missing_package_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    """Before the run begins, with the cure; what is installed passes."""
    check_installed(LlmSettings(model="openai:any"))
    monkeypatch.setattr("trader.llm.providers.find_spec", lambda _name: None)

    with pytest.raises(UsageError, match="pip install langchain-google-genai, or the extra google"):
        check_installed(LlmSettings(model="google_genai:any"))


@pytest.mark.parametrize("model", MODELS)
def test_the_client_of_a_provider_is_made_without_a_call(
    model: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of each whose package is installed: its constructor takes what it is given."""
    pytest.importorskip(f"langchain_{model.partition(':')[0]}")
    for name in ("OPENAI_API_KEY", "ANTHROPIC_API_KEY", "GOOGLE_API_KEY"):
        monkeypatch.setenv(name, "sk-of-the-provider")

    client = make_client(model, SETTINGS, to_schema())

    assert callable(client.invoke)
