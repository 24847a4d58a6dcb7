"""Which venues stream natively, and on which channels an engine listens to them."""

from collections.abc import Callable, Mapping, Sequence

import msgspec

from trader.venues.streams.adapter import Adapter
from trader.venues.streams.binance import Binance
from trader.venues.streams.bybit import Bybit
from trader.venues.streams.coinbase import Coinbase
from trader.venues.streams.kraken import INTERVALS, Kraken

Maker = Callable[[Sequence[str], Sequence[str], str], Adapter]

_KLINES = ("1m", "3m", "5m", "15m", "30m", "1h", "2h", "4h", "6h", "12h", "1d")


class Stream(msgspec.Struct, frozen=True):
    """A venue's stream: its adapter, and its channels by what they bring.

    `intervals` are those of its candles; any other is built from trades.
    """

    make: Maker
    quotes: str
    trades: str
    candles: str
    book: str
    intervals: tuple[str, ...]
    perpetuals: bool = False

    def channels(self, interval: str) -> tuple[str, ...]:
        """Return what an engine on an interval listens to."""
        candles = self.candle_channel(interval)
        return (self.quotes, self.trades, *([candles] if candles else []))

    def all_channels(self, interval: str) -> tuple[str, ...]:
        """Return everything a recording holds."""
        candles = self.candle_channel(interval) or self.candle_channel(self.intervals[0])
        return (self.quotes, self.trades, str(candles), self.book)

    def candle_channel(self, interval: str) -> str | None:
        """Return the channel of the venue's own candles; None where there are none."""
        if interval not in self.intervals:
            return None
        return self.candles.format(interval=interval)


STREAMS: Mapping[str, Stream] = {
    "kraken": Stream(Kraken, "ticker", "trade", "ohlc", "book", INTERVALS),
    "coinbase": Stream(Coinbase, "ticker", "market_trades", "candles", "level2", ("5m",)),
    "binance": Stream(
        Binance, "bookTicker", "aggTrade", "kline_{interval}", "depth@100ms", _KLINES, True
    ),
    "bybit": Stream(Bybit, "orderbook.1", "publicTrade", "kline", "tickers", _KLINES, True),
}
"""By the name of the venue, which is ccxt's as well."""
