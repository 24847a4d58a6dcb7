"""The table names each value, its layer and what it hides; the line names the defaults."""

from trader.settings.layers import load
from trader.settings.schema import fields
from trader.settings.show import to_defaults_line, to_table
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


def test_the_defaults_line() -> None:
    """Every setting that no layer sets is named with its default, on one line."""
    line = to_defaults_line(LOADED)
    assert line.startswith("defaults: trading.symbols=BTC-USD ")
    assert "market.data=null" in line
    assert "risk." not in line
    assert "\n" not in line


def test_the_defaults_line_without_defaults() -> None:
    """Where everything is set, the line says so."""
    everything = [(path, to_text(field.default)) for path, field in fields().items()]
    full = load(environ={}, overrides=everything)
    assert to_defaults_line(full) == "defaults: none in force"
