"""Levels by actor."""

import pytest

from trader.model.errors import UsageError
from trader.ui.levels import LEVELS, parse_levels


def test_an_actor_without_a_filter_has_the_default() -> None:
    """A filter changes one actor and leaves the others at the common level."""
    levels = parse_levels("INFO", {"risk_guard": "DEBUG"})

    assert LEVELS["DEBUG"] == levels.of("risk_guard") == levels.least
    assert LEVELS["INFO"] == levels.of("validator")


def test_a_filter_holds_for_every_instance_of_a_role() -> None:
    """The worker of a symbol has the level of its role."""
    levels = parse_levels("INFO", {"indicator_worker": "trace"})

    assert LEVELS["TRACE"] == levels.of("indicator_worker[BTC-USD]")


@pytest.mark.parametrize(
    ("level", "filters", "cure"),
    [
        ("INFOO", {}, "did you mean INFO?"),
        ("INFO", {"risk_gaurd": "DEBUG"}, "did you mean risk_guard?"),
        ("INFO", {"risk_guard": "DEBG"}, "did you mean DEBUG?"),
        ("zzz", {}, "use one of TRACE, DEBUG"),
    ],
)
def test_an_unknown_name_is_an_error_with_the_nearest(
    level: str, filters: dict[str, str], cure: str
) -> None:
    """A misspelt level or actor is refused, and the error names the cure."""
    with pytest.raises(UsageError) as caught:
        parse_levels(level, filters)

    assert cure in str(caught.value)
