"""A venue that speaks as Kraken does, in virtual time, on a line that suffers mishaps."""

import random
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

import msgspec

from trader.feed.lanes import BAD_ROWS
from trader.model import messages as m
from trader.model.errors import OutcomeUnknown
from trader.model.market import SECOND, Candle
from trader.ports import Post, sleep_until
from trader.testing.venue_server import FLOOD, KINDS
from trader.venues.live import Listener, Outlet
from trader.venues.sink import PriceSink
from trader.venues.streams.bars import GRACE
from trader.venues.streams.kraken import Kraken

BTC, MINUTE = "BTC-USD", 60 * SECOND
STEPS = ((5, 0.2), (20, 0.4), (40, 0.6), (58, 1.0))
"""Seconds of a minute at which the venue speaks, and what share of the minute has been traded."""
LATE = 7
"""Seconds by which a delayed word comes later."""
MISHAPS = (*KINDS, "mislabel")
"""What may befall a minute: a mislabeled candle is one of five minutes."""
SILENCE = 10
"""Seconds after which a silent line is given up."""


def partial(candle: Candle, share: float) -> Candle:
    """Return a candle as it stood when a share of it had been traded."""
    if share == 1.0:
        return candle
    close = candle.open + (candle.close - candle.open) * share
    return msgspec.structs.replace(
        candle,
        close=close,
        high=max(candle.open, close),
        low=min(candle.open, close),
        volume=candle.volume * share,
    )


def ohlc(candle: Candle) -> str:
    """Write the frame of a candle as it stands."""
    return _frame("ohlc", **_prices(candle), interval=1, interval_begin=_iso(candle.ts_open))


def ticker(ts: int, price: float) -> str:
    """Write the frame of a quote around a price."""
    return _frame("ticker", bid=price * 0.9999, ask=price * 1.0001, timestamp=_iso(ts))


def trade(ts: int, price: float, volume: float) -> str:
    """Write the frame of a trade, numbered by its time."""
    row = {"side": "buy", "price": price, "qty": volume, "ord_type": "market"}
    return _frame("trade", **row, trade_id=ts // SECOND, timestamp=_iso(ts))


def words(candle: Candle, second: int, share: float) -> list[str]:
    """Return what the venue says at a second of a minute: a trade, a quote, and the candle."""
    ts, so_far = candle.ts_open + second * SECOND, partial(candle, share)
    price, volume = so_far.close, candle.volume / len(STEPS)
    return [trade(ts, price, volume), ticker(ts, price), ohlc(so_far)]


def draw(seed: int, minutes: int, most: int = 5) -> dict[int, str]:
    """Draw mishaps of every kind, each in a minute of its own but the first."""
    chance = random.Random(seed)
    at = chance.sample(range(1, minutes), chance.randint(1, most))
    return {minute: chance.choice(MISHAPS) for minute in at}


class ShakyMarket:
    """Streams `truth` from its `first` candle on, with mishaps by minute.

    `now` is set to what tells the run's time. Its history is the truth, half a second later.
    """

    def __init__(
        self, truth: Sequence[Candle], first: int, mishaps: Mapping[int, str], sink: PriceSink
    ) -> None:
        self.truth, self.first, self.sink = truth, first, sink
        self.start = truth[first].ts_open
        self.now: Callable[[], int] = lambda: self.start
        self.mishaps = dict(mishaps)
        self.refuses = False

    async def history(self, symbol: str, count: int) -> tuple[Candle, ...]:
        """Return the last candles that have closed by now."""
        now = self.now()
        await sleep_until(now + SECOND // 2)
        closed = (now - self.truth[0].ts_open) // MINUTE
        return tuple(self.truth[max(0, closed - count) : closed])

    async def stream(self, post: Post) -> None:
        """Post what the venue says from now on, as far as it arrives."""
        if self.refuses:
            self.refuses = False
            raise OutcomeUnknown("refused: not now")
        line = _Line(post, self.sink, self.now())
        post(m.StreamConfirmed(BTC))
        for due, kind, texts in self._schedule(self.now()):
            if kind == "silence":
                await sleep_until(due + SILENCE * SECOND)
                raise OutcomeUnknown(f"nothing came for {SILENCE} s")
            await sleep_until(due)
            if kind in ("close", "refuse"):
                self.refuses = kind == "refuse"
                raise OutcomeUnknown("the line is cut")
            line.hear(texts, max(due, self.now()))

    def _schedule(self, begin: int) -> Iterator[tuple[int, str, list[str]]]:
        """Yield when what is heard, from a time on; nothing where somebody looks at the clock."""
        for number in range((begin - self.start) // MINUTE, len(self.truth) - self.first):
            kind = self.mishaps.pop(number, "")
            candle = self.truth[self.first + number]
            said = [(candle.ts_open + at * SECOND, words(candle, at, share)) for at, share in STEPS]
            look: tuple[int, list[str]] = (candle.ts_event + GRACE + SECOND, [])
            for due, texts in sorted([*_mangled(kind, said), look]):
                if due >= begin:
                    yield due, kind, texts


def _mangled(kind: str, said: list[tuple[int, list[str]]]) -> list[tuple[int, list[str]]]:
    """Return what of a minute's words arrives, and when."""
    if kind == "drop":
        return []
    if kind == "rename":
        return [(due, [t.replace("BTC/USD", "XBT/USD") for t in texts]) for due, texts in said]
    if kind == "duplicate":
        return [(due, texts * 2) for due, texts in said]
    due, texts = said[-1]
    if kind == "corrupt":
        return [*said[:-1], (due, [*texts[:-1], texts[-1][:40] + "\x00" + texts[-1][44:]])]
    if kind == "mislabel":
        wrong = [texts[-1].replace('"interval":1', '"interval":5')] * BAD_ROWS
        return [(said[0][0], said[0][1] + wrong), *said[1:]]
    if kind == "delay":
        return [*said[:-1], (due + LATE * SECOND, texts)]
    if kind == "reorder":
        # Within a minute: a word on a candle after one on the next cannot be told from a revision.
        return [said[0], (said[1][0], said[2][1]), (said[2][0], said[1][1]), said[3]]
    if kind == "flood":
        return [*said[:-1], (due, [*texts[:-1], *[texts[1]] * FLOOD, texts[-1]])]
    return said


class _Line:
    """One connection: frames in at the adapter, messages out to the feed."""

    def __init__(self, post: Post, sink: PriceSink, opened: int) -> None:
        self._adapter = Kraken((BTC,), ("ticker", "trade", "ohlc"), "1m")
        outlet = Outlet(MINUTE, sink, post, opened)
        self._listener = Listener(self._adapter, outlet, MINUTE, build=False)

    def hear(self, texts: Sequence[str], now: int) -> None:
        """Take what comes at a time (ns), and look at the clock."""
        for text in texts:
            self._listener.on_events(self._adapter.take(text, now), now)
        self._listener.on_tick()


def _prices(candle: Candle) -> dict[str, Any]:
    return {name: getattr(candle, name) for name in ("open", "high", "low", "close", "volume")}


def _iso(ts: int) -> str:
    return datetime.fromtimestamp(ts / SECOND, UTC).isoformat()


def _frame(channel: str, **row: Any) -> str:
    data = [{"symbol": "BTC/USD", **row}]
    return msgspec.json.encode({"channel": channel, "type": "update", "data": data}).decode()
