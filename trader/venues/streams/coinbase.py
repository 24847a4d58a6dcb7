"""The websocket of Coinbase Advanced Trade.

https://docs.cdp.coinbase.com/advanced-trade/docs/ws-overview
"""

from collections.abc import Callable, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any

import msgspec

from trader.model.market import SECOND, Candle, Quote
from trader.venues.streams.adapter import Base, Manners, unknown, unreadable
from trader.venues.streams.book import Book
from trader.venues.streams.events import Barred, Beat, Booked, Event, Fault, Quoted, Trade
from trader.venues.streams.times import to_ns

CANDLE = 300 * SECOND
"""The one length of the venue's candles."""


class _Frame(msgspec.Struct, tag_field="channel"):
    sequence_num: int
    timestamp: datetime


class _TradeRow(msgspec.Struct):
    product_id: str
    trade_id: int
    price: float
    size: float
    time: datetime


class _TradeEvent(msgspec.Struct):
    type: str
    trades: list[_TradeRow]


class _Trades(_Frame, tag="market_trades"):
    events: list[_TradeEvent]


class _TickerRow(msgspec.Struct):
    product_id: str
    best_bid: float
    best_ask: float


class _TickerEvent(msgspec.Struct):
    tickers: list[_TickerRow]


class _Ticker(_Frame, tag="ticker"):
    events: list[_TickerEvent]


class _CandleRow(msgspec.Struct):
    product_id: str
    start: int
    open: float
    high: float
    low: float
    close: float
    volume: float


class _CandleEvent(msgspec.Struct):
    candles: list[_CandleRow]


class _Candles(_Frame, tag="candles"):
    events: list[_CandleEvent]


class _BookRow(msgspec.Struct, gc=False):
    side: str
    price_level: Decimal
    new_quantity: Decimal


class _BookEvent(msgspec.Struct):
    type: str
    product_id: str
    updates: list[_BookRow]


class _Book(_Frame, tag="l2_data"):
    events: list[_BookEvent]


class _Beats(_Frame, tag="heartbeats"):
    pass


class _Subscribed(msgspec.Struct):
    subscriptions: dict[str, list[str]]


class _Subscriptions(_Frame, tag="subscriptions"):
    events: list[_Subscribed]


class _Error(msgspec.Struct):
    type: str
    message: str = ""


_FRAME = msgspec.json.Decoder(
    _Trades | _Ticker | _Candles | _Book | _Beats | _Subscriptions, strict=False
)
_ERROR = msgspec.json.Decoder(_Error)


class Coinbase(Base):
    """One connection to Coinbase; channels are market_trades, ticker, candles and level2."""

    manners = Manners(silence=5.0, pause=0.15)

    def __init__(self, symbols: Sequence[str], channels: Sequence[str], interval: str) -> None:
        super().__init__(symbols, channels, interval)
        self._next: int | None = None
        self._books: dict[str, Book] = {}
        self._takers: dict[type, Callable[[Any, list[Event]], None]] = {
            _Trades: self._trades,
            _Ticker: self._ticker,
            _Candles: self._candles,
            _Book: self._book,
            _Beats: self._beat,
            _Subscriptions: self._subscribed,
        }

    def url(self) -> str:
        """Return where to connect."""
        return "wss://advanced-trade-ws.coinbase.com"

    def subscriptions(self) -> Sequence[str]:
        """Return the frames that subscribe, and await their confirmation."""
        self.await_all()
        products = list(self.names)
        return [
            msgspec.json.encode(
                {"type": "subscribe", "product_ids": products, "channel": channel}
            ).decode()
            for channel in ("heartbeats", *self.channels)
        ]

    def take(self, frame: str | bytes, now: int) -> Sequence[Event]:  # noqa: ARG002 - the adapter's
        """Return what a frame says."""
        try:
            message = _FRAME.decode(frame)
        except msgspec.MsgspecError as error:
            return [self._error(frame, error)]
        events: list[Event] = []
        number, due = message.sequence_num, self._next
        self._next = number + 1
        if due is not None and number != due:
            lost = f"{number} came where {due} was due"
            events.append(Fault("", "sequence", lost, fatal=True))
        self._takers[type(message)](message, events)
        return events

    def _error(self, frame: str | bytes, error: Exception) -> Event:
        try:
            answer = _ERROR.decode(frame)
        except msgspec.MsgspecError:
            return unreadable(frame, error)
        if answer.type == "error":
            return Fault("", "refused", answer.message, fatal=True)
        return unreadable(frame, error)

    def _trades(self, frame: _Trades, events: list[Event]) -> None:
        for event in frame.events:
            # The venue sends the newest first.
            for row in reversed(event.trades):
                symbol = self.names.get(row.product_id)
                if symbol is None:
                    events.append(unknown(row.product_id, "market_trades"))
                else:
                    ts = to_ns(row.time)
                    events.append(Trade(symbol, ts, row.price, row.size, row.trade_id))

    def _ticker(self, frame: _Ticker, events: list[Event]) -> None:
        ts = to_ns(frame.timestamp)
        for event in frame.events:
            for row in event.tickers:
                symbol = self.names.get(row.product_id)
                if symbol is None:
                    events.append(unknown(row.product_id, "ticker"))
                else:
                    events.append(Quoted(symbol, Quote(ts, row.best_bid, row.best_ask)))

    def _candles(self, frame: _Candles, events: list[Event]) -> None:
        for event in frame.events:
            for row in event.candles:
                symbol = self.names.get(row.product_id)
                if symbol is None:
                    events.append(unknown(row.product_id, "candles"))
                    continue
                opens = row.start * SECOND
                values = row.open, row.high, row.low, row.close, row.volume
                events.append(Barred(symbol, Candle(opens, opens + CANDLE, *values), closed=False))

    def _book(self, frame: _Book, events: list[Event]) -> None:
        ts = to_ns(frame.timestamp)
        for event in frame.events:
            symbol = self.names.get(event.product_id)
            if symbol is None:
                events.append(unknown(event.product_id, "level2"))
            else:
                events.append(self._book_event(symbol, event, ts))

    def _book_event(self, symbol: str, event: _BookEvent, ts: int) -> Event:
        bids, asks = list[tuple[Decimal, Decimal]](), list[tuple[Decimal, Decimal]]()
        for row in event.updates:
            (bids if row.side == "bid" else asks).append((row.price_level, row.new_quantity))
        book = self._books.get(symbol)
        if event.type == "snapshot":
            book = self._books[symbol] = Book()
            book.reset(bids, asks)
        elif book is None:
            return Fault(symbol, "book without a snapshot", event.product_id, fatal=True)
        else:
            book.update(bids, asks)
        top = book.top(ts)
        return Beat() if top is None else Booked(symbol, top)

    def _beat(self, _frame: _Beats, events: list[Event]) -> None:
        events.append(Beat())

    def _subscribed(self, frame: _Subscriptions, events: list[Event]) -> None:
        for event in frame.events:
            for channel, names in event.subscriptions.items():
                if channel != "heartbeats":
                    events.extend(self.confirm(channel, name) for name in names)
        if not events:
            events.append(Beat())
