"""Recursions over columns: each value from the one before, by many blocks of rows at a time."""

from collections.abc import Callable
from itertools import accumulate
from typing import Any

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]
Rows = NDArray[np.int64]
Step = Callable[[Any, Any], Any]
"""State and value to the next state; of floats and of columns alike."""

_BLOCK = 1_024
_RUN_UP = 512
"""Rows of the block before from which a block's first state is guessed."""
_PASSES = 3


def scan(step: Step, start: float, values: Floats) -> Floats:
    """Return the states after each of the values, as one after the other would give them.

    A mean forgets where it began: blocks that begin with a guess soon hold the true states, to the
    last bit. Whether they do is seen where one ends and the next began; what does not meet there is
    done again, in the end row by row.
    """
    count = len(values) // _BLOCK
    whole = count * _BLOCK
    out = np.empty(len(values))
    done = _blocks(step, start, values[:whole], out[:whole]) if count > 1 else 0
    state = out[done - 1].item() if done else start
    states = accumulate(values[done:].tolist(), step, initial=state)
    next(states)
    out[done:] = np.fromiter(states, np.float64, len(values) - done)
    return out


def _blocks(step: Step, start: float, values: Floats, out: Floats) -> int:
    """Fill `out` block-wise; return how many rows from the first on are right."""
    columns = _side_by_side(values)
    state = columns[-_RUN_UP - 1]
    for inputs in columns[-_RUN_UP:]:
        state = step(state, inputs)
    ends = np.concatenate(([start], state[:-1]))
    for attempt in range(_PASSES):
        begins = state = ends
        # States take the place of their inputs: memory that is new costs more than the arithmetic.
        columns = _side_by_side(values) if attempt else columns
        for row, inputs in enumerate(columns):
            columns[row] = state = step(state, inputs)
        ends = np.concatenate(([start], state[:-1]))
        meets = ends == begins
        if meets.all():
            break
    out[:] = columns.T.reshape(-1)
    return len(values) if meets.all() else int(meets.argmin()) * _BLOCK


def _side_by_side(values: Floats) -> Floats:
    """Return blocks as columns, in memory of their own."""
    return values.reshape(-1, _BLOCK).T.copy()
