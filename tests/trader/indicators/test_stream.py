"""The streaming form: warm-up, and the platform's numbers."""

from pathlib import Path

import pytest

from tests.trader.indicators.candles import random_candles, recorded, to_candle
from trader.indicators.settings import IndicatorSettings
from trader.indicators.stream import StreamIndicators
from trader.model.views import Snapshot

CIPHER_B = ("wt1", "wt2", "wt_cross", "wt_cross_up", "wt_cross_down", "rsi", "rsi_mfi")
CHART = ("Lt Blue Wave", "Blue Wave", "Blue Wave Crossing UP", "Blue Wave Crossing Down")

INDICATORS = StreamIndicators(IndicatorSettings())


def test_the_first_snapshot_comes_with_the_last_indicator() -> None:
    """Money flow needs 60 candles, which is longest; from then on every candle has a snapshot."""
    memory = INDICATORS.start()

    snapshots = [INDICATORS.take(memory, candle) for candle in random_candles(7, 90, 0.0)]

    assert [i for i, snapshot in enumerate(snapshots) if snapshot is None] == list(range(59))


def test_a_snapshot_is_of_its_candle() -> None:
    """It bears the candle's close, in price and time."""
    memory, candles = INDICATORS.start(), random_candles(1, 60, 0.0)

    snapshot = [INDICATORS.take(memory, candle) for candle in candles][-1]

    assert snapshot is not None
    assert (snapshot.ts_event, snapshot.close) == (candles[-1].ts_event, candles[-1].close)


def test_a_market_that_never_moved_has_no_snapshot() -> None:
    """Without WaveTrend there is nothing to advise on."""
    memory = INDICATORS.start()

    assert {None} == {INDICATORS.take(memory, candle) for candle in random_candles(1, 90, 1.0)}


@pytest.mark.parametrize("name", ["btcusdtp_1d", "btcusdtp_1h", "synthetic_1h"])
def test_snapshots_are_those_of_cipher_b(shared: Path, name: str) -> None:
    """WaveTrend, its crosses, RSI and money flow agree with the expected columns, row by row."""
    memory, taken = INDICATORS.start(), 0
    for row in recorded(shared / f"cipher/expected/{name}_cipher_b.csv.gz", *CIPHER_B):
        snapshot = INDICATORS.take(memory, to_candle(row))
        if snapshot is not None:
            taken += 1
            assert _values(snapshot) == pytest.approx(_expected(row), rel=1e-8, abs=1e-8)

    assert taken > 1_000


def _values(snapshot: Snapshot) -> list[float | None]:
    return [snapshot.wt1, snapshot.wt2, snapshot.cross, snapshot.rsi, snapshot.money_flow]


def _expected(row: dict[str, float | None]) -> list[float | None]:
    cross = row["wt_cross"] * (row["wt_cross_up"] - row["wt_cross_down"])
    return [row["wt1"], row["wt2"], cross, row["rsi"], row["rsi_mfi"]]


@pytest.mark.parametrize("name", ["tv_btcusdtp_1D", "tv_btcusdtp_60_1"])
def test_wavetrend_is_that_of_tradingview(shared: Path, name: str) -> None:
    """Both lines agree with a chart's own export, and so does every cross."""
    memory, crosses = INDICATORS.start(), 0
    for row in recorded(shared / f"cipher/tradingview/{name}.csv.gz", *CHART):
        snapshot = INDICATORS.take(memory, to_candle(row))
        if snapshot is not None:
            lines = [row["Lt Blue Wave"], row["Blue Wave"]]
            assert [snapshot.wt1, snapshot.wt2] == pytest.approx(lines, rel=1e-8, abs=1e-8)
            assert snapshot.cross == _marked(row)
            crosses += abs(snapshot.cross)

    assert crosses > 100


def _marked(row: dict[str, float | None]) -> int:
    up, down = row["Blue Wave Crossing UP"], row["Blue Wave Crossing Down"]
    return (up is not None) - (down is not None)
