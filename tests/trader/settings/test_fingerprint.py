"""The fingerprint follows the values and nothing else."""

from decimal import Decimal

import pytest
from msgspec.structs import replace

from trader.settings.fingerprint import fingerprint
from trader.settings.layers import load
from trader.settings.schema import Settings, SystemSettings


def test_it_does_not_depend_on_the_layer() -> None:
    """A value set to its default leaves the fingerprint as it was."""
    same = load(environ={"TRADER__MARKET__SEED": str(Settings().market.seed)}).settings
    assert fingerprint(same) == fingerprint(Settings())


@pytest.mark.parametrize(
    "path", ["risk.max_daily_loss_pct", "market.seed", "simulation.latency_ms"]
)
def test_it_changes_with_a_value(path: str) -> None:
    """Any setting that differs gives another fingerprint."""
    changed = load(environ={}, overrides=[(path, "4")]).settings
    assert fingerprint(changed) != fingerprint(Settings())


def test_it_does_not_depend_on_how_an_amount_is_written() -> None:
    """0.1 and 0.10 are one fee; the order of a table's keys says nothing."""
    simulation = replace(Settings().simulation, maker_fee_pct=Decimal("0.1"))
    assert fingerprint(Settings(simulation=simulation)) == fingerprint(Settings())
    one = SystemSettings(log_filter={"a": "INFO", "b": "DEBUG"})
    two = SystemSettings(log_filter={"b": "DEBUG", "a": "INFO"})
    assert fingerprint(Settings(system=one)) == fingerprint(Settings(system=two))


def test_it_is_short_hexadecimal() -> None:
    """It fits a log line."""
    assert len(fingerprint(Settings())) == 12
    assert int(fingerprint(Settings()), 16) >= 0
