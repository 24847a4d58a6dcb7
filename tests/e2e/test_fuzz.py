"""Junk is refused in a line with place and cure, or it does no harm; never is it a traceback.

`python -m tests.e2e.campaign junk|damage` looks for it at length.
"""

from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.e2e import fuzz
from tests.e2e.fuzz import Case, fault_of, play

short = settings(
    max_examples=40,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
Place = Callable[[], Path]


@pytest.fixture
def place(tmp_path_factory: pytest.TempPathFactory) -> Place:
    """Offer an empty directory for each example."""
    return lambda: tmp_path_factory.mktemp("junk")


def check(case: Case, place: Place) -> None:
    """Play a case, and show what was said where it was not met as it should be."""
    output = play(case, place())
    fault = fault_of(output)
    assert fault is None, f"{fault}: {output}"


@short
@given(fuzz.command_lines())
def test_a_command_line_that_cannot_be_is_refused(place: Place, case: Case) -> None:
    """Options and settings, whatever their text."""
    check(case, place)


@short
@given(fuzz.shapes())
def test_a_command_line_of_another_shape_is_refused(place: Place, case: Case) -> None:
    """What the parser makes nothing of is a line with the cure as well."""
    check(case, place)


@short
@given(fuzz.settings_files())
def test_settings_that_cannot_be_are_refused_wherever_they_stand(place: Place, case: Case) -> None:
    """So they are in the environment, in `.env`, in JSON and in TOML."""
    check(case, place)


@settings(short, max_examples=15)
@given(fuzz.edges())
def test_absurd_settings_within_their_ranges_run(place: Place, case: Case) -> None:
    """The most and the least that is allowed, to the end of the market."""
    check(case, place)


@settings(short, max_examples=80)
@given(fuzz.candle_files())
def test_candles_that_cannot_be_are_refused(place: Place, case: Case) -> None:
    """What is left is traded."""
    check(case, place)


@settings(short, max_examples=3)
@given(st.sampled_from(["journal.db", "journal.head"]), st.integers(0, 99))
def test_a_damaged_journal_is_refused_or_whole(place: Place, name: str, start: int) -> None:
    """Wherever it is damaged; what is refused is left as it is."""
    source, step = fuzz.small_journal(place()), 19 if name == "journal.head" else 4001

    assert list(fuzz.journal_faults(source, name, place() / "copy", start, step)) == []
