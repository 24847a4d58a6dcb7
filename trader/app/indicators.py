"""The command `indicators`: Cipher A or B of a file of candles, as a table and as a picture."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec

from trader.model.errors import UsageError
from trader.model.market import SECOND, Series, interval_ns
from trader.settings.schema import Settings
from trader.venues.candle_file import load_candles

if TYPE_CHECKING:
    from trader.indicators.whole.candles import Columns

_STRETCH = 1 << 14
"""Rows that are written at once."""


class Request(msgspec.Struct, frozen=True):
    """What was asked for: one of the ciphers (`a`, `b`) of a file, as table, picture or both."""

    data: Path
    cipher: str
    out: Path | None
    plot: Path | None


def write_indicators(settings: Settings, request: Request) -> None:
    """Write what was asked for; raise UsageError where that cannot be."""
    if request.cipher not in ("a", "b"):
        raise UsageError(f"--cipher {request.cipher}: give a or b")
    targets = [path for path in (request.out, request.plot) if path is not None]
    if not targets:
        raise UsageError("nothing to write; give --out FILE for a table, --plot FILE for a picture")
    for path in targets:
        _require_file(path, request.data)
    if request.plot is not None:
        # Before anything is computed: a missing library must not cost the time.
        from trader.ui.chart import require_plotly

        require_plotly()
    series = load_candles(request.data, interval_ns(settings.trading.interval), holes=True)
    if request.out is not None:
        _replace(request.out, _table(series, _columns(settings, request.cipher, series)))
    if request.plot is not None:
        from trader.ui.chart import to_html

        _replace(request.plot, iter([to_html(settings, series)]))


def _columns(settings: Settings, cipher: str, series: Series) -> "Columns":
    """Compute the columns, in the order in which they are written."""
    if cipher == "a":
        from trader.indicators.whole.cipher_a import cipher_a

        return cipher_a(settings.cipher_a, series)
    from trader.indicators.whole.cipher_b import cipher_b, leaky_diamonds

    columns, leaky = cipher_b(settings.cipher_b, series), leaky_diamonds(settings.cipher_b, series)
    names = list(columns)
    after = names.index("sommi_diamond_bull_confirmed") + 1
    ordered = (*names[:after], *leaky, *names[after:])
    return {name: leaky[name] if name in leaky else columns[name] for name in ordered}


def _table(series: Series, columns: "Columns") -> Iterator[str]:
    """Yield the lines of a CSV file: candles first, marks as 0 and 1, blanks for no value."""
    prices = {name: getattr(series, name) for name in ("open", "high", "low", "close", "volume")}
    yield ",".join(("time", *prices, *columns)) + "\n"
    for first in range(0, len(series), _STRETCH):
        stretch = slice(first, first + _STRETCH)
        cells = [
            [str(opened // SECOND) for opened in series.ts_open[stretch]],
            *([_number(price) for price in column[stretch]] for column in prices.values()),
            *(_cells(column[stretch]) for column in columns.values()),
        ]
        yield "".join(",".join(row) + "\n" for row in zip(*cells, strict=True))


def _cells(column: Any) -> list[str]:
    kind, values = column.dtype.kind, column.tolist()
    if kind == "f":
        return [_number(value) for value in values]
    return values if kind == "U" else [str(int(value)) for value in values]


def _number(value: float) -> str:
    return repr(float(value)) if value == value else ""


def _require_file(path: Path, data: Path) -> None:
    """Raise UsageError for what must not be replaced: the candles, a device, a directory."""
    if path == Path("-"):
        raise UsageError("-: nothing is written to stdout; name a file")
    with _writing(path):
        if not path.exists():
            return
        if not path.is_file():
            raise UsageError(f"{path}: is no regular file; give another path")
        if data.exists() and path.samefile(data):
            raise UsageError(f"{path}: holds the candles; write to another file")


@contextmanager
def _writing(path: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        text = f"{path}: cannot be written: {error.strerror}; give another path"
        raise UsageError(text) from None


def _replace(path: Path, texts: Iterator[str]) -> None:
    """Write a file whole, or leave what was there; raise UsageError naming it where that fails."""
    # Where a link leads to, so that it goes on leading there.
    target = Path(os.path.realpath(path))
    draft = target.with_name(f".{target.name}.{os.getpid()}")
    with _writing(path):
        try:
            with draft.open("w", encoding="utf-8", newline="") as file:
                file.writelines(texts)
            draft.replace(target)
        finally:
            draft.unlink(missing_ok=True)
