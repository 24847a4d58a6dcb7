"""The first version of Kraken's websocket, for recordings of it: no engine listens to it.

https://docs.kraken.com/api/docs/websocket-v1/
"""

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

import msgspec

from trader.model.market import SECOND, Quote
from trader.venues.streams.adapter import unreadable
from trader.venues.streams.book import Book, Level
from trader.venues.streams.events import Beat, Booked, Confirmed, Event, Fault, Quoted, Trade

_FRAME = msgspec.json.Decoder()


class KrakenV1:
    """Reads frames; symbols are looked up in `names`."""

    def __init__(self, names: Mapping[str, str]) -> None:
        self._names = names
        self._books: dict[str, Book] = {}
        self._trades = 0

    def take(self, frame: str | bytes, now: int) -> Sequence[Event]:
        """Return what a frame says."""
        try:
            message = _FRAME.decode(frame)
            if isinstance(message, dict):
                return [self._event(message)]
            return self._data(message, now)
        except (msgspec.MsgspecError, ArithmeticError, LookupError, TypeError, ValueError) as error:
            return [unreadable(frame, error)]

    def _event(self, message: dict[str, Any]) -> Event:
        if message["event"] != "subscriptionStatus":
            return Beat()
        if message["status"] == "error":
            return Fault(message.get("pair", ""), "refused", message["errorMessage"], fatal=True)
        return Confirmed(message["channelName"], self._name(message["pair"]))

    def _data(self, message: list[Any], now: int) -> Sequence[Event]:
        *parts, channel, name = message[1:]
        symbol = self._name(name)
        if channel == "ticker":
            return [Quoted(symbol, Quote(now, float(parts[0]["b"][0]), float(parts[0]["a"][0])))]
        if channel == "trade":
            return [self._trade(symbol, row) for row in parts[0]]
        if channel.startswith("book-"):
            return [self._book(symbol, int(channel.removeprefix("book-")), parts, now)]
        return [Fault(symbol, "unknown kind", channel)]

    def _trade(self, symbol: str, row: Sequence[str]) -> Event:
        self._trades += 1
        ts = int(Decimal(row[2]) * SECOND)
        return Trade(symbol, ts, float(row[0]), float(row[1]), self._trades)

    def _book(self, symbol: str, depth: int, parts: Sequence[dict[str, Any]], now: int) -> Event:
        if "as" in parts[0]:
            book = self._books[symbol] = Book(depth)
            book.reset(_levels(parts[0]["bs"]), _levels(parts[0]["as"]))
        elif symbol not in self._books:
            return Fault(symbol, "book without a snapshot", "", fatal=True)
        else:
            book = self._books[symbol]
            for part in parts:
                book.update(_levels(part.get("b", ())), _levels(part.get("a", ())))
        signed = parts[-1].get("c")
        if signed is not None and book.checksum() != int(signed):
            return Fault(symbol, "checksum", f"book is not {signed}", fatal=True)
        top = book.top(now)
        return Beat() if top is None else Booked(symbol, top)

    def _name(self, name: str) -> str:
        return self._names.get(name, name)


def _levels(rows: Sequence[Sequence[str]]) -> list[Level]:
    return [(Decimal(row[0]), Decimal(row[1])) for row in rows]
