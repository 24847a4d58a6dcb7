"""Who sends what to whom, as it is shown."""

from trader.topology import EDGES, to_text


def test_an_edge_is_a_row() -> None:
    """What its loss means comes last, however long the row."""
    rows = to_text().splitlines()

    assert len(rows) == len(EDGES)
    assert all(row.endswith(f"  {edge.loss}") for row, edge in zip(rows, EDGES, strict=True))


def test_rows_are_wrapped_at_a_width() -> None:
    """What does not fit stands below, in the column of losses, and nothing is left out."""
    rows = to_text(80).splitlines()
    column = rows[0].index("a gap in the data")
    below = [row for row in rows if row.startswith(" ")]

    assert max(map(len, rows)) <= 80
    assert below
    assert {row[:column].strip() for row in below} == {""}
    assert " ".join(to_text(80).split()) == " ".join(to_text().split())
