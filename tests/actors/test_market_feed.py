"""The MarketFeed: what it lets through, what it drops, and when it calls a symbol stale."""

import itertools
from array import array
from collections.abc import Callable
from typing import Any

import msgspec
import pytest
import trio
from hypothesis import given, settings
from hypothesis import strategies as st

from actors.market_feed import FeedState, MarketFeed
from tests.trader.venues.stepping import SinkLog
from trader.feed.lanes import BAD_ROWS
from trader.model.errors import NotSent, OutcomeUnknown
from trader.model.market import SECOND, Candle, FeedCondition, Quote, Series
from trader.model.messages import (
    CallFailure,
    CandleClosed,
    CandleReceived,
    DataFaulted,
    DataQuarantined,
    Failure,
    FeedEnded,
    FeedRecovered,
    FeedStalled,
    HistoryLoaded,
    HistoryReceived,
    Message,
    QuoteReceived,
    QuoteUpdated,
    SessionStarted,
    StreamConfirmed,
    StreamFailed,
)
from trader.ports import Market, Post, forever, sleep_until
from trader.testing.stage import Stage, open_stage
from trader.venues.embedded import EmbeddedMarket
from trader.venues.recorded import RecordedMarket

MINUTE = 60 * SECOND
BTC, ETH = "BTC-USD", "ETH-USD"
STARTED = SessionStarted("run", resumed=False)
BROKEN = CallFailure(Failure.UNKNOWN, "the line is dead")


def silent() -> Market:
    """Return a market that has nothing to say for a year."""
    one = array("d", [1.0])
    series = Series(MINUTE, array("q", [525_600 * MINUTE]), one, one, one, one, one, 0)
    return RecordedMarket(BTC, series, SinkLog())


def embedded(start: int, **options: Any) -> EmbeddedMarket:
    """Return an embedded market with ten candles of history."""
    return EmbeddedMarket([BTC], MINUTE, seed=1, history=10, sink=SinkLog(), start=start, **options)


class Fragile(EmbeddedMarket):
    """An embedded market whose stream breaks once, after so many messages."""

    breaks_after = 0

    async def stream(self, post: Post) -> None:
        """Post until it breaks; the second time, to the end."""
        left, self.breaks_after = self.breaks_after, 10**9

        def count(message: Message) -> None:
            nonlocal left
            left -= 1
            if left < 0:
                raise OutcomeUnknown("the line is dead")
            post(message)

        await super().stream(count)


class Dead(EmbeddedMarket):
    """An embedded market whose stream never opens."""

    opens = 0

    async def stream(self, post: Post) -> None:
        """Fail at once."""
        self.opens += 1
        raise NotSent("the line is dead")


class Slow(Dead):
    """A dead market that takes a minute to say that it has no history of the second symbol."""

    async def history(self, symbol: str, count: int) -> tuple[Candle, ...]:
        """Answer, or wait and fail."""
        if symbol == ETH:
            await sleep_until(11 * MINUTE)
            raise NotSent("no history")
        return await super().history(symbol, count)


def candle(closes: int, price: float = 100.0, **changes: Any) -> Candle:
    """Return the good candle that closes at a minute, changed as told."""
    good = Candle(
        (closes - 1) * MINUTE, closes * MINUTE, price, price + 2, price - 2, price + 1, 5.0
    )
    return msgspec.structs.replace(good, **changes)


def received(*candles: Candle, symbol: str = BTC) -> list[Message]:
    """Return candles as the market posts them."""
    return [CandleReceived(symbol, c) for c in candles]


async def open_feed(
    stage: Stage, market: Market | None = None, symbols: tuple[str, ...] = (BTC,), minute: int = 10
) -> list[Message]:
    """Start a feed at a minute; return what it sent."""
    await stage.start(MarketFeed, market or silent(), symbols, MINUTE, 10, False)
    await stage.advance(60 * minute)
    return await stage.tell(STARTED)


def data(sent: list[Message]) -> list[Message]:
    """Leave out what is told of the feed itself."""
    return [m for m in sent if not isinstance(m, FeedStalled | FeedRecovered | DataQuarantined)]


def news(sent: list[Message]) -> list[str]:
    """Return the conditions of the feed, in the order they were told."""
    told = [m for m in sent if isinstance(m, FeedStalled | FeedRecovered)]
    return [m.condition.value if isinstance(m, FeedStalled) else "live" for m in told]


def silence(symbol: str, since: int) -> FeedStalled:
    """Return what is told of a symbol from which nothing comes."""
    return FeedStalled(symbol, since, FeedCondition.STALE)


# -- candles ---------------------------------------------------------------------------------------


async def test_good_candles_pass_in_order(stage: Stage) -> None:
    """Each candle goes on as it came, with no gap where there is none."""
    await open_feed(stage)

    sent = await stage.tell(*received(candle(9), candle(10)))

    assert data(sent) == [CandleClosed(BTC, candle(9), 0), CandleClosed(BTC, candle(10), 0)]


async def test_missing_candles_are_counted_into_the_next(stage: Stage) -> None:
    """A gap is the number of intervals without a candle."""
    await open_feed(stage)

    sent = await stage.tell(*received(candle(3), candle(5), candle(9)))

    assert [m.gap for m in sent if isinstance(m, CandleClosed)] == [0, 1, 3]


NAN, INF = float("nan"), float("inf")
DROPPED: list[tuple[str, Candle]] = [
    ("duplicate", candle(8)),
    ("revised", candle(8, volume=6.0)),
    ("out of order", candle(7)),
    ("not closed yet", candle(11)),
    ("wrong interval", candle(9, ts_open=7 * MINUTE)),
    ("wrong interval", candle(9, ts_open=8 * MINUTE + 1, ts_event=9 * MINUTE + 1)),
    ("impossible values", candle(9, high=100.5)),
    ("impossible values", candle(9, low=100.5)),
    ("impossible values", candle(9, volume=-1.0)),
    *[
        ("impossible values", candle(9, **{field: value}))
        for field in ("open", "high", "low", "close")
        for value in (NAN, INF, -INF, 0.0, -1.0)
    ],
    *[("impossible values", candle(9, volume=value)) for value in (NAN, INF)],
]


@pytest.mark.parametrize(("reason", "bad"), DROPPED)
async def test_a_bad_candle_is_dropped_and_counted(stage: Stage, reason: str, bad: Candle) -> None:
    """Nothing of a bad candle goes on, its reason is counted, and the next good one passes."""
    await open_feed(stage)
    await stage.tell(*received(candle(8)))

    sent = await stage.tell(*received(bad, candle(9)))

    assert data(sent) == [CandleClosed(BTC, candle(9), 0)]
    assert stage.state.dropped == {reason: 1}
    quarantined = [m for m in sent if isinstance(m, DataQuarantined)]
    assert [m.reason for m in quarantined] == [reason][
        : reason not in {"duplicate", "out of order"}
    ]


async def test_a_symbol_nobody_asked_for_is_dropped(stage: Stage) -> None:
    """Mislabeled candles and quotes go nowhere."""
    await open_feed(stage)

    sent = await stage.tell(
        *received(candle(9), symbol="DOGE-USD"), QuoteReceived("DOGE-USD", Quote(1, 1.0, 2.0))
    )

    assert sent == [DataQuarantined("DOGE-USD", "unknown symbol", candle(9), "")]
    assert stage.state.dropped == {"unknown symbol": 2}


MUTATIONS: list[Callable[[Candle], Candle]] = [
    lambda c: c,
    lambda c: msgspec.structs.replace(c, high=NAN),
    lambda c: msgspec.structs.replace(c, low=c.high + 1),
    lambda c: msgspec.structs.replace(c, ts_event=c.ts_event + MINUTE),
    lambda c: msgspec.structs.replace(c, volume=-c.volume),
]


@settings(max_examples=50, deadline=None)
@given(st.lists(st.tuples(st.integers(1, 30), st.sampled_from(MUTATIONS)), max_size=30))
def test_whatever_comes_what_goes_on_is_whole_and_new(
    stream: list[tuple[int, Callable[[Candle], Candle]]],
) -> None:
    """Out of any stream come good candles only, each newer than the last, with its true gap."""
    candles = [mutate(candle(minute)) for minute, mutate in stream]
    sent: list[Message] = []

    async def tell_all() -> None:
        async with trio.open_nursery() as nursery:
            with open_stage("virtual", nursery) as stage:
                await open_feed(stage, minute=40)
                sent.extend(data(await stage.tell(*received(*candles))))
                assert len(sent) + sum(stage.state.dropped.values()) == len(candles)

    trio.run(tell_all)

    closed = [m for m in sent if isinstance(m, CandleClosed)]
    assert all(m.candle.fault(MINUTE) is None for m in closed)
    for earlier, later in itertools.pairwise(closed):
        assert later.candle.ts_event - earlier.candle.ts_event == (later.gap + 1) * MINUTE


# -- quotes ----------------------------------------------------------------------------------------


async def test_good_quotes_pass(stage: Stage) -> None:
    """A quote that is newer goes on as it came."""
    await open_feed(stage)
    quotes = [Quote(9 * MINUTE, 99.0, 101.0), Quote(9 * MINUTE + 1, 100.0, 100.0)]

    sent = await stage.tell(*[QuoteReceived(BTC, quote) for quote in quotes])

    assert sent == [QuoteUpdated(BTC, quote) for quote in quotes]


@pytest.mark.parametrize(
    ("reason", "bad"),
    [
        ("impossible quote", Quote(9 * MINUTE, 101.0, 99.0)),
        ("impossible quote", Quote(9 * MINUTE, 0.0, 99.0)),
        ("impossible quote", Quote(9 * MINUTE, NAN, 99.0)),
        ("impossible quote", Quote(9 * MINUTE, 99.0, INF)),
        ("quote out of order", Quote(8 * MINUTE, 99.0, 101.0)),
        ("quote out of order", Quote(7 * MINUTE, 99.0, 101.0)),
        ("quote out of order", Quote(11 * MINUTE, 99.0, 101.0)),
    ],
)
async def test_a_bad_quote_is_dropped_and_counted(stage: Stage, reason: str, bad: Quote) -> None:
    """Crossed, impossible, old and premature quotes go nowhere."""
    await open_feed(stage)
    await stage.tell(QuoteReceived(BTC, Quote(8 * MINUTE, 99.0, 101.0)))

    assert await stage.tell(QuoteReceived(BTC, bad)) == []
    assert stage.state.dropped == {reason: 1}


# -- history and stream ----------------------------------------------------------------------------


async def test_history_comes_first_and_joins_the_stream(stage: Stage) -> None:
    """The market's history is loaded in one piece; the stream follows on without a gap."""
    sent = await open_feed(stage, embedded(10 * MINUTE))
    sent += await stage.advance(120)

    loaded, *rest = [m for m in data(sent) if not isinstance(m, QuoteUpdated)]
    assert isinstance(loaded, HistoryLoaded)
    assert [c.ts_event for c in loaded.candles] == [MINUTE * i for i in range(1, 11)]
    assert [(m.candle.ts_event, m.gap) for m in rest if isinstance(m, CandleClosed)] == [
        (11 * MINUTE, 0),
        (12 * MINUTE, 0),
    ]
    assert len(data(sent)) == 3 + 2 * 12
    assert stage.state.dropped == {}


async def test_only_what_is_new_of_a_history_is_loaded(stage: Stage) -> None:
    """After a break, history fills the hole and repeats nothing; bad candles are left out."""
    await open_feed(stage)
    await stage.tell(*received(candle(5)))
    stage.state.awaited.append(BTC)

    candles = (candle(4), candle(5), candle(6), candle(7, open=NAN), candle(8))
    sent = await stage.tell(HistoryReceived(BTC, candles))
    sent += await stage.tell(*received(candle(9)))

    assert data(sent) == [
        HistoryLoaded(BTC, (candle(6), candle(8))),
        CandleClosed(BTC, candle(9), 0),
    ]


async def test_the_stream_waits_for_every_history(stage: Stage) -> None:
    """The stream opens once, when the last history is in, be it an answer or a failure."""
    market = Slow([BTC, ETH], MINUTE, seed=1, history=10, sink=SinkLog(), start=10 * MINUTE)
    await open_feed(stage, market, symbols=(BTC, ETH))

    await stage.advance(59)
    before = market.opens
    await stage.advance(1)

    assert (before, market.opens) == (0, 1)


async def test_the_end_of_the_stream_is_told(stage: Stage) -> None:
    """A market that is over says so once, and is not stale thereafter."""
    sent = await open_feed(stage, embedded(10 * MINUTE, limit=1))
    sent += await stage.advance(60 * 60)

    assert isinstance(sent[-1], FeedEnded)
    assert [type(m) for m in sent].count(FeedEnded) == 1
    assert "stale" not in news(sent)


async def test_a_broken_stream_stalls_at_once_and_comes_back(stage: Stage) -> None:
    """The break stalls the symbol; a second later the stream is open again, the hole a gap."""
    market = Fragile([BTC], MINUTE, seed=1, history=10, sink=SinkLog(), start=10 * MINUTE)
    market.breaks_after = 12 + 1 + 3
    sent = await open_feed(stage, market)
    sent += await stage.advance(4 * 60)

    assert FeedRecovered(BTC) in sent
    story = [m for m in sent if not isinstance(m, QuoteUpdated | HistoryLoaded)]
    story = story[story.index(FeedRecovered(BTC)) + 1 :]
    assert news(story) == ["stale", "recovering", "live"]
    assert len(data(story)) == len(story) - 3
    assert story[0] == FeedStalled(BTC, 11 * MINUTE, FeedCondition.STALE, "the line is dead")
    assert [m.gap for m in story if isinstance(m, CandleClosed)][:2] == [1, 0]
    assert stage.state.breaks == 0


async def test_back_off_doubles_up_to_a_minute(stage: Stage) -> None:
    """Each break in a row waits twice as long, a minute at most."""
    market = Dead([BTC], MINUTE, seed=1, history=10, sink=SinkLog(), start=10 * MINUTE)
    await open_feed(stage, market)
    waits = [0]
    for _ in range(190):
        before = market.opens
        await stage.advance(1)
        waits[-1] += 1
        if market.opens > before:
            waits.append(0)

    assert waits[:8] == [1, 2, 4, 8, 16, 32, 60, 60]


# -- staleness -------------------------------------------------------------------------------------


async def test_a_silent_symbol_stalls_once_after_five_intervals(stage: Stage) -> None:
    """Silence is told once it is longer than that, with the time since when."""
    await open_feed(stage, symbols=(BTC, ETH))
    await stage.advance(150)
    await stage.tell(*received(candle(12)))

    assert await stage.advance(150) == []
    assert await stage.advance(1) == [silence(ETH, 10 * MINUTE)]
    assert await stage.advance(149) == []
    assert await stage.advance(1) == [silence(BTC, 12 * MINUTE + 30 * SECOND)]
    assert await stage.advance(3600) == []


async def test_a_good_candle_recovers_a_stalled_symbol(stage: Stage) -> None:
    """The candle goes on first, then the news; after that, silence counts anew."""
    await open_feed(stage)
    await stage.advance(300)

    assert await stage.tell(*received(candle(15))) == [
        CandleClosed(BTC, candle(15), 0),
        FeedRecovered(BTC),
    ]
    assert await stage.advance(600) == [silence(BTC, 15 * MINUTE)]


async def test_quotes_and_bad_candles_keep_nothing_alive(stage: Stage) -> None:
    """A symbol whose candles are all bad stalls, however many come and whatever is quoted."""
    await open_feed(stage)
    sent: list[Message] = []
    for minute in range(11, 17):
        await stage.advance(60)
        bad = candle(minute, close=NAN)
        sent += await stage.tell(*received(bad), QuoteReceived(BTC, Quote(stage.now, 1.0, 2.0)))

    assert silence(BTC, 10 * MINUTE) in stage.sent
    assert not any(isinstance(m, CandleClosed) for m in sent)


@pytest.mark.parametrize(("interval", "seconds"), [(SECOND, 60), (MINUTE, 300)])
def test_stale_is_five_intervals_and_a_minute_at_least(interval: int, seconds: int) -> None:
    """Short intervals do not make the feed nervous."""
    assert MarketFeed(silent(), [BTC], interval, 0, False).stale_after == seconds * SECOND


# -- what holds entries ----------------------------------------------------------------------------


async def test_a_session_begins_connecting_and_goes_live_with_a_candle(stage: Stage) -> None:
    """Until something good came, a symbol is not live."""
    sent = await open_feed(stage)
    assert sent == [FeedStalled(BTC, 10 * MINUTE, FeedCondition.CONNECTING)]

    assert news(await stage.tell(*received(candle(9), candle(10)))) == ["live"]


async def test_a_confirmed_stream_goes_live_where_no_candle_is_missing(stage: Stage) -> None:
    """The history reaches to now and the venue confirms: nobody waits for the next candle."""
    await open_feed(stage)
    assert await stage.tell(StreamConfirmed(BTC)) == []
    await stage.tell(*received(candle(9)), StreamFailed("stream", BROKEN))

    assert news(await stage.tell(StreamConfirmed(BTC))) == ["live"]
    assert await stage.tell(StreamConfirmed(BTC), StreamConfirmed("DOGE-USD")) == []


async def test_a_spike_is_passed_on_at_once_and_holds_entries(stage: Stage) -> None:
    """Stops and marks see it; entries wait for a candle that stands by it."""
    await open_feed(stage, minute=20)
    await stage.tell(*received(*(candle(n) for n in range(8, 12))))

    sent = await stage.tell(*received(candle(12, price=1_000.0)))
    assert data(sent) == [CandleClosed(BTC, candle(12, price=1_000.0), 0)]
    assert news(sent) == ["held"]

    assert news(await stage.tell(*received(candle(13, price=1_001.0)))) == ["live"]


async def test_a_spike_that_is_taken_back_holds_a_candle_longer(stage: Stage) -> None:
    """The way back is a spike as well: entries pass once two candles agree."""
    await open_feed(stage, minute=20)
    await stage.tell(*received(*(candle(n) for n in range(8, 12))))
    spiked = await stage.tell(*received(candle(12, price=10.0), candle(13)))

    assert news(spiked) == ["held", "held"]
    assert news(await stage.tell(*received(candle(14)))) == ["live"]


async def test_a_quote_made_after_a_spike_confirms_it(stage: Stage) -> None:
    """It is a second source: but not where it was made before, or stands elsewhere."""
    await open_feed(stage, minute=20)
    await stage.tell(*received(candle(8), candle(9), candle(10, price=1_000.0)))

    before = Quote(10 * MINUTE, 1_000.0, 1_001.0)
    elsewhere = Quote(10 * MINUTE + 1, 100.0, 101.0)
    agrees = Quote(10 * MINUTE + 2, 1_000.0, 1_001.0)
    told = [await stage.tell(QuoteReceived(BTC, quote)) for quote in (before, elsewhere, agrees)]

    assert [news(sent) for sent in told] == [[], [], ["live"]]


async def test_bad_rows_that_repeat_hold_entries_until_good_ones_outweigh_them(
    stage: Stage,
) -> None:
    """Good candles pass meanwhile; as many of them as there were bad rows release the symbol."""
    await open_feed(stage, minute=20)
    await stage.tell(*received(candle(8)))
    bad = [candle(9, close=NAN)] * BAD_ROWS

    assert news(await stage.tell(*received(*bad[1:]))) == []
    assert news(await stage.tell(*received(*bad[:1]))) == ["held"]
    good = [await stage.tell(*received(candle(n))) for n in range(9, 9 + BAD_ROWS)]
    assert [news(sent) for sent in good] == [[]] * (BAD_ROWS - 1) + [["live"]]
    assert all(data(sent) for sent in good)


async def test_what_is_no_data_is_quarantined_and_counts_as_a_bad_row(stage: Stage) -> None:
    """Frames that nobody can read hold the symbol they were for; those of none hold nobody."""
    await open_feed(stage)
    await stage.tell(*received(candle(9)))
    fault = DataFaulted(BTC, "checksum", "2 is not 3")

    sent = await stage.tell(*[fault] * BAD_ROWS, *[DataFaulted("", "garbage", "?")] * BAD_ROWS)

    assert sent.count(DataQuarantined(BTC, "checksum", None, "2 is not 3")) == BAD_ROWS
    assert news(sent) == ["held"]
    assert stage.state.dropped == {"checksum": BAD_ROWS, "garbage": BAD_ROWS}


# -- holes -----------------------------------------------------------------------------------------


class Patient(EmbeddedMarket):
    """A market without a stream, whose history takes a second; `candles` is all it has."""

    candles: tuple[Candle, ...] = ()

    async def history(self, symbol: str, count: int) -> tuple[Candle, ...]:
        """Answer after a second."""
        await sleep_until(self.now() + SECOND)
        return self.candles[-count:]

    async def stream(self, post: Post) -> None:
        """Wait for ever."""
        await forever()


async def repaired(stage: Stage, *hole: Candle) -> list[Message]:
    """Have candles 9 and 12 arrive with a hole between, and 13 while it is repaired."""
    market = Patient([BTC], MINUTE, seed=1, history=0, sink=SinkLog(), start=10 * MINUTE)
    market.now = lambda: stage.now
    await stage.start(MarketFeed, market, (BTC,), MINUTE, 10, True)
    await stage.advance(60 * 20)
    await stage.tell(STARTED)
    await stage.advance(1)
    market.candles = hole
    await stage.tell(*received(candle(9)))
    sent = await stage.tell(*received(candle(12), candle(13)))
    assert data(sent) == []
    assert news(sent) == ["recovering"]
    return await stage.advance(1)


async def test_a_hole_is_filled_before_what_came_behind_it(stage: Stage) -> None:
    """Nothing is missed, doubled or altered; nobody trades on what comes late."""
    sent = await repaired(stage, candle(9), candle(10), candle(11))

    assert data(sent) == [
        HistoryLoaded(BTC, (candle(10), candle(11))),
        CandleClosed(BTC, candle(12), 0),
        CandleClosed(BTC, candle(13), 0),
    ]
    assert news(sent) == ["live"]


async def test_a_hole_that_cannot_be_filled_is_a_gap(stage: Stage) -> None:
    """What waited goes on, with the number of candles that nobody has."""
    sent = await repaired(stage)

    assert data(sent) == [CandleClosed(BTC, candle(12), 2), CandleClosed(BTC, candle(13), 0)]
    assert news(sent) == ["live"]


# -- memory ----------------------------------------------------------------------------------------


async def test_memory_survives_a_restart(stage: Stage) -> None:
    """The state goes through msgpack unchanged."""
    await open_feed(stage, embedded(10 * MINUTE))
    await stage.advance(90)
    state = stage.state

    assert state.lanes[BTC].newest is not None
    assert msgspec.msgpack.decode(msgspec.msgpack.encode(state), type=FeedState) == state


async def test_a_resumed_feed_goes_on_after_its_newest_candle(stage: Stage) -> None:
    """A new session keeps what was seen of its symbols, forgets the others, and waits anew."""
    await open_feed(stage, symbols=(BTC, ETH))
    await stage.tell(*received(candle(9)))
    stage.actor.symbols = (BTC, "SOL-USD")
    await stage.advance(240)

    await stage.tell(SessionStarted("run", resumed=True))

    assert list(stage.state.lanes) == [BTC, "SOL-USD"]
    sent = await stage.tell(*received(candle(9), candle(14)))
    assert data(sent) == [CandleClosed(BTC, candle(14), 4)]
    assert await stage.advance(299) == []
