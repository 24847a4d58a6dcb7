"""Coinbase's frames, as it sent them: all of them are counted, in their sequence."""

from pathlib import Path

import msgspec

from tests.trader.venues.streams.samples import faults, independently, kinds, received, take
from trader.model.market import SECOND, Quote
from trader.venues.streams.coinbase import Coinbase
from trader.venues.streams.events import Barred, Beat, Booked, Confirmed, Fault, Quoted, Trade

NAME = "cryptofeed-v3_COINBASE_2026-08-09.jsonl.gz"
CHANNELS = ("market_trades", "ticker", "candles", "level2")


def coinbase(*channels: str) -> Coinbase:
    """Return an adapter for two products."""
    return Coinbase(("BTC-USD", "ETH-USD"), channels or CHANNELS, "5m")


def test_the_real_recording_is_understood_whole(shared: Path):
    """Counts equal those of an independent count of the same frames; no sequence is missing."""
    frames = received(shared, NAME)
    counted = kinds(take(coinbase(), frames))

    def rows(channel: str, key: str):
        return lambda f: sum(len(e[key]) for e in f["events"]) if f["channel"] == channel else 0

    assert counted.pop("Confirmed") > 0
    assert counted == {
        "Trade": independently(frames, rows("market_trades", "trades")),
        "Quoted": independently(frames, rows("ticker", "tickers")),
        "Barred": independently(frames, rows("candles", "candles")),
        "Booked": independently(frames, lambda f: f["channel"] == "l2_data" and len(f["events"])),
        "Beat": independently(frames, lambda f: f["channel"] == "heartbeats"),
    }


def test_a_frame_that_is_missing_is_noticed(shared: Path):
    """The connection is to be opened anew; so it is when two frames change places."""
    frames = received(shared, NAME)[:60]
    without = frames[:40] + frames[41:]
    swapped = [*frames[:40], frames[41], frames[40], *frames[42:]]

    assert faults(take(coinbase(), without)) == [("sequence", True)]
    assert faults(take(coinbase(), swapped)) == [("sequence", True)] * 3


def test_the_quotes_of_the_book_are_those_of_the_ticker(shared: Path):
    """Two channels, kept apart by us, say the same: the book is kept right."""
    events = take(coinbase(), received(shared, NAME))
    tops = {(e.symbol, e.quote.bid, e.quote.ask) for e in events if isinstance(e, Booked)}
    quotes = [(e.symbol, e.quote.bid, e.quote.ask) for e in events if isinstance(e, Quoted)]

    assert sum(quote in tops for quote in quotes) / len(quotes) > 0.9


def frame(channel: str, **event: object) -> bytes:
    """Write a frame with one event."""
    return msgspec.json.encode(
        {
            "channel": channel,
            "timestamp": "1970-01-01T00:00:09.000000123Z",
            "sequence_num": 0,
            "events": [event],
        }
    )


def test_trades_come_oldest_first():
    """The venue lists the newest first."""
    rows = [
        {
            "product_id": "BTC-USD",
            "trade_id": str(number),
            "price": "10.5",
            "size": "0.1",
            "time": "1970-01-01T00:00:08Z",
            "side": "SELL",
        }
        for number in (8, 7)
    ]
    assert coinbase().take(frame("market_trades", type="update", trades=rows), 0) == [
        Trade("BTC-USD", 8 * SECOND, 10.5, 0.1, number) for number in (7, 8)
    ]


def test_a_ticker_is_a_quote_at_the_time_of_its_frame():
    """It has none of its own."""
    row = {"type": "ticker", "product_id": "ETH-USD", "best_bid": "9.5", "best_ask": "9.6"}
    assert coinbase().take(frame("ticker", type="update", tickers=[row]), 0) == [
        Quoted("ETH-USD", Quote(9 * SECOND, 9.5, 9.6))
    ]


def test_candles_are_of_five_minutes():
    """Prices are text, times are seconds."""
    row = {"start": "300", "high": "3", "low": "1", "open": "2", "close": "2.5", "volume": "7"}
    [event] = coinbase().take(
        frame("candles", type="update", candles=[{**row, "product_id": "BTC-USD"}]), 0
    )
    assert isinstance(event, Barred)
    assert (event.candle.ts_open, event.candle.ts_event) == (300 * SECOND, 600 * SECOND)
    assert event.candle.close == 2.5
    assert not event.closed


def test_subscriptions_are_confirmed_by_the_list_of_them():
    """Heartbeats are asked for first, and belong to no symbol."""
    adapter = coinbase("ticker")
    sent = [msgspec.json.decode(text) for text in adapter.subscriptions()]
    assert [one["channel"] for one in sent] == ["heartbeats", "ticker"]
    assert adapter.awaited == {("ticker", "BTC-USD"), ("ticker", "ETH-USD")}

    listed = {"heartbeats": ["heartbeats"], "ticker": ["BTC-USD", "ETH-USD"]}
    assert adapter.take(frame("subscriptions", subscriptions=listed), 0) == [
        Confirmed("ticker", "BTC-USD"),
        Confirmed("ticker", "ETH-USD"),
    ]
    assert adapter.awaited == set()


def test_only_heartbeats_confirmed_is_a_beat():
    """No frame says nothing at all."""
    listed = frame("subscriptions", subscriptions={"heartbeats": ["heartbeats"]})
    assert coinbase().take(listed, 0) == [Beat()]


def test_an_error_is_fatal_and_garbage_is_not():
    """The first refuses what was asked; the second may pass."""
    error = msgspec.json.encode({"type": "error", "message": "authentication failure"})
    assert coinbase().take(error, 0) == [Fault("", "refused", "authentication failure", fatal=True)]
    garbage = (b"", b"{}", b'{"type":"novel"}', b"\xff")
    assert [faults(coinbase().take(f, 0)) for f in garbage] == [[("unreadable frame", False)]] * 4
