"""Each source gives its values with their place, and names what it does not know."""

from pathlib import Path
from typing import Any

import pytest

from tests.trader.settings.test_layers import json_file
from trader.settings import sources
from trader.settings.problems import Problems
from trader.settings.sources import Given


def test_files_are_read_in_their_order(tmp_path: Path) -> None:
    """Files are read in their order, and each value bears the name of its file."""
    one = json_file(tmp_path / "1.json", {"risk": {"max_daily_loss_pct": 1}})
    two = json_file(tmp_path / "2.json", {"trading": {"symbol": "BTC-USD"}})
    problems = Problems()
    assert sources.from_files([one, two], problems) == [
        Given("risk.max_daily_loss_pct", 1, f"config {one}", f"config {one}"),
        Given("trading.symbol", "BTC-USD", f"config {two}", f"config {two}"),
    ]
    assert not problems.lines


@pytest.mark.parametrize(
    ("tree", "said"),
    [
        ({"rsk": {}}, "rsk (config FILE): no such setting; did you mean risk?"),
        (
            {"risk": {"max_dayly_loss_pct": 1}},
            (
                "risk.max_dayly_loss_pct (config FILE): no such setting;"
                " did you mean risk.max_daily_loss_pct?"
            ),
        ),
        ({"risk": 5}, "risk (config FILE): a section; give a table of its settings"),
        (
            {"risk.max_daily_loss_pct": 1},
            (
                "risk.max_daily_loss_pct (config FILE): a path, not a name;"
                " put max_daily_loss_pct into table risk"
            ),
        ),
    ],
)
def test_a_misspelt_name_is_told_the_nearest(tmp_path: Path, tree: Any, said: str) -> None:
    """Misspelt sections and settings are named with the nearest that exists."""
    path = json_file(tmp_path / "a.json", tree)
    problems = Problems()
    assert not sources.from_files([path], problems)
    assert [line.replace(str(path), "FILE") for line in problems.lines] == [said]


def test_variables_of_the_engine_are_read_and_no_others() -> None:
    """TRADER__ variables are read, others are not looked at."""
    environ = {
        "TRADER__RISK__MAX_DAILY_LOSS_PCT": "3",
        "TRADER__TRADING__SYMBOL": "BTC-USD",
        "TRADER_SHARED": "/somewhere",
        "PATH": "/bin",
    }
    problems = Problems()
    assert sources.from_environment(environ, problems) == [
        Given("risk.max_daily_loss_pct", "3", "environment", "environment", True),
        Given("trading.symbol", "BTC-USD", "environment", "environment", True),
    ]
    assert not problems.lines


@pytest.mark.parametrize(
    "key",
    [
        "TRADER__RISK__MAX_DAYLY_LOSS_PCT",
        "TRADER__RISK_MAX_DAILY_LOSS_PCT",
        "TRADER_RISK_MAX_DAILY_LOSS_PCT",
        "TRADER__MAX_DAILY_LOSS_PCT",
    ],
)
def test_a_misspelt_variable_is_named_and_its_value_kept_back(key: str) -> None:
    """A limit that would pass unseen is an error; what stands in it may be a secret."""
    problems = Problems()
    assert not sources.from_environment({key: "hunter2"}, problems)
    assert problems.lines == [
        (f"{key} (environment): no such setting; did you mean TRADER__RISK__MAX_DAILY_LOSS_PCT?")
    ]


def test_a_value_of_a_dot_env_bears_its_line(tmp_path: Path) -> None:
    """Lines bear their number; those of other programs are passed over, broken ones are not."""
    path = tmp_path / ".env"
    path.write_text("API_KEY=\"x\nTRADER__MARKET__SEED='7'\nTRADER__MARKET__SPEED 7\n")
    path.chmod(0o600)
    problems = Problems()
    assert sources.from_env_file(path, problems) == [
        Given("market.seed", "7", str(path), f"{path} line 2", True)
    ]
    assert problems.lines == [
        (
            f"TRADER__MARKET__SPEED ({path} line 3): not an assignment;"
            " write TRADER__MARKET__SPEED=VALUE on one line"
        )
    ]


def test_an_open_env_file_is_a_problem(tmp_path: Path) -> None:
    """A `.env` that others may read stands with the other errors."""
    path = tmp_path / ".env"
    path.touch(0o644)
    path.chmod(0o644)
    problems = Problems()
    assert not sources.from_env_file(path, problems)
    assert problems.lines == [f"{path}: others may read or write it; chmod 600 {path}"]


def test_the_command_line_gives_paths_and_texts_in_order() -> None:
    """The command line gives paths and texts, in its order."""
    problems = Problems()
    given = sources.from_overrides([("market.seed", "1"), ("seed", "2")], problems)
    assert given == [Given("market.seed", "1", "command line", "command line", True)]
    assert problems.lines == ["seed (command line): no such setting; did you mean market.seed?"]


def test_an_unknown_profile_lists_those_there_are() -> None:
    """The choice is named."""
    problems = Problems()
    assert not sources.from_profile("../moderate", problems)
    assert problems.lines == [
        ('profile "../moderate": no such profile; choose one of aggressive, conservative, moderate')
    ]
