"""The embedded market."""

import itertools
import os
import subprocess
import sys
from typing import Any

import pytest

from tests.trader.indicators.forms import stream_indicators
from tests.trader.venues.stepping import SinkLog, Stepper
from trader.model.market import SECOND, Candle
from trader.model.messages import CandleReceived, Message, QuoteReceived
from trader.settings.schema import MarketSettings
from trader.venues.embedded import EPOCH, LAST, EmbeddedMarket
from trader.venues.paths import STEPS
from trader.venues.sink import SETTLE

MINUTE = 60 * SECOND


def open_market(sink: SinkLog | None = None, **options: Any) -> EmbeddedMarket:
    """Return a market of two symbols with little history."""
    settings: dict[str, Any] = {"history": 20, "limit": 3, "seed": 1, **options}
    symbols = settings.pop("symbols", ["BTC-USD", "ETH-USD"])
    interval = settings.pop("interval", MINUTE)
    return EmbeddedMarket(symbols, interval, sink=sink or SinkLog(), **settings)


def posts(market: EmbeddedMarket) -> list[Message]:
    """Return all that a market posts."""
    posted: list[Message] = []
    Stepper(market.start).run(market.stream(posted.append))
    return posted


def candles(market: EmbeddedMarket, symbol: str = "BTC-USD") -> list[Candle]:
    """Return the candles that a market posts of a symbol."""
    received = [m for m in posts(market) if isinstance(m, CandleReceived)]
    return [m.candle for m in received if m.symbol == symbol]


def history(market: EmbeddedMarket, symbol: str = "BTC-USD", count: int = 20) -> tuple[Candle, ...]:
    """Return the history of a symbol, which must be there at once."""
    stepper = Stepper()
    answer: tuple[Candle, ...] = stepper.run(market.history(symbol, count))
    assert stepper.sleeps == []
    return answer


def test_the_stream_begins_where_history_ends() -> None:
    """History is contiguous and its last candle closes where the stream begins."""
    market = open_market()
    before, after = history(market), candles(market)
    joined = [*before, *after]

    assert before[-1].ts_event == market.start == EPOCH == after[0].ts_open
    assert len(before) == 20
    assert all(a.ts_event == b.ts_open for a, b in itertools.pairwise(joined))


@pytest.mark.parametrize("minutes", [1, 7, 1_440, 3 * 1_440, 7 * 1_440, 30 * 1_440])
def test_candles_of_any_interval_are_ones(minutes: int) -> None:
    """Also of one that does not divide the time at which the stream would begin."""
    market = open_market(interval=minutes * MINUTE)
    begins, all_ = market.start, [*history(market), *candles(market)]

    assert EPOCH - minutes * MINUTE < begins <= EPOCH
    assert {candle.fault(minutes * MINUTE) for candle in all_} == {None}
    assert all_[20].ts_open == begins


def test_the_market_ends_before_its_times_fit_nowhere() -> None:
    """Long candles at full speed come to the end of the century in seconds."""
    drawn = candles(open_market(limit=None, start=LAST - 3 * MINUTE))

    assert [candle.ts_event for candle in drawn] == [LAST - n * MINUTE for n in (2, 1, 0)]


def test_history_gives_the_newest_of_what_is_asked() -> None:
    """A smaller count gives the candles nearest to the start."""
    market = open_market()

    assert history(market)[-5:] == history(market, count=5)


def test_quotes_come_twelve_a_candle_and_the_candle_after_the_last() -> None:
    """Each step has a quote of every symbol; candles follow the quote at their close."""
    posted = posts(open_market(limit=1))
    kinds = [(type(m), m.symbol) for m in posted if isinstance(m, QuoteReceived | CandleReceived)]
    times = [m.quote.ts_event for m in posted if isinstance(m, QuoteReceived)]

    pair = ["BTC-USD", "ETH-USD"]
    assert kinds == [(QuoteReceived, s) for s in pair] * STEPS + [(CandleReceived, s) for s in pair]
    assert times[::2] == [EPOCH + 5 * SECOND * (i + 1) for i in range(STEPS)]


def test_one_sleep_a_step_ends_at_the_time_of_its_quotes() -> None:
    """One a step, however many symbols; after the last, what is under way comes home."""
    market, stepper = open_market(limit=1), Stepper()

    stepper.run(market.stream(lambda _message: None))

    steps = [EPOCH + 5 * SECOND * (i + 1) for i in range(STEPS)]
    assert stepper.sleeps == [*steps, steps[-1] + SETTLE]


def test_the_sink_sees_each_quote_before_it_is_posted() -> None:
    """The venue knows a price before anybody can act on it."""
    sink = SinkLog()
    market = open_market(sink, symbols=["BTC-USD"], limit=2)

    Stepper().run(market.stream(lambda message: sink.log.append((message,))))

    for shown, posted in zip(sink.log[:24:2], sink.log[1:24:2], strict=True):
        assert shown[:3] == ("quote", "BTC-USD", posted[0].quote)


def test_the_stream_ends_after_its_limit() -> None:
    """The limit counts candles of each symbol."""
    assert [len(candles(open_market(limit=4), s)) for s in ("BTC-USD", "ETH-USD")] == [4, 4]


def test_a_resumed_market_goes_on_with_the_same_candles() -> None:
    """What follows the last candle seen is what would have followed without the break."""
    whole = [*history(open_market()), *candles(open_market(limit=10))]
    resumed = open_market(limit=6, resume_at=EPOCH + 4 * MINUTE)

    assert resumed.start == EPOCH + 4 * MINUTE
    assert [*history(resumed), *candles(resumed)] == whole[4:]


def test_a_stream_that_is_opened_again_goes_on() -> None:
    """A stream that broke within a candle goes on with the next when it is opened again."""
    market, expected = open_market(limit=4), candles(open_market(limit=4))
    posted: list[Message] = []
    broken, stepper = market.stream(posted.append), Stepper()
    for _ in range(2 * STEPS + 1):
        stepper.step(broken)
    broken.close()
    posted.clear()

    stepper.run(market.stream(posted.append))

    again = [m.candle for m in posted if isinstance(m, CandleReceived) and m.symbol == "BTC-USD"]
    assert again[0] == expected[3]


def test_a_symbol_is_the_same_in_any_company() -> None:
    """The prices of a symbol do not depend on which others are traded."""
    alone, together = open_market(symbols=["ETH-USD"]), open_market()

    assert candles(alone, "ETH-USD") == candles(together, "ETH-USD")


def test_prices_do_not_depend_on_the_hash_seed() -> None:
    """Another process with another hash seed draws the same prices."""
    code = (
        "from tests.trader.venues.test_embedded import *;"
        "print(candles(open_market(symbols=['PEPE-USD', 'BTC-USD'])))"
    )
    seen = {
        subprocess.run(
            [sys.executable, "-c", code],
            env={**os.environ, "PYTHONHASHSEED": hash_seed, "PYTHONPATH": "."},
            capture_output=True,
            check=True,
        ).stdout
        for hash_seed in ("0", "77")
    }

    assert len(seen) == 1


def test_it_imports_neither_numpy_nor_pandas() -> None:
    """Starting a simulated run costs neither the time nor the memory of numpy."""
    code = "import sys, trader.venues.embedded, trader.venues.recorded, trader.venues.simulated;"
    code += "print({'numpy', 'pandas'} & set(sys.modules))"

    output = subprocess.run([sys.executable, "-c", code], capture_output=True, check=True).stdout

    assert output.decode().strip() == "set()"


def test_the_first_hour_gives_the_rules_something_to_do() -> None:
    """With the default seed, WaveTrend crosses up below -40 within sixty candles of the start."""
    market = open_market(symbols=["BTC-USD"], history=1000, limit=60, seed=MarketSettings().seed)
    indicators = stream_indicators()
    memory = indicators.start()
    for candle in history(market, count=1000):
        indicators.take(memory, candle)

    snapshots = [indicators.take(memory, candle) for candle in candles(market)]

    assert any(s and s.cross == 1 and s.wt2 < -40 for s in snapshots)
