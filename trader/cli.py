"""The command line: run the engine, show its settings and its flow of messages."""

import errno
import os
import re
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from trader.model.errors import TraderError, UsageError
from trader.settings.problems import to_line

if TYPE_CHECKING:
    from trader.settings.layers import Loaded

ENV_FILE = Path(".env")
_READER_LEFT = {errno.EPIPE, errno.EIO}
"""A closed pipe and a closed terminal: the run is as good as if its reader had stayed."""

app = typer.Typer(
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    invoke_without_command=True,
    help="An actor-model crypto trading engine. Without a command it trades, on paper.",
)
config = typer.Typer(add_completion=False, rich_markup_mode=None, help="Settings and their layers.")
app.add_typer(config, name="config")

Profile = Annotated[str, typer.Option(help="Profile: conservative, moderate or aggressive.")]
Files = Annotated[list[Path], typer.Option("--config", help="JSON or TOML file; repeatable.")]
DataDir = Annotated[
    str | None, typer.Option(help="Directory of journal and logs.", show_default=False)
]
AsJson = Annotated[bool, typer.Option("--json", help="As JSON on stdout.")]
Sets = Annotated[
    list[str], typer.Option("--set", help="PATH=VALUE, such as risk.cooldown_seconds=60.")
]


def main() -> None:
    """Run the command line; an error that has a name is one line and exit code 2."""
    _open_streams()
    try:
        app()
    except TraderError as error:
        for line in str(error).split("\n"):
            print(f"error: {to_line(line)}", file=sys.stderr)
        sys.exit(2)
    except OSError as error:
        sys.exit(_not_written(error))


@app.callback()
def run(
    context: typer.Context,
    profile: Profile = "moderate",
    files: Files = [],
    sets: Sets = [],
    symbol: Annotated[list[str], typer.Option(help="Symbol such as BTC-USD; repeatable.")] = [],
    interval: Annotated[str | None, typer.Option(help="Candle: 1m, 15m, 4h, 1d.")] = None,
    venue: Annotated[str | None, typer.Option(help="embedded or replay.")] = None,
    data: Annotated[str | None, typer.Option(help="Recorded candles, CSV or CSV.gz.")] = None,
    speed: Annotated[str | None, typer.Option(help="Times real time, or max.")] = None,
    seed: Annotated[str | None, typer.Option(help="Seed of the embedded market.")] = None,
    candles: Annotated[str | None, typer.Option(help="End after N candles a symbol.")] = None,
    advisor: Annotated[str | None, typer.Option(help="rules or ema-cross.")] = None,
    data_dir: DataDir = None,
    log_level: Annotated[str | None, typer.Option(help="TRACE, DEBUG, INFO ...")] = None,
    log_filter: Annotated[list[str], typer.Option(help="ROLE=LEVEL; repeatable.")] = [],
    duration: Annotated[str | None, typer.Option("--for", help="Wall time: 90s, 10m, 2h.")] = None,
    resume: Annotated[bool, typer.Option("--resume", help="Go on with the last run.")] = False,
    journal: Annotated[bool | None, typer.Option(help="Write the journal.")] = None,
    panel: Annotated[bool, typer.Option(help="Show the panel, at a terminal.")] = True,
    fault: Annotated[list[str], typer.Option(help="Crash: role=NAME,at=N[,always].")] = [],
    live: Annotated[bool, typer.Option("--live", help="Trade for real: not there yet.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Summary as JSON on stdout.")] = False,
) -> None:
    """Trade on paper until the data end, a time is up or a signal comes."""
    if context.invoked_subcommand is not None:
        _refuse_lost(context)
        return
    if live:
        raise UsageError("--live: trading for real is not built yet; leave it out, on paper")
    named = {
        "trading.symbols": ",".join(symbol) or None,
        "trading.interval": interval,
        "market.venue": venue,
        "market.data": data,
        "market.speed": speed,
        "market.seed": seed,
        "market.candles": candles,
        "advice.advisor": advisor,
        "system.data_dir": data_dir,
        "system.log_level": None if log_level is None else log_level.upper(),
        "system.log_filter": ",".join(log_filter) or None,
        "system.journal": None if journal is None else str(journal).lower(),
    }
    given = [(path, text) for path, text in named.items() if text is not None]
    loaded = _load(profile, files, [*_split(sets), *given])
    if not loaded.settings.system.dry_run:
        raise UsageError("system.dry_run = false needs --live; leave it true to trade on paper")
    sys.exit(_trade(loaded, profile, duration, resume, panel, fault, as_json))


@config.command("show")
def show(profile: Profile = "moderate", files: Files = [], sets: Sets = []) -> None:
    """Print every effective setting, the layer it comes from and what that layer hides."""
    from trader.settings.show import to_table

    loaded = _load(profile, files, _split(sets))
    print(to_table(loaded))
    for note in loaded.notes:
        print(f"note: {note}")


@app.command()
def status(
    data_dir: DataDir = None,
    watch: Annotated[bool, typer.Option("--watch", help="Again every second.")] = False,
    as_json: AsJson = False,
) -> None:
    """Show what a run is doing, or what the last one was doing when it ended."""
    from trader.app.watching import watch_status

    for shown in watch_status(_directory(data_dir), sys.stdout, as_json=as_json, again=watch):
        if not _print(shown, end=""):
            break


@app.command()
def runs(data_dir: DataDir = None, as_json: AsJson = False) -> None:
    """List the runs of a data directory, oldest first."""
    from trader.app.history import list_runs
    from trader.ui import catalogue
    from trader.ui.render import to_json

    found = list_runs(_directory(data_dir))
    _print(to_json(found).decode() if as_json else catalogue.to_text(found.runs))


@app.command("show")
def show_run(
    run: Annotated[str, typer.Argument(help="Its number, its id, or last.")] = "last",
    data_dir: DataDir = None,
    as_json: AsJson = False,
) -> None:
    """Print the results of a past run again, with every trade that was kept."""
    from trader.app.history import find_run, summary_of
    from trader.ui.results import to_text
    from trader.ui.summary import to_json

    directory = _directory(data_dir)
    summary = summary_of(find_run(directory, run), directory)
    _print(to_json(summary).decode() if as_json else to_text(summary, whole=True))


@app.command()
def limits(
    profile: Profile = "moderate",
    files: Files = [],
    sets: Sets = [],
    data_dir: DataDir = None,
    drill: Annotated[bool, typer.Option("--drill", help="Breach each, and see it deny.")] = False,
    as_json: AsJson = False,
) -> None:
    """Print every limit: its value, its unit, where it comes from and when it was last proved."""
    from trader.app import proving

    loaded = _load(profile, files, _split(sets))
    directory = Path(data_dir or loaded.settings.system.data_dir)
    proofs, unsound = proving.prove_settings(loaded.settings) if drill else ((), "")
    if drill and directory.is_dir():
        proving.note_proof(directory, loaded.settings)
    rows = proving.limits_in_force(loaded, directory)
    _print(proving.to_json(rows, proofs) if as_json else proving.to_table(rows, proofs))
    if unsound:
        print(f"note: with these settings every entry is denied: {unsound}", file=sys.stderr)


@app.command("resume")
def lift(
    why: Annotated[str, typer.Argument(help="Why trading may go on.")],
    data_dir: DataDir = None,
) -> None:
    """Lift a month's loss, a drawdown, an emergency stop or an operator's halt of the last run."""
    from trader.app.resuming import give_word

    run = give_word(_directory(data_dir), why)
    print(f"the halts of {run} are lifted once `run.py --resume` goes on with it")


@app.command()
def topology() -> None:
    """Print who sends what to whom, as text and as a Mermaid graph."""
    from trader.topology import to_mermaid, to_text

    print(f"{to_text()}\n\n{to_mermaid()}")


def _load(profile: str, files: list[Path], overrides: list[tuple[str, str]]) -> "Loaded":
    from trader.settings.layers import load

    return load(profile, environ=os.environ, env_file=ENV_FILE, files=files, overrides=overrides)


def _trade(
    loaded: "Loaded",
    profile: str,
    duration: str | None,
    resume: bool,
    panel: bool,
    faults: list[str],
    as_json: bool,
) -> int:
    from trader.app.session import Crashed, Options, run_session
    from trader.runtime.faults import Fault
    from trader.ui.results import to_text
    from trader.ui.summary import to_json

    options = Options(
        profile=profile,
        resume=resume,
        panel=panel,
        seconds=None if duration is None else _to_seconds(duration),
        faults=tuple(Fault.parse(text) for text in faults),
    )
    try:
        summary = run_session(loaded, options)
    except Crashed:
        return 1
    try:
        _print(to_json(summary).decode() if as_json else to_text(summary))
    except OSError as error:
        return max(summary.exit_code, _not_written(error))
    return summary.exit_code


def _directory(data_dir: str | None) -> Path:
    """Return the data directory of a command that trades nothing."""
    if data_dir is None:
        data_dir = _load("moderate", [], []).settings.system.data_dir
    if not Path(data_dir).is_dir():
        raise UsageError(f"data directory {data_dir}: there is none; give --data-dir DIR")
    return Path(data_dir)


def _print(text: str, end: str = "\n") -> bool:
    """Write a text to stdout; a reader who has left is no failure, but is told of by False."""
    try:
        print(text, end=end, flush=True)
    except OSError as error:
        # What is still buffered must not fail a second time as the process ends.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        if error.errno not in _READER_LEFT:
            raise
        return False
    return True


def _not_written(error: OSError) -> int:
    print(f"error: the output cannot be written: {error.strerror}", file=sys.stderr)
    return 1


def _open_streams() -> None:
    """Put the null device in the place of standard streams that were closed before we began."""
    for name, mode in (("stdin", "r"), ("stdout", "w"), ("stderr", "w")):
        if getattr(sys, name) is None:
            setattr(sys, name, os.fdopen(os.open(os.devnull, os.O_RDWR), mode))


def _refuse_lost(context: typer.Context) -> None:
    """Refuse options before a command: they would be taken for its own and do nothing."""
    for name in context.params:
        source = context.get_parameter_source(name)
        if source is not None and source.name == "COMMANDLINE":
            command = context.invoked_subcommand
            raise UsageError(f"options before {command!r} do nothing; give them after the command")


def _split(sets: list[str]) -> list[tuple[str, str]]:
    pairs = []
    for text in sets:
        path, equals, value = text.partition("=")
        if not equals or not path.strip():
            raise UsageError(
                f"--set {to_line(text)}: give PATH=VALUE, such as risk.cooldown_seconds=60"
            )
        pairs.append((path.strip(), value.strip()))
    return pairs


def _to_seconds(text: str) -> float:
    match = re.fullmatch(r"(\d{1,6}(?:\.\d{1,3})?)([smh]?)", text)
    if match is None or float(match[1]) == 0:
        raise UsageError(f"--for {to_line(text)}: give a time such as 90s, 10m or 2h")
    return float(match[1]) * {"": 1, "s": 1, "m": 60, "h": 3600}[match[2]]
