"""A thousand mixes of mishaps in virtual time: the same promises, whatever comes together."""

from collections.abc import Mapping

import pytest

from actors.market_feed import MarketFeed
from tests.trader.venues.shaky import BTC, MINUTE, MISHAPS, ShakyMarket, draw
from tests.trader.venues.stepping import SinkLog
from trader.model import messages as m
from trader.model.market import Candle
from trader.runtime.kernel import Kernel
from trader.runtime.virtual import VirtualDriver
from trader.topology import MARKET_FEED

START = 1_000_000 * MINUTE
BEFORE, COUNT = 5, 26
"""Minutes of history, and of a run; mishaps befall the first two thirds."""


def candle(minute: int) -> Candle:
    """Return what really happened in a minute."""
    opens = START + minute * MINUTE
    return Candle(opens, opens + MINUTE, 100.0, 101.0, 99.0, 100.5, float(minute + 100))


TRUTH = [candle(minute) for minute in range(-BEFORE, COUNT)]


def play(mishaps: Mapping[int, str]) -> tuple[list[Candle], list[int], str]:
    """Run a feed on the market; return its candles, the gaps it told, and how it ended."""
    sent: list[m.Message] = []
    kinds = m.CandleClosed, m.HistoryLoaded, m.FeedStalled, m.FeedRecovered
    kernel = Kernel(taps=dict.fromkeys(kinds, (lambda _s, message, _t: sent.append(message),)))
    market = ShakyMarket(TRUTH, BEFORE, mishaps, SinkLog())
    market.now = lambda: kernel.now
    kernel.add(MARKET_FEED, lambda: MarketFeed.start(market, (BTC,), MINUTE, 100, True))
    kernel.now = START
    kernel.start()
    kernel.announce(m.SessionStarted("run", resumed=False))
    VirtualDriver(kernel).run(until=START + (COUNT + 1) * MINUTE)
    kernel.close()
    candles: list[Candle] = []
    for message in sent:
        if isinstance(message, m.HistoryLoaded):
            candles += message.candles
        elif isinstance(message, m.CandleClosed):
            candles.append(message.candle)
    gaps = [message.gap for message in sent if isinstance(message, m.CandleClosed)]
    told = [s for s in sent if isinstance(s, m.FeedStalled | m.FeedRecovered)]
    return candles, gaps, type(told[-1]).__name__


def check(mishaps: Mapping[int, str], name: str) -> None:
    """Check that every candle but the last, whose end nobody saw, came once, whole, in order."""
    candles, gaps, end = play(mishaps)

    assert candles == TRUTH[:-1], name
    assert not any(gaps), name
    assert end == "FeedRecovered", name


@pytest.mark.parametrize("kind", MISHAPS)
def test_after_a_mishap_the_next_candle_is_sound(kind: str):
    """Whichever it is, the next candle is sound."""
    check({10: kind}, kind)


@pytest.mark.parametrize("block", range(10))
def test_whatever_goes_wrong_every_candle_comes_once_whole_and_in_order(block: int):
    """The seed is named where it does not."""
    for seed in range(block * 100, block * 100 + 100):
        check(draw(seed, COUNT * 2 // 3), f"seed {seed}")
