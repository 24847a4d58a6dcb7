"""Kraken's frames, as it sent them: every one is understood, every checksum verifies."""

from pathlib import Path

import msgspec
import pytest

from tests.trader.venues.streams.samples import faults, kinds, received, take
from trader.model.market import SECOND, Candle, Quote
from trader.venues.streams.events import Barred, Beat, Confirmed, Event, Fault, Quoted, Trade
from trader.venues.streams.kraken import Kraken

CHANNELS = ("ticker", "trade", "ohlc", "book")


def kraken(*symbols: str) -> Kraken:
    """Return an adapter for one-minute candles."""
    return Kraken(symbols or ("BTC-USD",), CHANNELS, "1m")


def told(frame: object, adapter: Kraken | None = None) -> list[Event]:
    """Return what a frame says."""
    return [*(adapter or kraken()).take(msgspec.json.encode(frame), 5)]


@pytest.mark.parametrize(
    ("name", "symbol", "counts"),
    [
        (
            "kraken_v2_book_BTCUSD_2026-08-24.tickvault.jsonl",
            "BTC-USD",
            {"Beat": 3, "Confirmed": 1, "Booked": 4},
        ),
        (
            "kraken_v2_book_ETHBTC_2026-08-26.jsonl",
            "ETH-BTC",
            {"Beat": 2, "Confirmed": 1, "Booked": 2},
        ),
        ("kraken_v2_book_GSTUSD.kdr.jsonl", "GST-USD", {"Booked": 1}),
    ],
)
def test_every_real_book_verifies(shared: Path, name: str, symbol: str, counts: dict[str, int]):
    """Ten levels a side, whatever the precision of the pair."""
    assert kinds(take(kraken(symbol), received(shared, name))) == counts


def test_a_repeated_and_a_thin_snapshot_verify(shared: Path):
    """Both begin the book anew; zeros that the recorder cut off belong to the checksum."""
    frames = received(shared, "kraken_v2_ccxt_static_ws.jsonl")
    events = take(kraken("BTC-USD", "DOGE-USDT"), frames)

    assert kinds(events) == {"Beat": 6, "Confirmed": 5, "Quoted": 2, "Barred": 11, "Booked": 15}


def test_a_book_that_does_not_verify_needs_a_new_connection(shared: Path):
    """One wrong level is found at once, and the book is not used any more."""
    frames = received(shared, "kraken_v2_book_BTCUSD_2026-08-24.tickvault.jsonl")
    tampered = [
        msgspec.structs.replace(f, data=f.data.replace("0.34775324", "0.34775325")) for f in frames
    ]

    assert faults(take(kraken(), tampered)) == [
        ("checksum", True),
        ("book without a snapshot", True),
        ("book without a snapshot", True),
    ]


def test_a_ticker_is_a_quote():
    """The best bid and ask at the venue's own time, to the microsecond."""
    row = {
        "symbol": "BTC/USD",
        "bid": 63297.7,
        "bid_qty": 5.7,
        "ask": 63297.8,
        "ask_qty": 0.3,
        "last": 63297.8,
        "timestamp": "2026-08-12T19:29:00.921195Z",
    }
    assert told({"channel": "ticker", "type": "update", "data": [row]}) == [
        Quoted("BTC-USD", Quote(1_786_562_940_921_195_000, 63297.7, 63297.8))
    ]


def test_a_trade_has_price_size_and_number():
    """Several come in one frame."""
    row = {
        "symbol": "BTC/USD",
        "side": "buy",
        "price": 10.5,
        "qty": 0.25,
        "ord_type": "market",
        "trade_id": 7,
        "timestamp": "1970-01-01T00:00:01.5Z",
    }
    frame = {"channel": "trade", "type": "update", "data": [row, row]}
    assert told(frame) == [Trade("BTC-USD", SECOND * 3 // 2, 10.5, 0.25, 7)] * 2


def candle_row(interval: int = 1) -> dict[str, object]:
    """Return a row of an ohlc frame."""
    return {
        "symbol": "BTC/USD",
        "open": 10,
        "high": 12,
        "low": 9,
        "close": 11,
        "volume": 3.5,
        "interval": interval,
        "interval_begin": "1970-01-01T00:01:00.000000000Z",
    }


def test_a_candle_is_never_closed_by_the_venue():
    """What follows it, or the clock, closes it."""
    assert told({"channel": "ohlc", "type": "update", "data": [candle_row()]}) == [
        Barred(
            "BTC-USD", Candle(60 * SECOND, 120 * SECOND, 10.0, 12.0, 9.0, 11.0, 3.5), closed=False
        )
    ]


def test_a_candle_of_another_interval_is_a_fault():
    """It is not passed on as one of ours."""
    frame = {"channel": "ohlc", "type": "update", "data": [candle_row(interval=5)]}
    assert told(frame) == [Fault("BTC-USD", "wrong interval", "5 minutes")]


def test_a_symbol_nobody_asked_for_is_a_fault():
    """Mislabeled rows are told from ours."""
    frame = {"channel": "ohlc", "type": "update", "data": [candle_row()]}
    assert told(frame, kraken("ETH-USD")) == [Fault("BTC/USD", "unknown symbol", "ohlc")]


def test_subscriptions_are_one_frame_a_channel_and_are_confirmed_one_by_one():
    """Until the venue has confirmed all, some are awaited."""
    adapter = kraken("BTC-USD", "ETH-USD")
    frames = [msgspec.json.decode(frame) for frame in adapter.subscriptions()]

    assert [frame["params"] for frame in frames] == [
        {"channel": "ticker", "symbol": ["BTC/USD", "ETH/USD"], "event_trigger": "bbo"},
        {"channel": "trade", "symbol": ["BTC/USD", "ETH/USD"]},
        {"channel": "ohlc", "symbol": ["BTC/USD", "ETH/USD"], "interval": 1},
        {"channel": "book", "symbol": ["BTC/USD", "ETH/USD"], "depth": 10},
    ]
    for channel in CHANNELS:
        answer = {
            "method": "subscribe",
            "success": True,
            "result": {"channel": channel, "symbol": "BTC/USD", "snapshot": True},
        }
        assert told(answer, adapter) == [Confirmed(channel, "BTC-USD")]
    assert adapter.awaited == {(channel, "ETH-USD") for channel in CHANNELS}


def test_a_refusal_is_fatal():
    """The engine must not wait for what will never come."""
    answer = {
        "method": "subscribe",
        "success": False,
        "error": "Currency pair not supported ABC/USD",
        "symbol": "ABC/USD",
    }
    assert told(answer) == [
        Fault("ABC/USD", "refused", "Currency pair not supported ABC/USD", fatal=True)
    ]


def test_pongs_and_heartbeats_say_that_the_venue_is_there():
    """They carry nothing else."""
    assert told({"method": "pong", "time_in": "x"}) == [Beat()]
    assert told({"channel": "heartbeat"}) == [Beat()]


@pytest.mark.parametrize(
    "frame",
    [b"", b"{", b"null", b"[]", b"\xff\xfe", b'{"channel":"ticker"}', b'{"channel":"novel"}'],
)
def test_garbage_is_a_fault_and_never_raises(frame: bytes):
    """An unknown channel is one as well: nothing is dropped in silence."""
    assert faults(kraken().take(frame, 0)) == [("unreadable frame", False)]
