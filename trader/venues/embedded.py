"""The embedded market: seeded, made up, and the same on every machine.

Simulated prices: nothing here has happened anywhere.
"""

from collections import deque
from collections.abc import Sequence

from trader.model.market import Candle, Quote
from trader.model.messages import CandleReceived, QuoteReceived
from trader.ports import Post, sleep_until
from trader.venues.paths import STEPS, Bar, CommonFactor, Path
from trader.venues.sink import SETTLE, PriceSink

EPOCH = 1_735_689_600_000_000_000
"""2025-01-01T00:00:00Z, where the stream begins unless it is told otherwise."""
LAST = 4_102_444_800_000_000_000
"""2100-01-01T00:00:00Z, where it ends: times stay within what journals and calendars hold."""


class EmbeddedMarket:
    """A market of correlated symbols; seed, names, interval and `history` fix every price.

    `history` counts the candles before `start`, which is the last time up to the one given that is
    on the interval's grid. With `resume_at`, the close of the last candle that was seen, the same
    candles are drawn up to there and the stream goes on with the next. `limit` ends the stream
    after so many candles a symbol.
    """

    def __init__(
        self,
        symbols: Sequence[str],
        interval: int,
        seed: int,
        history: int,
        sink: PriceSink,
        limit: int | None = None,
        start: int = EPOCH,
        resume_at: int | None = None,
    ) -> None:
        start -= start % interval
        self.start = start if resume_at is None else resume_at
        self._interval = interval
        self._sink = sink
        self._left = limit
        self._time = start - history * interval
        self._common = CommonFactor(seed)
        self._paths = {s: Path(seed, s, interval, self._time) for s in symbols}
        self._history = {s: deque[Candle](maxlen=history) for s in symbols}
        while self._time + interval <= self.start:
            for symbol, bar in self._advance():
                self._history[symbol].append(bar.candle)

    async def history(self, symbol: str, count: int) -> tuple[Candle, ...]:
        """Return up to `count` candles before the stream's first, oldest first."""
        candles = tuple(self._history[symbol])
        return candles[max(0, len(candles) - count) :]

    async def stream(self, post: Post) -> None:
        """Post every quote and candle, each shown to the sink before; end after `limit`."""
        while (self._left is None or self._left > 0) and self._time < LAST:
            opened = self._time
            bars = self._advance()
            for step in range(STEPS):
                ts = opened + (step + 1) * self._interval // STEPS
                await sleep_until(ts)
                for symbol, bar in bars:
                    bid, ask, volume = bar.quotes[step]
                    quote = Quote(ts, bid, ask)
                    self._sink.on_quote(symbol, quote, volume)
                    post(QuoteReceived(symbol, quote))
            for symbol, bar in bars:
                post(CandleReceived(symbol, bar.candle))
            if self._left is not None:
                self._left -= 1
        await sleep_until(self._time + SETTLE)

    def _advance(self) -> list[tuple[str, Bar]]:
        self._time += self._interval
        factor = self._common.next()
        return [(symbol, path.advance(factor)) for symbol, path in self._paths.items()]
