"""How symbols move: what is kept of closes, and what several symbols did at the same ones."""

import math

import pytest

from trader.model.market import SECOND, Candle
from trader.risk.returns import DAY, Moves, Returns, aligned, mix, moves_of

MINUTE = 60 * SECOND


def candle(close: float, minute: int) -> Candle:
    """Return a candle that closes in a minute."""
    return Candle((minute - 1) * MINUTE, minute * MINUTE, close, close, close, close, 1.0)


def known(*values: float, first: int = 1) -> Returns:
    """Return returns of one candle after another."""
    times = [(first + i) * MINUTE for i in range(len(values))]
    return Returns(candle(100.0, first + len(values) - 1), times, list(values))


def test_a_return_is_of_two_closes() -> None:
    """The first candle has none."""
    returns = Returns()
    returns.learn([candle(100.0, 1), candle(110.0, 2), candle(99.0, 3)], 5)
    assert returns.values == pytest.approx([0.1, -0.1])
    assert returns.times == [2 * MINUTE, 3 * MINUTE]
    assert returns.interval == MINUTE


def test_what_comes_after_a_hole_counts_as_one_candle() -> None:
    """Four candles bring twice the deviation of one: a week without the engine is no crash."""
    returns = Returns()
    returns.learn([candle(100.0, 1), candle(110.0, 5)], 5)
    assert returns.values == pytest.approx([0.05])


def test_no_more_is_kept_than_twice_what_is_asked_for() -> None:
    """And never less than that, however long a run lasts."""
    returns, sizes = Returns(), set()
    for minute in range(1, 100):
        returns.note(candle(100.0 + minute, minute), 10)
        assert len(returns.times) == len(returns.values)
        sizes.add(len(returns.values))
    assert min(sizes - set(range(10))) == 10
    assert max(sizes) == 19
    assert returns.times[-1] == 99 * MINUTE


def test_nothing_is_kept_where_nothing_is_asked_for() -> None:
    """A setting of 0 costs nothing."""
    returns = Returns()
    returns.learn([candle(100.0, 1), candle(110.0, 2)], 0)
    assert returns == Returns()


@pytest.mark.parametrize(
    ("other", "first", "second"),
    [
        (known(4.0, 5.0, 6.0), [2.0, 3.0], [5.0, 6.0]),
        # Its newest candle has not come yet.
        (known(3.0, 4.0, 5.0, first=0), [1.0, 2.0], [4.0, 5.0]),
        # It is younger.
        (known(6.0, first=3), [3.0], [6.0]),
        # It did not trade in the second minute; what is older serves in its place.
        (Returns(candle(1.0, 3), [MINUTE, 3 * MINUTE], [4.0, 6.0]), [1.0, 3.0], [4.0, 6.0]),
        (Returns(), [], []),
    ],
)
def test_symbols_are_compared_at_the_same_closes(
    other: Returns, first: list[float], second: list[float]
) -> None:
    """Whichever candle came first, a return is never held against one of another time."""
    assert aligned([known(1.0, 2.0, 3.0), other], 2) == [first, second]


def test_a_sum_is_weighted() -> None:
    """Element by element; of what has no weight nothing is left."""
    assert mix([[1.0, 2.0], [10.0, 20.0]], [2.0, -1.0]) == [-8.0, -16.0]
    assert mix([[1.0, 2.0], [10.0, 20.0]], [0.0, 0.0]) == []


def moves(*entry: float, held: tuple[float, ...] = ()) -> Moves:
    """Return moves of candles of a minute."""
    return Moves(list(entry), list(held), math.sqrt(1_440), "")


def test_volatility_is_that_of_a_day() -> None:
    """A tenth of a percent a minute, up or down, is 3.79 % a day."""
    assert moves(0.001, -0.001).volatility == pytest.approx(0.001 * math.sqrt(1_440))
    assert Moves([0.001], [], 1.0, "too few").volatility == 0.0


def test_what_moves_alike_pulls_by_its_size_and_what_moves_against_it_by_less_than_nothing() -> (
    None
):
    """Half of equity in the same symbol pulls by a half, in its mirror by minus a half."""
    assert moves(0.01, -0.02, held=(0.005, -0.01)).pull == pytest.approx(0.5)
    assert moves(0.01, -0.02, held=(-0.005, 0.01)).pull == pytest.approx(-0.5)
    assert moves(0.01, 0.01, held=(0.01, -0.01)).pull == 0.0
    assert moves(0.0, 0.0, held=(0.01, -0.01)).pull == 0.0, "what never moved pulls at nothing"
    assert moves(0.01, -0.02).pull == 0.0, "where nothing is held, nothing pulls"


def test_a_short_moves_against_its_symbol() -> None:
    """What is held of the symbol itself counts, by its sign."""
    returns = {"A": known(0.01, -0.02), "B": known(0.03, 0.01)}
    found = moves_of(returns, {"A": 0.5, "B": -1.0}, "A", -1, 5, 2)
    assert found.entry == [-0.01, 0.02]
    assert found.held == pytest.approx([0.005 - 0.03, -0.01 - 0.01])
    assert found.per_day == pytest.approx(math.sqrt(DAY / MINUTE))


def test_too_few_returns_are_said() -> None:
    """Of which symbols, and how many it takes."""
    found = moves_of({"A": known(0.01, -0.02)}, {"B": 1.0}, "A", 1, 5, 2)
    assert found.missing == "0 of 2 returns of A, B are known"
    assert moves_of({"A": known(0.01, -0.02)}, {}, "A", 1, 5, 2).missing == ""


def test_where_nothing_is_held_nothing_moves_beside_the_entry() -> None:
    """Be it on no exposure, or on one that is worth nothing."""
    for held in ({}, {"B": 0.0}):
        found = moves_of({"A": known(0.01, -0.02), "B": known(0.03, 0.01)}, held, "A", 1, 5, 2)
        assert (found.entry, found.held) == ([0.01, -0.02], [])
