"""Streaming averages and oscillators, with TradingView's seeding and rules.

`next` takes the value of one more closed candle and returns the indicator's, None where it does not
exist; a None given in is a candle without that value. Each is a Struct that msgpack carries whole,
so that a checkpoint is a copy of it. The formulas are in the design notes of VuManChu Cipher B,
section 2; `vectors` holds them over whole columns, operation for operation.
"""

from typing import Self

import msgspec

EPSILON = 1e-10
"""TradingView's tolerance, absolute: what is nearer to zero than this counts as zero."""


class Sma(msgspec.Struct):
    """The mean of the last `length` values; a candle without one repeats the mean before it."""

    length: int
    window: list[float] = []
    mean: float | None = None

    def next(self, x: float | None) -> float | None:
        """Take one more value."""
        if x is None:
            return self.mean
        window, length = self.window, self.length
        window.append(x)
        if len(window) < length:
            return None
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
    value: float = 0.0

    @classmethod
    def of(cls, length: int) -> Self:
        """Return one that has seen nothing."""
        return cls(length, length)

    def _seed(self, x: float) -> float | None:
        self.missing -= 1
        self.value += x
        if self.missing:
            return None
        self.value /= self.length
        return self.value


class Ema(_Seeded):
    """The exponential mean with weight 2/(length + 1)."""

    def next(self, x: float | None) -> float | None:
        """Take one more value; a candle without one leaves the mean as it was."""
        if x is None:
            return None
        if self.missing:
            return self._seed(x)
        value = self.value
        self.value = value = value + 2.0 / (self.length + 1) * (x - value)
        return value


class Rma(_Seeded):
    """Wilder's mean, of weight 1/length."""

    def next(self, x: float | None) -> float | None:
        """Take one more value; a candle without one leaves the mean as it was."""
        if x is None:
            return None
        if self.missing:
            return self._seed(x)
        length = self.length
        self.value = value = ((length - 1) * self.value + x) / length
        return value


class Rsi(msgspec.Struct):
    """The relative strength index of closes, 0 to 100."""

    gain: Rma
    loss: Rma
    previous: float | None = None

    @classmethod
    def of(cls, length: int) -> Self:
        """Return one that has seen nothing."""
        return cls(Rma.of(length), Rma.of(length))

    def next(self, x: float) -> float | None:
        """Take one more close."""
        previous, self.previous = self.previous, x
        if previous is None:
            return None
        change = x - previous
        gain = self.gain.next(change if change > 0.0 else 0.0)
        loss = self.loss.next(-change if change < 0.0 else 0.0)
        if gain is None or loss is None:
            return None
        if loss <= EPSILON:
            return 100.0
        if gain <= EPSILON:
            return 0.0
        return 100.0 - 100.0 / (1.0 + gain / loss)


class Atr(msgspec.Struct):
    """Wilder's mean of the true range, in price units."""

    range: Rma
    previous: float | None = None

    @classmethod
    def of(cls, length: int) -> Self:
        """Return one that has seen nothing."""
        return cls(Rma.of(length))

    def next(self, high: float, low: float, close: float) -> float | None:
        """Take one more candle; the first has no close before it and counts high less low."""
        previous, self.previous = self.previous, close
        if previous is not None:
            if previous > high:
                high = previous
            elif previous < low:
                low = previous
        return self.range.next(high - low)


class WaveTrend(msgspec.Struct):
    """The WaveTrend oscillator of the typical price, and its signal line."""

    channel: Ema
    deviation: Ema
    average: Ema
    signal: Sma

    @classmethod
    def of(cls, channel: int, average: int, signal: int) -> Self:
        """Return one that has seen nothing."""
        return cls(Ema.of(channel), Ema.of(channel), Ema.of(average), Sma(signal))

    def next(self, typical: float) -> tuple[float | None, float | None]:
        """Take one more typical price; return wt1 and wt2."""
        wt1 = self.average.next(self._index(typical))
        return wt1, self.signal.next(wt1)

    def _index(self, typical: float) -> float | None:
        center = self.channel.next(typical)
        if center is None:
            return None
        distance = typical - center
        deviation = self.deviation.next(abs(distance))
        scale = 0.015 * deviation if deviation is not None else 0.0
        # A market that has never moved: 0/0 does not exist.
        return distance / scale if scale else None


class MoneyFlow(msgspec.Struct):
    """Where candles close within their range, averaged: `multiplier` (close-open)/(high-low)."""

    length: int
    multiplier: float
    offset: float
    window: list[float] = []
    total: float = 0.0

    def next(self, open_: float, high: float, low: float, close: float) -> float | None:
        """Take one more candle; one without a range is skipped."""
        window, length = self.window, self.length
        if high != low:
            share = self.multiplier * (close - open_) / (high - low)
            window.append(share)
            # A running sum: it drifts by less than 1e-10, and no cross hangs on it.
            self.total += share - window.pop(0) if len(window) > length else share
        return self.total / length - self.offset if len(window) == length else None


class Cross(msgspec.Struct):
    """Tells when one line crosses another, remembering the side through bars where they touch."""

    side: int = 0

    def next(self, a: float | None, b: float | None) -> int:
        """Return +1 where `a` has crossed above `b` on this candle, -1 below, 0 else."""
        if a is None or b is None:
            return 0
        side, distance = self.side, a - b
        if distance > EPSILON:
            self.side = 1
        elif distance < -EPSILON:
            self.side = -1
        if distance > 0.0:
            return 1 if side < 0 else 0
        return -1 if distance < 0.0 and side > 0 else 0
