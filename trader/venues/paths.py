"""Seeded price paths: regimes, swings, clustered volatility, jumps, spreads and volume.

The log price is a random walk plus a swing: a damped oscillator that the same shocks keep moving.
The swing is what gives an advisor of oscillators something to find. Everything is counted in
candles, so that a path looks alike at every interval.
"""

import math
from random import Random
from typing import NamedTuple

from trader.model.market import SECOND, Candle
from trader.venues.instruments import is_pegged, price_decimals, price_level

STEPS = 12
"""Quotes a candle."""

_WALK = 0.0008
"""Standard deviation of the walk over a minute, as a fraction of the price; it grows as √time."""
_SWING = 0.006
"""Standard deviation of the swing at one-minute candles."""
_DAMPING = 0.25
"""How fast the swing dies down, as a fraction of its angular speed."""
_FALL, _RISE = 1.5, 0.75
"""How fast the swing goes down and up: prices climb the stairs and take the lift down."""
_CORRELATION = 0.7
"""How much of a symbol's shocks is the market's; the rest is its own."""
_OWN = math.sqrt(1 - _CORRELATION**2)
_JUMP = 20.0
"""Deviation of a jump, in deviations of a step."""
_VOLATILITY_MEMORY = 0.95
_VOLATILITY_SHOCK = 0.12
_PEGGED = 0.01
"""How much of the usual moves a dollar against a dollar makes."""
_SPREAD = 0.0002
"""Full spread in calm times, as a fraction of the price."""
_TURNOVER = 1_000_000.0
"""Traded in a minute in calm times, in the quote currency."""
_LOTS = 1_000_000
"""Volumes are whole millionths of the base currency, so that they add up exactly."""


class Regime(NamedTuple):
    """A character of the market.

    `drift` is in deviations of the walk a candle, `walk` and `swing` are multiples of the usual,
    `period` is that of the swing in candles, `jump_chance` and `stay` are chances a candle.
    """

    drift: float
    walk: float
    swing: float
    period: float
    jump_chance: float
    stay: float


REGIMES = (
    Regime(drift=0.25, walk=1.0, swing=0.8, period=26, jump_chance=0.005, stay=0.98),
    Regime(drift=-0.25, walk=1.0, swing=0.8, period=26, jump_chance=0.005, stay=0.98),
    Regime(drift=0.0, walk=0.7, swing=1.0, period=22, jump_chance=0.002, stay=0.985),
    Regime(drift=0.0, walk=1.8, swing=1.5, period=20, jump_chance=0.04, stay=0.95),
)
"""Up, down, range and volatile."""


class Factor(NamedTuple):
    """What all symbols share in one candle."""

    regime: Regime
    volatility: float
    shocks: list[float]


class CommonFactor:
    """Draws what the symbols share, one candle after another."""

    def __init__(self, seed: int) -> None:
        self._random = _draws(f"{seed}")
        self._regime = REGIMES[2]
        self._log_volatility = 0.0

    def next(self) -> Factor:
        """Draw the next candle's."""
        random, gauss = self._random.random, self._random.gauss
        if random() > self._regime.stay:
            self._regime = REGIMES[int(random() * len(REGIMES))]
        self._log_volatility *= _VOLATILITY_MEMORY
        self._log_volatility += _VOLATILITY_SHOCK * gauss(0.0, 1.0)
        shocks = [gauss(0.0, 1.0) for _ in range(STEPS)]
        return Factor(self._regime, math.exp(self._log_volatility), shocks)


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
        self._swing = self._speed = 0.0
        self._deviation = math.sqrt(minutes) * (_PEGGED if is_pegged(symbol) else 1.0)
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
        regime, volatility, shocks = factor
        random, gauss = self._random.random, self._random.gauss
        deviation = volatility * self._deviation
        turn = math.tau / (regime.period * STEPS)
        friction = _DAMPING * turn
        kick = _SWING * regime.swing * deviation * turn * math.sqrt(2 * friction)
        sigma = _WALK * regime.walk * deviation / math.sqrt(STEPS)
        drift = _WALK * regime.drift * self._deviation / STEPS
        half_spread = _SPREAD / 2 * volatility * regime.walk
        below, above = self._scale * (1 - half_spread), self._scale * (1 + half_spread)
        usual = self._lots * volatility
        pull = turn * turn
        jump = int(random() * STEPS / regime.jump_chance)
        walk, swing, speed = self._walk, self._swing, self._speed
        quotes, mids = [], []
        for step, shared in enumerate(shocks):
            shock = _CORRELATION * shared + _OWN * gauss(0.0, 1.0)
            pace = _FALL if speed < 0.0 else _RISE
            speed += pace * (kick * shock - pull * swing - friction * speed)
            swing += pace * speed
            walk += drift + sigma * shock
            if step == jump:
                walk += _JUMP * sigma * gauss(0.0, 1.0)
            price = math.exp(walk + swing)
            bid, ask = int(price * below), int(price * above) + 1
            lots = int(usual * (0.5 + random()) * (0.6 + 0.5 * abs(shock))) + 1
            quotes.append((bid, ask, lots))
            mids.append(bid + ask)
        self._walk, self._swing, self._speed = walk, swing, speed
        return quotes, mids


def _draws(seed: str) -> Random:
    return Random(seed)  # noqa: S311 - prices are made up, not secrets
