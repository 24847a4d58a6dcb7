"""Limits as a person sees them, and the drill that no run begins without."""

import os
from pathlib import Path

import pytest

from tests.e2e.inside import play, settings
from trader.app import proving
from trader.model.errors import UsageError
from trader.model.reasons import Reason
from trader.risk import proposals
from trader.risk.limits import every_limit
from trader.settings.layers import load


def test_every_limit_is_shown_with_its_layer(tmp_path: Path) -> None:
    """Value, unit and where it comes from; what cannot be set is always on."""
    loaded = settings(tmp_path, "risk.max_daily_loss_pct=2")
    rows = {row.reason: row for row in proving.limits_in_force(loaded, tmp_path)}
    assert set(rows) == {limit.reason for limit in every_limit()}
    day, halted = rows[Reason.LOSS_DAY], rows[Reason.STATE_HALTED]
    assert (day.value, day.unit, day.layer) == ("2.0", "%", "command line")
    assert (halted.value, halted.layer, halted.proved) == ("on", "always", None)


@pytest.mark.parametrize("drilled", [False, True])
def test_the_limits_are_readable_in_80_columns(tmp_path: Path, drilled: bool) -> None:
    """Of the profile with the longest name; when they were proved is said once, for all of them."""
    loaded = load("conservative", environ={})
    proofs, _ = proving.prove_settings(loaded.settings) if drilled else ((), "")
    table = proving.to_table(proving.limits_in_force(loaded, tmp_path), proofs)
    assert max(map(len, table.splitlines())) <= 80
    assert table.splitlines()[-1] == "last proved: never, with these settings"


def test_a_run_proves_its_limits(tmp_path: Path) -> None:
    """The proof is of its settings and of no others, but for how long and how fast it runs."""
    loaded = settings(tmp_path, "market.speed=60", "system.log_level=DEBUG")
    play(tmp_path, "market.candles=2")
    assert all(row.proved for row in proving.limits_in_force(loaded, tmp_path))
    other = settings(tmp_path, "market.candles=2", "risk.max_daily_loss_pct=2")
    assert not any(row.proved for row in proving.limits_in_force(other, tmp_path))


def test_a_pipe_in_place_of_the_proof_proves_nothing(tmp_path: Path) -> None:
    """It holds nobody up."""
    os.mkfifo(tmp_path / "limits.json")
    limits = proving.limits_in_force(settings(tmp_path), tmp_path)
    assert not any(row.proved for row in limits)


def test_no_run_begins_with_a_limit_that_does_not_hold(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A limit that denies nothing is named."""
    monkeypatch.setattr(proposals, "LIMITS", proposals.LIMITS[1:])
    with pytest.raises(UsageError, match="limit EMERGENCY_STOP does not hold"):
        play(tmp_path, "market.candles=2", "risk.emergency_stop_pct=30")


def test_a_drill_says_what_denied_each_breach(tmp_path: Path) -> None:
    """Settings with which nothing could be traded are told apart from limits that fail."""
    loaded = settings(tmp_path, "risk.max_order_notional_quote=1")
    proofs, unsound = proving.prove_settings(loaded.settings)
    assert unsound.startswith("ORDER_NOTIONAL")
    table = proving.to_table(proving.limits_in_force(loaded, tmp_path), proofs)
    assert all(proof.said in " ".join(table.split()) for proof in proofs)
    assert '"proofs":[' in proving.to_json((), proofs)
