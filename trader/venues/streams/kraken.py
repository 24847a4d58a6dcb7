"""The websocket of Kraken spot, version 2.

https://docs.kraken.com/api/docs/guides/spot-ws-intro
"""

from collections.abc import Callable, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any

import msgspec

from trader.model.market import SECOND, Candle, Quote, interval_ns
from trader.venues.streams.adapter import Base, Manners, unknown, unreadable
from trader.venues.streams.book import Book
from trader.venues.streams.events import Barred, Beat, Booked, Event, Fault, Quoted, Trade
from trader.venues.streams.times import to_ns

INTERVALS = ("1m", "5m", "15m", "30m", "1h", "4h", "1d")
DEPTH = 10


class _Channel(msgspec.Struct, tag_field="channel"):
    pass


class _Status(_Channel, tag="status"):
    pass


class _Heartbeat(_Channel, tag="heartbeat"):
    pass


class _TickerRow(msgspec.Struct):
    symbol: str
    bid: float
    ask: float
    timestamp: datetime


class _Ticker(_Channel, tag="ticker"):
    data: list[_TickerRow]


class _TradeRow(msgspec.Struct):
    symbol: str
    price: float
    qty: float
    trade_id: int
    timestamp: datetime


class _Trades(_Channel, tag="trade"):
    data: list[_TradeRow]


class _CandleRow(msgspec.Struct):
    symbol: str
    open: float
    high: float
    low: float
    close: float
    volume: float
    interval: int
    interval_begin: datetime


class _Candles(_Channel, tag="ohlc"):
    data: list[_CandleRow]


class _Level(msgspec.Struct, gc=False):
    price: Decimal
    qty: Decimal


class _BookRow(msgspec.Struct):
    symbol: str
    bids: list[_Level]
    asks: list[_Level]
    checksum: int | None = None
    timestamp: datetime | None = None


class _Book(_Channel, tag="book"):
    type: str
    data: list[_BookRow]


class _Result(msgspec.Struct, frozen=True):
    channel: str = ""
    symbol: str = ""


class _Answer(msgspec.Struct):
    method: str
    success: bool = True
    error: str = ""
    symbol: str = ""
    result: _Result = _Result()


_FRAME = msgspec.json.Decoder(_Status | _Heartbeat | _Ticker | _Trades | _Candles | _Book)
_ANSWER = msgspec.json.Decoder(_Answer)


class Kraken(Base):
    """One connection to Kraken spot; channels are ticker, trade, ohlc and book."""

    manners = Manners(silence=10.0, pause=0.05, ping='{"method":"ping"}', ping_every=30.0)

    def __init__(self, symbols: Sequence[str], channels: Sequence[str], interval: str) -> None:
        super().__init__(symbols, channels, interval)
        self._length = interval_ns(interval)
        self._minutes = self._length // (60 * SECOND)
        self._books: dict[str, Book] = {}
        self._takers: dict[type, Callable[[Any, list[Event], int], None]] = {
            _Status: self._beat,
            _Heartbeat: self._beat,
            _Ticker: self._ticker,
            _Trades: self._trades,
            _Candles: self._candles,
            _Book: self._book,
        }

    def url(self) -> str:
        """Return where to connect."""
        return "wss://ws.kraken.com/v2"

    def name_of(self, symbol: str) -> str:
        """Return the venue's name of a symbol."""
        return symbol.replace("-", "/")

    def subscriptions(self) -> Sequence[str]:
        """Return the frames that subscribe, and await their confirmation."""
        self.await_all()
        return [self._subscription(channel) for channel in self.channels]

    def take(self, frame: str | bytes, now: int) -> Sequence[Event]:
        """Return what a frame says."""
        try:
            message = _FRAME.decode(frame)
        except msgspec.MsgspecError as error:
            return self._answer(frame, error)
        events: list[Event] = []
        self._takers[type(message)](message, events, now)
        return events

    def _subscription(self, channel: str) -> str:
        params: dict[str, Any] = {"channel": channel, "symbol": list(self.names)}
        if channel == "ohlc":
            params["interval"] = self._minutes
        elif channel == "book":
            params["depth"] = DEPTH
        elif channel == "ticker":
            params["event_trigger"] = "bbo"
        return msgspec.json.encode({"method": "subscribe", "params": params}).decode()

    def _answer(self, frame: str | bytes, error: Exception) -> Sequence[Event]:
        try:
            answer = _ANSWER.decode(frame)
        except msgspec.MsgspecError:
            return [unreadable(frame, error)]
        if not answer.success:
            symbol = self.names.get(answer.symbol, answer.symbol)
            return [Fault(symbol, "refused", answer.error, fatal=True)]
        if answer.method == "subscribe":
            return [self.confirm(answer.result.channel, answer.result.symbol)]
        return [Beat()]

    def _beat(self, _frame: Any, events: list[Event], _now: int) -> None:
        events.append(Beat())

    def _ticker(self, frame: _Ticker, events: list[Event], _now: int) -> None:
        for row in frame.data:
            symbol = self.names.get(row.symbol)
            if symbol is None:
                events.append(unknown(row.symbol, "ticker"))
            else:
                events.append(Quoted(symbol, Quote(to_ns(row.timestamp), row.bid, row.ask)))

    def _trades(self, frame: _Trades, events: list[Event], _now: int) -> None:
        for row in frame.data:
            symbol = self.names.get(row.symbol)
            if symbol is None:
                events.append(unknown(row.symbol, "trade"))
            else:
                ts = to_ns(row.timestamp)
                events.append(Trade(symbol, ts, row.price, row.qty, row.trade_id))

    def _candles(self, frame: _Candles, events: list[Event], _now: int) -> None:
        for row in frame.data:
            symbol = self.names.get(row.symbol)
            if symbol is None:
                events.append(unknown(row.symbol, "ohlc"))
            elif row.interval != self._minutes:
                events.append(Fault(symbol, "wrong interval", f"{row.interval} minutes"))
            else:
                opens = to_ns(row.interval_begin)
                candle = Candle(
                    opens,
                    opens + self._length,
                    row.open,
                    row.high,
                    row.low,
                    row.close,
                    row.volume,
                )
                events.append(Barred(symbol, candle, closed=False))

    def _book(self, frame: _Book, events: list[Event], now: int) -> None:
        for row in frame.data:
            symbol = self.names.get(row.symbol)
            if symbol is None:
                events.append(unknown(row.symbol, "book"))
            else:
                events.append(self._book_row(symbol, frame.type == "snapshot", row, now))

    def _book_row(self, symbol: str, snapshot: bool, row: _BookRow, now: int) -> Event:
        book = self._books.get(symbol)
        bids = [(level.price, level.qty) for level in row.bids]
        asks = [(level.price, level.qty) for level in row.asks]
        if snapshot:
            book = self._books[symbol] = Book(DEPTH)
            book.reset(bids, asks)
        elif book is None:
            return Fault(symbol, "book without a snapshot", row.symbol, fatal=True)
        else:
            book.update(bids, asks)
        if row.checksum is not None and book.checksum() != row.checksum:
            del self._books[symbol]
            return Fault(symbol, "checksum", f"book is not {row.checksum}", fatal=True)
        top = book.top(now if row.timestamp is None else to_ns(row.timestamp))
        return Beat() if top is None else Booked(symbol, top)
