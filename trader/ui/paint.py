"""Rows of a panel in the colours and the characters that a terminal has."""

import io
from collections.abc import Iterable

from rich.console import Console
from rich.text import Text

from trader.ui.rows import Row

_PLAIN = str.maketrans(
    {
        **dict(zip("▁▂▃▄▅▆▇█", "__--==##", strict=True)),
        "░": ".",
        "─": "-",
        "·": "|",
        "…": "~",
        "●": "*",
        "×": "x",
    }
)
"""What stands for the characters of a panel where a terminal has ASCII alone."""


def paint(rows: Iterable[Text], *, colours: bool, encoding: str) -> list[Row]:
    """Return rows as text, with the escape sequences of colours if they are wanted."""
    file = io.StringIO()
    console = Console(
        file=file,
        force_terminal=True,
        color_system="standard" if colours else None,
        no_color=not colours,
        width=10_000,
        highlight=False,
        legacy_windows=False,
    )
    painted = []
    plain = not encoding.lower().startswith("utf")
    for row in rows:
        console.print(row, end="", soft_wrap=True)
        text = file.getvalue()
        painted.append(Row(text.translate(_PLAIN) if plain else text, row.cell_len))
        file.seek(0)
        file.truncate()
    return painted
