"""The table names each value, its layer and what it hides; the log names the defaults."""

import msgspec

from trader.settings.layers import load
from trader.settings.schema import fields
from trader.settings.show import to_defaults, to_table
from trader.settings.values import to_text

LOADED = load(
    environ={"TRADER__RISK__MAX_DAILY_LOSS_PCT": "4", "TRADER__TRADING__LEVERAGE": "2"},
    overrides=[("risk.max_daily_loss_pct", "5")],
)


def rows() -> dict[str, str]:
    """Return the lines of the table by path, blanks made single."""
    return {line.split()[0]: " ".join(line.split()) for line in to_table(LOADED).splitlines()}


def test_every_setting_has_a_row() -> None:
    """The table is complete, in the order of the schema."""
    assert [*rows()] == ["setting", *fields()]


def test_a_row_names_value_layer_and_what_is_hidden() -> None:
    """Hidden values come highest first; a default is named where the layer above differs."""
    assert rows()["risk.max_daily_loss_pct"] == (
        "risk.max_daily_loss_pct 5.0 command line environment 4.0, profile moderate 3.0"
    )
    assert rows()["trading.symbols"] == "trading.symbols BTC-USD default"
    conservative = to_table(load("conservative", environ={}))
    assert "profile conservative  default 3.0" in conservative


def test_columns_are_aligned() -> None:
    """The second column begins at one place."""
    start = max(map(len, fields())) + 2
    lines = to_table(LOADED).splitlines()
    assert all(line[start - 2 : start] == "  " and line[start] != " " for line in lines)


def test_defaults_that_may_cost_money_are_named_and_the_rest_is_counted() -> None:
    """A person reads the line; `config show` has every value."""
    loaded = load(environ={})
    named, counted = to_defaults(loaded)
    counts = dict(part.split() for part in counted.split(", "))
    assert named == "trading.symbols=BTC-USD trading.instrument=null"
    assert [*counts] == ["llm", "cipher_a", "cipher_b", "simulation", "market", "system"]
    assert sum(map(int, counts.values())) + 2 == len(loaded.defaulted)


def test_no_limit_is_only_counted() -> None:
    """Were a profile to leave out a limit, the line would name the default that holds."""
    nothing_set = msgspec.structs.replace(LOADED, defaulted=tuple(fields()))
    used = to_defaults(nothing_set)[0]
    for section in ("risk", "sizing", "exits", "stoploss_guard", "advice", "shutdown"):
        assert f"{section}." in used
    assert "cipher" not in used


def test_the_budget_of_a_model_is_named_where_there_is_one() -> None:
    """Nobody is charged where no model is asked."""
    asked = load(environ={}, overrides=[("llm.model", "openai:gpt-5-mini")])
    assert "llm.max_cost_per_day=2.0" in to_defaults(asked)[0]
    assert "llm" not in to_defaults(load(environ={}))[0]


def test_where_everything_is_set_the_line_says_so() -> None:
    """Nothing is named, nothing counted."""
    everything = [(path, to_text(field.default)) for path, field in fields().items()]
    full = load(environ={}, overrides=everything)
    assert to_defaults(full) == ("none that may cost money", "none")
