"""A crash of any actor changes no decision; one that goes on ends the run, and says why."""

import json
from pathlib import Path

import pytest

from tests.e2e.inside import last_run, play
from tests.e2e.venue import account_left, faults_of
from trader.model.reasons import Reason
from trader.runtime.faults import Fault
from trader.topology import ROLES
from trader.ui.summary import SessionSummary

MARKET = ("market.candles=45", "system.heartbeat_seconds=900")
MOMENTS = {
    "market_feed": (1, 2, 3, 40, 201),
    "indicator_worker": (1, 2, 17, 18),
    "llm_advisor": (1, 2, 3, 33),
    "validator": (1, 2, 3, 4),
    "risk_guard": (1, 3, 19, 22, 26, 120, 405, 410),
    "execution_broker": (1, 2, 3, 4, 5, 6, 8, 11, 15),
    "supervisor": (1, 5, 9, 10),
    "kill_switch": (1, 2, 3, 5),
}
"""Messages at which to crash a role: the first, the rare, and some amid everyday ones."""


@pytest.fixture(scope="module")
def digest(tmp_path_factory: pytest.TempPathFactory) -> str:
    """Run without a fault."""
    summary = play(tmp_path_factory.mktemp("plain"), *MARKET)
    assert summary.fills == 2
    return summary.digest


@pytest.mark.parametrize("role", ROLES)
def test_a_crash_changes_no_decision(role: str, digest: str, tmp_path: Path) -> None:
    """Whichever message it comes at, the run decides what it would have decided without it."""
    for at in MOMENTS[role]:
        summary = play(tmp_path, *MARKET, "system.journal=false", faults=[Fault(role, at)])

        assert summary.restarts, f"{role} has no message {at}"
        assert (at, summary.digest, summary.exit_code) == (at, digest, 0)


FOLLOWING = (
    "trading.symbol=BTC-USD-PERP",
    "market.candles=40",
    "market.seed=83",
    "indicators.history=100",
    "system.journal=false",
    "exits.break_even_at_r=0.3",
    "exits.trail_atr=4",
)


@pytest.mark.parametrize("trails", ["true", "false"])
def test_a_crash_while_a_stop_is_moved_changes_no_decision(trails: str, tmp_path: Path) -> None:
    """Alike at every speed and with a crash amid the messages by which stops follow the market."""

    def run(*sets: str, fault: tuple[Fault, ...] = ()) -> SessionSummary:
        moving = (*FOLLOWING, f"simulation.trailing_orders={trails}", *sets)
        return play(tmp_path, *moving, faults=fault)

    plain = run()
    assert plain.orders.submitted > (15 if trails == "false" else 11)
    assert Reason.EXIT_TRAILING in {trade.exit_reason for trade in plain.trade_log}
    for role, last, step in (("risk_guard", 560, 70), ("execution_broker", 46, 7)):
        for at in range(1, last, step):
            crashed = run(fault=(Fault(role, at),))
            assert crashed.restarts
            assert (at, crashed.digest) == (at, plain.digest)
    live = run("market.speed=500000", fault=(Fault("risk_guard", 300),))
    assert (live.restarts, live.digest) == ({"risk_guard": 1}, plain.digest)


@pytest.mark.parametrize("role", ROLES)
def test_a_crash_that_goes_on_ends_the_run(role: str, tmp_path: Path) -> None:
    """A role that always crashes is given up: no entry order is left, and the status says why."""
    market = ("market.candles=600", "market.seed=12")
    summary = play(tmp_path, *market, faults=[Fault(role, 3, always=True)])
    status = json.loads((tmp_path / "status.json").read_bytes())
    actor = next(a for a in status["actors"] if a["role"].startswith(role))

    assert (summary.exit_code, last_run(tmp_path).outcome) == (3, "exit 3")
    assert summary.halted in {Reason.HALT_ACTOR, Reason.HALT_KILL_SWITCH_DOWN}
    assert (status["state"], status["reason"]) == ("halted", summary.halted)
    assert (actor["state"], actor["failures"] > 1) == ("given up", True)
    assert actor["last_failure"].startswith("InjectedCrash")
    assert faults_of(account_left(tmp_path), "protect") == []
