"""Fractals of an oscillator, and divergences between them and the price, candle by candle.

A fractal is confirmed two candles after its pivot, and nothing here is told earlier. The design
notes, section 4, say how the platform comes by its bottoms, which are no mirror of its tops.
"""

import msgspec

from trader.indicators.primitives import EPSILON, NAN

Four = tuple[float, float, float, float]
Marks = tuple[float, float, float, float, float, float, bool, bool, bool, bool]
"""Top and bottom that are confirmed here, the last ones before (oscillator and high of the top,
oscillator and low of the bottom), bear, bull, hidden bear and hidden bull divergence."""

_NONE: Four = (NAN, NAN, NAN, NAN)
_QUIET: Marks = (NAN, NAN, *_NONE, False, False, False, False)


class Fractals(msgspec.Struct):
    """Finds five values of which the middle one stands out."""

    textbook: bool
    """Let bottoms mirror tops, as the platform does not."""
    values: Four = _NONE
    """The last four, oldest first."""
    shadow: Four = _NONE
    """The same as the helper for bottoms has them: it does not run where a top is confirmed."""

    def next(self, x: float) -> int:
        """Take one more value; return +1 where it confirms a top two candles back, -1 a bottom."""
        before = self.values
        a, b, middle, d = before
        self.values = values = (b, middle, d, x)
        is_top = (
            x - middle < -EPSILON
            and d - middle < -EPSILON
            and b - middle < -EPSILON
            and a - middle < -EPSILON
        )
        if self.shadow is before and not is_top:
            self.shadow = values
        else:
            a, b, middle, d = self.shadow
            shadow = (b, middle, d, d if is_top and not self.textbook else x)
            # One object while they agree, which is the rule, so that nothing is done twice.
            self.shadow = values if shadow == values else shadow
            if is_top:
                return 1
        is_bottom = (
            x - middle > EPSILON
            and d - middle > EPSILON
            and b - middle > EPSILON
            and a - middle > EPSILON
        )
        return -1 if is_bottom else 0

    @property
    def pivot(self) -> float:
        """Return the value two candles back."""
        return self.values[1]


class Divergences(msgspec.Struct):
    """Compares each fractal beyond the limits with the one of its kind before, however old."""

    top_limit: float
    bottom_limit: float
    newest: Four = _NONE
    """As Marks has the last top and bottom, one candle ago."""
    before: Four = _NONE
    """Two candles ago: without the one that is being confirmed."""
    quiet: Marks = _QUIET
    """What a candle without a fractal says of `before`."""

    def next(self, shape: int, pivot: float, high: float, low: float) -> Marks:
        """Take the fractal of one more candle, and the pivot's own value, high and low."""
        before, quiet = self.before, self.quiet
        if before is not self.newest:
            self.before = self.newest
            self.quiet = (NAN, NAN, *self.newest, False, False, False, False)
        if shape > 0 and pivot - self.top_limit >= -EPSILON:
            return self._top(before, pivot, high)
        if shape < 0 and pivot - self.bottom_limit <= EPSILON:
            return self._bottom(before, pivot, low)
        return quiet

    def _top(self, before: Four, pivot: float, high: float) -> Marks:
        if not _is_true(pivot):
            return (pivot, NAN, *before, False, False, False, False)
        self.newest = (pivot, high, *self.newest[2:])
        height, rise = high - before[1], pivot - before[0]
        bear = height > EPSILON and rise < -EPSILON
        hidden = height < -EPSILON and rise > EPSILON
        return (pivot, NAN, *before, bear, False, hidden, False)

    def _bottom(self, before: Four, pivot: float, low: float) -> Marks:
        if not _is_true(pivot):
            return (NAN, pivot, *before, False, False, False, False)
        self.newest = (*self.newest[:2], pivot, low)
        height, rise = low - before[3], pivot - before[2]
        bull = height < -EPSILON and rise > EPSILON
        hidden = height > EPSILON and rise < -EPSILON
        return (NAN, pivot, *before, False, bull, False, hidden)


def _is_true(pivot: float) -> bool:
    """Tell whether a pivot counts: the platform takes its value for the condition, and 0 for no."""
    return abs(pivot) > EPSILON


class ValueWhen(msgspec.Struct):
    """A value as it was when a condition last held, told two candles late."""

    newest: float = NAN
    before: float = NAN

    def next(self, condition: bool, x: float) -> float:
        """Take one more value and whether it is to be kept."""
        before, self.before = self.before, self.newest
        if condition:
            self.newest = x
        return before
