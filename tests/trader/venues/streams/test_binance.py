"""Binance's frames, spot and futures: all of them are counted, depth in its sequence."""

from pathlib import Path

import msgspec
import pytest

from tests.trader.venues.streams.samples import faults, independently, kinds, received, take
from trader.model.market import Quote
from trader.venues.streams.binance import Binance
from trader.venues.streams.events import Barred, Beat, Confirmed, Fault, Quoted

SPOT = "cryptofeed_BINANCE_2021-10-12.jsonl.gz"
FUTURES = "cryptofeed_BINANCE_FUTURES_2021-07-22.jsonl.gz"
SYMBOLS = {
    SPOT: ("NKN-USDT", "BLZ-ETH", "LRC-BTC", "RUNE-EUR"),
    FUTURES: ("SUSHI-USDT-PERP", "AKRO-USDT-PERP", "KEEP-USDT-PERP", "CTK-USDT-PERP"),
}


def binance(*symbols: str) -> Binance:
    """Return an adapter."""
    return Binance(symbols or ("BTC-USDT",), ("bookTicker", "kline_1m"), "1m")


@pytest.mark.parametrize("name", [SPOT, FUTURES])
def test_the_real_recordings_are_understood_whole(shared: Path, name: str):
    """Counts equal those of an independent count; no change of a book is missing."""
    frames = received(shared, name)

    def on(channel: str):
        return lambda f: channel in f["stream"]

    assert kinds(take(binance(*SYMBOLS[name]), frames)) == {
        "Quoted": independently(frames, on("@bookTicker")),
        "Trade": independently(frames, on("@aggTrade")),
        "Barred": independently(frames, on("@kline_1m")),
        "Deepened": independently(frames, on("@depth")),
    }


@pytest.mark.parametrize("name", [SPOT, FUTURES])
def test_a_change_of_a_book_that_is_missing_is_noticed(shared: Path, name: str):
    """Spot counts on from the last, futures name it."""
    depth = [f for f in received(shared, name) if SYMBOLS[name][0].split("-")[0].lower() in f.data]
    depth = [f for f in depth if "@depth" in f.data]
    events = take(binance(*SYMBOLS[name]), depth[:3] + depth[4:])

    assert faults(events) == [("sequence", True)]


def test_a_quote_of_spot_bears_the_time_it_came():
    """The venue tells none."""
    data = {"u": 1, "s": "BTCUSDT", "b": "9.5", "B": "1", "a": "9.6", "A": "2"}
    frame = msgspec.json.encode({"stream": "btcusdt@bookTicker", "data": data})
    assert binance().take(frame, 77) == [Quoted("BTC-USDT", Quote(77, 9.5, 9.6))]


@pytest.mark.parametrize("kind", ["closed", "open"])
def test_the_venue_says_whether_a_candle_is_closed(shared: Path, kind: str):
    """The last millisecond it names belongs to the candle."""
    folder = shared / "data" / "rest" / "venues" / "binance" / "futures" / "market_data_json"
    data = msgspec.Raw((folder / f"kline_stream_{kind}.json").read_bytes())
    frame = msgspec.json.encode({"stream": "btcusdt@kline_1m", "data": data})

    [event] = binance("BTC-USDT-PERP").take(frame, 0)
    assert isinstance(event, Barred)
    assert event.closed == (kind == "closed")
    assert event.candle.ts_event - event.candle.ts_open == 60_000_000_000


def test_a_subscription_is_confirmed_by_its_number():
    """For all symbols of its channel at once."""
    adapter = binance("BTC-USDT", "ETH-USDT")
    sent = [msgspec.json.decode(text) for text in adapter.subscriptions()]
    assert sent[1] == {
        "method": "SUBSCRIBE",
        "params": ["btcusdt@kline_1m", "ethusdt@kline_1m"],
        "id": 1,
    }
    assert adapter.take(b'{"result":null,"id":1}', 0) == [
        Confirmed("kline_1m", "BTC-USDT"),
        Confirmed("kline_1m", "ETH-USDT"),
    ]
    assert adapter.awaited == {("bookTicker", "BTC-USDT"), ("bookTicker", "ETH-USDT")}
    assert adapter.take(b'{"result":null,"id":9}', 0) == [Beat()]


def test_spot_and_futures_live_at_different_places():
    """The suffix says which is meant."""
    assert "//stream." in binance("BTC-USDT").url()
    assert "//fstream." in binance("BTC-USDT-PERP").url()


def test_errors_are_fatal_and_garbage_is_a_fault():
    """Nothing is dropped in silence."""
    refused = b'{"error":{"code":2,"msg":"Invalid request"},"id":0}'
    assert faults(binance().take(refused, 0)) == [("refused", True)]
    unknown = b'{"stream":"btcusdt@novel","data":{}}'
    assert binance().take(unknown, 0) == [Fault("", "unknown kind", "btcusdt@novel")]
    other = b'{"stream":"x@bookTicker","data":{"s":"X","b":"1","a":"2"}}'
    assert faults(binance().take(other, 0)) == [("unknown symbol", False)]
    for frame in (b"", b"{}", b'{"stream":"btcusdt@kline_1m","data":{}}'):
        assert faults(binance().take(frame, 0)) == [("unreadable frame", False)]
