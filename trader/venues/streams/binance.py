"""The websockets of Binance, spot and USD-M futures, as combined streams.

https://developers.binance.com/docs/binance-spot-api-docs/web-socket-streams
"""

from collections.abc import Callable, Sequence
from typing import Any

import msgspec

from trader.model.instrument import PERPETUAL, is_perpetual
from trader.model.market import Candle, Quote
from trader.venues.streams.adapter import Base, Manners, unknown, unreadable
from trader.venues.streams.events import (
    Barred,
    Beat,
    Deepened,
    Event,
    Fault,
    Quoted,
    Trade,
)
from trader.venues.streams.times import MILLISECOND


class _Envelope(msgspec.Struct):
    stream: str
    data: msgspec.Raw


class _Answer(msgspec.Struct):
    id: int | None = None
    result: Any = None
    error: Any = None
    code: int | None = None
    msg: str = ""


class _Top(msgspec.Struct):
    s: str
    b: float
    a: float
    T: int = 0


class _Trade(msgspec.Struct):
    s: str
    p: float
    q: float
    T: int
    a: int = 0
    t: int = 0


class _Bar(msgspec.Struct):
    t: int
    T: int
    o: float
    h: float
    l: float  # noqa: E741 - the venue's name
    c: float
    v: float
    x: bool


class _Kline(msgspec.Struct):
    s: str
    k: _Bar


class _Depth(msgspec.Struct):
    s: str
    U: int
    u: int
    pu: int | None = None


def _decoder(kind: Any) -> msgspec.json.Decoder[Any]:
    return msgspec.json.Decoder(kind, strict=False)


_ENVELOPE = msgspec.json.Decoder(_Envelope)
_ANSWER = msgspec.json.Decoder(_Answer)
_TOP, _TRADE, _KLINE, _DEPTH = (_decoder(kind) for kind in (_Top, _Trade, _Kline, _Depth))


class Binance(Base):
    """One connection to Binance; channels are bookTicker, aggTrade, trade, kline_1m and depth.

    Futures are what ends in -PERP; a connection has one kind.
    """

    # Five messages a second are allowed, and a connection lives for 24 hours.
    manners = Manners(silence=60.0, age=23.5 * 3_600, pause=0.25)

    def __init__(self, symbols: Sequence[str], channels: Sequence[str], interval: str) -> None:
        super().__init__(symbols, channels, interval)
        self.futures = any(map(is_perpetual, self.symbols))
        self._last: dict[str, int] = {}
        self._takers: dict[str, Callable[[msgspec.Raw, int], Event]] = {
            "bookTicker": self._top,
            "aggTrade": self._trade,
            "trade": self._trade,
            "depth": self._depth,
        }

    def url(self) -> str:
        """Return where to connect."""
        host = "fstream.binance.com" if self.futures else "stream.binance.com:9443"
        return f"wss://{host}/stream"

    def name_of(self, symbol: str) -> str:
        """Return the venue's name of a symbol."""
        return symbol.removesuffix(PERPETUAL).replace("-", "")

    def subscriptions(self) -> Sequence[str]:
        """Return the frames that subscribe, and await their confirmation."""
        self.await_all()
        return [
            msgspec.json.encode(
                {
                    "method": "SUBSCRIBE",
                    "params": [f"{name.lower()}@{channel}" for name in self.names],
                    "id": number,
                }
            ).decode()
            for number, channel in enumerate(self.channels)
        ]

    def take(self, frame: str | bytes, now: int) -> Sequence[Event]:
        """Return what a frame says."""
        try:
            envelope = _ENVELOPE.decode(frame)
        except msgspec.MsgspecError as error:
            return self._answer(frame, error)
        channel = envelope.stream.partition("@")[2].partition("@")[0]
        take = self._takers.get(channel)
        if take is None:
            if not channel.startswith("kline_"):
                return [Fault("", "unknown kind", envelope.stream)]
            take = self._kline
        try:
            return [take(envelope.data, now)]
        except msgspec.MsgspecError as error:
            return [unreadable(frame, error)]

    def _answer(self, frame: str | bytes, error: Exception) -> Sequence[Event]:
        try:
            answer = _ANSWER.decode(frame)
        except msgspec.MsgspecError:
            return [unreadable(frame, error)]
        if answer.error is not None or answer.code is not None:
            return [Fault("", "refused", f"{answer.error or answer.msg}", fatal=True)]
        if answer.id is None:
            return [unreadable(frame, error)]
        if answer.id >= len(self.channels):
            return [Beat()]
        channel = self.channels[answer.id]
        return [self.confirm(channel, name) for name in self.names] or [Beat()]

    def _top(self, data: msgspec.Raw, now: int) -> Event:
        row: _Top = _TOP.decode(data)
        symbol = self.names.get(row.s)
        if symbol is None:
            return unknown(row.s, "bookTicker")
        # Spot tells no time.
        return Quoted(symbol, Quote(row.T * MILLISECOND or now, row.b, row.a))

    def _trade(self, data: msgspec.Raw, _now: int) -> Event:
        row: _Trade = _TRADE.decode(data)
        symbol = self.names.get(row.s)
        if symbol is None:
            return unknown(row.s, "trade")
        return Trade(symbol, row.T * MILLISECOND, row.p, row.q, row.a or row.t)

    def _kline(self, data: msgspec.Raw, _now: int) -> Event:
        row: _Kline = _KLINE.decode(data)
        symbol, bar = self.names.get(row.s), row.k
        if symbol is None:
            return unknown(row.s, "kline")
        closes = (bar.T + 1) * MILLISECOND
        opens = bar.t * MILLISECOND
        candle = Candle(opens, closes, bar.o, bar.h, bar.l, bar.c, bar.v)
        return Barred(symbol, candle, bar.x)

    def _depth(self, data: msgspec.Raw, _now: int) -> Event:
        row: _Depth = _DEPTH.decode(data)
        symbol, before = self.names.get(row.s), row.U - 1 if row.pu is None else row.pu
        if symbol is None:
            return unknown(row.s, "depth")
        last = self._last.get(symbol)
        self._last[symbol] = row.u
        if last is not None and last != before:
            return Fault(symbol, "sequence", f"{before} came where {last} was due", fatal=True)
        return Deepened(symbol)
