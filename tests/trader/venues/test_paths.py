"""Seeded price paths."""

from collections.abc import Iterator
from pathlib import Path as FilePath

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.trader.indicators.forms import stream_indicators
from tests.trader.venues.figures import (
    BOUNDS,
    RECORDED,
    Figures,
    Floats,
    columns_of,
    figures_of,
    surprise,
)
from trader.advice.rules import ADVISORS
from trader.advice.settings import AdviceSettings
from trader.model.market import SECOND, interval_ns
from trader.model.views import Snapshot
from trader.venues.candle_file import load_candles
from trader.venues.paths import REGIMES, STEPS, Bar, CommonFactor, Factor, Path

Advised = list[tuple[float, Snapshot | None]]
"""Each close of a path with what the indicators say there."""

MINUTE = 60 * SECOND
PINNED = (57350.475, 57385.305, 57314.265, 57322.485, 56.813527)


def draw(seed: int, symbol: str, count: int, interval: int = MINUTE) -> list[Bar]:
    """Draw the first candles of a path."""
    common, path = CommonFactor(seed), Path(seed, symbol, interval, 0)
    return [path.advance(common.next()) for _ in range(count)]


def changes(bars: list[Bar]) -> Floats:
    """Return the relative change over each candle."""
    return np.array([bar.candle.close / bar.candle.open - 1 for bar in bars])


@pytest.fixture(scope="module")
def paths() -> list[list[Bar]]:
    """Draw three days of minutes with each of ten seeds."""
    return [draw(seed, "BTC-USD", 3 * 1440) for seed in range(10)]


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


def test_a_price_that_falls_for_ever_is_a_price() -> None:
    """Half of the way to nothing is made again and again, and then no more."""
    path, wild = Path(1, "XRP-USD", MINUTE, 0), CommonFactor(1)
    for _ in range(1000):
        factor = wild.next()
        bar = path.advance(factor._replace(volatility=300 * factor.volatility))

        assert bar.candle.fault(MINUTE) is None
        assert all(0 < bid < ask for bid, ask, _ in bar.quotes)


# -- where prices go -------------------------------------------------------------------------------


def test_no_change_tells_where_the_next_goes(paths: list[list[Bar]]) -> None:
    """Nor the next but one, nor any of the sixty that follow."""
    moves = [changes(bars) for bars in paths]
    told = [
        surprise(np.concatenate([move[lag:] * move[:-lag] for move in moves]))
        for lag in range(1, 61)
    ]

    assert max(map(abs, told)) < 3.5


@pytest.mark.parametrize("candles", [2, 5, 15, 60])
def test_prices_neither_turn_back_nor_go_on(paths: list[list[Bar]], candles: int) -> None:
    """What they move by grows as the square root of time: the ratio of variances is one."""
    moves = [changes(bars) for bars in paths]
    longer = [np.convolve(move, np.ones(candles), "valid") for move in moves]
    ratio = np.mean(np.concatenate(longer) ** 2) / np.mean(np.concatenate(moves) ** 2) / candles

    assert ratio == pytest.approx(1, abs=0.15)


@pytest.mark.parametrize("held", [10, 60])
@pytest.mark.parametrize("advisor", ADVISORS)
def test_what_the_rules_buy_gains_nothing(advised: list[Advised], advisor: str, held: int) -> None:
    """Before any cost: from the close they buy at to one so many candles later."""
    gains = [gain for path in advised for gain in gains_of(path, advisor, held)]

    assert len(gains) > 100
    assert abs(surprise(np.array(gains))) < 3


@pytest.fixture(scope="module")
def advised(paths: list[list[Bar]]) -> list[Advised]:
    """Draw what the indicators say at each close of some paths, as soon as they say anything."""
    return [list(snapshots_of(bars)) for bars in paths]


def snapshots_of(bars: list[Bar]) -> Iterator[tuple[float, Snapshot | None]]:
    """Yield each close of a path with what the indicators say there."""
    indicators = stream_indicators(history=200)
    memory = indicators.start()
    for bar in bars:
        yield bar.candle.close, indicators.take(memory, bar.candle)


def gains_of(path: Advised, advisor: str, held: int) -> list[float]:
    """Return what each purchase gains, one after another."""
    settings, rule, free, gains = AdviceSettings(), ADVISORS[advisor], 0, []
    for at, (close, snapshot) in enumerate(path[:-held]):
        if snapshot is not None and at >= free and rule(settings, "BTC-USD", snapshot, 0):
            gains.append(path[at + held][0] / close - 1)
            free = at + held
    return gains


@pytest.mark.parametrize("jump", [3, STEPS])
def test_a_price_is_what_the_next_is_expected_to_be(jump: int) -> None:
    """In price and not in its logarithm, in the wildest candle too, or holding would be a rule."""
    common = CommonFactor(1)
    moves = changes(
        [
            Path(seed, "BTC-USD", MINUTE, 0).advance(Factor(300.0, common.next().shocks, jump))
            for seed in range(4000)
        ]
    )

    assert abs(moves.mean()) < 3 * moves.std() / np.sqrt(len(moves))


# -- how far ---------------------------------------------------------------------------------------


def test_candles_are_like_recorded_ones() -> None:
    """Tails, clusters, wicks, volume and candles that stand still: as real months have them."""
    drawn = [[bar.candle for bar in draw(seed, "BTC-USD", 14 * 1440)] for seed in range(5)]
    usual = Figures(*np.median([figures_of(columns_of(candles)) for candles in drawn], axis=0))

    assert within_bounds(usual) == []


@pytest.mark.parametrize("name", RECORDED)
def test_recorded_ones_are(shared: FilePath, name: str) -> None:
    """The bounds are those of real months."""
    series = load_candles(shared / "data" / "ohlcv" / name, MINUTE)
    columns = series.open, series.high, series.low, series.close, series.volume

    assert within_bounds(figures_of(np.array(columns))) == []


def within_bounds(figures: Figures) -> list[str]:
    """Return the figures that lie beyond what real months show."""
    named = figures._asdict()
    return [
        f"{name} {value:.4f}"
        for name, value in named.items()
        if not BOUNDS[name][0] <= value <= BOUNDS[name][1]
    ]


def test_symbols_move_together_but_not_alike() -> None:
    """About as Bitcoin and Ethereum do, in direction and in size."""
    first, second = changes(draw(1, "BTC-USD", 5000)), changes(draw(1, "ETH-USD", 5000))

    assert 0.7 < np.corrcoef(first, second)[0, 1] < 0.85
    assert 0.6 < np.corrcoef(abs(first), abs(second))[0, 1] < 0.8


def test_spreads_widen_with_volatility() -> None:
    """The quotes of a wild candle are farther apart than those of a calm one."""
    calm = Path(1, "BTC-USD", MINUTE, 0).advance(Factor(0.5, [0.0] * STEPS))
    wild = Path(1, "BTC-USD", MINUTE, 0).advance(Factor(5.0, [0.0] * STEPS))

    calm_bid, calm_ask, _ = calm.quotes[0]
    wild_bid, wild_ask, _ = wild.quotes[0]

    assert wild_ask - wild_bid > 5 * (calm_ask - calm_bid)


def test_every_regime_comes_and_goes() -> None:
    """A week of minutes has seen them all."""
    common, seen = CommonFactor(1), set()
    for _ in range(7 * 1440):
        common.next()
        seen.add(common.regime)

    assert seen == set(REGIMES)


def test_prices_jump_at_times() -> None:
    """Some candles move much farther than their neighbors."""
    sizes = sorted(abs(changes(draw(1, "BTC-USD", 5000))))

    assert sizes[-1] > 20 * np.median(sizes)


def test_a_dollar_against_a_dollar_hardly_moves() -> None:
    """A hundredth of what others do; it still moves."""
    pegged, free = (changes(draw(1, symbol, 500)).std() for symbol in ("USDT-USD", "BTC-USD"))

    assert 0 < pegged < free / 5
