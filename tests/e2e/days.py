"""Real days: which limits trip, when and at what, and how far a day falls beyond its limit.

The account is kept by the book, from fills and closes alone. As shipped, the profiles risk so
little a trade that hardly a day reaches its limit; `STRETCHED` takes positions as large as they
get at fivefold leverage, and leaves the limits on losses as they are.
"""

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import msgspec

from tests.benchmarks.house import start_engine
from tests.e2e.inside import settings
from trader.app.compose import build_world
from trader.model import messages as m
from trader.model.market import SECOND
from trader.model.messages import Message
from trader.model.reasons import Reason
from trader.runtime.virtual import VirtualDriver

FILES = {
    "2018": ("bitfinex_BTCUSD_1m_2018.csv.gz", "BTC-USD"),
    "March 2023": ("binanceus_BTCUSD_1m_2023-03-01_2023-03-21.csv.gz", "BTC-USD"),
    "the depeg": ("kraken_XBTUSDC_1m_2023Q1.csv.gz", "BTC-USDC"),
    "June 2025": ("bybit-linear_BTCUSDT_1m_2025-05-29_2025-06-29.csv.gz", "BTC-USDT"),
}
PROFILES = ("conservative", "moderate", "aggressive")
STRETCHED = (
    "trading.leverage=5",
    "trading.max_size_pct=100",
    "risk.risk_per_trade_pct=5",
    "risk.max_symbol_exposure_x=5",
    "risk.max_group_exposure_x=5",
    "risk.max_total_exposure_x=5",
    "risk.max_order_notional_quote=1000000",
    "risk.cooldown_seconds=0",
    "stoploss_guard.trade_limit=0",
    "max_drawdown.trade_limit=0",
    "low_profit_pairs.trade_limit=0",
)
_DAY = 86_400 * SECOND


class Day(msgspec.Struct):
    """A UTC day: what it began with, and in % of that its lowest mark, its end, its worst candle.

    `breached` is the mark at which its limit tripped, None where it did not.
    """

    number: int
    start: float
    low: float = 0.0
    end: float = 0.0
    candle: float = 0.0
    breached: float | None = None

    def __str__(self) -> str:
        return datetime.fromtimestamp(self.number * 86_400, UTC).strftime("%F")


class Book:
    """An account by the book, and what the limits said of it; looks on as a tap."""

    def __init__(self, cash: float) -> None:
        self.cash, self.held, self.close = cash, 0.0, 0.0
        self.equity = cash
        self.days: list[Day] = []
        self.breaches: list[tuple[int, m.LimitBreached]] = []
        self.denied: dict[Reason, list[int]] = {}
        self.fills = 0
        self.taps = {
            m.CandleClosed: self._close,
            m.LimitBreached: self._breach,
            m.OrderDenied: self._deny,
            m.CashMoved: self._move,
            **dict.fromkeys(
                (m.OrderFilled, m.OrderPartiallyFilled, m.PositionLiquidated), self._fill
            ),
        }

    def _close(self, _sender: str, message: Any, _time: int) -> None:
        ts, self.close = message.candle.ts_event, message.candle.close
        before, self.equity = self.equity, self.cash + self.held * self.close
        number = ts // _DAY
        if not self.days or number > self.days[-1].number:
            sharp = ts == number * _DAY or not self.days
            self.days.append(Day(number, self.equity if sharp else before))
            if sharp:
                return
        day = self.days[-1]
        day.end = (self.equity / day.start - 1) * 100
        day.low = min(day.low, day.end)
        day.candle = min(day.candle, (self.equity - before) / day.start * 100)

    def _fill(self, _sender: str, message: Any, _time: int) -> None:
        fill, self.fills = message.fill, self.fills + 1
        signed = fill.side.sign * float(fill.quantity)
        self.cash -= signed * float(fill.price) + float(fill.fee)
        self.held += signed

    def _move(self, _sender: str, message: Any, _time: int) -> None:
        self.cash += float(message.flow.amount)

    def _breach(self, _sender: str, message: Any, time: int) -> None:
        self.breaches.append((time, message))
        if message.limit is Reason.LOSS_DAY:
            self.days[-1].breached = -message.value

    def _deny(self, _sender: str, message: Any, time: int) -> None:
        self.denied.setdefault(message.reason, []).append(time)

    def worst(self) -> Day:
        """Return the day with the lowest mark."""
        return min(self.days, key=lambda day: day.low)


def replay(file: Path, symbol: str, profile: str, *sets: str) -> tuple[Book, float]:
    """Trade on recorded candles; return the account, and the limit on a day's loss in %."""
    recorded = ("market.venue=replay", f"market.data={file}", f"trading.symbol={symbol}")
    chosen = settings(Path(), *recorded, *sets, profile=profile).settings
    world, book = build_world(chosen, None, None), Book(float(chosen.simulation.start_equity))

    def on_trip(message: Message) -> None:
        if isinstance(message, m.ShutdownCompleted):
            driver.stop()

    engine = start_engine(chosen, world, on_trip, taps=book.taps)
    driver = VirtualDriver(engine.main, engine.kill)
    driver.run()
    engine.close()
    return book, chosen.risk.max_daily_loss_pct


def beyond(day: Day, limit: float) -> float:
    """Return by how much (%) a day fell further than its limit and one candle; at best below 0."""
    return -day.low - limit + day.candle


def to_text(name: str, profile: str, book: Book, limit: float) -> str:
    """Say what tripped, with times and amounts, and the worst day."""
    worst = book.worst()
    head = (
        f"{name}, {profile}: {book.fills} fills, equity {book.equity:,.2f}; worst day {worst}:"
        f" {worst.low:.2f} % at its lowest, {worst.end:.2f} % at its end, {worst.candle:.2f} % in a"
        f" candle; limit {limit:g} %"
    )
    lines = [
        f"  {at(time)} {b.limit} {b.value:.2f} % of {b.bound:g} %" for time, b in book.breaches
    ]
    lines += [f"  {at(times[0])} {r} denied {len(times)}" for r, times in book.denied.items()]
    lines.sort()
    return "\n".join([head, *lines])


def at(time: int) -> str:
    """Write a time of the market."""
    return datetime.fromtimestamp(time // SECOND, UTC).strftime("%F %T")
