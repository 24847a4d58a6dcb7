"""What a run trades on."""

from typing import Protocol

import msgspec

from trader.model.market import Series
from trader.ports import Market
from trader.runtime.live import DriverClock
from trader.venues.simulated import SimulatedExchange


class Trading(Market, Protocol):
    """A market that knows when (ns) a run on it begins."""

    @property
    def start(self) -> int:
        """The time at which a run begins, in ns."""
        ...


class World(msgspec.Struct):
    """A market, and the simulated venue that fills orders on its prices.

    A real market has a clock of its own, and its history repairs what its stream has missed.
    """

    market: Trading
    exchange: SimulatedExchange
    series: Series | None
    clock: DriverClock | None = None

    @property
    def real(self) -> bool:
        """Tell whether the market is real."""
        return self.clock is not None
