"""Charts of one row."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trader.ui.charts import Curve, bar, sparkline

VALUES = st.lists(st.floats(-1e9, 1e9), max_size=300)


def test_a_sparkline_goes_from_the_lowest_to_the_highest() -> None:
    """The newest value is at the right."""
    assert sparkline([0, 1, 2, 3, 4, 5, 6, 7], 10) == "▁▂▃▄▅▆▇█"
    assert sparkline([5, 5, 5], 10) == "▁▁▁"


@given(VALUES, st.integers(0, 100))
def test_a_sparkline_fits(values: list[float], width: int) -> None:
    """However many values there are, and however little room."""
    drawn = sparkline(values, width)

    assert len(drawn) == min(len(values), width)
    if width > 1 and len(values) > 1 and len(values) <= width and min(values) < max(values):
        assert {"▁", "█"} <= set(drawn)


@pytest.mark.parametrize(
    ("share", "drawn"),
    [(-0.5, "░░░░"), (0.0, "░░░░"), (0.001, "█░░░"), (0.5, "██░░"), (1.0, "████"), (7.0, "████")],
)
def test_a_bar_shows_a_share(share: float, drawn: str) -> None:
    """What is used at all shows, and no more than all of it does."""
    assert bar(share, 4) == drawn


@given(st.lists(st.floats(-1e9, 1e9), min_size=1, max_size=500))
def test_a_curve_keeps_the_first_and_the_newest(values: list[float]) -> None:
    """A run of any length fits in, in its order, and what it shows is now."""
    curve = Curve(points=16)
    for value in values:
        curve.add(value)

    assert len(curve.samples) <= 16
    assert curve.samples[0] == values[0]
    assert curve.samples[-1] == values[-1]
    kept = iter(values)
    assert all(sample in kept for sample in curve.samples)
