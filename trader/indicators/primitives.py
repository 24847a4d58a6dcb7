"""The functions that the scripts are made of, value by value, as TradingView evaluates them.

`next` takes the value of one more closed candle and returns the function's; NaN stands for a value
that does not exist, and comparisons with it are false. Each is a Struct that msgpack carries whole,
so that a checkpoint is a copy of it. The rules are in the design notes of VuManChu Cipher A and B,
section 2; `whole` holds them over columns, operation for operation.
"""

from typing import Self

import msgspec

EPSILON = 1e-10
"""TradingView's tolerance, absolute: scripts take what differs by less for equal."""
NAN = float("nan")


class Sma(msgspec.Struct):
    """The mean of the last `length` values; a candle without one repeats the mean before it."""

    length: int
    window: list[float] = []
    mean: float = NAN

    def next(self, x: float) -> float:
        """Take one more value."""
        if x != x:
            return self.mean
        window, length = self.window, self.length
        window.append(x)
        if len(window) < length:
            return NAN
        # Summed anew: a running sum would drift, and wt1 cross wt2 by rounding alone. Not by `sum`:
        # it rounds differently from Python 3.12 on.
        total = 0.0
        for value in window:
            total += value
        del window[0]
        self.mean = mean = total / length
        return mean


class _Seeded(msgspec.Struct):
    """A recursive mean that begins with the plain mean of its first `length` values."""

    length: int
    missing: int
    weight: float
    value: float = 0.0

    def _seed(self, x: float) -> float:
        self.missing -= 1
        self.value += x
        if self.missing:
            return NAN
        self.value /= self.length
        return self.value


class Ema(_Seeded):
    """The exponential mean with weight 2/(length + 1)."""

    @classmethod
    def of(cls, length: int) -> Self:
        """Return one that has seen nothing."""
        return cls(length, length, 2.0 / (length + 1))

    def next(self, x: float) -> float:
        """Take one more value; a candle without one leaves the mean as it was."""
        if x != x:
            return NAN
        if self.missing:
            return self._seed(x)
        value = self.value
        self.value = value = value + self.weight * (x - value)
        return value


class Rma(_Seeded):
    """Wilder's mean, of weight 1/length."""

    @classmethod
    def of(cls, length: int) -> Self:
        """Return one that has seen nothing."""
        return cls(length, length, length - 1.0)

    def next(self, x: float) -> float:
        """Take one more value; a candle without one leaves the mean as it was."""
        if x != x:
            return NAN
        if self.missing:
            return self._seed(x)
        self.value = value = (self.weight * self.value + x) / self.length
        return value


class Extremes(msgspec.Struct):
    """The lowest and the highest of the last `length` values, back to one that does not exist."""

    length: int
    missing: int
    window: list[float] = []
    low: float = NAN
    high: float = NAN

    @classmethod
    def of(cls, length: int) -> Self:
        """Return one that has seen nothing."""
        return cls(length, length)

    def next(self, x: float) -> tuple[float, float]:
        """Take one more value; nothing before `length` candles, whatever they held."""
        if self.missing:
            self.missing -= 1
        window = self.window
        if x != x:
            window.clear()
            return NAN, NAN
        window.append(x)
        gone = window.pop(0) if len(window) > self.length else x
        if len(window) == 1:
            self.low = self.high = x
        elif x <= self.low:
            self.low = x
        elif gone <= self.low:
            self.low = min(window)
        if x >= self.high:
            self.high = x
        elif gone >= self.high:
            self.high = max(window)
        return (NAN, NAN) if self.missing else (self.low, self.high)


class Cross(msgspec.Struct):
    """Tells when one line crosses another, remembering the side through candles where they touch.

    `ta.cross`: the side is that of the last difference beyond the tolerance.
    """

    side: int = 0

    def next(self, a: float, b: float) -> int:
        """Return +1 where `a` has crossed above `b` on this candle, -1 below, 0 else."""
        side, distance = self.side, a - b
        if distance > EPSILON:
            self.side = 1
        elif distance < -EPSILON:
            self.side = -1
        if distance > 0.0:
            return 1 if side < 0 else 0
        return -1 if distance < 0.0 and side > 0 else 0


class Crossover(msgspec.Struct):
    """Tells when one line crosses another, by the candle before alone and without tolerance.

    `ta.crossover` and `ta.crossunder` in one: a touch counts as being on the other side.
    """

    side: int | None = None

    def next(self, a: float, b: float) -> int:
        """Return +1 where `a` has crossed above `b` on this candle, -1 below, 0 else."""
        before = self.side
        if a > b:
            self.side = 1
            return 1 if before is not None and before <= 0 else 0
        if a < b:
            self.side = -1
            return -1 if before is not None and before >= 0 else 0
        if a == b:
            self.side = 0
        return 0
