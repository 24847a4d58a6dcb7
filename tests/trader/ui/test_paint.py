"""Rows in the colours and the characters of a terminal."""

from rich.text import Text

from tests.trader.ui.test_panel import STATUS
from trader.ui.paint import paint
from trader.ui.panel import compose

ROW = Text("up ", "green").append("█░ 1·2 …", "")


def test_colours_are_escape_sequences() -> None:
    """The cells that a row takes do not count them."""
    (row,) = paint([ROW], colours=True, encoding="utf-8")

    assert row.text == "\x1b[32mup █░ 1·2 …\x1b[0m"
    assert row.cells == len("up █░ 1·2 …")


def test_a_label_does_not_colour_what_follows_it() -> None:
    """What a person looks for is not as dim as its name."""
    rows = paint(compose(STATUS, 79, 40), colours=True, encoding="utf-8")

    assert any("\x1b[1m10,012.50" in row.text for row in rows)


def test_without_colours_there_is_no_escape() -> None:
    """NO_COLOR, and everything that is no terminal."""
    (row,) = paint([ROW], colours=False, encoding="UTF-8")

    assert row.text == "up █░ 1·2 …"


def test_a_terminal_that_has_ascii_alone_gets_ascii() -> None:
    """Every character of a panel has one that stands for it."""
    rows = paint(compose(STATUS, 79, 40), colours=True, encoding="ISO-8859-1")

    assert all(row.text.isascii() for row in rows)
