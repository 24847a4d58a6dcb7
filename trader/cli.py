"""The command line: run the engine, show its settings and its flow of messages."""

import errno
import os
import re
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from trader.model.errors import TraderError, UsageError
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
)
config = typer.Typer(add_completion=False, rich_markup_mode=None, help="Settings and their layers.")
app.add_typer(config, name="config")
data_app = typer.Typer(add_completion=False, rich_markup_mode=None, help="The candle store.")
app.add_typer(data_app, name="data")

Profile = Annotated[str, typer.Option(help="Profile: conservative, moderate or aggressive.")]
Files = Annotated[list[Path], typer.Option("--config", help="JSON or TOML file; repeatable.")]
Sets = Annotated[
    list[str], typer.Option("--set", help="PATH=VALUE, such as risk.cooldown_seconds=60.")
]


def main() -> None:
    """Run the command line; an error that has a name is one line and exit code 2."""
    _open_streams()
    try:
        app()
    except TraderError as error:
        for line in str(error).splitlines():
            print(f"error: {line}", file=sys.stderr)
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
    venue: Annotated[str | None, typer.Option(help="embedded, replay, kraken ...")] = None,
    data: Annotated[str | None, typer.Option(help="Recorded candles, or frames.")] = None,
    stream: Annotated[str | None, typer.Option(help="Venue whose frames --data holds.")] = None,
    speed: Annotated[str | None, typer.Option(help="Times real time, or max.")] = None,
    seed: Annotated[str | None, typer.Option(help="Seed of the embedded market.")] = None,
    candles: Annotated[str | None, typer.Option(help="End after N candles a symbol.")] = None,
    advisor: Annotated[str | None, typer.Option(help="rules or ema-cross.")] = None,
    data_dir: Annotated[str | None, typer.Option(help="Directory of journal and logs.")] = None,
    log_level: Annotated[str | None, typer.Option(help="TRACE, DEBUG, INFO ...")] = None,
    log_filter: Annotated[list[str], typer.Option(help="ROLE=LEVEL; repeatable.")] = [],
    duration: Annotated[str | None, typer.Option("--for", help="Wall time: 90s, 10m, 2h.")] = None,
    resume: Annotated[bool, typer.Option("--resume", help="Go on with the last run.")] = False,
    journal: Annotated[bool | None, typer.Option(help="Write the journal.")] = None,
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
        "trading.symbols": ",".join(map(to_symbol, symbol)) or None,
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
    loaded = _load(profile, files, [*_split(sets), *given])
    if not loaded.settings.system.dry_run:
        raise UsageError("system.dry_run = false needs --live; leave it true to trade on paper")
    sys.exit(_trade(loaded, profile, duration, resume, fault, as_json))


@config.command("show")
def show(profile: Profile = "moderate", files: Files = [], sets: Sets = []) -> None:
    """Print every effective setting, the layer it comes from and what that layer hides."""
    from trader.settings.show import to_table

    loaded = _load(profile, files, _split(sets))
    print(to_table(loaded))
    for note in loaded.notes:
        print(f"note: {note}")


Venue = Annotated[str, typer.Option(help="A venue, by ccxt's name, such as kraken.")]
Symbols = Annotated[list[str], typer.Option("--symbol", help="Such as BTC-USD; repeatable.")]
Interval = Annotated[str, typer.Option(help="Candle: 1m, 15m, 4h, 1d.")]
DataDir = Annotated[Path, typer.Option(help="Directory of the candle store.")]


@app.command()
def download(
    venue: Venue,
    symbol: Symbols,
    since: Annotated[str, typer.Option(help="Date of the first candle, UTC.")],
    interval: Interval = "1m",
    until: Annotated[str | None, typer.Option(help="Date of the last; default now.")] = None,
    data_dir: DataDir = Path("data"),
) -> None:
    """Fetch candles into the store, and go on where an earlier download stopped."""
    from trader.app.download import run_downloads

    symbols = [to_symbol(text) for text in symbol]
    for line in run_downloads(venue, symbols, interval, since, until, data_dir):
        print(line)


@data_app.command("list")
def list_data(data_dir: DataDir = Path("data")) -> None:
    """Print what the candle store holds."""
    from trader.app.download import list_holdings

    print("\n".join(list_holdings(data_dir)))


@data_app.command("check")
def check_data(data_dir: DataDir = Path("data")) -> None:
    """Print every gap and bad row of the candle store; exit code 1 if there is one."""
    from trader.app.download import check_holdings

    lines, faults = check_holdings(data_dir)
    print("\n".join(lines))
    sys.exit(1 if faults else 0)


@app.command()
def record(
    venue: Venue,
    symbol: Symbols,
    out: Annotated[Path, typer.Option(help="File to record into; .gz compresses.")],
    interval: Interval = "1m",
    duration: Annotated[str, typer.Option("--for", help="Wall time: 90s, 10m, 2h.")] = "24h",
) -> None:
    """Record what a venue sends until the time is up, or Ctrl-C."""
    from trader.app import recording

    symbols, seconds = [to_symbol(text) for text in symbol], _to_seconds(duration)
    counts = recording.record(venue, symbols, interval, out, seconds)
    print(f"{out}: " + (", ".join(f"{kind} {n}" for kind, n in counts.items()) or "nothing came"))


@app.command()
def frames(
    stream: Annotated[str, typer.Option(help="The venue that sent them, or kraken-v1.")],
    data: Annotated[Path, typer.Option(help="Recording of frames.")],
    interval: Interval = "1m",
    as_json: Annotated[bool, typer.Option("--json", help="As JSON.")] = False,
) -> None:
    """Count what a recording holds: by kind and symbol, with unknown kinds and errors."""
    from trader.app import recording

    counted = recording.count(stream, data, interval)
    print(recording.to_json(counted) if as_json else recording.to_text(counted))


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
    faults: list[str],
    as_json: bool,
) -> int:
    from trader.app.session import Crashed, Options, run_session
    from trader.runtime.faults import Fault
    from trader.ui.summary import to_json, to_text

    options = Options(
        profile=profile,
        resume=resume,
        seconds=None if duration is None else _to_seconds(duration),
        faults=tuple(Fault.parse(text) for text in faults),
    )
    try:
        summary = run_session(loaded, options)
    except Crashed:
        return 1
    try:
        print(to_json(summary).decode() if as_json else to_text(summary), flush=True)
    except OSError as error:
        # What is still buffered must not fail a second time as the process ends.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        if error.errno not in _READER_LEFT:
            return max(summary.exit_code, _not_written(error))
    return summary.exit_code


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
            raise UsageError(f"--set {text}: give PATH=VALUE, such as risk.cooldown_seconds=60")
        pairs.append((path.strip(), value.strip()))
    return pairs


def _to_seconds(text: str) -> float:
    match = re.fullmatch(r"(\d{1,6}(?:\.\d{1,3})?)([smh]?)", text)
    if match is None or float(match[1]) == 0:
        raise UsageError(f"--for {text}: give a time such as 90s, 10m or 2h")
    return float(match[1]) * {"": 1, "s": 1, "m": 60, "h": 3600}[match[2]]
