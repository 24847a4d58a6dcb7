"""Recordings of Kraken's first websocket."""

from pathlib import Path

from tests.trader.venues.streams.samples import faults, kinds, received, take
from trader.venues.streams.events import Confirmed
from trader.venues.streams.kraken_v1 import KrakenV1

NAME = "cryptofeed_KRAKEN_2021-04-17.jsonl.gz"


def test_the_real_recording_is_understood_whole(shared: Path):
    """4,279 states of ten books of a thousand levels verify by their checksums."""
    assert kinds(take(KrakenV1({}), received(shared, NAME))) == {
        "Booked": 4279,
        "Beat": 95,
        "Confirmed": 30,
        "Quoted": 18,
        "Trade": 10,
    }


def test_a_change_that_is_missing_is_noticed(shared: Path):
    """Without those before it, the last change of a book does not lead to what is signed."""
    frames = received(shared, NAME)
    changes = [f for f in frames if '"c":' in f.data and "XMR/USD" in f.data]
    rest = [f for f in frames if f not in changes[:-1]]
    assert faults(take(KrakenV1({}), rest)) == [("checksum", True)]


def test_names_are_the_engine_s_where_they_are_known():
    """And the venue's elsewhere."""
    frame = (
        b'{"channelName":"trade","event":"subscriptionStatus","pair":"XBT/USD",'
        b'"status":"subscribed","subscription":{"name":"trade"}}'
    )
    assert KrakenV1({"XBT/USD": "BTC-USD"}).take(frame, 0) == [Confirmed("trade", "BTC-USD")]


def test_garbage_never_raises():
    """Every frame is at least a fault."""
    for frame in (b"", b"[]", b"3", b"{}", b'[1,{"b":[["x","1"]]},"book-10","A/B"]'):
        assert faults(KrakenV1({}).take(frame, 0))[0][1] in {True, False}
