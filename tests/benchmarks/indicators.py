"""Cipher A and B: a candle at a time beside talipp, a year of minutes beside TA-Lib and pandas.

The yardsticks are extras (`bench`); without them the figures stand alone. Counted in seconds of the
processor, so that what else the machine does is left out.
"""

from collections.abc import Callable, Iterator, Sequence
from importlib.util import find_spec
from time import thread_time
from typing import Any

import msgspec

from tests.benchmarks.figures import Figure, fastest
from tests.benchmarks.house import make_series
from tests.trader.indicators.candles import first, to_candles
from trader.indicators.cipher_a import CipherA
from trader.indicators.cipher_b import CipherB
from trader.indicators.columns import ColumnIndicators
from trader.indicators.oscillators import Atr, Rsi, Stochastic
from trader.indicators.primitives import Ema, Sma
from trader.indicators.settings import CipherASettings, CipherBSettings, IndicatorSettings
from trader.indicators.stream import StreamIndicators, StreamMemory
from trader.model.market import Candle, Series

YEAR = 525_600
STREAMED = 20_000
TURNS = 7
LENGTHS = (5, 11, 15, 18, 21, 24, 28, 34)
A, B = CipherASettings(), CipherBSettings()

Work = Callable[[], object]


def measure(scale: float) -> Iterator[Figure]:
    """Measure the streaming form, the whole-series form, snapshots, and the memory of a run."""
    series = make_series(max(int(YEAR * scale), 3_000))
    candles = to_candles(first(series, max(int(STREAMED * scale), 2_000)))
    yield from _streaming(candles)
    yield from _whole(series)
    yield _snapshot(series, candles)
    yield _memory(candles)


def _streaming(candles: list[Candle]) -> Iterator[Figure]:
    works: list[Work] = [lambda: _fold(candles), lambda: _fold_both_have(candles)]
    if find_spec("talipp") is not None:
        works.append(lambda: _fold_talipp(candles))
    every, both_have, *talipp = (
        seconds / len(candles) * 1e6 for seconds in fastest(works, TURNS, thread_time)
    )
    yield Figure("a candle: Cipher A, B and ATR", every, "us").at_most(20)
    yield _beside(Figure("a candle: what talipp has", both_have, "us"), "talipp", talipp)


def _fold(candles: list[Candle]) -> None:
    """Compute every column, and the ATR."""
    a, b, atr = CipherA.of(A), CipherB.of(B), Atr.of(14)
    for candle in candles:
        a.next(A, candle)
        b.next(B, candle)
        atr.next(candle.high, candle.low, candle.close)


def _fold_both_have(candles: list[Candle]) -> None:
    """Compute RSI, stochastic RSI, ATR and eight averages."""
    rsi, other, stochastic = Rsi.of(14), Rsi.of(14), Stochastic.of(14)
    k, d, atr, ribbon = Sma(3), Sma(3), Atr.of(14), [Ema.of(length) for length in LENGTHS]
    for candle in candles:
        close = candle.close
        rsi.next(close)
        d.next(k.next(stochastic.next(other.next(close))))
        atr.next(candle.high, candle.low, close)
        for ema in ribbon:
            ema.next(close)


def _fold_talipp(candles: list[Candle]) -> None:
    from talipp.indicators import ATR, EMA, RSI, StochRSI
    from talipp.ohlcv import OHLCV

    of_close = [RSI(14), StochRSI(14, 14, 3, 3), *(EMA(length) for length in LENGTHS)]
    atr = ATR(14)
    for candle in candles:
        atr.add(OHLCV(candle.open, candle.high, candle.low, candle.close))
        for indicator in of_close:
            indicator.add(candle.close)


def _whole(series: Series) -> Iterator[Figure]:
    import numpy as np

    high, low, close = (np.array(column) for column in (series.high, series.low, series.close))
    works: list[Work] = [
        lambda: _compute(series),
        lambda: _compute_all_have(high, low, close),
        lambda: _compute_pandas(high, low, close),
    ]
    if find_spec("talib") is not None:
        works.append(lambda: _compute_talib(high, low, close))
    every, all_have, pandas, *talib = fastest(works, TURNS, thread_time)
    rows = f"{len(series):,} candles"
    figure = Figure(f"{rows}: Cipher A and B", every, "s")
    yield figure.at_most(0.8) if len(series) == YEAR else figure
    subset = Figure(f"{rows}: what TA-Lib has", all_have * 1e3, "ms")
    yield subset.beside("pandas", pandas * 1e3)
    yield _beside(subset, "TA-Lib", [seconds * 1e3 for seconds in talib])


def _compute(series: Series) -> None:
    from trader.indicators.whole.cipher_a import cipher_a
    from trader.indicators.whole.cipher_b import cipher_b

    cipher_a(A, series)
    cipher_b(B, series)


def _compute_all_have(high: Any, low: Any, close: Any) -> None:
    """Compute RSI, ATR and eight averages."""
    from trader.indicators.whole.oscillators import atr, rsi
    from trader.indicators.whole.primitives import ema

    rsi(close, 14)
    atr(high, low, close, 14)
    for length in LENGTHS:
        ema(close, length)


def _compute_pandas(high: Any, low: Any, close: Any) -> None:
    import pandas as pd

    h, l, c = pd.Series(high), pd.Series(low), pd.Series(close)  # noqa: E741
    change, before = c.diff(), c.shift(1)
    gain = change.clip(lower=0.0).ewm(alpha=1 / 14, adjust=False).mean()
    loss = (-change).clip(lower=0.0).ewm(alpha=1 / 14, adjust=False).mean()
    100.0 - 100.0 / (1.0 + gain / loss)
    reach = pd.concat([h - l, (h - before).abs(), (l - before).abs()], axis=1).max(axis=1)
    reach.ewm(alpha=1 / 14, adjust=False).mean()
    for length in LENGTHS:
        c.ewm(span=length, adjust=False).mean()


def _compute_talib(high: Any, low: Any, close: Any) -> None:
    import talib

    talib.RSI(close, 14)
    talib.ATR(high, low, close, 14)
    for length in LENGTHS:
        talib.EMA(close, length)


def _beside(figure: Figure, name: str, measured: Sequence[float]) -> Figure:
    if measured:
        return figure.beside(name, measured[0])
    return msgspec.structs.replace(figure, yardstick=f"{name} is not installed")


def _snapshot(series: Series, candles: list[Candle]) -> Figure:
    """Measure looking a candle's snapshot up, which is made of columns on the way."""
    columns = ColumnIndicators(IndicatorSettings(), A, B, series)

    def look_up() -> None:
        cursor = columns.start()
        for candle in candles:
            columns.take(cursor, candle)

    seconds = fastest([look_up], TURNS, thread_time)[0]
    return Figure("a snapshot of columns", seconds / len(candles) * 1e6, "us")


def _memory(candles: list[Candle]) -> Figure:
    """Measure what a worker remembers at the end of a run, beside the first half's."""
    indicators = StreamIndicators(IndicatorSettings(), A, B)
    memory: StreamMemory = indicators.start()
    sizes = []
    for candle in candles:
        indicators.take(memory, candle)
        sizes.append(len(msgspec.msgpack.encode(memory)))
    figure = Figure("memory of a worker at most", max(sizes), "bytes")
    return figure.beside("in its first half", max(sizes[: len(sizes) // 2])).ratio_at_most(1.05)
