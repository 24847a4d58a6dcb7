"""A thousand mixes of mishaps in virtual time: the same promises, whatever comes together."""

from collections.abc import Sequence
from datetime import UTC, datetime

import msgspec
import pytest

from actors.market_feed import MarketFeed
from tests.trader.venues.stepping import SinkLog
from trader.model import messages as m
from trader.model.errors import OutcomeUnknown
from trader.model.market import SECOND, Candle
from trader.ports import Post, sleep_until
from trader.runtime.kernel import Kernel
from trader.runtime.virtual import VirtualDriver
from trader.testing.venue_server import Mishap, mixed
from trader.topology import MARKET_FEED
from trader.venues.live import Listener, Outlet
from trader.venues.streams.kraken import Kraken

BTC, MINUTE = "BTC-USD", 60 * SECOND
START = 1_000_000 * MINUTE
COUNT = 40
"""Minutes of a run; mishaps befall the first half."""


def truth(minute: int) -> Candle:
    """Return what really happened in a minute."""
    opens = START + minute * MINUTE
    return Candle(opens, opens + MINUTE, 100.0, 101.0, 99.0, 100.5, float(minute + 100))


def frame(minute: int, share: float) -> str:
    """Write the venue's candle of a minute, of which only a share has been traded."""
    whole = truth(minute)
    row = {
        "symbol": "BTC/USD",
        "open": whole.open,
        "high": whole.high,
        "low": whole.low,
        "close": whole.close,
        "volume": whole.volume * share,
        "interval": 1,
        "interval_begin": datetime.fromtimestamp(whole.ts_open // SECOND, UTC).isoformat(),
    }
    return msgspec.json.encode({"channel": "ohlc", "type": "update", "data": [row]}).decode()


class ShakyMarket:
    """A venue in virtual time whose line suffers mishaps, each once; its history is the truth."""

    def __init__(self, mishaps: Sequence[Mishap]) -> None:
        # Before the first candle there is nothing that could be missing.
        self.mishaps = [msgspec.structs.replace(mishap, at=mishap.at + 1) for mishap in mishaps]
        self.now = START
        self.kernel: Kernel | None = None

    async def history(self, symbol: str, count: int) -> tuple[Candle, ...]:
        """Return what has closed by now, half a second later."""
        assert self.kernel is not None
        now = self.kernel.now
        await sleep_until(now + SECOND // 2)
        last = (now - START) // MINUTE
        return tuple(truth(minute) for minute in range(max(0, last - count), last))

    async def stream(self, post: Post) -> None:
        """Post the minutes that are left, a word at their beginning and one at their end."""
        assert self.kernel is not None
        self.now = self.kernel.now
        adapter = Kraken((BTC,), ("ohlc",), "1m")
        outlet = Outlet(MINUTE, SinkLog(), post, lambda: self.now)
        listener = Listener(adapter, outlet, MINUTE, build=False)
        post(m.StreamConfirmed(BTC))
        for minute in range((self.now - START) // MINUTE, COUNT):
            kind = self._mishap(minute)
            for second, share in ((5, 0.5), (58, 1.0)):
                await self._until(START + minute * MINUTE + second * SECOND, listener)
                for text in self._mangled(kind, frame(minute, share), second):
                    listener.on_events(adapter.take(text, self.now))
                if kind == "close" and second == 5:
                    raise OutcomeUnknown("the line is cut")
            await self._until(START + (minute + 1) * MINUTE + 3 * SECOND, listener)

    async def _until(self, due: int, listener: Listener) -> None:
        if due > self.now:
            await sleep_until(due)
            self.now = due
        listener.on_tick()

    def _mishap(self, minute: int) -> str:
        for mishap in self.mishaps:
            if mishap.at == minute:
                self.mishaps.remove(mishap)
                return mishap.kind
        return ""

    def _mangled(self, kind: str, text: str, second: int) -> list[str]:
        if kind == "drop":
            return []
        if kind == "corrupt" and second == 58:
            return [text[:40] + "\x00" + text[44:]]
        if kind == "rename":
            return [text.replace("BTC/USD", "XBT/USD")]
        return [text, text] if kind == "duplicate" else [text]


def play(mishaps: Sequence[Mishap]) -> tuple[list[Candle], list[int], str]:
    """Run a feed on the market; return its candles, the gaps it told, and how it ended."""
    sent: list[m.Message] = []
    kinds = m.CandleClosed, m.HistoryLoaded, m.FeedStalled, m.FeedRecovered
    kernel = Kernel(taps=dict.fromkeys(kinds, (lambda _s, message, _t: sent.append(message),)))
    market = ShakyMarket(mishaps)
    market.kernel = kernel
    kernel.add(MARKET_FEED, lambda: MarketFeed.start(market, (BTC,), MINUTE, 100, True))
    kernel.now = START
    kernel.start()
    kernel.announce(m.SessionStarted("run", resumed=False))
    VirtualDriver(kernel).run(until=START + (COUNT + 1) * MINUTE)
    kernel.close()
    candles: list[Candle] = []
    for message in sent:
        if isinstance(message, m.HistoryLoaded):
            candles += message.candles
        elif isinstance(message, m.CandleClosed):
            candles.append(message.candle)
    gaps = [message.gap for message in sent if isinstance(message, m.CandleClosed)]
    told = [s for s in sent if isinstance(s, m.FeedStalled | m.FeedRecovered)]
    return candles, gaps, type(told[-1]).__name__


@pytest.mark.parametrize("block", range(10))
def test_whatever_goes_wrong_every_candle_comes_once_whole_and_in_order(block: int):
    """The seed is named where it does not."""
    for seed in range(block * 100, block * 100 + 100):
        candles, gaps, end = play(mixed(seed, COUNT // 2))

        assert candles == [truth(minute) for minute in range(COUNT)], f"seed {seed}"
        assert not any(gaps), f"seed {seed}"
        assert end == "FeedRecovered", f"seed {seed}"
