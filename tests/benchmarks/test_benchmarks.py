"""Every benchmark works; what it measures is for a machine of one's own."""

import pytest

from tests.benchmarks.__main__ import BENCHMARKS
from tests.benchmarks.figures import Figure, quantile, to_line


@pytest.mark.parametrize("name", BENCHMARKS)
def test_a_benchmark_measures(name: str) -> None:
    """Each runs through at its smallest size, and every figure is a number that is there."""
    figures = list(BENCHMARKS[name](0.001))

    assert figures
    assert [figure.name for figure in figures if not figure.value >= 0.0] == []


def test_a_figure_says_whether_its_target_holds() -> None:
    """A ratio is the figure over its yardstick, and is held against the target."""
    beside = Figure("cost", 3.0, "us").beside("usual", 1.0)

    assert beside.ratio == 3.0
    assert beside.ratio_at_most(4).holds is True
    assert beside.ratio_at_most(2).holds is False
    assert to_line(beside.at_least(5)).endswith("NO")


def test_a_quantile_is_a_value_that_was_measured() -> None:
    """The share counts from the least; the greatest is the last there is."""
    values = [3.0, 1.0, 2.0]

    assert [quantile(values, share) for share in (0.0, 0.5, 0.99, 1.0)] == [1.0, 2.0, 3.0, 3.0]
