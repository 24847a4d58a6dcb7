"""Junk for every place where a person can type or a file can lie, and what has to come of it."""

import contextlib
import gzip
import io
import json
import os
import re
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple
from unittest import mock

from hypothesis import strategies as st

from tests.e2e.inside import signals_kept
from tests.e2e.process import clean_environ
from trader.cli import main
from trader.settings.ranges import RANGES
from trader.settings.schema import fields, sections

END = ("--candles", "2", "--speed", "max", "--log-level", "ERROR", "--data-dir", "data")
"""Keeps a run short and quiet, whatever else is given: the last word counts."""
CRASHED = 1
_REFUSAL = re.compile(
    r"error: \S.*: .*([;,]|give |did you mean ).*|error: \S.* (is not|needs|must be|do nothing;) .*"
    r"|error: \S.*; (--help names what there is|did you mean '.*'\?)"
)


class Case(NamedTuple):
    """A command line, variables of the environment, and files of the working directory."""

    arguments: tuple[str, ...] = ()
    environ: dict[str, str] = {}
    files: dict[str, bytes] = {}


class Output(NamedTuple):
    """What a command came to."""

    code: int
    out: str
    err: str


def play(case: Case, folder: Path) -> Output:
    """Run the command line in a folder."""
    for name, content in case.files.items():
        (folder / name).write_bytes(content)
        (folder / name).chmod(0o600)
    out, err = io.StringIO(), io.StringIO()
    with (
        contextlib.chdir(folder),
        mock.patch.object(sys, "argv", ["run.py", *case.arguments]),
        mock.patch.dict(os.environ, {**clean_environ(), **case.environ}, clear=True),
        contextlib.redirect_stdout(out),
        contextlib.redirect_stderr(err),
        signals_kept(),
    ):
        try:
            main()
        except SystemExit as end:
            return Output(int(end.code or 0), out.getvalue(), err.getvalue())
    return Output(0, out.getvalue(), err.getvalue())


def fault_of(output: Output) -> str | None:
    """Say what is wrong with how junk was met, if anything is."""
    if output.code == CRASHED or "Traceback" in output.err:
        return "a crash"
    if output.code != 2:
        return None
    if output.out:
        return "something on standard output"
    lines = output.err.split("\n")[:-1]
    strange = [line for line in lines if not _REFUSAL.fullmatch(line)]
    if not lines or strange:
        return f"not a line with place and cure: {strange}"
    return None


# -- junk ------------------------------------------------------------------------------------------

TEXTS = st.one_of(
    st.sampled_from(
        [
            *("", " ", "0", "-1", "1e400", "-1e-400", "nan", "inf", "-inf", "true", "null", "max"),
            *("60s", "5%", "1,000", "0x10", "1_0", "٣", "[1", "{}", "a=b", "\x00", "\x1b[2J", "é"),
            *("\u2028", "9" * 400, "9" * 5000, "1E-999999999", "'", '"', "BTC-USD", "../../x"),
        ]
    ),
    st.text(max_size=20),
    st.floats().map(repr),
    st.integers().map(str),
)
VALUES = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(), st.floats(), TEXTS),
    lambda inner: st.one_of(
        st.lists(inner, max_size=3), st.dictionaries(st.text(max_size=5), inner, max_size=3)
    ),
    max_leaves=4,
)
# Each of these makes a run long, or large, and none of them absurd.
_SLOW = {"indicators.history", "market.candles", "market.speed", "system.data_dir"}
PATHS = st.sampled_from([path for path in fields() if path not in _SLOW])
NAMES = st.one_of(
    PATHS,
    st.builds(lambda path, at: path[:at] + path[at + 1 :], PATHS, st.integers(0, 30)),
    st.sampled_from([*sections(), "trading.symbol", "", ".", "risk."]),
    st.text(max_size=20),
)
BYTES = st.one_of(st.binary(max_size=200), st.text(max_size=100).map(str.encode))


def _argument(text: str) -> str:
    # What an operating system hands over: no null, and lone surrogates for bytes of no encoding.
    return text.replace("\x00", "").encode(errors="ignore").decode()


ARGUMENTS = TEXTS.map(_argument)
EDGES = st.sampled_from(
    [
        f"{path}={edge}"
        for path, range_ in RANGES.items()
        if path not in _SLOW
        for edge in (range_.low, range_.high, range_.low + 1e-9, range_.low + 1)
    ]
)
"""The most and the least that is allowed: absurd perhaps, and yet to be borne."""


@st.composite
def command_lines(draw: st.DrawFn) -> Case:
    """Draw options of every kind with junk for values, and settings that may not exist."""
    options = ["--profile", "--config", "--symbol", "--interval", "--venue", "--data", "--seed"]
    options += ["--advisor", "--log-filter", "--for", "--fault", "--speed", "--candles", "--set"]
    arguments: list[str] = []
    for option in draw(st.lists(st.sampled_from(options), max_size=3)):
        arguments += [option, draw(ARGUMENTS)]
    for name in draw(st.lists(NAMES, max_size=3)):
        arguments += ["--set", f"{_argument(name)}={draw(ARGUMENTS)}"]
    command = draw(st.sampled_from([(), (), (), ("config", "show"), ("config",), ("topology",)]))
    if command:
        return Case((*command, *arguments))
    return Case((*arguments, *END))


@st.composite
def shapes(draw: st.DrawFn) -> Case:
    """Draw words in any order: options without values, commands without options, neither."""
    known = ["--json", "--no-panel", "--set", "--speed", "--data", "--verify", "--help", "--", "-x"]
    known += ["config", "show", "topology", "data", "runs", "status", "resume", "limits", "-"]
    misspelt = st.builds(
        lambda word, at: word[:at] + word[at + 1 :], st.sampled_from(known), st.integers(0, 9)
    )
    words = st.one_of(st.sampled_from(known), misspelt, ARGUMENTS)
    return Case((*draw(st.lists(words, min_size=1, max_size=3)), *END))


@st.composite
def edges(draw: st.DrawFn) -> Case:
    """Draw settings at the ends of their ranges, on a market of a few hours."""
    chosen = draw(st.lists(EDGES, min_size=1, max_size=4))
    venue = ("--advisor", draw(st.sampled_from(["rules", "ema-cross"])))
    sets = [each for setting in chosen for each in ("--set", setting)]
    return Case((*sets, *venue, *END, "--candles", "120"))


@st.composite
def settings_files(draw: st.DrawFn) -> Case:
    """Draw settings in the environment, in `.env`, in JSON and in TOML, well formed and not."""
    tree: dict[str, dict[str, object]] = {}
    for name in draw(st.lists(NAMES, max_size=3)):
        section, _, field = name.partition(".")
        tree.setdefault(section, {})[field] = draw(VALUES)
    lines = [f"TRADER__{draw(NAMES).replace('.', '__').upper()}={draw(TEXTS)}" for _ in range(2)]
    name, _, value = lines[0].partition("=")
    environ = {_argument(name).replace("=", "") or "X": _argument(value)}
    toml = "\n".join(f"[{section}]\nx = {draw(TEXTS)}" for section in tree)
    files = {
        "a.json": draw(st.one_of(st.just(json.dumps(tree).encode()), BYTES)),
        "b.toml": draw(st.one_of(st.just(toml.encode("utf-8", "replace")), BYTES)),
        ".env": draw(st.one_of(st.just(lines[1].encode("utf-8", "replace")), BYTES)),
    }
    chosen = draw(st.lists(st.sampled_from(sorted(files)), unique=True, min_size=1))
    options = [each for name in chosen if name != ".env" for each in ("--config", name)]
    kept = {name: files[name] for name in chosen}
    return Case((*options, *END), draw(st.sampled_from([{}, environ])), kept)


CELLS = st.one_of(
    st.sampled_from(["", "nan", "inf", "-1", "0", "1e308", "1e-308", "1e999", '"1', "1;2", "\r"]),
    st.floats().map(repr),
    st.text(max_size=5),
)


@st.composite
def candle_files(draw: st.DrawFn) -> Case:
    """Draw recorded candles: cells, rows, header and bytes changed, plain and gzipped."""
    rows = [[str(1_748_736_000_000 + 60_000 * n), "10", "12", "9", "11", "3.5"] for n in range(70)]
    rows.insert(0, ["timestamp_ms", "open", "high", "low", "close", "volume"])
    for _ in range(draw(st.integers(0, 2))):
        row = draw(st.one_of(st.integers(0, 2), st.integers(0, len(rows) - 1)))
        change = draw(st.sampled_from(["cell", "drop", "twice", "swap", "short", "column"]))
        place = draw(st.integers(0, 5))
        if change == "cell":
            rows[row] = [*rows[row][:place], draw(CELLS), *rows[row][place + 1 :]]
        elif change == "column":
            rows = [[*each[:place], draw(CELLS), *each[place + 1 :]] for each in rows]
        elif change == "swap":
            rows.insert(draw(st.integers(0, len(rows))), rows.pop(row))
        elif change == "drop":
            del rows[row]
        else:
            rows.insert(row, rows[row][: place if change == "short" else 6])
    content = "\n".join(map(",".join, rows)).encode("utf-8", "replace")
    if draw(st.booleans()):
        content = gzip.compress(content, mtime=0)
    content = draw(st.one_of(st.just(content), _spoilt(content), BYTES))
    name = draw(st.sampled_from(["x.csv", "x.csv.gz"]))
    options = ("--venue", "replay", "--data", name, "--symbol", "BTC-USD", "--no-journal")
    return Case((*options, *END[2:], "--candles", "70"), files={name: content})


def _spoilt(content: bytes) -> st.SearchStrategy[bytes]:
    spots = st.integers(0, max(len(content) - 1, 0))
    cut = spots.map(lambda spot: content[:spot])
    flipped = st.builds(
        lambda spot, mask: content[:spot] + bytes([content[spot] ^ mask]) + content[spot + 1 :],
        spots,
        st.integers(1, 255),
    )
    return st.one_of(cut, flipped)


# -- journals --------------------------------------------------------------------------------------


def small_journal(folder: Path) -> Path:
    """Write a journal of a few rows, with its head; return their directory."""
    play(Case((*END, "--set", "indicators.history=10", "--advisor", "ema-cross")), folder)
    for file in (folder / "data").iterdir():
        if not file.name.startswith("journal."):
            file.unlink()
    return folder / "data"


def damages(whole: bytes, start: int, step: int) -> Iterator[tuple[str, bytes]]:
    """Yield a file cut off, and with bits flipped, at every `step`th byte."""
    for spot in range(start, len(whole), step):
        yield f"cut off at {spot}", whole[:spot]
        for mask in (0x01, 0x80, 0xFF):
            damaged = bytearray(whole)
            damaged[spot] ^= mask
            yield f"byte {spot} changed by {mask:#x}", bytes(damaged)


def journal_faults(source: Path, name: str, folder: Path, start: int, step: int) -> Iterator[str]:
    """Start on a journal one file of which is damaged; yield what was wrong, damage by damage.

    Damage is refused, and changes no byte, or is harmless.
    """
    for damage, content in damages((source / name).read_bytes(), start, step):
        shutil.rmtree(folder, ignore_errors=True)
        shutil.copytree(source, folder / "data")
        (folder / "data" / name).write_bytes(content)
        before = {file.name: file.read_bytes() for file in (folder / "data").iterdir()}
        output = play(Case(("--resume", *END)), folder)
        fault = fault_of(output)
        kept = all((folder / "data" / each).read_bytes() == before[each] for each in before)
        if fault is None and output.code == 2 and not kept:
            fault = "a refused journal was changed"
        if fault is not None:
            yield f"{name} {damage}: {fault}"
