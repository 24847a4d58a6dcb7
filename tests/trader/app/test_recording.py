"""Recording a venue on this machine, and counting what was recorded."""

from pathlib import Path

import pytest
import trio

from tests.trader.venues.streams.test_connection import venue
from trader.app import recording
from trader.app.recording import Recorder
from trader.model.errors import UsageError
from trader.testing.venue_server import open_venue
from trader.venues.clock import RealClock
from trader.venues.streams.frames import open_recording, read_frames


async def test_what_a_venue_sends_is_recorded_as_it_came(tmp_path: Path):
    """Connections and subscriptions as well; every frame bears its time."""
    path, server = tmp_path / "frames.jsonl.gz", venue(stay=False)
    clock = RealClock()
    async with open_venue(server):
        with open_recording(path) as file:
            recorder = Recorder(file, clock)
            with trio.fail_after(10):
                await recording._record(
                    "kraken", ("BTC-USD",), "1m", recorder, clock, 0.4, server.url
                )
    frames = [*read_frames(path)]

    assert frames[0].kind == "connect"
    assert [f.kind for f in frames].count("send") >= 4
    received = [f for f in frames if f.kind == "recv"]
    assert [f.data for f in received].count('{"channel":"heartbeat"}') >= 5
    assert all(f.ts for f in received)
    counted = recording.count("kraken", path, "1m")
    assert counted.received == len(received)
    assert counted.faults == {}
    assert f"{len(received)} frames received" in recording.to_text(counted)


def test_a_venue_without_a_websocket_cannot_be_recorded(tmp_path: Path):
    """No file is left behind."""
    with pytest.raises(UsageError, match="give kraken, coinbase"):
        recording.record("bitfinex", ["BTC-USD"], "1m", tmp_path / "x", 1.0)
    assert not (tmp_path / "x").exists()
