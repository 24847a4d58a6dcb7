"""Rows and columns beside what is expected of them."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

Columns = Mapping[str, Sequence[Any]]


def to_columns(names: Sequence[str], rows: Iterable[tuple]) -> Columns:
    """Turn rows into columns."""
    return dict(zip(names, zip(*rows, strict=True), strict=True))


def differing(found: Columns, written: Columns) -> dict[str, int]:
    """Return the first row on which a column is not what a file says, for each that differs.

    Marks and colours are compared exactly, numbers within 1e-8 of their size or of 1.
    """
    rows = {name: _first_differing(found[name], written[name]) for name in written}
    return {name: row for name, row in rows.items() if row is not None}


def _first_differing(found: Sequence[Any], written: Sequence[str]) -> int | None:
    pairs = zip(found, written, strict=True)
    return next((row for row, pair in enumerate(pairs) if not _agree(*pair)), None)


def _agree(value: Any, text: str) -> bool:
    if isinstance(value, str):
        return value == text
    if value != value or text == "":
        return value != value and text == ""
    if isinstance(value, float):
        return abs(value - float(text)) <= 1e-8 * max(abs(float(text)), 1.0)
    return str(int(value)) == text


def against_synthetic(found: Columns, wanted: Mapping[str, Any], step: int) -> dict[str, Any]:
    """Return what differs from our own expected columns, as `candles.synthetic` has them."""
    marks = {name: [row for row, on in enumerate(found[name]) if on] for name in wanted["marks"]}
    differ: dict[str, Any] = {
        name: rows for name, rows in marks.items() if rows != wanted["marks"][name]
    }
    texts = {
        name: ["" if value is None else str(value) for value in values]
        for name, values in wanted["values"].items()
    }
    return differ | differing({name: found[name][::step] for name in texts}, texts)
