"""What a frame can mean, alike for every venue; symbols are the engine's."""

import msgspec

from trader.model.market import Candle, Quote


class Event(msgspec.Struct, frozen=True, gc=False):
    """Anything that a frame says."""


class Trade(Event, frozen=True, gc=False):
    """Somebody traded; `id` is the venue's, rising within a symbol."""

    symbol: str
    ts_event: int
    price: float
    size: float
    id: int


class Quoted(Event, frozen=True, gc=False):
    """The best bid and ask changed."""

    symbol: str
    quote: Quote


class Barred(Event, frozen=True, gc=False):
    """A candle of the venue's own; one that is not `closed` still changes."""

    symbol: str
    candle: Candle
    closed: bool


class Booked(Event, frozen=True, gc=False):
    """A verified state of the order book; the quote is its top."""

    symbol: str
    quote: Quote


class Deepened(Event, frozen=True, gc=False):
    """The order book changed below what is kept of it, in the venue's own sequence."""

    symbol: str


class Confirmed(Event, frozen=True, gc=False):
    """The venue streams a channel of a symbol from here on."""

    channel: str
    symbol: str


class Beat(Event, frozen=True, gc=False):
    """The venue is there, and has nothing else to say."""


class Fault(Event, frozen=True, gc=False):
    """No data: what cannot be read, verified or had; a `fatal` one needs a new connection."""

    symbol: str
    reason: str
    detail: str
    fatal: bool = False
