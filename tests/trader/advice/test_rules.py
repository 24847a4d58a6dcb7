"""The rules: when they speak, what they say, and when they hold."""

from pathlib import Path

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.trader.advice.samples import DEATH, DIP, GOLDEN, NOW, PEAK, PERP, SYMBOL
from tests.trader.indicators.candles import MINUTE, to_candles
from tests.trader.indicators.forms import column_indicators
from trader.advice.checks import Standing, refusal
from trader.advice.rules import ADVISORS, ema_cross_advice, rules_advice
from trader.advice.settings import AdviceSettings
from trader.model.views import Snapshot, Stance
from trader.venues.candle_file import load_candles

SETTINGS = AdviceSettings()


def test_rules_buy_the_turn_from_oversold() -> None:
    """LONG at the close, with a stop and a target in ATRs and a sentence that says why."""
    advice = rules_advice(SETTINGS, SYMBOL, DIP, position=0)

    assert advice is not None
    assert (advice.symbol, advice.stance, advice.source) == (SYMBOL, Stance.LONG, "rules")
    assert (advice.price, advice.ts_event) == (100.0, NOW)
    assert (advice.stop, advice.target) == pytest.approx((99.0, 102.0))
    assert advice.rationale == (
        "WaveTrend turned up from oversold -60.0 with RSI 40.0, money flow +5.0."
    )


def test_rules_sell_the_turn_from_overbought() -> None:
    """FLAT needs neither stop nor target."""
    advice = rules_advice(SETTINGS, SYMBOL, PEAK, position=1)

    assert advice is not None
    assert (advice.stance, advice.stop, advice.target) == (Stance.FLAT, None, None)
    assert "down from overbought 60.0" in advice.rationale


def test_the_averages_buy_and_sell_where_they_cross() -> None:
    """LONG above, FLAT below."""
    entry = ema_cross_advice(SETTINGS, SYMBOL, GOLDEN, position=0)
    exit_ = ema_cross_advice(SETTINGS, SYMBOL, DEATH, position=1)

    assert entry is not None
    assert exit_ is not None
    assert (entry.stance, exit_.stance) == (Stance.LONG, Stance.FLAT)
    assert {"ema-cross"} == {entry.source, exit_.source}
    assert (entry.stop, entry.target) == pytest.approx((99.0, 102.0))


@pytest.mark.parametrize("rule", ADVISORS.values(), ids=ADVISORS)
@pytest.mark.parametrize("snapshot", [DIP, PEAK, GOLDEN, DEATH])
def test_advice_always_changes_the_position(rule: object, snapshot: Snapshot) -> None:
    """Nothing is bought twice, and nothing closed that is not open."""
    for symbol, position in ((SYMBOL, 0), (SYMBOL, 1), (PERP, 0), (PERP, 1), (PERP, -1)):
        advice = rule(SETTINGS, symbol, snapshot, position)

        assert advice is None or (advice.stance is Stance.FLAT) == bool(position)


@pytest.mark.parametrize(
    ("rule", "snapshot"), [(rules_advice, PEAK), (ema_cross_advice, DEATH)], ids=["rules", "ema"]
)
def test_a_fall_is_sold_short_on_a_perpetual_alone(rule: object, snapshot: Snapshot) -> None:
    """SHORT from flat with the stop above and the target below; on spot nothing; long: FLAT."""
    short = rule(SETTINGS, PERP, snapshot, 0)

    assert short is not None
    assert short.stance is Stance.SHORT
    assert (short.stop, short.target) == pytest.approx((101.0, 98.0))
    assert rule(SETTINGS, SYMBOL, snapshot, 0) is None
    assert rule(SETTINGS, PERP, snapshot, 1).stance is Stance.FLAT
    assert rule(SETTINGS, PERP, snapshot, -1) is None


def test_a_rise_closes_a_short() -> None:
    """The turn that would buy from flat is a reason to be short no more."""
    advice = rules_advice(SETTINGS, PERP, DIP, -1)

    assert advice is not None
    assert (advice.stance, advice.stop) == (Stance.FLAT, None)


@pytest.mark.parametrize(
    "changes",
    [
        {"cross": 0},
        {"wt2": -39.0},
        {"rsi": 60.5},
        {"money_flow": -1.0},
    ],
)
def test_rules_hold_unless_all_agrees(changes: dict) -> None:
    """No cross, no depth, no room to rise, no money behind it."""
    snapshot = msgspec.structs.replace(DIP, **changes)

    assert rules_advice(SETTINGS, SYMBOL, snapshot, position=0) is None


@pytest.mark.parametrize("changes", [{"wt2": 39.0}, {"rsi": 39.0}, {"money_flow": 1.0}])
def test_rules_keep_what_may_rise_further(changes: dict) -> None:
    """The mirror image: an exit needs depth, room to fall and money that leaves."""
    snapshot = msgspec.structs.replace(PEAK, **changes)

    assert rules_advice(SETTINGS, SYMBOL, snapshot, position=1) is None


def test_the_averages_hold_without_agreement() -> None:
    """A cross against WaveTrend and money flow lacks conviction."""
    snapshot = msgspec.structs.replace(GOLDEN, money_flow=-1.0, wt1=-62.0)

    assert ema_cross_advice(SETTINGS, SYMBOL, snapshot, position=0) is None


def test_conviction_is_the_mean_of_depth_room_and_flow() -> None:
    """A third of 1 - 40/60, of 1 - 40/100 and of 1."""
    advice = rules_advice(SETTINGS, SYMBOL, DIP, position=0)

    assert advice is not None
    assert advice.conviction == pytest.approx((1 / 3 + 0.6 + 1.0) / 3)


@pytest.mark.parametrize(("atr", "stop"), [(0.001, 99.7), (0.2, 99.0), (50.0, 92.0)])
def test_the_stop_stays_within_what_is_accepted(atr: float, stop: float) -> None:
    """A still market's is moved away to the nearest stop, a wild one's in to the farthest."""
    snapshot = msgspec.structs.replace(DIP, atr=atr)

    advice = rules_advice(SETTINGS, SYMBOL, snapshot, position=0)

    assert advice is not None
    assert (advice.stop, advice.target) == pytest.approx((stop, 100.0 + 2 * (100.0 - stop)))


def test_a_level_of_zero_is_a_level() -> None:
    """The depth beyond it is defined, at the level itself as well."""
    at_zero = AdviceSettings(oversold=0.0, min_conviction=0.0)

    for wt2 in (0.0, -5.0):
        snapshot = msgspec.structs.replace(DIP, wt2=wt2)

        assert rules_advice(at_zero, SYMBOL, snapshot, position=0) is not None


@settings(max_examples=200)
@given(
    close=st.floats(1e-6, 1e6),
    wt2=st.floats(-150.0, -40.0),
    rsi=st.floats(0.0, 60.0),
    flow=st.floats(-150.0, 150.0),
    relative_atr=st.floats(0.0, 10.0),
)
def test_the_checks_follow_the_rules(
    close: float, wt2: float, rsi: float, flow: float, relative_atr: float
) -> None:
    """What the rules say is never refused for what it says."""
    snapshot = msgspec.structs.replace(
        DIP, close=close, wt2=wt2, rsi=rsi, money_flow=flow, atr=relative_atr * close
    )

    advice = rules_advice(SETTINGS, SYMBOL, snapshot, position=0)

    standing = Standing(now=snapshot.ts_event, known_symbol=True, position=0, stalled=None)
    assert advice is None or refusal(SETTINGS, advice, standing) is None


@pytest.mark.parametrize("coin", ["BTC", "ETH", "SOL"])
def test_a_month_of_minutes_gives_some_entries_a_day(shared: Path, coin: str) -> None:
    """Rarely enough to pay for, often enough to tell: 3 to 20 a day on average."""
    name = f"bybit-linear_{coin}USDT_1m_2025-05-29_2025-06-29.csv.gz"
    series = load_candles(shared / "data/ohlcv" / name, MINUTE)
    columns = column_indicators(series)
    cursor = columns.start()
    snapshots = [columns.take(cursor, candle) for candle in to_candles(series)]

    entries = [s for s in snapshots if s and rules_advice(SETTINGS, SYMBOL, s, position=0)]

    assert 3 <= len(entries) / (len(series) / 1_440) <= 20
