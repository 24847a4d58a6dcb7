"""Loss windows begin where the UTC calendar says, and remember what equity they began with."""

from datetime import UTC, datetime, timedelta

import msgspec
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from trader.accounting.windows import LossWindows, Window, end_of

SECOND = 1_000_000_000


def ns(moment: datetime) -> int:
    """Turn a UTC moment into nanoseconds."""
    return int(moment.timestamp()) * SECOND


def utc(ts: int) -> datetime:
    """Turn nanoseconds into a UTC moment."""
    return datetime.fromtimestamp(ts // SECOND, UTC)


def starts(moment: datetime) -> dict[Window, datetime]:
    """Return where each window that holds a moment begins, by datetime's own arithmetic."""
    day = moment.replace(hour=0, minute=0, second=0, microsecond=0)
    return {
        Window.DAY: day,
        Window.WEEK: day - timedelta(days=day.weekday()),
        Window.MONTH: day.replace(day=1),
    }


moments = st.integers(944_006_400, 2_214_172_800).map(lambda s: datetime.fromtimestamp(s, UTC))
"""From December 1999 to March 2040."""
steps = st.lists(st.integers(1, 40 * 86_400), min_size=1, max_size=30)


@given(moments, steps, st.integers(0, 30))
@example(datetime(2024, 2, 28, 23, 59, 59, tzinfo=UTC), [1, 86_400, 86_400], 1)
@example(datetime(2023, 2, 28, 23, 59, 59, tzinfo=UTC), [1, 86_400], 1)
@example(datetime(2024, 12, 31, 23, 59, 59, tzinfo=UTC), [1, 7 * 86_400], 1)
@example(datetime(2000, 2, 29, tzinfo=UTC), [86_400], 0)
def test_a_baseline_is_the_first_equity_of_its_window(
    first: datetime, gaps: list[int], restart: int
) -> None:
    """Leap days, year ends and a restart amid the series: as the slow calendar says."""
    windows = LossWindows()
    seen: list[tuple[datetime, float]] = []
    moment = first
    for index, gap in enumerate([0, *gaps]):
        if index == restart:
            windows = msgspec.msgpack.decode(msgspec.msgpack.encode(windows), type=LossWindows)
        moment += timedelta(seconds=gap)
        equity = 100.0 + index
        seen.append((moment, equity))
        windows.roll(ns(moment), equity)
        for window, start in starts(moment).items():
            expected = next(value for when, value in seen if when >= start)
            assert windows.baselines[window] == expected


@given(moments.map(lambda moment: starts(moment)[Window.DAY]), st.integers(0, 40))
def test_what_begins_at_that_very_moment_begins_sharply(midnight: datetime, days: int) -> None:
    """The others, begun over a hole of days, begin with what was known before it."""
    windows = LossWindows()
    windows.roll(ns(midnight - timedelta(days=days, seconds=1)), 1.0)
    numbers = dict(windows.numbers)
    windows.roll(ns(midnight), 2.0, 3.0)
    for window, start in starts(midnight).items():
        expected = 1.0 if windows.numbers[window] == numbers[window] else 2.0
        assert windows.baselines[window] == (3.0 if start == midnight else expected)


@given(moments)
def test_a_window_ends_where_the_next_begins(moment: datetime) -> None:
    """By the slow calendar: one nanosecond before, it is the same window still."""
    for window, start in starts(moment).items():
        end = end_of(window, ns(moment))
        assert starts(utc(end - 1))[window] == start
        assert starts(utc(end))[window] == utc(end)


def test_nothing_rolls_within_a_day() -> None:
    """Until midnight the baselines stay, and the next roll is midnight itself."""
    windows = LossWindows()
    morning = datetime(2024, 5, 6, 8, tzinfo=UTC)
    windows.roll(ns(morning), 100.0)
    windows.roll(ns(morning.replace(hour=23, minute=59, second=59)), 50.0)

    assert set(windows.baselines.values()) == {100.0}
    assert windows.next_roll == ns(datetime(2024, 5, 7, tzinfo=UTC))


@pytest.mark.parametrize(
    ("moment", "rolled"),
    [
        (datetime(2024, 5, 8, tzinfo=UTC), {Window.DAY}),
        (datetime(2024, 5, 13, tzinfo=UTC), {Window.DAY, Window.WEEK}),
        (datetime(2024, 6, 1, tzinfo=UTC), {Window.DAY, Window.WEEK, Window.MONTH}),
    ],
)
def test_windows_roll_each_at_its_own_start(moment: datetime, rolled: set[Window]) -> None:
    """From Tuesday 7 May 2024: a day later, on the next Monday, on the first of June."""
    windows = LossWindows()
    windows.roll(ns(datetime(2024, 5, 7, tzinfo=UTC)), 100.0)
    windows.roll(ns(moment), 50.0)

    assert {window for window, equity in windows.baselines.items() if equity == 50.0} == rolled


def test_a_loss_is_a_positive_share_of_the_baseline() -> None:
    """From 200, 190 is a loss of 5 % and 210 a gain; before the first roll there is no loss."""
    windows = LossWindows()
    unknown = windows.loss_pct(Window.DAY, 190.0)
    windows.roll(0, 200.0)
    losses = [windows.loss_pct(Window.DAY, equity) for equity in (190.0, 210.0)]

    assert (unknown, losses) == (0.0, [5.0, -5.0])


def test_a_transfer_moves_what_losses_are_measured_from() -> None:
    """A withdrawal is no loss, and a deposit hides none."""
    windows = LossWindows()
    windows.roll(0, 1000.0)
    windows.shift(-500.0)

    assert windows.loss_pct(Window.DAY, 500.0) == 0.0
    windows.shift(500.0)
    assert windows.loss_pct(Window.WEEK, 900.0) == pytest.approx(10.0)
