"""Seeded price paths."""

import statistics

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trader.model.market import SECOND, interval_ns
from trader.venues.paths import REGIMES, STEPS, Bar, CommonFactor, Factor, Path

MINUTE = 60 * SECOND
PINNED = (59571.455, 59598.725, 59571.455, 59598.725, 10.596498)


def draw(seed: int, symbol: str, count: int, interval: int = MINUTE) -> list[Bar]:
    """Draw the first candles of a path."""
    common, path = CommonFactor(seed), Path(seed, symbol, interval, 0)
    return [path.advance(common.next()) for _ in range(count)]


def changes(bars: list[Bar]) -> list[float]:
    """Return the relative change over each candle."""
    return [bar.candle.close / bar.candle.open - 1 for bar in bars]


@given(
    st.integers(0, 10**6),
    st.sampled_from(["BTC-USD", "XRP-USDT", "ETH-BTC", "PEPE-USD"]),
    st.sampled_from(["1s", "1m", "4h"]),
)
def test_candles_are_whole_and_made_of_their_quotes(seed: int, symbol: str, text: str) -> None:
    """Every candle is valid, joins the one before it and is the range of its mids."""
    interval = interval_ns(text)
    last = None
    for bids_asks, candle in draw(seed, symbol, 5, interval):
        mids = [(bid + ask) / 2 for bid, ask, _ in bids_asks]

        assert candle.fault(interval) is None
        assert len(bids_asks) == STEPS
        assert all(0 < bid < ask and volume > 0 for bid, ask, volume in bids_asks)
        assert candle.close == pytest.approx(mids[-1])
        assert candle.high == pytest.approx(max(candle.open, *mids))
        assert candle.low == pytest.approx(min(candle.open, *mids))
        assert candle.volume == pytest.approx(sum(volume for _, _, volume in bids_asks))
        if last is not None:
            assert (last.ts_event, last.close) == (candle.ts_open, candle.open)
        last = candle


def test_a_path_is_the_same_for_ever() -> None:
    """Seed and name fix a path to the last digit, in every process and Python."""
    candle = draw(1, "BTC-USD", 1000)[-1].candle

    assert (candle.open, candle.high, candle.low, candle.close, candle.volume) == PINNED


def test_another_seed_is_another_path() -> None:
    """No two seeds give one path."""
    assert draw(1, "BTC-USD", 3) != draw(2, "BTC-USD", 3)


def test_symbols_move_together_but_not_alike() -> None:
    """A common factor correlates the symbols."""
    first, second = changes(draw(1, "BTC-USD", 2000)), changes(draw(1, "ETH-USD", 2000))

    assert 0.2 < statistics.correlation(first, second) < 0.9


def test_volatility_clusters() -> None:
    """Large changes follow large ones."""
    sizes = [abs(change) for change in changes(draw(1, "BTC-USD", 5000))]

    assert statistics.correlation(sizes[:-1], sizes[1:]) > 0.1


def test_spreads_widen_with_volatility() -> None:
    """The quotes of a wild candle are farther apart than those of a calm one."""
    calm = Path(1, "BTC-USD", MINUTE, 0).advance(Factor(REGIMES[2], 0.5, [0.0] * STEPS))
    wild = Path(1, "BTC-USD", MINUTE, 0).advance(Factor(REGIMES[3], 3.0, [0.0] * STEPS))

    calm_bid, calm_ask, _ = calm.quotes[0]
    wild_bid, wild_ask, _ = wild.quotes[0]

    assert wild_ask - wild_bid > 5 * (calm_ask - calm_bid)


def test_every_regime_comes_and_goes() -> None:
    """A day of minutes has seen up, down, range and volatile."""
    common = CommonFactor(1)
    seen = [common.next().regime for _ in range(1440)]

    assert set(REGIMES) == set(seen)


def test_prices_jump_at_times() -> None:
    """Some candles move much farther than their neighbors."""
    sizes = sorted(abs(change) for change in changes(draw(1, "BTC-USD", 5000)))

    assert sizes[-1] > 8 * statistics.median(sizes)


def test_prices_fall_faster_than_they_rise() -> None:
    """More candles rise than fall, though prices lead nowhere."""
    moves = changes(draw(1, "BTC-USD", 5000))
    rising, falling = sum(move > 0 for move in moves), sum(move < 0 for move in moves)

    assert rising > 1.1 * falling


def test_a_dollar_against_a_dollar_hardly_moves() -> None:
    """A hundredth of what others do; it still moves."""
    pegged, free = (
        statistics.pstdev(changes(draw(1, symbol, 500))) for symbol in ("USDT-USD", "BTC-USD")
    )
    assert 0 < pegged < free / 5
