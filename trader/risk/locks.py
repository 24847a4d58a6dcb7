"""Protections by freqtrade's names and parameters: what a run of bad trades locks, and until when.

Judged when a trade ends, as freqtrade does: StoplossGuard, MaxDrawdown and LowProfitPairs;
CooldownPeriod is `risk.cooldown_seconds`. Profits are ratios of what was entered, after costs.
"""

from collections.abc import Iterable
from datetime import UTC, datetime

import msgspec

from trader.accounting.position import Trade
from trader.model.market import SECOND
from trader.model.orders import Side
from trader.model.reasons import Reason
from trader.risk.settings import LowProfitPairs, MaxDrawdown, Protections, StoplossGuard

MINUTE = 60 * SECOND


class Closed(msgspec.Struct, frozen=True):
    """A trade that ended: when (ns), with which profit, and whether its stop ended it."""

    symbol: str
    side: Side
    ts: int
    profit: float
    stopped: bool


class Lock(msgspec.Struct, frozen=True):
    """No entry until `until` (ns) on a symbol and a side; None stands for all of them."""

    reason: Reason
    until: int
    detail: str
    symbol: str | None = None
    side: Side | None = None

    def holds(self, symbol: str, side: Side, now: int) -> bool:
        """Tell whether an entry is locked out."""
        return now < self.until and self.symbol in (None, symbol) and self.side in (None, side)

    def __str__(self) -> str:
        until = datetime.fromtimestamp(self.until // SECOND, UTC)
        return f"{self.detail}; until {until:%Y-%m-%d %H:%M} UTC"


def closed_by(trade: Trade, stopped: bool) -> Closed:
    """Return what protections need to know of a trade."""
    profit = float(trade.pnl / (trade.entry * trade.quantity))
    return Closed(trade.symbol, trade.side, trade.closed, profit, stopped)


def remembered(protections: Protections) -> int:
    """Return how long (ns) a trade counts for any protection."""
    return MINUTE * max(
        protections.stoploss_guard.lookback_period,
        protections.max_drawdown.lookback_period,
        protections.low_profit_pairs.lookback_period,
    )


def judge_trades(protections: Protections, closed: list[Closed]) -> list[Lock]:
    """Return the locks that the newest trade, the last of them, brings about."""
    found = (
        _stoploss_guard(protections.stoploss_guard, closed),
        _max_drawdown(protections.max_drawdown, closed),
        _low_profit_pairs(protections.low_profit_pairs, closed),
    )
    return [lock for lock in found if lock is not None]


def _stoploss_guard(rule: StoplossGuard, closed: list[Closed]) -> Lock | None:
    if not rule.trade_limit:
        return None
    last = closed[-1]
    trades = [
        trade
        for trade in _recent(closed, rule.lookback_period)
        if trade.stopped
        and trade.profit < rule.required_profit
        and (not rule.only_per_pair or trade.symbol == last.symbol)
        and (not rule.only_per_side or trade.side is last.side)
    ]
    if len(trades) < rule.trade_limit:
        return None
    return Lock(
        Reason.STOPLOSS_GUARD,
        trades[-1].ts + rule.stop_duration * MINUTE,
        f"{len(trades)} stops in {rule.lookback_period} min",
        last.symbol if rule.only_per_pair else None,
        last.side if rule.only_per_side else None,
    )


def _max_drawdown(rule: MaxDrawdown, closed: list[Closed]) -> Lock | None:
    if not rule.trade_limit:
        return None
    trades = _recent(closed, rule.lookback_period)
    fall = _deepest(trade.profit for trade in trades)
    if len(trades) < rule.trade_limit or fall <= rule.max_allowed_drawdown:
        return None
    until = closed[-1].ts + rule.stop_duration * MINUTE
    return Lock(Reason.MAX_DRAWDOWN, until, f"trades fell by {fall:.4f} in all")


def _low_profit_pairs(rule: LowProfitPairs, closed: list[Closed]) -> Lock | None:
    if not rule.trade_limit:
        return None
    last = closed[-1]
    trades = [
        trade
        for trade in _recent(closed, rule.lookback_period)
        if trade.symbol == last.symbol and (not rule.only_per_side or trade.side is last.side)
    ]
    profit = sum(trade.profit for trade in trades)
    if len(trades) < rule.trade_limit or profit >= rule.required_profit:
        return None
    return Lock(
        Reason.LOW_PROFIT_PAIRS,
        last.ts + rule.stop_duration * MINUTE,
        f"{len(trades)} trades brought {profit:.4f} in all",
        last.symbol,
        last.side if rule.only_per_side else None,
    )


def _recent(closed: list[Closed], minutes: int) -> list[Closed]:
    since = closed[-1].ts - minutes * MINUTE
    return [trade for trade in closed if trade.ts >= since]


def _deepest(profits: Iterable[float]) -> float:
    """Return the deepest fall of the sum of profits below its highest."""
    total = peak = deepest = 0.0
    for profit in profits:
        total += profit
        peak = max(peak, total)
        deepest = max(deepest, peak - total)
    return deepest
