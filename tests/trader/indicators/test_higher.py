"""Higher timeframes: built from the chart's candles, known once closed, colours as they develop."""

from math import isnan

import pytest

from tests.trader.indicators.candles import MINUTE
from trader.indicators.higher import DAY, Frame, HeikinAshi, HigherMacd, HigherWave
from trader.indicators.oscillators import MoneyFlow, WaveTrend
from trader.indicators.primitives import Ema, Sma
from trader.model.market import Candle


def candle(minute: int, close: float = 2.0, *, length: int = 1) -> Candle:
    """Return a candle from 1 to its close, a wick of 1 on both sides."""
    low, high = min(1.0, close) - 0.5, max(1.0, close) + 0.5
    opened = minute * MINUTE
    return Candle(opened, opened + length * MINUTE, 1.0, high, low, close, 1.0)


def closed(frame: Frame, candles: list[Candle]) -> list[int]:
    """Return how many candles of the timeframe each of the chart's closes."""
    return [len(frame.next(each)) for each in candles]


def test_candles_are_joined() -> None:
    """The first open, the last close, the extremes of all; with the last part it closes."""
    frame = Frame.of(3)

    bars = [frame.next(candle(minute, close)) for minute, close in enumerate([2.0, 5.0, 3.0])]

    assert bars == [(), (), ((1.0, 5.5, 0.5, 3.0),)]


def test_a_candle_whose_last_part_is_missing_closes_with_the_next() -> None:
    """Nothing is made up for what is missing, and the next may close at once as well."""
    assert closed(Frame.of(3), [candle(0), candle(1), candle(4)]) == [0, 0, 1]
    assert closed(Frame.of(3), [candle(0), candle(5)]) == [0, 2]
    assert closed(Frame.of(3), [candle(0), candle(300)]) == [0, 1]


def test_the_chart_s_own_timeframe_is_the_chart() -> None:
    """Each candle closes itself."""
    assert closed(Frame.of(1), [candle(0), candle(1), candle(5)]) == [1, 1, 1]


@pytest.mark.parametrize("length", [7, 60])
def test_a_timeframe_that_candles_do_not_divide_has_none(length: int) -> None:
    """It is shorter than the chart's, or no multiple of it."""
    frame = Frame.of(30)

    assert (
        closed(frame, [candle(minute * length, length=length) for minute in range(40)]) == [0] * 40
    )
    assert HeikinAshi(frame).colours == (0, 0)


def test_each_day_begins_anew() -> None:
    """A timeframe that does not divide the day has a short candle at its end."""
    minutes = DAY // MINUTE
    frame = Frame.of(7)

    ends = [m + 1 for m in range(2 * minutes) if frame.next(candle(m))]

    assert ends[204:208] == [1435, 1440, 1447, 1454]


def test_green_develops_with_the_candle() -> None:
    """A candle being built has the colour of its parts so far; the last that closed keeps its."""
    heikin = HeikinAshi(Frame.of(3))

    colours = []
    for minute, close in enumerate([2.0, 0.6, 2.0, 0.6, 9.0, 0.6]):
        heikin.next(candle(minute, close))
        colours.append(heikin.colours)

    assert [developing for developing, _ in colours] == [-1, 1, -1, -1, 1, 1]
    assert [closed for _, closed in colours] == [-1, -1, -1, -1, -1, 1]


def test_equal_is_not_green() -> None:
    """A candle that stands still has no colour of its own, and counts as red."""
    heikin = HeikinAshi(Frame.of(1))
    heikin.next(Candle(0, MINUTE, 1.0, 1.0, 1.0, 1.0, 1.0))

    assert heikin.colours == (-1, -1)


def test_a_value_is_known_once_its_candle_has_closed() -> None:
    """Between two closes it stays what it was."""
    wave = HigherWave(Frame.of(5), WaveTrend.of(2, 2, 1))

    values = [wave.next(candle(minute, 1.5 + minute % 7)) for minute in range(60)]

    changes = [m for m in range(1, 60) if values[m] != values[m - 1] and not isnan(values[m])]
    assert changes
    assert {(minute + 1) % 5 for minute in changes} == {0}


def test_colours_follow_macd_and_money_flow() -> None:
    """Over its signal the waves are green, under it red; money flow tells the shade."""
    macd = HigherMacd(Frame.of(1), Ema.of(1), Ema.of(2), Sma(1), MoneyFlow(1, 150.0, 0.0))

    rising = [macd.next(candle(minute, 2.0 + minute))[3:] for minute in range(3)]

    assert rising == [("", ""), ("c", "a"), ("c", "a")]
    assert macd.next(candle(3, 0.6))[3:] == ("a", "c")
