"""The ledger of tokens and money by model and day, on disk before a question leaves.

Days are UTC days of wall time, whatever the market's time: that is when a provider bills. What a
question may take at most is booked first, and what it took in its place once that is known; where
it never is, the reservation stands.
"""

import os
import threading
from collections.abc import Callable
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path

import msgspec

from trader.advice.cost import Cost, price
from trader.advice.settings import LlmSettings
from trader.model.errors import Rejected, UsageError
from trader.model.reasons import Reason

_KEPT_DAYS = 100


class Spent(msgspec.Struct):
    """What a model took in a day; `cost` in USD."""

    questions: int = 0
    tokens: int = 0
    cost: Decimal = Decimal(0)


class Reservation(msgspec.Struct, frozen=True):
    """What a question may take at most."""

    day: str
    model: str
    tokens: int
    cost: Decimal


Days = dict[str, dict[str, Spent]]


def today() -> str:
    """Return the UTC day of now, such as 2026-01-31."""
    return datetime.now(UTC).date().isoformat()


class Spend:
    """The ledger of one data directory; safe from any thread."""

    def __init__(self, path: Path, settings: LlmSettings, day: Callable[[], str] = today) -> None:
        self._path = path
        self._settings = settings
        self._day = day
        self._lock = threading.Lock()
        self.days = _read(path)

    def reserve(self, model: str, most: Cost) -> Reservation:
        """Book what a question may take; raise Rejected where that would pass a budget."""
        booked = Reservation(self._day(), model, most.tokens, most.usd)
        with self._lock:
            why = self._exceeded(booked)
            if why is not None:
                raise Rejected(why, Reason.MODEL_BUDGET)
            self._add(booked, 1, most.tokens, most.usd)
            self._write()
        return booked

    def settle(self, booked: Reservation, input_tokens: int, output_tokens: int) -> Decimal:
        """Book what a question really took in the place of what it might; return its cost."""
        cost = price(self._settings, booked.model, input_tokens, output_tokens)
        with self._lock:
            self._add(booked, 0, cost.tokens - booked.tokens, cost.usd - booked.cost)
            self._write()
        return cost.usd

    def total(self, period: str) -> Spent:
        """Return what all models took in a day (2026-01-31) or a month (2026-01)."""
        total = Spent()
        # Copies, since a status is taken while a question is booked on another thread.
        for day, models in list(self.days.items()):
            if day.startswith(period):
                for spent in list(models.values()):
                    total.questions += spent.questions
                    total.tokens += spent.tokens
                    total.cost += spent.cost
        return total

    def _exceeded(self, booked: Reservation) -> str | None:
        s, day = self._settings, booked.day
        bounds = (
            (day, s.max_tokens_per_day, s.max_cost_per_day),
            (day[:7], s.max_tokens_per_month, s.max_cost_per_month),
        )
        for period, most_tokens, most_cost in bounds:
            spent = self.total(period)
            if spent.tokens + booked.tokens > most_tokens:
                return f"{spent.tokens} of {most_tokens} tokens are spent in {period}"
            if spent.cost + booked.cost > Decimal(str(most_cost)):
                return f"{spent.cost:.4f} of {most_cost:g} USD are spent in {period}"
        return None

    def _add(self, booked: Reservation, questions: int, tokens: int, cost: Decimal) -> None:
        spent = self.days.setdefault(booked.day, {}).setdefault(booked.model, Spent())
        spent.questions += questions
        spent.tokens += tokens
        spent.cost += cost

    def _write(self) -> None:
        for day in sorted(self.days)[:-_KEPT_DAYS]:
            del self.days[day]
        draft = self._path.with_suffix(".new")
        try:
            with draft.open("wb") as file:
                file.write(msgspec.json.encode(self.days))
                file.flush()
                os.fsync(file.fileno())
            draft.replace(self._path)
        except OSError as error:
            # What is not written down is not spent: a budget that forgets is none.
            why = f"the ledger of what models cost cannot be written: {error.strerror}"
            raise Rejected(why, Reason.MODEL_BUDGET) from error


def _read(path: Path) -> Days:
    try:
        return msgspec.json.decode(path.read_bytes(), type=Days)
    except FileNotFoundError:
        return {}
    except (OSError, msgspec.DecodeError) as error:
        text = f"{path}: what models cost cannot be read ({error})"
        raise UsageError(f"{text}; put a copy back, or remove it to count from nothing") from error
