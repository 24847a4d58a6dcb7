"""What closes say of how symbols move: their newest returns, and of several at the same closes."""

import math
from bisect import bisect_right
from collections.abc import Iterable, Mapping, Sequence
from operator import mul

import msgspec

from trader.model.market import SECOND, Candle

DAY = 86_400 * SECOND


class Returns(msgspec.Struct):
    """The newest returns of a symbol from close to close, with the times (ns) of those closes.

    Between `most` and twice as many are kept. A return over a hole counts as that of one candle,
    by the square root of time.
    """

    newest: Candle | None = None
    times: list[int] = []
    values: list[float] = []

    def note(self, candle: Candle, most: int) -> None:
        """Take in the close of the next candle, unless none is to be kept."""
        if not most:
            return
        before, times = self.newest, self.times
        if before is not None:
            value, ts = candle.close / before.close - 1.0, candle.ts_event
            if candle.ts_open > before.ts_event:
                value *= math.sqrt((ts - candle.ts_open) / (ts - before.ts_event))
            times.append(ts)
            self.values.append(value)
            if len(times) >= 2 * most:
                del times[:-most], self.values[:-most]
        self.newest = candle

    @property
    def interval(self) -> int:
        """The length of the candles (ns)."""
        newest = self.newest
        return DAY if newest is None else newest.ts_event - newest.ts_open

    def learn(self, candles: Iterable[Candle], most: int) -> None:
        """Take in the closes of a history, oldest first."""
        for candle in candles:
            self.note(candle, most)


def aligned(known: Sequence[Returns], most: int) -> list[list[float]]:
    """Return the newest returns of symbols at the closes that all of them know, at most `most`."""
    end = min(r.times[-1] if r.times else 0 for r in known)
    stops = [bisect_right(r.times, end) for r in known]
    count = min(most, *stops)
    spans = [slice(stop - count, stop) for stop in stops]
    times = [r.times[span] for r, span in zip(known, spans, strict=True)]
    if all(other == times[0] for other in times[1:]):
        return [r.values[span] for r, span in zip(known, spans, strict=True)]
    # One of them has not traded in every candle: all that is kept of the others is looked through.
    shared = sorted(set(known[0].times).intersection(*(r.times for r in known[1:])))[-most:]
    moves = [dict(zip(r.times, r.values, strict=True)) for r in known]
    return [[moved[ts] for ts in shared] for moved in moves]


class Moves(msgspec.Struct, frozen=True):
    """What an entry, and what is held, would have brought in each of the newest candles.

    `entry` is a ratio of its notional, `held` of equity, empty where nothing is held. A deviation
    times `per_day` is that of a day: time counts by its square root. `missing` says why too little
    is known to rely on them; else it is empty.
    """

    entry: list[float]
    held: list[float]
    per_day: float
    missing: str

    @property
    def volatility(self) -> float:
        """The deviation of the entry's price from nothing, a day; 0 where it is not known."""
        if self.missing:
            return 0.0
        return math.sqrt(dot(self.entry, self.entry) / len(self.entry)) * self.per_day

    @property
    def pull(self) -> float:
        """Covariance of what is held and the entry over the variance of the entry, of equity."""
        if not self.held:
            return 0.0
        return dot(self.entry, self.held) / (dot(self.entry, self.entry) or math.inf)


def moves_of(
    returns: Mapping[str, Returns],
    held: Mapping[str, float],
    symbol: str,
    sign: int,
    most: int,
    least: int,
) -> Moves:
    """Return how an entry moves, by its sign, beside signed exposures, which are ratios of equity.

    Of the newest `most` returns that all symbols concerned know; `least` are relied on.
    """
    names = [symbol, *(name for name in held if name != symbol)]
    known = [returns.get(name) or Returns() for name in names]
    series = aligned(known, most)
    own, count = series[0], len(series[0])
    entry = own if sign > 0 else [-value for value in own]
    weights = [held.get(symbol, 0.0), *(held[name] for name in names[1:])]
    missing = ""
    if count < least:
        missing = f"{count} of {least} returns of {', '.join(names)} are known"
    per_day = math.sqrt(DAY / known[0].interval)
    return Moves(entry, mix(series, weights), per_day, missing)


def mix(series: Sequence[Sequence[float]], weights: Sequence[float]) -> list[float]:
    """Return the weighted sum of series, element by element; of none that weighs, nothing."""
    parts = [(values, w) for values, w in zip(series, weights, strict=True) if w]
    if not parts:
        return []
    values, weight = parts[0]
    total = [weight * value for value in values]
    for values, weight in parts[1:]:
        total = [past + weight * value for past, value in zip(total, values, strict=True)]
    return total


def dot(first: Sequence[float], second: Sequence[float]) -> float:
    """Return the sum of products."""
    return float(sum(map(mul, first, second)))
