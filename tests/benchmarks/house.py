"""A whole engine over candles that are made up."""

import random
from array import array
from collections.abc import Callable, Mapping
from decimal import Decimal

from trader.advice.settings import AdviceSettings
from trader.app.compose import Engine, build_engine
from trader.app.world import World
from trader.matching.settings import SimulationSettings
from trader.model.market import SECOND, Series
from trader.model.messages import Message, ShutdownCompleted
from trader.risk.settings import LowProfitPairs, MaxDrawdown, RiskSettings, StoplossGuard
from trader.runtime.recorder import Journal
from trader.runtime.role import Tap
from trader.runtime.virtual import VirtualDriver
from trader.settings.schema import Settings
from trader.venues.embedded import EPOCH
from trader.venues.instruments import simulated_instrument
from trader.venues.recorded import RecordedMarket
from trader.venues.simulated import SimulatedExchange

SYMBOL = "BTC-USD"
PRICE = 60_000.0
MINUTE = 60 * SECOND

SETTINGS = Settings(
    advice=AdviceSettings(advisor="ema-cross"),
    risk=RiskSettings(
        max_daily_loss_pct=100.0,
        max_weekly_loss_pct=100.0,
        max_monthly_loss_pct=100.0,
        max_drawdown_pct=100.0,
        max_var_pct=100.0,
        max_expected_shortfall_pct=100.0,
        max_order_notional_quote=10**12,
        max_orders_per_day=100_000,
    ),
    stoploss_guard=StoplossGuard(trade_limit=0),
    max_drawdown=MaxDrawdown(trade_limit=0),
    low_profit_pairs=LowProfitPairs(trade_limit=0),
    simulation=SimulationSettings(maker_fee_pct=Decimal(0), taker_fee_pct=Decimal(0)),
)
"""No fee and no limit ends the trading, so that the last month has as much to do as the first."""


def make_series(count: int) -> Series:
    """Draw candles of a minute, a tenth of a percent up or down as a rule."""
    gauss = random.Random(10).gauss
    columns = [array("d") for _ in range(5)]
    price = PRICE
    for _ in range(count):
        close = price * (1.0 + 0.001 * gauss(0.0, 1.0))
        wick = price * 0.0005 * abs(gauss(0.0, 1.0))
        candle = (price, max(price, close) + wick, min(price, close) - wick, close, 1_000.0)
        for column, value in zip(columns, candle, strict=True):
            column.append(value)
        price = close
    return Series(MINUTE, array("q", range(EPOCH, EPOCH + count * MINUTE, MINUTE)), *columns, 0)


def make_exchange(
    settings: Settings, kind: type[SimulatedExchange] = SimulatedExchange
) -> SimulatedExchange:
    """Build an exchange that serves the one symbol."""
    (symbol,), leverage = settings.trading.symbols, settings.trading.leverage
    instrument = simulated_instrument(symbol, PRICE, settings.simulation, leverage)
    return kind({symbol: instrument}, settings.simulation)


def start_engine(
    settings: Settings,
    world: World,
    on_trip: Callable[[Message], None] = lambda _message: None,
    journal: Journal | None = None,
    taps: Mapping[type[Message], Tap] = {},
) -> Engine:
    """Build the engine of a world, and start it as a session does."""
    seen = {kind: (tap,) for kind, tap in taps.items()}
    engine = build_engine(settings, world, journal=journal, taps=[seen], on_trip=on_trip)
    engine.start("0001-test")
    return engine


class Replay:
    """An engine that replays a series on the virtual driver, as fast as it can."""

    def __init__(self, series: Series, settings: Settings) -> None:
        exchange = make_exchange(settings)
        market = RecordedMarket(settings.trading.symbols[0], series, exchange)
        self.engine = start_engine(settings, World(market, exchange, series), self._on_trip)
        self._driver = VirtualDriver(self.engine.main, self.engine.kill)

    def run(self, until: int | None = None) -> None:
        """Run until a time (ns), or to the end of the series."""
        self._driver.run(until)

    @property
    def orders(self) -> int:
        """How many orders were sent."""
        return self.engine.tally.orders["submitted"]

    def close(self) -> None:
        """Stop the actors."""
        self.engine.close()

    def _on_trip(self, message: Message) -> None:
        if isinstance(message, ShutdownCompleted):
            self._driver.stop()
