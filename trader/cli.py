"""The command line: run the engine, show its settings and its flow of messages."""

import errno
import os
import shutil
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from trader.model.errors import TraderError, UsageError
from trader.settings.problems import to_line
from trader.ui.redact import redactor, secrets_of
from trader.ui.typed import refuse_lost, to_interval, to_pairs, to_refusal, to_seconds, to_symbols
from trader.venues.symbols import to_symbol

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
    epilog="What is not given is as the profile has it: `config show` prints every value.",
)
config = typer.Typer(add_completion=False, rich_markup_mode=None, help="Settings and their layers.")
app.add_typer(config, name="config")
data_app = typer.Typer(add_completion=False, rich_markup_mode=None, help="The candle store.")
app.add_typer(data_app, name="data")


def _option(metavar: str, text: str, *names: str) -> Any:
    # Whoever opens a file says why it cannot be read; typer would only say that.
    return typer.Option(*names, metavar=metavar, help=text, readable=False)


Profile = Annotated[str, _option("NAME", "conservative, moderate or aggressive.")]
Files = Annotated[list[Path], _option("FILE", "Settings, JSON or TOML; repeatable.", "--config")]
Sets = Annotated[list[str], _option("PATH=VALUE", "One setting; repeatable.", "--set")]
DataDir = Annotated[str | None, _option("DIR", "Where journal, logs and status are.")]
AsJson = Annotated[bool, typer.Option("--json", help="Results as JSON on stdout.")]


def main() -> None:
    """Run the command line; an error that has a name is one line and exit code 2."""
    _open_streams()
    # Every time we show is UTC, and of a zone that cannot be (UTC+99) the log would make a crash.
    os.environ["TZ"] = "UTC"
    time.tzset()
    try:
        sys.exit(app(standalone_mode=False) or 0)
    except (TraderError, typer.TyperException) as error:
        said = str(error) if isinstance(error, TraderError) else to_refusal(error)
        for line in redactor(secrets_of(os.environ))(said).split("\n"):
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
    symbol: Annotated[list[str], _option("SYMBOL", "What to trade: BTC-USD; repeatable.")] = [],
    interval: Annotated[str | None, _option("LENGTH", "Of a candle: 1m, 15m, 4h, 1d.")] = None,
    venue: Annotated[str | None, _option("NAME", "embedded, replay, kraken ...")] = None,
    data: Annotated[str | None, _option("FILE", "Candles (CSV, CSV.gz) or frames.")] = None,
    stream: Annotated[str | None, _option("VENUE", "Whose frames --data holds.")] = None,
    speed: Annotated[str | None, _option("N", "Times real time, or max.")] = None,
    seed: Annotated[str | None, _option("N", "Of the embedded market.")] = None,
    candles: Annotated[str | None, _option("N", "End after N candles of each symbol.")] = None,
    advisor: Annotated[str | None, _option("NAME", "rules, ema-cross or recorded.")] = None,
    data_dir: DataDir = None,
    log_level: Annotated[str | None, _option("LEVEL", "TRACE, DEBUG, INFO, WARNING ...")] = None,
    log_filter: Annotated[list[str], _option("ROLE=LEVEL", "Level of one role; repeatable.")] = [],
    duration: Annotated[str | None, _option("TIME", "End after: 90s, 10m, 2h.", "--for")] = None,
    resume: Annotated[bool, typer.Option("--resume", help="Go on with the last run.")] = False,
    journal: Annotated[bool | None, typer.Option(help="Write the journal.")] = None,
    panel: Annotated[bool, typer.Option(help="The panel, at a terminal.")] = True,
    fault: Annotated[list[str], _option("FAULT", "A crash: role=NAME,at=N[,always].")] = [],
    live: Annotated[bool, typer.Option("--live", help="Trade for real: not there yet.")] = False,
    as_json: AsJson = False,
) -> None:
    """Trade on paper until the data end, a time is up or a signal comes."""
    if context.invoked_subcommand is not None:
        refuse_lost(context)
        return
    if live:
        raise UsageError("--live: trading for real is not built yet; leave it out, on paper")
    named = {
        "trading.symbols": ",".join(map(to_symbol, symbol)) if symbol else None,
        "trading.interval": interval,
        "market.venue": venue,
        "market.data": data,
        "market.stream": stream,
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
    loaded = _load(profile, files, [*to_pairs(sets), *given])
    sys.exit(_trade(loaded, profile, duration, resume, panel, fault, as_json))


@config.command("show")
def show(profile: Profile = "moderate", files: Files = [], sets: Sets = []) -> None:
    """Print every effective setting, the layer it comes from and what that layer hides."""
    from trader.settings.show import to_table

    loaded = _load(profile, files, to_pairs(sets))
    _print("\n".join([to_table(loaded), *(f"note: {note}" for note in loaded.notes)]))


Venue = Annotated[str, _option("NAME", "By ccxt's name, such as kraken.")]
Symbols = Annotated[list[str], _option("SYMBOL", "Such as BTC-USD; repeatable.", "--symbol")]
Interval = Annotated[str, _option("LENGTH", "Of a candle: 1m, 15m, 4h, 1d.")]


@app.command()
def download(
    venue: Venue,
    symbol: Symbols,
    since: Annotated[str, _option("DATE", "Of the first candle, UTC.")],
    interval: Interval = "1m",
    until: Annotated[str | None, _option("DATE", "Of the last; now if left out.")] = None,
    data_dir: DataDir = None,
) -> None:
    """Fetch candles into the store, and go on where an earlier download stopped."""
    from trader.app.download import run_downloads

    symbols, length = to_symbols(symbol), to_interval(interval)
    chosen = [] if data_dir is None else [("system.data_dir", data_dir)]
    directory = _data_dir(chosen)
    _print("\n".join(run_downloads(venue, symbols, length, since, until, directory)))


@data_app.command("list")
def list_data(data_dir: DataDir = None) -> None:
    """Print what the candle store holds."""
    from trader.app.download import list_holdings

    _print("\n".join(list_holdings(_directory(data_dir))))


@data_app.command("check")
def check_data(data_dir: DataDir = None) -> None:
    """Print every gap and bad row of the candle store; exit code 1 if there is one."""
    from trader.app.download import check_holdings

    lines, faults = check_holdings(_directory(data_dir))
    _print("\n".join(lines))
    sys.exit(1 if faults else 0)


@app.command()
def record(
    venue: Venue,
    symbol: Symbols,
    out: Annotated[Path, _option("FILE", "To record into; .gz compresses.")],
    interval: Interval = "1m",
    duration: Annotated[str, _option("TIME", "How long: 90s, 10m, 2h.", "--for")] = "24h",
) -> None:
    """Record what a venue sends until the time is up, or Ctrl-C."""
    from trader.app import recording

    symbols, seconds = to_symbols(symbol), to_seconds(duration)
    counts = recording.record(venue, symbols, to_interval(interval), out, seconds)
    _print(f"{out}: " + (", ".join(f"{kind} {n}" for kind, n in counts.items()) or "nothing came"))


@app.command()
def frames(
    stream: Annotated[str, _option("VENUE", "Which sent them, or kraken-v1.")],
    data: Annotated[Path, _option("FILE", "Recording of frames.")],
    interval: Interval = "1m",
    as_json: AsJson = False,
) -> None:
    """Count what a recording holds: by kind and symbol, with unknown kinds and errors."""
    from trader.app import recording

    counted = recording.count(stream, data, to_interval(interval))
    _print(recording.to_json(counted) if as_json else recording.to_text(counted))


@app.command()
def status(
    data_dir: DataDir = None,
    watch: Annotated[bool, typer.Option("--watch", help="Again every second.")] = False,
    as_json: AsJson = False,
) -> None:
    """Show what a run is doing, or did last."""
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
    run: Annotated[str, typer.Argument(metavar="RUN", help="Number, id, or last.")] = "last",
    data_dir: DataDir = None,
    as_json: AsJson = False,
    verify: Annotated[bool, typer.Option("--verify", help="Check its whole journal.")] = False,
) -> None:
    """Print the results of a past run again."""
    from trader.app.history import find_run, show, verify_run

    directory = _directory(data_dir)
    found = find_run(directory, run)
    _print((verify_run if verify else show)(found, directory, as_json=as_json))


@app.command()
def advice(
    run: Annotated[str, typer.Argument(metavar="RUN", help="Number, id, or last.")] = "last",
    data_dir: DataDir = None,
    as_json: AsJson = False,
    answers: Annotated[bool, typer.Option("--answers", help="As llm.recorded reads them.")] = False,
) -> None:
    """List what was advised in a run, what it cost and what became of it, and sum it up."""
    from trader.app.advised import report_of
    from trader.app.advising import recorded_lines
    from trader.app.history import find_run
    from trader.ui.advice import to_text
    from trader.ui.render import to_json

    directory = _directory(data_dir)
    found = find_run(directory, run)
    if answers:
        _print(recorded_lines(found, directory), end="")
        return
    report = report_of(found, directory)
    _print(to_json(report).decode() if as_json else to_text(report))


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

    loaded = _load(profile, files, to_pairs(sets))
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
    why: Annotated[str, typer.Argument(metavar="WHY", help="Why trading may go on.")],
    data_dir: DataDir = None,
) -> None:
    """Lift a month's loss, a drawdown, an emergency stop or an operator's halt of the last run."""
    from trader.app.resuming import give_word

    _print(give_word(_directory(data_dir), why))


@app.command()
def topology() -> None:
    """Print who sends what to whom, as text and as a Mermaid graph."""
    from trader.topology import to_mermaid, to_text

    columns = shutil.get_terminal_size().columns if sys.stdout.isatty() else None
    _print(f"{to_text(columns)}\n\n{to_mermaid()}")


@app.command()
def indicators(
    data: Annotated[Path, _option("FILE", "Candles, CSV or CSV.gz.")],
    cipher: Annotated[str, _option("CIPHER", "a or b.")],
    interval: Annotated[str, _option("LENGTH", "Of a candle: 1m, 15m, 4h, 1d, 1w.")],
    out: Annotated[Path | None, _option("FILE", "CSV file to write.")] = None,
    plot: Annotated[Path | None, _option("FILE", "HTML file to draw into.")] = None,
    profile: Profile = "moderate",
    files: Files = [],
    sets: Sets = [],
) -> None:
    """Write every column of Cipher A or B for a file of candles; draw them."""
    from trader.app.indicators import Request, write_indicators

    loaded = _load(profile, files, [*to_pairs(sets), ("trading.interval", interval)])
    write_indicators(loaded.settings, Request(data, cipher, out, plot))


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

    if not loaded.settings.system.dry_run:
        raise UsageError("system.dry_run = false needs --live; leave it true to trade on paper")
    options = Options(
        profile=profile,
        resume=resume,
        panel=panel,
        seconds=None if duration is None else to_seconds(duration),
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
    """Return the data directory of a command that reads what runs left."""
    from trader.storage.data_dir import find_data_dir

    return find_data_dir(Path(data_dir) if data_dir else _data_dir([]))


def _data_dir(overrides: list[tuple[str, str]]) -> Path:
    return Path(_load("moderate", [], overrides).settings.system.data_dir)


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
