"""Seeded price paths: nothing tells where prices go next, and much tells how far.

Each step is lognormal around the price before it, with a deviation that is fixed before the step is
drawn: prices are a martingale, so that whatever a rule earns on them is luck, less its costs. The
deviation clusters, has regimes and jumps, and symbols share most of it, as on recorded minutes of
Bitcoin, Ethereum and Solana, which the numbers here follow. Everything is counted in candles, so
that a path looks alike at every interval.
"""

import math
from random import Random
from typing import NamedTuple

from trader.model.market import SECOND, Candle
from trader.venues.instruments import is_pegged, price_decimals, price_level

STEPS = 12
"""Quotes a candle."""

_DEVIATION = 0.0006
"""Of a minute's return in usual times; it grows with the square root of time."""
_CORRELATION = 0.91
"""How much of a symbol's shocks is the market's; the rest is its own."""
_OWN = math.sqrt(1 - _CORRELATION**2)
_JUMP = 8.0
"""Deviation of a step that jumps, in those of a step."""
_MEMORY = 0.985
"""How much of its log volatility the market remembers from one candle to the next."""
_UNREST = 0.43
"""Deviation of the market's log volatility."""
_KICK = _UNREST * math.sqrt(1 - _MEMORY**2)
_HASTE, _MOOD = 0.3, 0.25
"""Deviations of what of it the next candle forgets, the market's and a symbol's own."""
_STILL = -2.3
"""In moods below this, in deviations, no price moves: one candle of a hundred."""
_TRADED = 1.5
"""Volume grows as volatility to this power."""
_FLOOR = 1000
"""Ticks below which a price does not fall: a martingale comes to nothing in the end."""
_PEGGED = 0.01
"""How much of the usual moves a dollar against a dollar makes."""
_SPREAD = 0.0002
"""Full spread in usual times, as a fraction of the price."""
_TURNOVER = 1_000_000.0
"""Traded in a minute in usual times, in the quote currency."""
_LOTS = 1_000_000
"""Volumes are whole millionths of the base currency, so that they add up exactly."""


class Regime(NamedTuple):
    """A character of the market: how lively it is, its chances of a jump and to last, a candle."""

    pace: float
    jump_chance: float
    stay: float


REGIMES = (
    Regime(pace=0.5, jump_chance=0.001, stay=0.998),
    Regime(pace=1.0, jump_chance=0.002, stay=0.998),
    Regime(pace=1.8, jump_chance=0.01, stay=0.995),
)
"""Calm, usual and wild. None has a drift: one that lasted would be what a rule could find."""


class Factor(NamedTuple):
    """What all symbols share in one candle; `jump` is the step that jumps, if below `STEPS`."""

    volatility: float
    shocks: list[float]
    jump: int = STEPS


class CommonFactor:
    """Draws what the symbols share, one candle after another."""

    def __init__(self, seed: int) -> None:
        self._random = _draws(f"{seed}")
        self.regime = REGIMES[1]
        self._log_volatility = 0.0

    def next(self) -> Factor:
        """Draw the next candle's."""
        random, gauss = self._random.random, self._random.gauss
        if random() > self.regime.stay:
            self.regime = REGIMES[int(random() * len(REGIMES))]
        self._log_volatility = _MEMORY * self._log_volatility + _KICK * gauss(0.0, 1.0)
        shocks = [gauss(0.0, 1.0) for _ in range(STEPS)]
        jump = int(random() * STEPS / self.regime.jump_chance)
        haste = self._log_volatility + _HASTE * gauss(0.0, 1.0)
        volatility = self.regime.pace * math.exp(haste)
        return Factor(volatility, shocks, jump)


class Bar(NamedTuple):
    """One candle of a path with the quotes it is made of: `(bid, ask, volume)` a step."""

    quotes: list[tuple[float, float, float]]
    candle: Candle


class Path:
    """The prices of one symbol: fixed by the seed, its name, the interval and the factors."""

    def __init__(self, seed: int, symbol: str, interval: int, start: int) -> None:
        level = price_level(symbol)
        minutes = interval / (60 * SECOND)
        self._random = _draws(f"{seed}/{symbol}")
        self._interval = interval
        self._time = start
        self._scale = 10 ** price_decimals(level)
        self._walk = math.log(level)
        self._floor = math.log(_FLOOR / self._scale)
        self._deviation = _DEVIATION * math.sqrt(minutes) * (_PEGGED if is_pegged(symbol) else 1.0)
        self._lots = _TURNOVER * minutes / level * _LOTS / STEPS
        self._close = 2 * round(level * self._scale)

    def advance(self, factor: Factor) -> Bar:
        """Draw the next candle."""
        quotes, mids = self._quotes(factor)
        mids.append(self._close)
        unit = 2 * self._scale
        opened = self._time
        self._time += self._interval
        candle = Candle(
            ts_open=opened,
            ts_event=self._time,
            open=self._close / unit,
            high=max(mids) / unit,
            low=min(mids) / unit,
            close=mids[STEPS - 1] / unit,
            volume=sum(lots for _, _, lots in quotes) / _LOTS,
        )
        self._close = mids[STEPS - 1]
        scale = self._scale
        return Bar([(bid / scale, ask / scale, lots / _LOTS) for bid, ask, lots in quotes], candle)

    def _quotes(self, factor: Factor) -> tuple[list[tuple[int, int, int]], list[int]]:
        """Draw `(bid, ask, volume)` a step in ticks and lots, and the mids in half ticks."""
        volatility, shocks, jump = factor
        random, gauss = self._random.random, self._random.gauss
        mood = gauss(0.0, 1.0)
        activity = volatility * math.exp(_MOOD * mood)
        deviation = activity * self._deviation / math.sqrt(STEPS) if mood > _STILL else 0.0
        half_spread = _SPREAD / 2 * volatility
        below, above = self._scale * (1 - half_spread), self._scale * (1 + half_spread)
        usual = self._lots * activity**_TRADED * (0.5 + random())
        walk = self._walk
        quotes, mids = [], []
        for step, shared in enumerate(shocks):
            shock = _CORRELATION * shared + _OWN * gauss(0.0, 1.0)
            size = _JUMP * deviation if step == jump else deviation
            walk += size * (shock - size / 2)
            price = math.exp(walk)
            bid, ask = int(price * below), int(price * above) + 1
            lots = int(usual * (0.6 + 0.5 * abs(shock))) + 1
            quotes.append((bid, ask, lots))
            mids.append(bid + ask)
        self._walk = max(walk, self._floor)
        return quotes, mids


def _draws(seed: str) -> Random:
    return Random(seed)  # noqa: S311 - prices are made up, not secrets
