"""Many symbols in the whole engine: `python -m tests.e2e.crowd [SECONDS] [SYMBOLS]`.

Each is quoted fifty times a second and has a candle a minute, in virtual time; memory must be flat
and no mailbox beyond its bound. The issue asks for 600 s of 100 symbols: three million quotes.
"""

import os
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from time import perf_counter

import msgspec

from tests.e2e.inside import settings
from trader.app.compose import build_engine
from trader.app.world import World
from trader.model.market import SECOND, Candle, Quote
from trader.model.messages import CandleReceived, QuoteReceived, StreamConfirmed
from trader.ports import Post, sleep_until
from trader.runtime.mailbox import MAILBOX_BOUND
from trader.runtime.virtual import VirtualDriver
from trader.venues.clock import RealClock
from trader.venues.embedded import EPOCH
from trader.venues.instruments import price_level, simulated_instrument
from trader.venues.simulated import SimulatedExchange

MINUTE = 60 * SECOND
RATE = 50
"""Quotes of a symbol in a second."""
SLICES = 10


class Crowd:
    """A market of many symbols; each price goes to and fro, and the sink sees every quote."""

    def __init__(self, symbols: Sequence[str], exchange: SimulatedExchange) -> None:
        self.start = EPOCH
        self.symbols = {symbol: price_level(symbol) for symbol in symbols}
        self.exchange = exchange
        self.deepest = self.posted = 0
        self.depth = lambda: 0

    async def history(self, symbol: str, count: int) -> tuple[Candle, ...]:
        """Return nothing."""
        return ()

    async def stream(self, post: Post) -> None:
        """Post for as long as anybody listens."""
        for symbol in self.symbols:
            post(StreamConfirmed(symbol))
        for now in self._times():
            await sleep_until(now)
            swing = 1.0 + 0.004 * abs((now // SECOND) % 240 - 120) / 120
            for symbol, level in self.symbols.items():
                price = level * swing
                quote = Quote(now, price * 0.9999, price * 1.0001)
                self.exchange.on_quote(symbol, quote, 1.0)
                post(QuoteReceived(symbol, quote))
                if now % MINUTE == 0:
                    candle = Candle(
                        now - MINUTE, now, price, price * 1.001, price * 0.999, price, 9
                    )
                    self.exchange.on_candle(symbol, candle)
                    post(CandleReceived(symbol, candle))
            self.posted += len(self.symbols)
            self.deepest = max(self.deepest, self.depth())

    def _times(self) -> Iterator[int]:
        now = self.start
        while True:
            now += SECOND // RATE
            yield now


class Figures(msgspec.Struct):
    """What a crowd came to; resident memory (MB) after each tenth."""

    quotes: int
    rate: float
    deepest: int
    resident: list[float]

    @property
    def growth(self) -> float:
        """Return by how much (MB) the second half grew."""
        return max(self.resident[SLICES // 2 :]) - max(self.resident[: SLICES // 2])


def play(seconds: float, symbols: int) -> Figures:
    """Run the whole engine on a crowd."""
    names = [f"A{number}-USD" for number in range(symbols)]
    named = "trading.symbols=" + ",".join(names)
    loaded = settings(Path("unused"), named, "indicators.history=0").settings
    instruments = {
        name: simulated_instrument(name, price_level(name), loaded.simulation) for name in names
    }
    exchange = SimulatedExchange(instruments, loaded.simulation)
    market = Crowd(names, exchange)
    engine = build_engine(loaded, World(market, exchange, None, RealClock()))
    market.depth = lambda: len(engine.main.queue)
    engine.start("0001-test")
    driver, resident, began = VirtualDriver(engine.main, engine.kill), list[float](), perf_counter()
    for part in range(1, SLICES + 1):
        driver.run(until=market.start + int(seconds * SECOND * part / SLICES))
        resident.append(_resident())
    figures = Figures(
        market.posted, market.posted / (perf_counter() - began), market.deepest, resident
    )
    engine.close()
    return figures


def _resident() -> float:
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 1e6


def main() -> None:
    """Play, print the figures, and fail where memory grew or a mailbox overflowed."""
    seconds, symbols = (*map(int, sys.argv[1:]), *(600, 100)[len(sys.argv) - 1 :])
    figures = play(seconds, symbols)
    sys.stdout.write(
        f"{symbols} symbols, {seconds} s: {figures.quotes:,} quotes, {figures.rate:,.0f} a second,"
        f" deepest mailbox {figures.deepest:,} of {MAILBOX_BOUND:,}, resident MB "
        f"{' '.join(f'{mb:.0f}' for mb in figures.resident)}, growth {figures.growth:.1f} MB\n"
    )
    sys.exit(figures.growth > 8.0 or figures.deepest > MAILBOX_BOUND)


if __name__ == "__main__":
    main()
