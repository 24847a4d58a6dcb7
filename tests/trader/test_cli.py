"""The command line: what it refuses, in one line each, and what its commands print."""

import json
import os
import re
import sqlite3
import sys
from collections.abc import Callable
from contextlib import closing
from decimal import Decimal
from pathlib import Path
from typing import NamedTuple

import pytest

from tests.e2e.inside import signals_kept
from tests.e2e.process import clean_environ
from trader.cli import main

SHORT = ("--candles", "60", "--speed", "max")


class Output(NamedTuple):
    """What a command came to."""

    code: int
    out: str
    err: str


Command = Callable[..., Output]


@pytest.fixture
def command(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> Command:
    """Offer the command line in an empty directory."""
    monkeypatch.chdir(tmp_path)
    for name in set(os.environ) - clean_environ().keys():
        monkeypatch.delenv(name)

    def run(*arguments: str) -> Output:
        monkeypatch.setattr(sys, "argv", ["run.py", *arguments])
        with signals_kept(), pytest.raises(SystemExit) as end:
            main()
        out, err = capfd.readouterr()
        return Output(int(end.value.code or 0), out, err)

    return run


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        ("--profile nonsense", "no such profile"),
        ("--symbol BTC", "give symbols such as BTC-USD"),
        ("--symbol ../../etc-USD", "give symbols such as BTC-USD"),
        ("--symbol BTC-USD --symbol BTC-USD", "each once"),
        (f"--symbol {'A' * 99}-USD", "give symbols such as BTC-USD"),
        ("--symbol ÄÖ-USD", "give symbols such as BTC-USD"),
        ("--symbol ", "give symbols such as BTC-USD"),
        ("--interval 7x", "give an interval such as 1m"),
        ("--interval 365d", "at most 30d"),
        ("--speed 0", "give max or a number from 0.001"),
        ("--speed -1", "give max or a number from 0.001"),
        ("--speed abc", "give max or a number from 0.001"),
        ("--speed nan", "give max or a number from 0.001"),
        ("--for abc", "--for abc: give a time such as 90s"),
        ("--for 0s", "--for 0s: give a time such as 90s"),
        ("--for -5", "--for -5: give a time such as 90s"),
        ("--for 1d", "--for 1d: give a time such as 90s"),
        ("--set nonsense", "--set nonsense: give PATH=VALUE"),
        ("--set =", "--set =: give PATH=VALUE"),
        ("--set a=b", "a (command line): no such setting"),
        ("--set risk=1", "risk (command line): no such setting"),
        ("--set risk.cooldown_second=60", "did you mean risk.cooldown_seconds?"),
        ("--set risk.cooldown_seconds=abc", "give a number from 0"),
        ("--set system.dry_run=false", "system.dry_run = false needs --live"),
        ("--live", "--live: trading for real is not built yet"),
        ("--venue Kraken!", "give embedded, replay, or a venue of ccxt such as kraken"),
        ("--venue replay", "needs market.data"),
        ("--venue replay --data missing.csv", "missing.csv: cannot be read"),
        ("--venue replay --data .", ".: cannot be read: Is a directory"),
        ("--venue replay --data a.csv --symbol BTC-USD --symbol ETH-USD", "serves one symbol"),
        ("--candles 0", "give null or a whole number from 1"),
        ("--candles abc", "give null or a whole number from 1"),
        ("--candles 99999999999999999999", "give null or a whole number from 1"),
        ("--seed -1", "give a whole number from 0"),
        ("--log-level LOUD", "give one of TRACE, DEBUG"),
        ("--log-filter risk_guard", "give levels by name"),
        ("--log-filter nobody=DEBUG", "unknown name 'nobody'"),
        ("--advisor oracle", "give one of rules"),
        ("--config missing.toml", "missing.toml: no such file"),
        ("--fault bad", "--fault: 'bad' is not role=NAME"),
        ("--fault role=x,at=1", "--fault: no role 'x'"),
        ("--fault role=validator,at=0", "is not a whole number from 1"),
        (f"--fault role=validator,at={'9' * 5000}", "is not a whole number from 1"),
        ("--for 1\x1b[2J", r"--for 1\x1b[2J: give a time"),
        ("--set \x85x", r"--set \x85x: give PATH=VALUE"),
        ("--resume", "--resume: the journal has no run of paper/"),
        ("--resume --no-journal", "--resume: needs the journal"),
        ("--data-dir file/x", "data directory file/x: Not a directory"),
        ("--speed 1 config show", "options before 'config' do nothing"),
        ("--json topology", "options before 'topology' do nothing"),
        ("config show --set a", "--set a: give PATH=VALUE"),
        ("status", "data directory data: there is none; give --data-dir DIR"),
        ("status --data-dir .", "status.json: no run has written it yet"),
        ("runs", "data directory data: there is none; give --data-dir DIR"),
        ("runs --data-dir .", "journal.db: there is no journal"),
        ("data list", "data directory data: there is none; give --data-dir DIR"),
        ("data check --data-dir file", "data directory file: there is none"),
        ("show 3 --data-dir file", "data directory file: there is none"),
        (f"show --data-dir {'a' * 300}", "a: File name too long; give --data-dir DIR"),
        ("frames --stream kraken --data file --interval 9q", "9q: give an interval such"),
        ("record --venue kraken --symbol X-Y --out x --interval 9q", "9q: give an interval"),
        ("record --venue kraken --symbol X-Y --out -", "-: nothing is recorded to stdout; name"),
        ("indicators --data a.csv --cipher a --interval 1h --out -", "-: nothing is written to"),
        ("record --venue kraken --symbol  --out x", "--symbol : give symbols such as BTC-USD"),
        ("download --venue x --symbol X-Y --since 2025-01-01 --interval 9q", "9q: give an"),
        (
            "download --venue x --symbol X-Y --since 2025-01-02 --until 2025-01-01",
            "--since 2025-01-02: no candle of 1m has closed from then to 2025-01-01; go",
        ),
        ("download --venue x --symbol X-Y --since 9999-01-01", "no candle of 1m has closed since;"),
        (
            "download --venue x --symbol X-Y --since 2025-01-01 --data-dir=~/x",
            "give a path of printable characters that does not begin with ~",
        ),
        ("download --venue x --symbol X-Y --since 1.1.25", "--since 1.1.25: give a date such as"),
        ("download --venue x --symbol  --since 2025-01-01", "--symbol : give symbols such as"),
        ("nonsense", "no such command 'nonsense'; --help names what there is"),
        ("statu", "no such command 'statu'; did you mean 'status'?"),
        ("--bogus", "no such option: --bogus; --help names what there is"),
        ("--profil x", "no such option: --profil; did you mean '--profile'?"),
        ("--version", "no such option: --version; --help names what there is"),
        ("--profile", "option '--profile' requires an argument; --help names"),
        ("--json=yes", "option '--json' does not take a value; --help names"),
        ("config", "missing command; --help names what there is"),
        ("topology extra", "got unexpected extra argument(s) (extra); --help names"),
        ("topology a\nb", r"got unexpected extra argument(s) (a\x0ab); --help names"),
        ("download --venue x", "missing option '--symbol'; --help names what there is"),
        ("resume", "missing argument 'WHY'; --help names what there is"),
        ("--venue replay --data pipe", "pipe: is no regular file; write the candles to one"),
    ],
)
def test_bad_input_is_one_line_and_exit_code_2(
    arguments: str, says: str, command: Command, tmp_path: Path
) -> None:
    """It names what is wrong and what to give instead; nothing has begun."""
    (tmp_path / "file").touch()
    os.mkfifo(tmp_path / "pipe")
    result = command(*arguments.split(" "))
    errors = [line for line in result.err.splitlines() if " SIM " not in line]

    assert (result.code, result.out) == (2, "")
    assert len(errors) == 1
    assert errors[0].startswith("error: ")
    assert says in errors[0]


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
@pytest.mark.parametrize(
    "arguments", ["--config a.toml", "frames --stream kraken --data a.toml", "--config x/a.toml"]
)
def test_a_file_that_may_not_be_read_says_why(
    arguments: str, command: Command, tmp_path: Path
) -> None:
    """The permission is what is to be mended."""
    (tmp_path / "a.toml").touch(mode=0)
    (tmp_path / "x").mkdir(mode=0)
    result = command(*arguments.split(" "))

    assert (result.code, result.out) == (2, "")
    assert re.fullmatch(r"error: \S+: .*Permission denied.*[;,].*\n", result.err)


def test_every_error_is_told_at_once(command: Command) -> None:
    """Who has made three mistakes need not start three times."""
    result = command("--speed", "0", "--seed", "x", "--set", "risk.nonsense=1")

    assert result.code == 2
    assert len(result.err.splitlines()) == 3


def test_a_key_in_the_wrong_place_is_not_repeated(
    command: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An error shows what was given, but for what the environment keeps secret."""
    monkeypatch.setenv("OPENAI_API_KEY", "sk-canary-0123456789")
    result = command("--set", "llm.model=sk-canary-0123456789")

    assert result.code == 2
    assert 'llm.model = "***" (command line): give openai:NAME' in result.err
    assert "no such command '***'" in command("sk-canary-0123456789").err


@pytest.mark.parametrize(
    "arguments",
    [
        *([], ["config"], ["config", "show"], ["data"], ["data", "check"], ["data", "list"]),
        *([command] for command in ("advice", "download", "frames", "indicators", "limits")),
        *([command] for command in ("record", "resume", "runs", "show", "status", "topology")),
    ],
    ids=" ".join,
)
def test_help_is_readable_anywhere(
    arguments: list[str], command: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It fits in 80 columns, and has no colours in a pipe."""
    monkeypatch.setenv("COLUMNS", "80")
    result = command(*arguments, "--help")

    assert result.code == 0
    assert "Usage: " in result.out
    assert re.search(r"--\S+ <", result.out) is None, "an option's value has a name"
    assert max(map(len, result.out.splitlines())) <= 80
    assert "\x1b" not in result.out


def test_config_show_names_the_layer_of_every_value(command: Command) -> None:
    """It takes a profile and overrides as a run does."""
    result = command("config", "show", "--profile", "aggressive", "--set", "market.seed=12")

    assert result.code == 0
    lines = {line.split()[0]: line for line in result.out.splitlines()}
    assert "profile aggressive" in lines["risk.max_daily_loss_pct"]
    assert "command line" in lines["market.seed"]
    assert max(map(len, result.out.splitlines())) <= 80


def test_topology_draws_every_edge(command: Command) -> None:
    """As a table and as a graph."""
    result = command("topology")

    assert result.code == 0
    assert "risk_guard" in result.out
    assert "flowchart TD" in result.out


def test_json_is_one_object_on_stdout(command: Command) -> None:
    """With every key that is promised, money as strings, and the log elsewhere."""
    result = command(*SHORT, "--json")
    summary = json.loads(result.out)

    assert (result.code, len(result.out.splitlines())) == (0, 1)
    assert list(summary) == [
        *("run", "profile", "mode", "simulated", "symbols", "candles", "decisions", "advice"),
        *("orders", "fills", "trades", "pnl", "equity", "restarts", "quarantined", "halted"),
        *("digest", "audit_digest", "wall_s", "exit_code"),
        *("refusals", "denials", "rejections", "limits", "trade_log"),
    ]
    assert list(summary["orders"]) == [
        *("submitted", "filled", "canceled", "rejected", "denied", "open")
    ]
    assert list(summary["pnl"]) == ["realized", "unrealized", "fees", "funding", "net"]
    assert list(summary["equity"]) == ["start", "end", "peak", "max_drawdown_pct", "transfers"]
    assert (summary["simulated"], summary["candles"], summary["exit_code"]) == (True, 60, 0)
    assert summary["advice"]["rules"] > 0
    assert summary["fills"] > 0
    assert {type(amount) for amount in summary["pnl"].values()} == {str}
    equity = {name: Decimal(summary["equity"][name]) for name in ("start", "end", "peak")}
    assert equity["end"] - equity["start"] == Decimal(summary["pnl"]["net"])
    assert equity["peak"] >= equity["start"]


def test_the_summary_is_readable_too(command: Command) -> None:
    """Without --json the same is said to a person."""
    result = command(*SHORT, "--no-journal")

    assert result.code == 0
    assert result.out.splitlines()[0].startswith("SIMULATED")
    assert "60 candles" in result.out
    assert (Path("data") / "trader.log").is_file()


def test_past_runs_can_be_looked_at(command: Command) -> None:
    """`runs` lists them, `show` prints one again, `status` how it stood when it ended."""
    printed = command(*SHORT).out
    listed, shown, seen = command("runs"), command("show"), command("status")

    assert listed.out.splitlines()[-1].split()[0] == "1"
    assert shown.out == printed
    assert "ENDED" in seen.out
    assert {result.code for result in (listed, shown, seen)} == {0}
    assert (
        max(len(line) for result in (listed, shown, seen) for line in result.out.split("\n")) <= 80
    )


def test_what_shows_runs_shows_them_to_scripts(command: Command) -> None:
    """One object each, with the summary as the run had printed it."""
    printed = json.loads(command(*SHORT, "--json").out)

    assert json.loads(command("show", "1", "--json").out) == printed
    assert json.loads(command("runs", "--json").out)["runs"][0]["run"] == printed["run"]
    assert json.loads(command("status", "--json").out)["run"] == printed["run"]


def test_a_run_that_asked_no_model_has_no_answers(command: Command) -> None:
    """What is redirected into a file is an empty one; whoever looks on is told why."""
    command(*SHORT)
    result = command("advice", "--answers")

    assert (result.code, result.out) == (0, "")
    assert re.fullmatch(r"note: run 0001-\S+ asked no model\n", result.err)


def test_a_run_is_verified_and_damage_is_one_line(command: Command) -> None:
    """Each row is held against the chain; the first that differs is named."""
    command(*SHORT)
    sound = command("show", "--verify")
    assert (sound.code, sound.err) == (0, "")
    assert "rows are as they were written" in sound.out

    with closing(sqlite3.connect(Path("data", "journal.db"))) as connection, connection:
        connection.execute("UPDATE envelopes SET kind = 'x' WHERE row = 7")
    damaged = command("show", "--verify")
    assert (damaged.code, damaged.out) == (2, "")
    assert "row 7 (run 0001-" in damaged.err
    assert len(damaged.err.splitlines()) == 1


def test_an_unknown_run_is_one_line(command: Command) -> None:
    """With the nearest there is."""
    command(*SHORT)
    result = command("show", "7")

    assert (result.code, result.out) == (2, "")
    assert result.err.startswith("error: run 7: there is none; the nearest is 0001-")
    assert len(result.err.splitlines()) == 1


def test_the_settings_say_where_runs_are(command: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever has set the data directory for a run need not repeat it."""
    monkeypatch.setenv("TRADER__SYSTEM__DATA_DIR", "elsewhere")
    command(*SHORT)

    assert Path("elsewhere").is_dir()
    assert command("runs").code == command("status").code == 0


def test_a_run_without_a_journal_leaves_none(command: Command) -> None:
    """system.journal = false writes no journal, and there is no audit digest."""
    summary = json.loads(command("--candles", "2", "--speed", "max", "--no-journal", "--json").out)

    assert summary["audit_digest"] == ""
    assert not (Path("data") / "journal.db").exists()


def test_a_fault_that_never_fires_is_told(command: Command) -> None:
    """A fault plan that tests nothing must not pass for one that does."""
    result = command("--candles", "2", "--speed", "max", "--fault", "role=validator,at=99")

    assert result.code == 0
    assert "validator - fault_never_fired at=99" in result.err


def test_an_end_by_time_is_an_orderly_one(command: Command) -> None:
    """--for ends a run that would go on for ever, at any speed."""
    result = command("--speed", "max", "--for", "0.2s", "--json")

    assert result.code == 0
    assert json.loads(result.out)["candles"] > 0
    assert 'detail="--for 0.2s"' in result.err
