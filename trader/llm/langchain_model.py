"""Ask a model of any provider within a deadline and a budget."""

import os
import threading
import time
from collections.abc import Callable
from functools import partial
from typing import Any

from trader.advice.answers import MAX_TEXT, to_schema
from trader.advice.cost import most
from trader.advice.settings import LlmSettings
from trader.llm.deadline import Deadline
from trader.llm.providers import arguments, structured
from trader.llm.spend import Reservation, Spend
from trader.model.errors import NotSent, OutcomeUnknown, Rejected, VenueError
from trader.model.opinions import Answer, Question
from trader.model.reasons import Reason
from trader.ports import blocking

LANE = "model"
_HANGING = 4
"""Questions left behind at once, beyond which none is asked."""
_IMPORT_SECONDS = 60.0
"""Wall seconds that the first question of a process may spend on importing its client."""
_MAX_ERROR = 200


class LangChainModel:
    """Asks each question once, in a worker thread; retries and fall-backs are the actor's."""

    def __init__(
        self,
        settings: LlmSettings,
        spend: Spend,
        redact: Callable[[str], str] = str,
        ending: Callable[[], bool] = lambda: False,
    ) -> None:
        self._settings = settings
        self._spend = spend
        self._redact = redact
        self._deadline = Deadline(settings.timeout_seconds, _HANGING, ending)
        self._schema = to_schema()
        self._clients: dict[str, Any] = {}
        self._lock = threading.Lock()

    async def ask(self, question: Question) -> Answer:
        """Return what a model says; raise NotSent, Rejected (a budget too) or OutcomeUnknown."""
        patience = self._settings.timeout_seconds + _IMPORT_SECONDS
        return await blocking(partial(self._ask, question), patience, LANE)

    def _ask(self, question: Question) -> Answer:
        client = self._client(question.model)
        booked = self._spend.reserve(question.model, most(self._settings, question))
        began = time.monotonic()
        messages = [("system", question.system), ("human", question.brief)]
        try:
            raw = self._deadline.run(partial(client.invoke, messages))
        except NotSent:
            self._spend.settle(booked, 0, 0)
            raise
        except OutcomeUnknown:
            raise
        except Exception as error:  # noqa: BLE001 - the clients raise what they like, IndexError too
            raise self._failure(booked, error) from None
        return self._answer(question, booked, raw, time.monotonic() - began)

    def _answer(self, question: Question, booked: Reservation, raw: Any, seconds: float) -> Answer:
        usage = raw.usage_metadata or {}
        # Where a server reports no usage, what was booked stands.
        asked = int(usage.get("input_tokens", booked.tokens - self._settings.max_output_tokens))
        said = int(usage.get("output_tokens", self._settings.max_output_tokens))
        cost = self._spend.settle(booked, asked, said)
        # Its server has seen our key, and may send it back.
        text = self._redact(str(raw.text))[: MAX_TEXT + 1]
        digest, version = question.digest, question.version
        return Answer(question.model, version, digest, text, asked, said, cost, round(seconds, 3))

    def _failure(self, booked: Reservation, error: Exception) -> VenueError:
        """Translate a client's error; what a server refused by its status was not billed."""
        text = " ".join(f"{type(error).__name__}: {error}".split())
        text = self._redact(text)[:_MAX_ERROR]
        status = getattr(error, "status_code", None)
        if isinstance(status, int) and 400 <= status < 500:
            self._spend.settle(booked, 0, 0)
            return Rejected(text, Reason.MODEL_FAILED)
        return OutcomeUnknown(text)

    def _client(self, model: str) -> Any:
        with self._lock:
            if model not in self._clients:
                self._clients[model] = make_client(model, self._settings, self._schema)
            return self._clients[model]


def make_client(model: str, settings: LlmSettings, schema: dict[str, Any]) -> Any:
    """Make what asks a model for the schema; raise Rejected where there can be none."""
    # Tracing would send every prompt to a third party.
    os.environ |= {"LANGSMITH_TRACING": "false", "LANGCHAIN_TRACING_V2": "false"}
    try:
        from langchain.chat_models import init_chat_model

        client = init_chat_model(model, **arguments(model, settings))
        # The model without the parser behind it, which repairs what is wrong and is slow at it.
        # `include_raw` would leave it out too, but asks in a pool that the process waits for.
        return client.with_structured_output(schema, **structured(model)).first
    except Exception as error:  # noqa: BLE001 - a missing key is an error of the client's own
        text = " ".join(f"{type(error).__name__}: {error}".split())[:_MAX_ERROR]
        raise Rejected(f"no client: {text}", Reason.MODEL_FAILED) from None
