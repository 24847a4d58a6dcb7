"""Rows that stay below a log; a small terminal says what a reader sees."""

import re

from trader.ui.rows import Row, above


class Screen:
    """A terminal without an end to its rows: text, newline, return, up, and the two erasures."""

    def __init__(self, columns: int) -> None:
        self.rows = [""]
        self._columns, self._row, self._column = columns, 0, 0

    def feed(self, text: str) -> None:
        """Take text as a terminal does; the cursor moves, and writes over what is there."""
        for part in re.findall(r"\x1b\[\d*[A-Z]|[\r\n]|[^\x1b\r\n]", text):
            if part == "\n":
                self._row, self._column = self._row + 1, 0
                self.rows += [""] * (self._row + 1 - len(self.rows))
            elif part == "\r":
                self._column = 0
            elif part.endswith("A"):
                self._row -= int(part[2:-1])
            elif part.endswith("K"):
                self.rows[self._row] = self.rows[self._row][: self._column]
            elif part.endswith("J"):
                self.rows[self._row] = self.rows[self._row][: self._column]
                del self.rows[self._row + 1 :]
            else:
                self._put(part)

    def _put(self, character: str) -> None:
        if self._column == self._columns:
            self.feed("\n")
        row = self.rows[self._row].ljust(self._column)
        self.rows[self._row] = row[: self._column] + character + row[self._column + 1 :]
        self._column += 1


def panel(*texts: str) -> list[Row]:
    """Return rows without colours."""
    return [Row(text, len(text)) for text in texts]


def test_a_log_scrolls_above_a_panel() -> None:
    """Lines stay, the panel is always below the newest, and nothing of an old panel is left."""
    screen, before = Screen(10), panel()
    for lines, after in (
        ("one\n", panel("P1", "Q1")),
        ("two, which is wrapped\nthree\n", panel("P2", "Q2", "R2")),
        ("", panel("P3")),
        ("four\n", panel("P4", "Q4")),
    ):
        screen.feed(above(before, lines, after, 10))
        before = after

    assert screen.rows == [
        *("one", "two, which", " is wrappe", "d", "three", "four", "P4", "Q4", "")
    ]


def test_a_panel_that_goes_leaves_nothing() -> None:
    """The next program writes where it stood."""
    screen = Screen(10)
    screen.feed(above(panel(), "one\n", panel("P", "Q"), 10))
    screen.feed(above(panel("P", "Q"), "two\n", panel(), 10))

    assert screen.rows == ["one", "two", ""]


def test_a_narrower_terminal_has_wrapped_the_panel() -> None:
    """What it wrapped is written over all the same."""
    screen = Screen(4)
    screen.feed("log\nPPPPPPPP\nQQ\n")
    screen.feed(above(panel("PPPPPPPP", "QQ"), "", panel("PP", "QQ"), 4))

    assert screen.rows == ["log", "PP", "QQ", ""]


def test_without_a_size_each_row_is_one() -> None:
    """A terminal that has just gone tells none, and must not fell who asks."""
    assert above(panel("PP"), "", panel(), 0) == "\r\x1b[1A\x1b[J"
