"""Errors come together, one line each, with the nearest name."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trader.model.errors import UsageError
from trader.settings.problems import Problems

KNOWN = ["risk", "risk.max_daily_loss_pct", "advice.advisor"]


def test_nothing_is_raised_without_a_problem() -> None:
    """A load without errors goes on."""
    Problems().raise_any()


@pytest.mark.parametrize(
    ("name", "nearest"),
    [
        ("risk.max_dayly_loss_pct", "risk.max_daily_loss_pct"),
        ("max_daily_loss_pct", "risk.max_daily_loss_pct"),
        ("trading.advisor", "advice.advisor"),
        ("rsk", "risk"),
    ],
)
def test_the_nearest_name_is_named(name: str, nearest: str) -> None:
    """A slip of the pen, and a setting sought in another section, are recognised."""
    problems = Problems()
    problems.add_unknown(name, "config a.toml", KNOWN)
    line = f"{name} (config a.toml): no such setting; did you mean {nearest}?"
    assert problems.lines == [line]


def test_without_a_near_name_the_list_is_named() -> None:
    """A name like no other points to the list of all."""
    problems = Problems()
    problems.add_unknown("qqqq", "command line", KNOWN)
    assert problems.lines[0].endswith("`python run.py config show` lists them all")


@given(st.lists(st.text(min_size=1)))
def test_a_problem_stays_on_its_line(texts: list[str]) -> None:
    """Whatever a file holds, each error stays on its line."""
    problems = Problems()
    for text in texts:
        problems.add(text)
    if texts:
        with pytest.raises(UsageError) as raised:
            problems.raise_any()
        assert len(str(raised.value).splitlines()) == len(texts)
        assert str(raised.value).encode()
