"""Fractals and divergences: confirmed two candles late, bottoms as the platform finds them."""

from collections.abc import Sequence
from math import inf, isnan, nan

import msgspec
import pytest

from trader.indicators.fractals import Divergences, Fractals, Marks, ValueWhen


def shapes(values: Sequence[float], *, textbook: bool = False) -> list[int]:
    """Feed values in one after the other."""
    fractals = Fractals(textbook)
    return [fractals.next(value) for value in values]


def test_a_fractal_is_confirmed_two_candles_after_its_pivot() -> None:
    """Five values, the middle one beyond the others; nothing before the fifth."""
    assert shapes([1.0, 2.0, 3.0, 2.0, 1.0, 2.0]) == [0, 0, 0, 0, 1, 0]
    assert shapes([3.0, 2.0, 1.0, 2.0, 3.0, 2.0]) == [0, 0, 0, 0, -1, 0]


def test_equal_values_are_no_fractal() -> None:
    """What is beyond by less than the tolerance is equal."""
    assert shapes([1.0, 2.0, 2.0, 2.0, 1.0]) == [0] * 5
    assert shapes([1.0, 2.0, 2.0 + 1e-11, 1.0, 1.0]) == [0] * 5


def test_what_does_not_exist_is_in_no_fractal() -> None:
    """A candle without a value is compared with nothing."""
    assert shapes([nan, 1.0, 3.0, 1.0, 1.0, 1.0]) == [0] * 6


def test_bottoms_do_not_see_the_candle_that_confirms_a_top() -> None:
    """It repeats the value before it there: this bottom is lost, that one comes late.

    A textbook finds the bottom of row 4, which the candle of row 4 hides: it confirms the top of
    row 2, and the helper for bottoms takes it for row 3 again.
    """
    line = [1.0, 2.0, 9.0, 3.0, -5.0, 4.0, 5.0, 6.0]

    assert shapes(line, textbook=True) == [0, 0, 0, 0, 1, 0, -1, 0]
    assert shapes(line) == [0, 0, 0, 0, 1, 0, 0, 0]


def feed(divergences: Divergences, rows: Sequence[tuple[int, float, float, float]]) -> list[Marks]:
    """Feed shapes, pivots, highs and lows in, three candles apart."""
    found = []
    for row in rows:
        found.append(divergences.next(*row))
        for _ in range(2):
            divergences.next(0, nan, nan, nan)
    return found


def flags(marks: Marks) -> tuple[bool, ...]:
    """Return bear, bull, hidden bear, hidden bull."""
    return marks[6:]


@pytest.mark.parametrize(
    ("first", "second", "expected"),
    [
        ((1, 60.0, 100.0, 99.0), (1, 50.0, 101.0, 99.0), (True, False, False, False)),
        ((1, 50.0, 101.0, 99.0), (1, 60.0, 100.0, 99.0), (False, False, True, False)),
        ((-1, -70.0, 100.0, 90.0), (-1, -66.0, 100.0, 89.0), (False, True, False, False)),
        ((-1, -66.0, 100.0, 89.0), (-1, -70.0, 100.0, 90.0), (False, False, False, True)),
        ((1, 60.0, 100.0, 99.0), (1, 50.0, 100.0, 99.0), (False, False, False, False)),
        ((1, 60.0, 100.0, 99.0), (-1, -70.0, 101.0, 99.0), (False, False, False, False)),
    ],
)
def test_a_divergence_is_price_against_oscillator(
    first: tuple, second: tuple, expected: tuple
) -> None:
    """Compared is the fractal of the same kind before; equal prices diverge from nothing."""
    one, two = feed(Divergences(45.0, -65.0), [first, second])

    assert flags(one) == (False,) * 4
    assert flags(two) == expected


def test_a_fractal_within_the_limits_does_not_count() -> None:
    """It is neither compared nor remembered: the one before it stays the one to compare with."""
    rows = [(1, 60.0, 100.0, 99.0), (1, 44.0, 200.0, 99.0), (1, 50.0, 101.0, 99.0)]

    _, passed_over, last = feed(Divergences(45.0, -65.0), rows)

    assert isnan(passed_over[0])
    assert flags(last)[0] is True
    assert last[2:4] == (60.0, 100.0)


def test_a_pivot_of_exactly_zero_is_shown_and_is_none() -> None:
    """The platform takes the pivot's value for the condition."""
    rows = [(-1, 20.0, 1.0, 90.0), (-1, 0.0, 1.0, 80.0), (-1, 30.0, 1.0, 85.0)]

    _, zero, last = feed(Divergences(-inf, inf), rows)

    assert zero[1] == 0.0
    assert flags(zero) == (False,) * 4
    assert last[4:6] == (20.0, 90.0)
    assert flags(last) == (False, True, False, False)


def test_the_fractal_before_is_told_two_candles_late() -> None:
    """On its own candle and the next it is not yet the one before."""
    divergences = Divergences(-inf, inf)

    told = [divergences.next(*row)[2] for row in [(1, 7.0, 1.0, 1.0)] + [(0, nan, nan, nan)] * 3]

    assert [isnan(value) for value in told] == [True, True, False, False]
    assert told[-1] == 7.0


def test_a_checkpoint_goes_on_as_if_nothing_had_happened() -> None:
    """What msgpack carries across gives what the original gives, also while it is late."""
    divergences = Divergences(-inf, inf)
    divergences.next(1, 7.0, 1.0, 1.0)
    restored = msgspec.msgpack.decode(msgspec.msgpack.encode(divergences), type=Divergences)

    rows = [(0, nan, nan, nan)] * 3 + [(1, 6.0, 2.0, 1.0)]

    assert str([divergences.next(*r) for r in rows]) == str([restored.next(*r) for r in rows])


def test_value_when_is_told_two_candles_late() -> None:
    """It keeps the value of the newest candle on which the condition held."""
    kept = ValueWhen()
    steps = [(True, 1.0), (False, 2.0), (False, 3.0), (True, 4.0), (False, 5.0), (False, 6.0)]

    told = [kept.next(*step) for step in steps]

    assert told[2:] == [1.0, 1.0, 1.0, 4.0]
    assert all(isnan(value) for value in told[:2])
