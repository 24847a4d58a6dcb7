"""Rows that stand below a log, and how they stay there."""

from collections.abc import Sequence
from typing import NamedTuple


class Row(NamedTuple):
    """A row with its colours, and how many columns it takes."""

    text: str
    cells: int


def above(shown: Sequence[Row], lines: str, panel: Sequence[Row], columns: int) -> str:
    """Return what draws lines, then a panel, over the panel that is shown.

    Nothing is erased before it is written over, so that nothing flickers. A terminal that has
    become narrower has wrapped the rows that are shown: `columns` tells how many they are now.
    """
    height = sum(max(-(-row.cells // columns), 1) if columns else 1 for row in shown)
    up = f"\x1b[{height}A" if height else ""
    written = [line.replace("\n", "\x1b[K\n") for line in (lines, *(f"{r.text}\n" for r in panel))]
    return f"\r{up}{''.join(written)}\x1b[J"
