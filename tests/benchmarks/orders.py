"""From a candle in to an order out, and what its intent's fsync takes."""

import tempfile
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from itertools import count
from pathlib import Path
from typing import Any

import msgspec
import trio

from tests.benchmarks.figures import Figure, median, quantile
from tests.benchmarks.house import PRICE, SETTINGS, SYMBOL, make_exchange, start_engine
from trader.advice.settings import AdviceSettings
from trader.app.compose import World
from trader.indicators.settings import IndicatorSettings
from trader.model.market import SECOND, Candle, Quote
from trader.model.messages import AdviceGiven, CandleReceived
from trader.model.orders import Approval, Leg, Order, OrderState
from trader.ports import Clock, Gate, Post, forever
from trader.runtime.live import LiveDriver, ScaledClock
from trader.settings.schema import SystemSettings, TradingSettings
from trader.storage.archive import open_journal
from trader.storage.journal import Journal as DiskJournal
from trader.storage.schema import RunInfo
from trader.venues.embedded import EPOCH
from trader.venues.simulated import SimulatedConnection, SimulatedExchange

SPEED = 300.0
"""Market seconds, and candles, a wall second."""
SWING = 4
"""Candles up, then as many down: the averages cross once on each way."""
STEP = 0.0005

BUSY = msgspec.structs.replace(
    SETTINGS,
    trading=TradingSettings(symbols=(SYMBOL,), interval="1s"),
    advice=AdviceSettings(advisor="ema-cross", min_conviction=0.0),
    risk=msgspec.structs.replace(SETTINGS.risk, cooldown_seconds=0.0, max_orders_per_minute=60),
    indicators=IndicatorSettings(ema_fast=2, ema_slow=4, history=100),
    system=SystemSettings(update_frequency_seconds=0.0),
)
"""An entry on every swing."""


def measure(scale: float) -> Iterator[Figure]:
    """Measure on the live driver, without a journal and with one."""
    entries = max(int(300 * scale), 2)
    plain = Trading(entries).run()
    yield Figure("candle to order, p50", median(plain), "ms")
    yield Figure("candle to order, p99", quantile(plain, 0.99), "ms").at_most(2)
    with tempfile.TemporaryDirectory() as folder, open_journal(Path(folder) / "j.db") as archive:
        journal = TimedJournal(DiskJournal.start(archive, _RUN))
        journaled = Trading(entries, journal).run()
    yield Figure("journaled, less the fsync, p99", quantile(journaled, 0.99), "ms").at_most(2)
    yield Figure("the intent's fsync, p50", median(journal.flushes), "ms")
    yield Figure("the intent's fsync, p99", quantile(journal.flushes, 0.99), "ms")


_RUN = RunInfo("benchmark", "", "", "", "", "paper", 0, EPOCH, None)


class TimedJournal:
    """A journal whose durable flushes are timed (ms)."""

    def __init__(self, journal: DiskJournal) -> None:
        self.append = journal.append
        self.checkpoint = journal.checkpoint
        self.flushes: list[float] = []
        self._flush = journal.flush

    def flush(self, *, durable: bool) -> None:
        """Write what is buffered."""
        began = time.perf_counter()
        self._flush(durable=durable)
        if durable:
            self.flushes.append((time.perf_counter() - began) * 1e3)


class WatchedExchange(SimulatedExchange):
    """An exchange that calls `entered` as an entry order sets out to it."""

    entered: Callable[[], None]

    def connect(self, clock: Clock, gate: Gate) -> "WatchedConnection":
        """Open a connection."""
        return WatchedConnection(self, clock, gate)


class WatchedConnection(SimulatedConnection):
    """A connection to a `WatchedExchange`."""

    async def submit(self, order: Order, approval: Approval) -> OrderState:
        """Say so if it is an entry, then place the order."""
        if order.leg is Leg.ENTRY:
            self._exchange.entered()
        return await super().submit(order, approval)


class HandMarket:
    """A market whose candles are posted from outside."""

    start = EPOCH

    def __init__(self, past: tuple[Candle, ...]) -> None:
        self._past = past
        self.opened = threading.Event()
        self.post: Post = lambda _message: None

    async def history(self, _symbol: str, _count: int) -> tuple[Candle, ...]:
        """Return the candles before the stream's first."""
        return self._past

    async def stream(self, post: Post) -> None:
        """Let the outside post."""
        self.post = post
        self.opened.set()
        await forever()


class Trading:
    """An engine on the live driver that enters on every swing, until it has entered so often."""

    def __init__(self, count: int, journal: TimedJournal | None = None) -> None:
        self._count = count
        self._journal = journal
        self._exchange = make_exchange(BUSY, WatchedExchange)
        self._exchange.entered = self._entered
        history = BUSY.indicators.history
        self._candles = swings(EPOCH - history * SECOND)
        self._market = HandMarket(tuple(next(self._candles) for _ in range(history)))
        world = World(self._market, self._exchange, None)
        self._engine = start_engine(BUSY, world, journal=journal, taps={AdviceGiven: self._advised})
        self._posted: dict[int, float] = {}
        self._cause = 0.0
        self._latencies: list[float] = []

    def run(self) -> list[float]:
        """Return the latency of each entry (ms), less the flush that it waited for."""
        engine, clock = self._engine, ScaledClock(EPOCH, SPEED)
        main, kill = (LiveDriver(kernel, clock) for kernel in (engine.main, engine.kill))
        threads = [
            threading.Thread(target=trio.run, args=(kill.run,)),
            threading.Thread(target=self._post_candles, args=(clock, (main, kill))),
        ]
        for thread in threads:
            thread.start()
        trio.run(main.run)
        for thread in threads:
            thread.join()
        engine.close()
        return self._latencies

    def _post_candles(self, clock: ScaledClock, drivers: Iterable[LiveDriver]) -> None:
        self._market.opened.wait()
        while len(self._latencies) < self._count:
            candle = next(self._candles)
            time.sleep(max(clock.seconds_until(candle.ts_event), 0.0))
            quote = Quote(candle.ts_event, candle.close - 1.0, candle.close + 1.0)
            self._exchange.on_quote(SYMBOL, quote, candle.volume)
            self._posted[candle.ts_event] = time.perf_counter()
            self._market.post(CandleReceived(SYMBOL, candle))
        for driver in drivers:
            driver.stop()

    def _advised(self, _sender: str, message: Any, _time: int) -> None:
        self._cause = self._posted[message.advice.ts_event]

    def _entered(self) -> None:
        flush = 0.0 if self._journal is None else self._journal.flushes[-1]
        self._latencies.append((time.perf_counter() - self._cause) * 1e3 - flush)


def swings(start: int) -> Iterator[Candle]:
    """Yield candles of a second that swing up and down for ever."""
    price = PRICE
    for number in count():
        close = price * (1.0 + (STEP if number // SWING % 2 else -STEP))
        ts = start + number * SECOND
        yield Candle(ts, ts + SECOND, price, max(price, close), min(price, close), close, 1_000.0)
        price = close
