"""The oscillators of Cipher A and B, and the average true range, candle by candle."""

from typing import Self

import msgspec

from trader.indicators.primitives import EPSILON, NAN, Ema, Extremes, Rma, Sma


class Rsi(msgspec.Struct):
    """The relative strength index, 0 to 100."""

    gain: Rma
    loss: Rma
    previous: float = NAN

    @classmethod
    def of(cls, length: int) -> Self:
        """Return one that has seen nothing."""
        return cls(Rma.of(length), Rma.of(length))

    def next(self, x: float) -> float:
        """Take one more value."""
        change = x - self.previous
        self.previous = x
        if change > 0.0:
            gain, loss = self.gain.next(change), self.loss.next(0.0)
        elif change < 0.0:
            gain, loss = self.gain.next(0.0), self.loss.next(-change)
        else:
            gain, loss = self.gain.next(change), self.loss.next(change)
        if loss <= EPSILON:
            return 100.0
        if gain <= EPSILON:
            return 0.0
        return 100.0 - 100.0 / (1.0 + gain / loss)


class Atr(msgspec.Struct):
    """Wilder's mean of the true range, in price units."""

    range: Rma
    previous: float = NAN

    @classmethod
    def of(cls, length: int) -> Self:
        """Return one that has seen nothing."""
        return cls(Rma.of(length))

    def next(self, high: float, low: float, close: float) -> float:
        """Take one more candle; the first has no close before it and counts high less low."""
        previous, self.previous = self.previous, close
        if previous > high:
            high = previous
        elif previous < low:
            low = previous
        return self.range.next(high - low)


class WaveTrend(msgspec.Struct):
    """The WaveTrend oscillator of a price, and its signal line."""

    channel: Ema
    deviation: Ema
    average: Ema
    signal: Sma

    @classmethod
    def of(cls, channel: int, average: int, signal: int) -> Self:
        """Return one that has seen nothing."""
        return cls(Ema.of(channel), Ema.of(channel), Ema.of(average), Sma(signal))

    def next(self, price: float) -> tuple[float, float, float, float, float]:
        """Take one more price; return its mean, the mean distance from that, ci, wt1 and wt2."""
        mean = self.channel.next(price)
        distance = price - mean
        deviation = self.deviation.next(abs(distance))
        scale = 0.015 * deviation
        # A market that has never moved: 0/0 does not exist.
        index = distance / scale if scale else NAN
        wt1 = self.average.next(index)
        return mean, deviation, index, wt1, self.signal.next(wt1)


class MoneyFlow(msgspec.Struct):
    """Where candles close within their range, averaged: `multiplier` (close-open)/(high-low)."""

    length: int
    multiplier: float
    offset: float
    window: list[float] = []
    total: float = 0.0

    def next(self, open_: float, high: float, low: float, close: float) -> float:
        """Take one more candle; one without a range is skipped."""
        window, length, height = self.window, self.length, high - low
        share = self.multiplier * (close - open_) / height if height else NAN
        if share == share:
            window.append(share)
            # A running sum: it drifts by less than 1e-10, and no cross hangs on it.
            self.total += share - window.pop(0) if len(window) > length else share
        return self.total / length - self.offset if len(window) == length else NAN


class Stochastic(msgspec.Struct):
    """Where a value lies between the lowest and the highest of the last `length`, 0 to 100."""

    extremes: Extremes

    @classmethod
    def of(cls, length: int) -> Self:
        """Return one that has seen nothing."""
        return cls(Extremes.of(length))

    def next(self, x: float) -> float:
        """Take one more value; a flat window has no value."""
        low, high = self.extremes.next(x)
        return 100.0 * (x - low) / (high - low) if high != low else NAN


class SchaffStage(msgspec.Struct):
    """A smoothed stochastic that repeats itself where the window is flat; the cycle takes two."""

    extremes: Extremes
    factor: float
    raw: float = 0.0
    value: float = 0.0

    @classmethod
    def of(cls, length: int, factor: float) -> Self:
        """Return one that has seen nothing."""
        return cls(Extremes.of(length), factor)

    def next(self, x: float) -> float:
        """Take one more value; 0 before there is one."""
        low, high = self.extremes.next(x)
        if high - low > EPSILON:
            self.raw = 100.0 * (x - low) / (high - low)
        self.value = value = self.value + self.factor * (self.raw - self.value)
        return value


class Schaff(msgspec.Struct):
    """The Schaff trend cycle: two stages over the distance of two averages, 0 to 100."""

    fast: Ema
    slow: Ema
    first: SchaffStage
    second: SchaffStage

    @classmethod
    def of(cls, length: int, fast: int, slow: int, factor: float) -> Self:
        """Return one that has seen nothing."""
        stages = (SchaffStage.of(length, factor) for _ in range(2))
        return cls(Ema.of(fast), Ema.of(slow), *stages)

    def next(self, x: float) -> float:
        """Take one more price."""
        distance = self.fast.next(x) - self.slow.next(x)
        return self.second.next(self.first.next(distance))
