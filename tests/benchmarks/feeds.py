"""Frames: what decoding costs beside `json.loads`, and a line on this machine beside its library.

The venue of the line is a process of its own. Then a hundred symbols in the whole engine.
"""

import json
import subprocess
import sys
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from time import perf_counter
from typing import Any

import msgspec
import trio
import websockets.trio.client
from trio_websocket import open_websocket_url

from actors.market_feed import MarketFeed
from tests.benchmarks.figures import Figure, fastest
from tests.e2e import crowd
from tests.trader.venues.exchange import FakeClient
from tests.trader.venues.stepping import SinkLog
from tests.trader.venues.streams.test_connection import confirm
from trader.model.market import SECOND, Quote
from trader.model.messages import SessionStarted
from trader.runtime.kernel import Kernel
from trader.runtime.live import LiveDriver, ScaledClock
from trader.runtime.mailbox import MAILBOX_BOUND
from trader.testing.venue_server import Script, VenueServer, open_venue
from trader.topology import MARKET_FEED
from trader.venues.live import VenueMarket
from trader.venues.rest import Rest
from trader.venues.streams.binance import Binance
from trader.venues.streams.coinbase import Coinbase
from trader.venues.streams.kraken import Kraken

BTC, MINUTE = "BTC-USD", 60 * SECOND
FRAMES = 60_000
AGO = 600
"""Seconds before now of the first frame, so that none is ahead of the clock."""


def measure(scale: float) -> Iterator[Figure]:
    """Measure decoding, the line, and many symbols."""
    yield from _decoding(max(int(20_000 * scale), 10))
    yield from _line(max(int(FRAMES * scale), 100))
    yield from _many(max(int(100 * min(scale * 10, 1)), 2), max(600 * scale, 5.0))


def _decoding(times: int) -> Iterator[Figure]:
    kraken = Kraken((BTC,), ("ticker",), "1m")
    coinbase = Coinbase((BTC,), ("ticker",), "5m")
    binance = Binance(("BTC-USDT",), ("kline_1m",), "1m")
    for adapter, name, frame in (
        (kraken, "Kraken ticker", _ticker(0)),
        (kraken, "Kraken trade", _KRAKEN_TRADE),
        (kraken, "Kraken candle", _KRAKEN_CANDLE),
        (coinbase, "Coinbase trade", _COINBASE_TRADE),
        (coinbase, "Coinbase ticker", _COINBASE_TICKER),
        (coinbase, "Coinbase candle", _COINBASE_CANDLE),
        (binance, "Binance trade", _BINANCE_TRADE),
        (binance, "Binance ticker", _BINANCE_TICKER),
        (binance, "Binance candle", _BINANCE_CANDLE),
    ):
        ours, theirs = fastest([_repeat(adapter.take, frame, times), _loads(frame, times)], 5)
        figure = Figure(f"decode and check, {name}", ours / times * 1e6, "us")
        yield figure.beside("json.loads", theirs / times * 1e6).at_most(6)


def _repeat(take: Any, frame: str, times: int) -> Any:
    def work() -> None:
        for _ in range(times):
            take(frame, 0)

    return work


def _loads(frame: str, times: int) -> Any:
    def work() -> None:
        for _ in range(times):
            json.loads(frame)

    return work


def _line(count: int) -> Iterator[Figure]:
    """Receive so many frames with the library alone, then through the whole feed."""
    bare, other, whole = (
        max(_received(receive, count) for _ in range(2)) for receive in (_bare, _other, _whole)
    )
    figure = Figure("line, 200-byte frames to the actor", whole, "frames/s")
    figure = figure.beside("trio-websocket alone", bare)
    ratio = figure.ratio or 0.0
    yield msgspec.structs.replace(figure, target=">= 0.6 times", holds=ratio >= 0.6)
    # What there would be to gain from another library under `trader.venues.streams.connection`.
    yield Figure("the same, libraries alone: websockets", other, "frames/s").beside(
        "trio-websocket alone", bare
    )


def _received(receive: Any, count: int) -> float:
    command = [sys.executable, "-m", "tests.benchmarks.feeds", str(count)]
    root = Path(__file__).parents[2]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=root) as venue:
        assert venue.stdout is not None
        url = venue.stdout.readline().strip()
        try:
            return float(trio.run(receive, url, count))
        finally:
            venue.kill()


async def _bare(url: str, count: int) -> float:
    async with open_websocket_url(url, message_queue_size=1_024) as socket:
        await socket.send_message(Kraken((BTC,), ("ticker",), "1m").subscriptions()[0])
        await socket.get_message()
        began = perf_counter()
        for _ in range(count):
            await socket.get_message()
        return count / (perf_counter() - began)


async def _other(url: str, count: int) -> float:
    async with websockets.trio.client.connect(url, compression=None) as socket:
        await socket.send(Kraken((BTC,), ("ticker",), "1m").subscriptions()[0])
        await socket.recv()
        began = perf_counter()
        for _ in range(count):
            await socket.recv()
        return count / (perf_counter() - began)


async def _whole(url: str, count: int) -> float:
    kernel = Kernel()
    sink = _Counter()
    market = VenueMarket(Rest("kraken", FakeClient()), (BTC,), MINUTE, sink, url=url)
    kernel.add(MARKET_FEED, lambda: MarketFeed.start(market, (BTC,), MINUTE, 0, True))
    kernel.now = market.start
    driver = LiveDriver(kernel, ScaledClock(market.start))
    kernel.start()
    kernel.announce(SessionStarted("run", resumed=False))
    async with trio.open_nursery() as nursery:
        nursery.start_soon(driver.run)
        with trio.fail_after(60):
            while not sink.quotes:
                await trio.sleep(0.001)
            began, first = perf_counter(), sink.quotes
            while sink.quotes < count:
                await trio.sleep(0.005)
        rate = (count - first) / (perf_counter() - began)
        driver.stop()
    kernel.close()
    return rate


class _Counter(SinkLog):
    """Counts quotes, and keeps none."""

    quotes = 0

    def on_quote(self, symbol: str, quote: Quote, volume: float) -> None:
        """Count."""
        self.quotes += 1


def _many(symbols: int, seconds: float) -> Iterator[Figure]:
    played = crowd.play(seconds, symbols)
    yield Figure(f"{symbols} symbols, 50 quotes a second each", played.rate, "quotes/s")
    yield Figure("their deepest mailbox", played.deepest, "").at_most(MAILBOX_BOUND)
    yield Figure("their growth in the second half", played.growth, "MB").at_most(8)


def _ticker(number: int, began: float = 1_786_562_940.0) -> str:
    moment = datetime.fromtimestamp(began + number / 1_000, UTC)
    row = {
        "symbol": "BTC/USD",
        "bid": 63297.7,
        "bid_qty": 5.75119051,
        "ask": 63297.8,
        "ask_qty": 0.36977971,
        "last": 63297.8,
        "timestamp": f"{moment:%Y-%m-%dT%H:%M:%S.%fZ}",
    }
    return json.dumps({"channel": "ticker", "type": "update", "data": [row]}, separators=(",", ":"))


_KRAKEN_TRADE = (
    '{"channel":"trade","type":"update","data":[{"symbol":"BTC/USD","side":"sell","price":63297.8,'
    '"qty":0.01,"ord_type":"market","trade_id":4665906,"timestamp":"2026-08-12T19:29:02.066592Z"}]}'
)
_KRAKEN_CANDLE = (
    '{"channel":"ohlc","type":"update","timestamp":"2026-08-12T19:28:44.084233010Z","data":'
    '[{"symbol":"BTC/USD","open":63301.6,"high":63301.6,"low":63297.7,"close":63297.7,"trades":27,'
    '"volume":0.04121249,"vwap":63298.2,"interval_begin":"2026-08-12T19:28:00.000000000Z",'
    '"interval":1,"timestamp":"2026-08-12T19:29:00.000000Z"}]}'
)
_COINBASE = '{"channel":"%s","timestamp":"2026-08-09T21:05:48.251397169Z","sequence_num":9,%s}'
_COINBASE_TRADE = _COINBASE % (
    "market_trades",
    (
        '"events":[{"type":"update","trades":[{"product_id":"BTC-USD","trade_id":"1068572091",'
        '"price":"65083.67","size":"0.01034361","time":"2026-08-09T21:05:48.167634Z","side":"SELL"}]}]'
    ),
)
_COINBASE_TICKER = _COINBASE % (
    "ticker",
    (
        '"events":[{"type":"update","tickers":[{"type":"ticker","product_id":"BTC-USD",'
        '"price":"65086.18","volume_24_h":"2867.54532609","low_24_h":"64675.22","high_24_h":"65252.99",'
        '"best_bid":"65083.66","best_ask":"65083.67","best_bid_quantity":"0.20371215",'
        '"best_ask_quantity":"0.24290402"}]}]'
    ),
)
_COINBASE_CANDLE = _COINBASE % (
    "candles",
    (
        '"events":[{"type":"update","candles":[{"start":"1786309500","high":"1919.6","low":"1919.27",'
        '"open":"1919.58","close":"1919.41","volume":"36.36630914","product_id":"BTC-USD"}]}]'
    ),
)
_BINANCE_TRADE = (
    '{"stream":"btcusdt@aggTrade","data":{"e":"aggTrade","E":1633998523963,"s":"BTCUSDT",'
    '"a":15683430,"p":"0.35280000","q":"58.00000000","f":19862790,"l":19862790,"T":1633998523963,'
    '"m":false,"M":true}}'
)
_BINANCE_TICKER = (
    '{"stream":"btcusdt@bookTicker","data":{"u":499869768,"s":"BTCUSDT","b":"0.35210000",'
    '"B":"672.00000000","a":"0.35260000","A":"3199.00000000"}}'
)
_BINANCE_CANDLE = (
    '{"stream":"btcusdt@kline_1m","data":{"e":"kline","E":1633998523963,"s":"BTCUSDT","k":'
    '{"t":1633998480000,"T":1633998539999,"s":"BTCUSDT","i":"1m","f":19862761,"L":19862790,'
    '"o":"0.35270000","c":"0.35280000","h":"0.35280000","l":"0.35220000","v":"25877.00000000",'
    '"n":30,"x":false,"q":"9116.04600000","V":"58.00000000","Q":"20.46240000","B":"0"}}}'
)


async def _venue(count: int) -> None:
    """Send so many frames to each that subscribes."""
    began = time.time() - AGO
    frames = [_ticker(number, began) for number in range(count)]
    async with open_venue(VenueServer(Script(confirm, lambda _number: frames))) as server:
        sys.stdout.write(f"{server.url}\n")
        sys.stdout.flush()
        await trio.sleep_forever()


if __name__ == "__main__":
    trio.run(_venue, int(sys.argv[1]))
