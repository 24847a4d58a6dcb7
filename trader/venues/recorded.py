"""The recorded market: the candles of a series, one after another.

Recorded candles carry no quotes, and none are made up.
"""

from bisect import bisect_right
from collections.abc import Generator
from itertools import islice
from types import coroutine

from trader.model.market import Candle, Series
from trader.model.messages import CandleReceived
from trader.ports import Post, SleepUntil
from trader.venues.sink import SETTLE, PriceSink


class RecordedMarket:
    """A market of one symbol that replays a series.

    Candles that closed by `resume_at` are left out; `limit` ends the stream after so many.
    """

    def __init__(
        self,
        symbol: str,
        series: Series,
        sink: PriceSink,
        limit: int | None = None,
        resume_at: int | None = None,
    ) -> None:
        self.start = series.ts_open[0] if resume_at is None else resume_at
        self._symbol = symbol
        self._series = series
        self._sink = sink
        self._next = bisect_right(series.ts_open, self.start - series.interval)
        self._end = len(series) if limit is None else min(len(series), self._next + limit)

    async def history(self, symbol: str, count: int) -> tuple[Candle, ...]:  # noqa: ARG002 - the port's
        """Return no candle: every recorded one belongs to the stream."""
        return ()

    @coroutine
    def stream(self, post: Post) -> Generator[SleepUntil, None, None]:
        """Post each candle at its close, shown to the sink before; then open the next there.

        It yields what `sleep_until` would: a backtest waits here once a candle.
        """
        symbol, series, interval = self._symbol, self._series, self._series.interval
        on_open, on_candle = self._sink.on_open, self._sink.on_candle
        prices = series.open, series.high, series.low, series.close, series.volume
        rows = islice(zip(series.ts_open, *prices, strict=True), self._next, self._end)
        closed = None
        for opened, open_, high, low, close, volume in rows:
            if opened != closed:
                yield SleepUntil(opened)
            on_open(symbol, open_, opened)
            closed = opened + interval
            yield SleepUntil(closed)
            self._next += 1
            candle = Candle(opened, closed, open_, high, low, close, volume)
            on_candle(symbol, candle)
            post(CandleReceived(symbol, candle))
        if closed is not None:
            yield SleepUntil(closed + SETTLE)
