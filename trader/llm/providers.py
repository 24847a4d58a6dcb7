"""What each provider's client is made with, and whether it is installed."""

import os
from collections.abc import Callable
from importlib.util import find_spec
from typing import Any

from trader.advice.settings import LlmSettings
from trader.model.errors import UsageError

KEY = "LLM_API_KEY"
"""Names the variable with the key of `llm.base_url`; a provider's own key never goes there."""

_PACKAGES = {
    "openai": "langchain_openai",
    "anthropic": "langchain_anthropic",
    "google_genai": "langchain_google_genai",
    "ollama": "langchain_ollama",
}
_EXTRAS = {"google_genai": "google"}


def check_installed(settings: LlmSettings) -> None:
    """Raise UsageError for a model whose provider's package is missing; imports nothing."""
    for model in settings.models:
        provider = model.partition(":")[0]
        if find_spec(_PACKAGES[provider]) is None:
            package = _PACKAGES[provider].replace("_", "-")
            extra = _EXTRAS.get(provider, provider)
            raise UsageError(
                f"{model}: {package} is not installed; pip install {package}, or the extra {extra}"
            )


def arguments(model: str, settings: LlmSettings) -> dict[str, Any]:
    """Return what the client of a model is made with: one attempt, bounded time and length.

    Addresses are always given: else variables such as OPENAI_BASE_URL would choose them.
    """
    return _ARGUMENTS[model.partition(":")[0]](settings)


def structured(model: str) -> dict[str, Any]:
    """Return how a provider is asked for the schema."""
    strict = {"strict": True} if model.startswith("openai:") else {}
    return {"method": "json_schema", **strict}


def _openai(settings: LlmSettings) -> dict[str, Any]:
    common = _common(settings)
    if settings.base_url is None:
        return {**common, "base_url": "https://api.openai.com/v1"}
    key = os.environ.get(KEY) or "none"
    return {**common, "base_url": settings.base_url, "api_key": key}


def _anthropic(settings: LlmSettings) -> dict[str, Any]:
    return {**_common(settings), "base_url": "https://api.anthropic.com"}


def _google(settings: LlmSettings) -> dict[str, Any]:
    return {
        **_common(settings),
        # Its client takes 0 for its own default, five retries; 1 is the attempt alone.
        "max_retries": 1,
        "base_url": "https://generativelanguage.googleapis.com/",
        "vertexai": False,
    }


def _ollama(settings: LlmSettings) -> dict[str, Any]:
    return {
        "base_url": "http://127.0.0.1:11434",
        "num_predict": settings.max_output_tokens,
        "client_kwargs": {"timeout": settings.timeout_seconds},
    }


def _common(settings: LlmSettings) -> dict[str, Any]:
    return {
        "timeout": settings.timeout_seconds,
        "max_retries": 0,
        "max_tokens": settings.max_output_tokens,
    }


_ARGUMENTS: dict[str, Callable[[LlmSettings], dict[str, Any]]] = {
    "openai": _openai,
    "anthropic": _anthropic,
    "google_genai": _google,
    "ollama": _ollama,
}
