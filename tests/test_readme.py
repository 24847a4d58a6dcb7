"""The README's pictures and tables are the code's own, and its commands exist."""

import re
from pathlib import Path

import pytest
from typer.main import get_command

from trader import cli
from trader.risk import limits
from trader.safety.restart import POLICIES, to_table
from trader.topology import to_mermaid

README = (Path(__file__).parent.parent / "README.md").read_text(encoding="utf-8")


def generated(name: str) -> str:
    """Return a generated block of the README."""
    begin, end = f"<!-- BEGIN GENERATED: {name} -->\n", "<!-- END GENERATED -->"
    return README.split(begin)[1].split(end)[0]


def test_the_picture_of_the_flow_is_the_topology():
    """`run.py topology` prints what stands between the marks."""
    assert generated("python run.py topology") == f"```mermaid\n{to_mermaid()}\n```\n"


def test_the_table_of_restarts_is_the_policy():
    """Each role stands in it with what its loss means."""
    table = generated("restart policies")
    assert table == f"{to_table()}\n"
    assert all(policy.loss in table for policy in POLICIES.values())


def test_the_table_of_limits_is_what_is_checked():
    """Every limit stands in it with its reason, its setting and its unit."""
    assert generated("limits") == f"{limits.to_table()}\n"


@pytest.mark.parametrize("option", sorted(set(re.findall(r"(?<=[` ])--[a-z][a-z-]+", README))))
def test_every_option_of_the_readme_exists(option: str):
    """An option that is named is one that the command line takes."""
    command = get_command(cli.app)
    known = {
        name
        for each in (command, *command.commands.values())
        for parameter in each.params
        for name in (*parameter.opts, *parameter.secondary_opts)
    }
    assert option in known | {"--help"}
