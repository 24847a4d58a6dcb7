"""What a person types on a command line, read or refused in one line."""

import re

import typer

from trader.model.errors import UsageError
from trader.model.market import interval_ns
from trader.settings.problems import to_line
from trader.settings.ranges import FORMS
from trader.venues.symbols import to_symbol


def to_pairs(sets: list[str]) -> list[tuple[str, str]]:
    """Split each PATH=VALUE; raise UsageError."""
    pairs = []
    for text in sets:
        path, equals, value = text.partition("=")
        if not equals or not path.strip():
            raise UsageError(
                f"--set {to_line(text)}: give PATH=VALUE, such as risk.cooldown_seconds=60"
            )
        pairs.append((path.strip(), value.strip()))
    return pairs


def to_seconds(text: str) -> float:
    """Return the seconds of a time such as 90s, 10m or 2h; raise UsageError."""
    match = re.fullmatch(r"(\d{1,6}(?:\.\d{1,3})?)([smh]?)", text)
    if match is None or float(match[1]) == 0:
        raise UsageError(f"--for {to_line(text)}: give a time such as 90s, 10m or 2h")
    return float(match[1]) * {"": 1, "s": 1, "m": 60, "h": 3600}[match[2]]


def to_interval(text: str) -> str:
    """Return the length of a candle, such as 1m or 4h, as it was typed; raise UsageError."""
    try:
        interval_ns(text)
    except ValueError:
        cure = "give an interval such as 1m, 15m, 4h or 1d"
        raise UsageError(f"--interval {to_line(text)}: {cure}") from None
    return text


def to_symbols(texts: list[str]) -> list[str]:
    """Return symbols in the engine's spelling; raise UsageError as a setting of them would."""
    form, symbols = FORMS["trading.symbols"], [to_symbol(text) for text in texts]
    try:
        form.check(symbols)
    except ValueError:
        raise UsageError(f"--symbol {to_line(','.join(texts))}: give {form.accepted}") from None
    return symbols


def to_refusal(error: typer.TyperException) -> str:
    """Return in one line what the parser refuses, with the nearest name where one is near."""
    said, _, near = error.format_message().rstrip(".?").partition(". Did you mean ")
    if (options := getattr(error, "possibilities", None)) is not None:
        from difflib import get_close_matches  # lazily: a start without errors is spared it

        # By their dashes alone, typer takes --json for near to --version.
        names = {option.strip("-"): option for option in options}
        close = get_close_matches(getattr(error, "option_name", "").strip("-"), names, 1)
        said, near = error.message, repr(names[close[0]]) if close else ""
    cure = f"did you mean {near}?" if near else "--help names what there is"
    return f"{said[:1].lower()}{said[1:]}; {cure}"


def refuse_lost(context: typer.Context) -> None:
    """Refuse options before a command: they would be taken for its own and do nothing."""
    for name in context.params:
        source = context.get_parameter_source(name)
        if source is not None and source.name == "COMMANDLINE":
            command = context.invoked_subcommand
            raise UsageError(f"options before {command!r} do nothing; give them after the command")
