"""The public websockets of Bybit v5, spot and linear perpetuals.

https://bybit-exchange.github.io/docs/v5/ws/connect
"""

from collections.abc import Callable, Sequence
from decimal import Decimal

import msgspec

from trader.model.instrument import PERPETUAL, is_perpetual
from trader.model.market import SECOND, Candle, Quote, interval_ns
from trader.venues.streams.adapter import Base, Manners, unknown, unreadable
from trader.venues.streams.book import Book
from trader.venues.streams.events import Barred, Beat, Booked, Event, Fault, Quoted, Trade
from trader.venues.streams.times import MILLISECOND

_USDC = "-USDC" + PERPETUAL
_ARGUMENTS = 10
"""Arguments a subscription may have on spot."""
_REMEMBERED = 1_000
"""Trades of a symbol that are known again when they are sent twice."""
_NAMES = {"1d": "D", "1w": "W"}


class _Envelope(msgspec.Struct):
    topic: str
    ts: int
    data: msgspec.Raw
    type: str = "snapshot"


class _Answer(msgspec.Struct):
    op: str
    success: bool = True
    ret_msg: str = ""
    req_id: str = ""


class _Trade(msgspec.Struct):
    T: int
    s: str
    v: float
    p: float
    i: str


class _Bar(msgspec.Struct):
    start: int
    end: int
    open: float
    high: float
    low: float
    close: float
    volume: float
    confirm: bool


class _Book(msgspec.Struct):
    s: str
    b: list[tuple[Decimal, Decimal]]
    a: list[tuple[Decimal, Decimal]]
    u: int


class _Ticker(msgspec.Struct):
    symbol: str
    bid1Price: float = 0.0  # noqa: N815 - the venue's name
    ask1Price: float = 0.0  # noqa: N815 - the venue's name


_ENVELOPE = msgspec.json.Decoder(_Envelope)
_ANSWER = msgspec.json.Decoder(_Answer)
_TRADES = msgspec.json.Decoder(list[_Trade], strict=False)
_BARS = msgspec.json.Decoder(list[_Bar], strict=False)
_BOOK = msgspec.json.Decoder(_Book, strict=False)
_TICKER = msgspec.json.Decoder(_Ticker, strict=False)


class Bybit(Base):
    """One connection to Bybit; channels are publicTrade, orderbook.1, kline and tickers.

    Linear perpetuals are what ends in -PERP; a connection has one kind.
    """

    manners = Manners(silence=30.0, ping='{"op":"ping"}', ping_every=15.0)

    def __init__(self, symbols: Sequence[str], channels: Sequence[str], interval: str) -> None:
        super().__init__(symbols, channels, interval)
        self.linear = any(map(is_perpetual, self.symbols))
        minutes = str(interval_ns(interval) // (60 * SECOND))
        self._bar = _NAMES.get(interval, minutes)
        self._books: dict[str, Book] = {}
        self._numbers: dict[str, dict[str, int]] = {}
        self._newest = 0
        self._takers: dict[str, Callable[[_Envelope, str, str], Sequence[Event]]] = {
            "publicTrade": self._trades,
            "kline": self._bars,
            "orderbook": self._book,
            "tickers": self._ticker,
        }

    def url(self) -> str:
        """Return where to connect."""
        return f"wss://stream.bybit.com/v5/public/{'linear' if self.linear else 'spot'}"

    def name_of(self, symbol: str) -> str:
        """Return the venue's name of a symbol: BTCUSDT, but BTCPERP for BTC-USDC-PERP."""
        if symbol.endswith(_USDC):
            return symbol.replace(_USDC, "PERP")
        return symbol.removesuffix(PERPETUAL).replace("-", "")

    def subscriptions(self) -> Sequence[str]:
        """Return the frames that subscribe, and await their confirmation."""
        self.await_all()
        frames = []
        for channel in self.channels:
            topic = f"kline.{self._bar}" if channel == "kline" else channel
            arguments = [f"{topic}.{name}" for name in self.names]
            frames += [
                msgspec.json.encode({"op": "subscribe", "req_id": channel, "args": args}).decode()
                for args in (
                    arguments[i : i + _ARGUMENTS] for i in range(0, len(arguments), _ARGUMENTS)
                )
            ]
        return frames

    def take(self, frame: str | bytes, now: int) -> Sequence[Event]:  # noqa: ARG002 - the adapter's
        """Return what a frame says."""
        try:
            envelope = _ENVELOPE.decode(frame)
        except msgspec.MsgspecError as error:
            return self._answer(frame, error)
        channel, _, rest = envelope.topic.partition(".")
        take = self._takers.get(channel)
        if take is None:
            return [Fault("", "unknown kind", envelope.topic)]
        name = rest.rpartition(".")[2]
        symbol = self.names.get(name)
        if symbol is None:
            return [unknown(name, channel)]
        try:
            return take(envelope, symbol, rest)
        except msgspec.MsgspecError as error:
            return [unreadable(frame, error)]

    def _answer(self, frame: str | bytes, error: Exception) -> Sequence[Event]:
        try:
            answer = _ANSWER.decode(frame)
        except msgspec.MsgspecError:
            return [unreadable(frame, error)]
        if not answer.success:
            return [Fault("", "refused", answer.ret_msg, fatal=True)]
        if answer.op == "subscribe" and answer.req_id in self.channels:
            return [self.confirm(answer.req_id, name) for name in self.names] or [Beat()]
        return [Beat()]

    def _trades(self, envelope: _Envelope, symbol: str, _rest: str) -> Sequence[Event]:
        return [
            Trade(symbol, row.T * MILLISECOND, row.p, row.v, self._number(symbol, row.i))
            for row in _TRADES.decode(envelope.data)
        ]

    def _number(self, symbol: str, text: str) -> int:
        """Turn a trade's id into a rising number: on linear it is a UUID, which does not rise."""
        if text.isdecimal():
            return int(text)
        known = self._numbers.setdefault(symbol, {})
        if text not in known:
            self._newest += 1
            known[text] = self._newest
            if len(known) > _REMEMBERED:
                del known[next(iter(known))]
        return known[text]

    def _bars(self, envelope: _Envelope, symbol: str, rest: str) -> Sequence[Event]:
        if not rest.startswith(f"{self._bar}."):
            return [Fault(symbol, "wrong interval", envelope.topic)]
        return [
            Barred(
                symbol,
                Candle(
                    row.start * MILLISECOND,
                    (row.end + 1) * MILLISECOND,
                    row.open,
                    row.high,
                    row.low,
                    row.close,
                    row.volume,
                ),
                row.confirm,
            )
            for row in _BARS.decode(envelope.data)
        ]

    def _book(self, envelope: _Envelope, symbol: str, _rest: str) -> Sequence[Event]:
        row: _Book = _BOOK.decode(envelope.data)
        book = self._books.get(symbol)
        if envelope.type == "snapshot" or row.u == 1:
            book = self._books[symbol] = Book()
            book.reset(row.b, row.a)
        elif book is None:
            return [Fault(symbol, "book without a snapshot", envelope.topic, fatal=True)]
        else:
            book.update(row.b, row.a)
        top = book.top(envelope.ts * MILLISECOND)
        return [Beat()] if top is None else [Booked(symbol, top)]

    def _ticker(self, envelope: _Envelope, symbol: str, _rest: str) -> Sequence[Event]:
        row: _Ticker = _TICKER.decode(envelope.data)
        if not (row.bid1Price and row.ask1Price):
            return [Beat()]
        quote = Quote(envelope.ts * MILLISECOND, row.bid1Price, row.ask1Price)
        return [Quoted(symbol, quote)]
