"""The loss of the current UTC day, ISO week and month."""

from datetime import date
from enum import StrEnum

import msgspec

from trader.model.market import SECOND

_DAY = 86_400 * SECOND
_EPOCH = date(1970, 1, 1).toordinal()


class Window(StrEnum):
    """A stretch of the calendar, UTC; a week begins on Monday."""

    DAY = "day"
    WEEK = "week"
    MONTH = "month"


class LossWindows(msgspec.Struct):
    """The equity each window began with: the one at its start, or the first known after it.

    `numbers` are the windows those equities belong to, `next_roll` (ns) is the end of the day.
    """

    baselines: dict[Window, float] = {}
    numbers: dict[Window, int] = {}
    next_roll: int = 0

    def roll(self, ts: int, equity: float, sharp: float | None = None) -> None:
        """Begin the windows that `ts` (ns) is the first to fall in, with this equity.

        `sharp` is the equity at `ts` itself, for what begins at that very moment.
        """
        if ts < self.next_roll:
            return
        day = ts // _DAY
        before = _numbers(day - 1)
        for window, number in _numbers(day).items():
            if self.numbers.get(window) != number:
                begins = ts % _DAY == 0 and before[window] != number
                self.numbers[window] = number
                self.baselines[window] = sharp if begins and sharp is not None else equity
        self.next_roll = (day + 1) * _DAY

    def shift(self, amount: float) -> None:
        """Take in a transfer: as if the money had been there, or not, since each window's start."""
        for window in self.baselines:
            self.baselines[window] += amount

    def loss_pct(self, window: Window, equity: float) -> float:
        """Return the loss since the window's start in % of the equity then; a gain is negative."""
        baseline = self.baselines.get(window, 0.0)
        return (baseline - equity) / baseline * 100 if baseline > 0 else 0.0


def end_of(window: Window, ts: int) -> int:
    """Return when the window that holds `ts` (ns) is over (ns)."""
    day = ts // _DAY
    number = _numbers(day)[window]
    while _numbers(day)[window] == number:
        day += 1
    return day * _DAY


def _numbers(day: int) -> dict[Window, int]:
    today = date.fromordinal(_EPOCH + day)
    return {
        Window.DAY: day,
        Window.WEEK: (day + _EPOCH - 1) // 7,  # ordinal 1 is a Monday
        Window.MONTH: today.year * 12 + today.month,
    }
