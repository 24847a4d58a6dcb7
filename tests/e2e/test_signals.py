"""What an operator's signals do to a run in real time, also while a handler does not return."""

import time
from pathlib import Path
from signal import SIGHUP, SIGINT, SIGKILL, SIGTERM, SIGUSR1, SIGUSR2, Signals

import pytest

from tests.e2e.inside import last_run, play, settings
from tests.e2e.process import Process, launched
from tests.e2e.venue import account_left, faults_of, held_in
from trader.app.accounts import Estate, find_estate
from trader.model.errors import UsageError
from trader.storage.archive import open_archive

LIVE = ("--profile", "aggressive", "--json", "--speed", "3000")
WEDGED = ("-m", "tests.e2e.wedged")
"""Followed by the number of the candle whose handler does not return."""


def estate_of(data_dir: Path) -> Estate:
    """Return what the newest run left."""
    with open_archive(data_dir / "journal.db") as archive:
        return find_estate(archive, settings(data_dir).settings)


def wait_for_position(run: Process) -> None:
    """Wait until something is held, and its stop has been accepted."""
    run.wait_for(r"submit_order[^\n]* leg=s [\s\S]*order_accepted[\s\S]*order_accepted")


@pytest.mark.parametrize(
    ("number", "policy"), [(SIGTERM, "protect"), (SIGINT, "flatten"), (SIGHUP, "leave")]
)
def test_a_signal_ends_a_run_in_order(number: Signals, policy: str, tmp_path: Path) -> None:
    """Entries go off and the position is treated as was set; the summary is told and kept."""
    with launched(tmp_path, *LIVE, "--set", f"shutdown.open_position={policy}") as run:
        wait_for_position(run)
        run.send(number)

        assert run.end() == 0
    run.wait_for(f"signal={number.name}")
    account = account_left(tmp_path)
    assert faults_of(account, policy) == []
    assert bool(held_in(account)) is (policy != "flatten")
    assert (run.summary["exit_code"], run.summary["halted"]) == (0, None)
    assert last_run(tmp_path).outcome == "exit 0"


def test_a_signal_that_comes_as_a_run_begins_ends_it_in_order(tmp_path: Path) -> None:
    """Exit code 0 has its summary, also where there is no session yet that could hear it."""
    with launched(tmp_path, *LIVE, "--speed", "60") as run:
        run.wait_for("run_begins")
        run.send(SIGTERM)

        assert run.end() == 0
    assert (run.summary["exit_code"], run.summary["fills"]) == (0, 0)
    assert last_run(tmp_path).outcome == "exit 0"


def test_signals_that_come_at_once_are_one(tmp_path: Path) -> None:
    """`timeout` and systemd send two, and mean one: it is not taken for impatience."""
    with launched(tmp_path, *LIVE, "--speed", "60") as run:
        run.wait_for("START_RECONCILED")
        run.send(SIGTERM)
        run.send(SIGHUP)

        assert run.end() == 0


def test_an_operator_can_halt_a_run_and_look_at_it(tmp_path: Path) -> None:
    """SIGUSR2 halts without an end; SIGUSR1 dumps all there is to know; another run is refused."""
    with launched(tmp_path, *LIVE) as run:
        wait_for_position(run)
        run.send(SIGUSR2)
        run.wait_for("trading_state_changed state=halted reason=HALT_OPERATOR")
        run.send(SIGUSR1)
        run.wait_for("status_feed")
        with pytest.raises(UsageError, match=f"in use by process {run.child.pid}"):
            play(tmp_path)
        run.send(SIGTERM)

        assert run.end() == 3
    status = run.status()
    assert (status["state"], status["reason"], status["simulated"]) == (
        "halted",
        "HALT_OPERATOR",
        True,
    )
    assert {actor["state"] for actor in status["actors"]} == {"up"}
    assert len(status["actors"]) == 8
    assert [position["symbol"] for position in status["positions"]] == ["BTC-USD"]
    assert {order["leg"] for order in status["orders"]} == {"s", "t"}
    assert {limit["name"] for limit in status["limits"]} >= {"LOSS_DAY", "DRAWDOWN_TOTAL"}
    assert status["feeds"][0]["state"] == "live"
    assert {"python", "trio", "pykka"} <= status["versions"].keys()
    assert float(status["pnl"]["fees"]) > 0
    assert run.summary["halted"] == "HALT_OPERATOR"


@pytest.mark.parametrize("kind", ["loop", "sleep"])
def test_a_handler_that_does_not_return_keeps_nobody_waiting(kind: str, tmp_path: Path) -> None:
    """The watch halts, the dump comes at once, and a signal still ends the run in order."""
    limit = ("--set", "system.handler_limit_seconds=0.4")
    environ = {"WEDGE": kind}
    with launched(tmp_path, *LIVE, *limit, script=(*WEDGED, "25"), environ=environ) as run:
        run.wait_for("wedged")
        waits = []
        for count in range(1, 4):
            before = time.time()
            run.send(SIGUSR1)
            run.wait_for(rf"(status_run[\s\S]*){{{count}}}")
            waits.append((tmp_path / "status.json").stat().st_mtime - before)
        run.wait_for("reason=HALT_WEDGED")
        run.send(SIGTERM)

        assert run.end() == 3
    assert min(waits) < 0.1
    assert run.status()["reason"] == "HALT_WEDGED"
    assert run.summary["halted"] == "HALT_WEDGED"
    assert run.summary["quarantined"] == 1
    assert last_run(tmp_path).outcome == "exit 3"
    assert faults_of(account_left(tmp_path), "protect") == []


def test_a_second_signal_cuts_the_end_short(tmp_path: Path) -> None:
    """It names what is open, and does not wait for a handler that is within its limit."""
    often = ("--set", "system.status_seconds=0.1")
    with launched(tmp_path, *LIVE, *often, script=(*WEDGED, "25")) as run:
        run.wait_for("wedged")
        run.send(SIGTERM)
        run.wait_for(r"shutdown_completed([\s\S]* app - status ){3}")
        run.send(SIGINT)

        assert run.end() == 4
    run.wait_for("SIMULATED cut short: second signal, SIGINT; open at the simulated venue: stop")
    assert run.summary["exit_code"] == 4


def test_a_killed_run_can_be_resumed(tmp_path: Path) -> None:
    """The account comes back as it was, and ends where it would have ended without the kill."""
    whole = play(tmp_path / "whole", "market.candles=60")
    killed = tmp_path / "killed"
    with launched(killed, *LIVE, "--speed", "1000") as run:
        wait_for_position(run)
        run.send(SIGKILL)
        assert run.end() == -SIGKILL
    left, estate = account_left(killed), estate_of(killed)
    assert held_in(left) == ["BTC-USD"]
    assert faults_of(left, "protect") == []

    assert estate.resume_at is not None
    seen = (estate.resume_at - estate.run.market_start) // 60_000_000_000
    resumed = play(killed, f"market.candles={60 - seen}", resume=True)
    assert (resumed.exit_code, resumed.orders.submitted) == (0, whole.orders.submitted - 3)
    assert resumed.equity.end == whole.equity.end
    assert account_left(killed).balances == account_left(tmp_path / "whole").balances


def test_a_killed_run_is_told_of(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    """A start that does not resume says what it found: which run, how much, and which orders."""
    with launched(tmp_path, *LIVE, "--speed", "1000") as run:
        wait_for_position(run)
        run.send(SIGKILL)
        run.end()
    play(tmp_path, "market.candles=1", "system.log_level=WARNING")
    ended = run.wait_for(r"(?<=run=)\S+")
    found = [line for line in capfd.readouterr().err.splitlines() if "unclean_end" in line]
    play(tmp_path, "market.candles=1", "system.log_level=WARNING")

    assert len(found) == 1
    assert f"ended_without_stop={ended}" in found[0]
    assert "BTC 0.04866" in found[0]
    assert "stop:sell:0.04866:BTC-USD" in found[0]
    assert "unclean_end" not in capfd.readouterr().err
