"""Candles of higher timeframes, built from the chart's own, and what Cipher B reads off them.

A value of a higher timeframe is known once its candle has closed, and from then on. `HeikinAshi`
alone also tells the candle that is still being built, from the chart's candles so far. A timeframe
that the chart's candles do not divide has no candles.
"""

from typing import Self

import msgspec

from trader.indicators.oscillators import MoneyFlow, WaveTrend
from trader.indicators.primitives import EPSILON, NAN, Ema, Sma
from trader.model.market import SECOND, Candle

MINUTE = 60 * SECOND
DAY = 1_440 * MINUTE

Bar = tuple[float, float, float, float]
"""Open, high, low, close."""


class Frame(msgspec.Struct):
    """Joins candles into those of a higher timeframe, in UTC, begun anew each day."""

    length: int
    """Of a candle, ns."""
    end: int = 0
    closed: int = 0
    """How many candles have closed."""
    running: bool = False
    open: float = NAN
    high: float = NAN
    low: float = NAN
    close: float = NAN

    @classmethod
    def of(cls, minutes: int) -> Self:
        """Return one that has seen nothing."""
        return cls(minutes * MINUTE)

    @property
    def bar(self) -> Bar:
        """Return the candle that is being built, or was last."""
        return self.open, self.high, self.low, self.close

    def next(self, candle: Candle) -> tuple[Bar, ...]:
        """Take one more candle; return those of the timeframe that are closed by it, at most two.

        One whose last part is missing closes with the first candle after it.
        """
        if self.length % (candle.ts_event - candle.ts_open):
            return ()
        done: tuple[Bar, ...] = ()
        if candle.ts_open >= self.end:
            done = self._finish()
            self._begin(candle)
        else:
            self.close = candle.close
            if candle.high > self.high:
                self.high = candle.high
            if candle.low < self.low:
                self.low = candle.low
        return (*done, *self._finish()) if candle.ts_event >= self.end else done

    def _begin(self, candle: Candle) -> None:
        into_day = candle.ts_open % DAY
        start = candle.ts_open - into_day % self.length
        self.end = min(start + self.length, candle.ts_open - into_day + DAY)
        self.running = True
        self.open, self.high, self.low = candle.open, candle.high, candle.low
        self.close = candle.close

    def _finish(self) -> tuple[Bar, ...]:
        if not self.running:
            return ()
        self.running = False
        self.closed += 1
        return (self.bar,)


class HigherWave(msgspec.Struct):
    """The fast wave (wt1 - wt2) of a higher timeframe."""

    frame: Frame
    wavetrend: WaveTrend
    value: float = NAN

    def next(self, candle: Candle) -> float:
        """Take one more candle of the chart."""
        for _, high, low, close in self.frame.next(candle):
            *_, wt1, wt2 = self.wavetrend.next((high + low + close) / 3.0)
            self.value = wt1 - wt2
        return self.value


class HeikinAshi(msgspec.Struct):
    """Whether the Heikin-Ashi candle of a higher timeframe is green."""

    frame: Frame
    open: float = NAN
    """Of the candle after the last that closed."""
    closed: int = -1

    def next(self, candle: Candle) -> None:
        """Take one more candle of the chart."""
        for bar in self.frame.next(candle):
            open_, close = self._body(bar)
            self.closed = _colour(open_, close)
            self.open = (open_ + close) / 2.0

    @property
    def colours(self) -> tuple[int, int]:
        """Return the colour of the candle being built, and of the last that closed.

        +1 is green, -1 is not, and 0 stands for a timeframe without candles.
        """
        frame = self.frame
        if frame.running:
            return _colour(*self._body(frame.bar)), self.closed
        return (self.closed, self.closed) if frame.closed else (0, 0)

    def _body(self, bar: Bar) -> tuple[float, float]:
        open_, high, low, close = bar
        before = self.open
        begin = (open_ + close) / 2.0 if before != before else before
        return begin, (open_ + high + low + close) / 4.0


def _colour(open_: float, close: float) -> int:
    return 1 if close - open_ > EPSILON else -1


class HigherMacd(msgspec.Struct):
    """MACD, its signal line and the money flow of a higher timeframe, and the waves' colours."""

    frame: Frame
    fast: Ema
    slow: Ema
    signal: Sma
    money_flow: MoneyFlow
    values: tuple[float, float, float, str, str] = (NAN, NAN, NAN, "", "")

    def next(self, candle: Candle) -> tuple[float, float, float, str, str]:
        """Take one more candle of the chart."""
        for bar in self.frame.next(candle):
            macd = self.fast.next(bar[3]) - self.slow.next(bar[3])
            signal, flow = self.signal.next(macd), self.money_flow.next(*bar)
            self.values = (macd, signal, flow, *_wave_colours(macd, signal, flow))
        return self.values


def _wave_colours(macd: float, signal: float, flow: float) -> tuple[str, str]:
    """Name the colours of wave 1 and wave 2: a, b, c or d; nothing where there is no signal."""
    above = macd - signal
    if above >= -EPSILON:
        return ("c" if flow > EPSILON else "a"), ("c" if flow < -EPSILON else "a")
    if above < -EPSILON:
        return ("d", "d") if flow < -EPSILON else ("b", "b")
    return "", ""
