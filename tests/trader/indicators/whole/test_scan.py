"""Recursions by blocks: what one row after the other gives, to the last bit."""

from itertools import accumulate

import numpy as np
import pytest

from trader.indicators.whole.scan import _BLOCK, Step, scan

STEPS: dict[str, Step] = {
    "forgets soon": lambda mean, value: mean + 0.2 * (value - mean),
    "forgets late": lambda mean, value: mean + 0.001 * (value - mean),
    "never forgets": lambda total, value: total + value,
}


@pytest.mark.parametrize("step", STEPS.values(), ids=STEPS)
@pytest.mark.parametrize("count", [0, 1, _BLOCK, 2 * _BLOCK - 1, 2 * _BLOCK, 9 * _BLOCK + 7])
@pytest.mark.parametrize("still", [0.0, 0.5, 1.0])
def test_blocks_give_what_rows_give(step: Step, count: int, still: float) -> None:
    """Where a block has not forgotten its guess, it is done again."""
    draw = np.random.default_rng(count)
    moves = np.where(draw.random(count) < still, 0.0, draw.normal(0.0, 1.0, count))
    values = 100.0 + np.cumsum(moves)
    values[count // 2 :] = values[count // 2 : count // 2 + 1].sum()

    states = list(accumulate(values.tolist(), step, initial=3.0))[1:]

    assert scan(step, 3.0, values).tolist() == states
