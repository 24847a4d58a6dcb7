"""One connection, over a real socket on this machine, to a venue that fails as it is told."""

from collections.abc import Sequence

import msgspec
import pytest
import trio
from trio.testing import MockClock

from trader.model.errors import NotSent, OutcomeUnknown, VenueError
from trader.testing.venue_server import Mishap, Script, VenueServer, open_venue
from trader.venues.streams.adapter import Manners
from trader.venues.streams.connection import CONFIRM, run_connection
from trader.venues.streams.events import Beat, Confirmed, Event, Fault
from trader.venues.streams.kraken import Kraken

QUICK = Manners(pause=0.0)
BEAT = '{"channel":"heartbeat"}'


def confirm(text: str) -> Sequence[str]:
    """Answer as Kraken does: a subscription by symbol, a ping with a pong."""
    frame = msgspec.json.decode(text)
    if frame["method"] == "ping":
        return ['{"method":"pong"}']
    channel = frame["params"]["channel"]
    return [
        msgspec.json.encode(
            {
                "method": "subscribe",
                "success": True,
                "result": {"channel": channel, "symbol": symbol},
            }
        ).decode()
        for symbol in frame["params"]["symbol"]
    ]


def venue(*mishaps: Mishap, frames: Sequence[str] = (BEAT,) * 5, stay: bool = True) -> VenueServer:
    """Return a venue that confirms everything and then beats."""
    return VenueServer(Script(confirm, lambda _number: frames, stay=stay), mishaps)


class Heard:
    """Keeps what a connection tells."""

    def __init__(self) -> None:
        self.frames: list[str | bytes] = []
        self.events: list[Event] = []
        self.ticks = 0

    def on_frame(self, frame: str | bytes) -> None:
        """Keep a frame."""
        self.frames.append(frame)

    def on_events(self, events: Sequence[Event], _now: int) -> None:
        """Keep events."""
        self.events += events

    def on_tick(self) -> None:
        """Count."""
        self.ticks += 1


async def ended(server: VenueServer, manners: Manners = QUICK) -> tuple[Heard, VenueError]:
    """Run one connection to its end; return what was heard, and why it ended."""
    heard, adapter = Heard(), Kraken(("BTC-USD",), ("ticker", "trade"), "1m")
    adapter.manners = manners
    async with open_venue(server):
        with pytest.raises(VenueError) as caught:
            await run_connection(adapter, heard, lambda: 5, server.url)
    return heard, caught.value


async def test_it_subscribes_listens_and_says_why_it_ended():
    """Every frame is heard, in order, until the venue closes."""
    heard, error = await ended(venue(stay=False), Manners(pause=0.0))

    assert heard.events.count(Beat()) == 5
    assert len(heard.frames) == len(heard.events)
    assert isinstance(error, OutcomeUnknown)
    assert "the venue closed the connection" in str(error)


async def test_both_subscriptions_are_sent_and_confirmed():
    """The venue heard them in the order of the channels."""
    server = venue(stay=False, frames=(BEAT,) * 40)
    server.script.pause = 0.005
    heard, _ = await ended(server, Manners(pause=0.01))

    assert [msgspec.json.decode(text)["params"]["channel"] for text in server.heard] == [
        "ticker",
        "trade",
    ]
    assert [e for e in heard.events if isinstance(e, Confirmed)] == [
        Confirmed("ticker", "BTC-USD"),
        Confirmed("trade", "BTC-USD"),
    ]


async def test_a_venue_that_is_not_there_is_not_sent():
    """Nobody listens at that port."""
    adapter = Kraken(("BTC-USD",), ("ticker",), "1m")
    with pytest.raises(NotSent, match="cannot be reached"):
        await run_connection(adapter, Heard(), lambda: 5, "ws://127.0.0.1:9")


async def test_a_refused_subscription_ends_it():
    """Waiting would not help."""
    _, error = await ended(venue(Mishap("refuse")))
    assert str(error) == "refused: refused by the script"


async def test_garbage_is_heard_as_a_fault_and_ends_nothing():
    """One frame that nobody can read may pass."""
    heard, _ = await ended(venue(Mishap("corrupt", 2), stay=False))
    faults = [event for event in heard.events if isinstance(event, Fault)]

    assert [fault.reason for fault in faults] == ["unreadable frame"]
    assert heard.events.count(Beat()) == 4


@pytest.fixture
def autojump_clock() -> MockClock:
    """Let time jump where everybody waits for it, but for longer than a socket takes."""
    return MockClock(autojump_threshold=0.05)


async def test_a_silent_line_is_dead(autojump_clock: MockClock):
    """Half-open or just silent: the venue's heartbeats are missing."""
    _, error = await ended(venue(Mishap("silence", 3)), Manners(silence=10.0))
    assert str(error) == "nothing came for 10 s"
    assert autojump_clock.current_time() > 10


async def test_a_subscription_that_is_not_confirmed_is_named(autojump_clock: MockClock):
    """The venue beats, but does not say that it streams."""
    server = VenueServer(Script(lambda _text: (), lambda _number: (BEAT,) * 99, pause=1.0))
    _, error = await ended(server, Manners(silence=5.0))
    assert str(error) == f"no confirmation of ticker BTC-USD, trade BTC-USD within {CONFIRM:g} s"


async def test_a_connection_grows_no_older_than_the_venue_allows(autojump_clock: MockClock):
    """It is closed by us before the venue cuts it; pings keep it alive until then."""
    server = venue(frames=(), stay=True)
    manners = Manners(silence=9.0, age=30.0, ping='{"method":"ping"}', ping_every=3.0)
    heard, error = await ended(server, manners)

    assert "30 s old" in str(error)
    assert sum("ping" in text for text in server.heard) >= 8
    assert heard.ticks > 50


async def test_the_end_of_the_run_closes_it():
    """A connection that is canceled leaves nothing behind, and does not fail."""
    server = venue()
    adapter, heard = Kraken(("BTC-USD",), ("ticker",), "1m"), Heard()
    async with open_venue(server):
        with trio.move_on_after(0.2) as scope:
            await run_connection(adapter, heard, lambda: 5, server.url)
    assert scope.cancelled_caught
    assert heard.events
