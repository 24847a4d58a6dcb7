"""How each limit is breached on purpose: one change of a sound account, proposal or order."""

from collections.abc import Callable
from decimal import Decimal

import msgspec

from trader.accounting.windows import Window
from trader.model.instrument import ZERO, Instrument, Terms
from trader.model.market import SECOND, FeedCondition
from trader.model.messages import ProposeOrder
from trader.model.orders import Leg, OrderStatus, Side
from trader.model.reasons import Reason
from trader.model.views import Stance, TradingState
from trader.risk.checks import loss_limit
from trader.risk.guard import place
from trader.risk.locks import Closed, judge_trades
from trader.risk.settings import LowProfitPairs, MaxDrawdown, Protections, StoplossGuard
from trader.risk.situation import Sized, Tail, Tails
from trader.risk.state import Campaign, Hold, Price, RiskState, Rules

EQUITY = 1_000_000.0
NOW = 1_700_000_000 * SECOND
_HAIR = 1 - 1e-9


class Bench(msgspec.Struct):
    """An account that trades one symbol, a proposal to buy it, and the time."""

    rules: Rules
    state: RiskState
    proposal: ProposeOrder
    now: int = NOW

    @property
    def symbol(self) -> str:
        """The symbol that is proposed."""
        return self.proposal.symbol

    def change(self, **fields: object) -> None:
        """Change the proposal."""
        self.proposal = msgspec.structs.replace(self.proposal, **fields)

    def lever(self, leverage: int) -> None:
        """Make the symbol a perpetual of this leverage, at its venue too."""
        at_leverage = msgspec.structs.replace(
            self.rules.instruments[self.symbol], terms=Terms(leverage=leverage)
        )
        self.rules.instruments[self.symbol] = at_leverage
        self.state.leverages[self.symbol] = leverage

    def order(self, symbol: str, leg: Leg, status: OrderStatus) -> None:
        """Put an order of a symbol to work."""
        campaign = self.state.campaigns[symbol] = Campaign(symbol, 0, ZERO, None)
        sent = place(self.state, campaign, leg, self.rules.instruments[symbol].lot)
        campaign.orders[sent.order.client_order_id].status = status


# -- breaches before a size ------------------------------------------------------------------------


def _lose(pct: float) -> Callable[[Bench], None]:
    def breach(bench: Bench) -> None:
        bench.state.cash = EQUITY * (1 - pct / 100) * _HAIR

    return breach


def _fall(name: str) -> Callable[[Bench], None]:
    return lambda bench: _lose(getattr(bench.rules.settings, name))(bench)


def _lose_window(window: Window) -> Callable[[Bench], None]:
    def breach(bench: Bench) -> None:
        bench.state.windows.baselines[window] = EQUITY
        # Apart from the peak, so that the window alone is breached.
        bench.state.measured.restart(0.0)
        _lose(loss_limit(bench.rules.settings, window))(bench)

    return breach


def _hold(level: TradingState) -> Callable[[Bench], None]:
    return lambda bench: bench.state.holds.append(Hold(Reason.HALT_OPERATOR, level, "drill"))


def _stall(bench: Bench) -> None:
    bench.state.prices[bench.symbol].stalled = FeedCondition.STALE


def _forget_price(bench: Bench) -> None:
    bench.state.prices[bench.symbol] = Price()


def _age(bench: Bench) -> None:
    bench.now += int((bench.rules.settings.max_price_age_seconds + 1) * SECOND)


def _lose_rate(bench: Bench) -> bool:
    if bench.rules.conversion:
        bench.state.prices[bench.rules.conversion] = Price()
    return bool(bench.rules.conversion)


def _widen(bench: Bench) -> None:
    price, half = bench.state.prices[bench.symbol], bench.rules.settings.max_spread_pct / 200
    price.quoted = bench.now + 1
    price.bid, price.ask = price.close * (1 - half * 1.01), price.close * (1 + half * 1.01)


def _move(bench: Bench) -> None:
    away = 1 + 2 * bench.rules.settings.max_slippage_pct / 100
    bench.change(price=bench.proposal.price / away)


def _misplace_stop(bench: Bench) -> None:
    bench.change(stop=bench.proposal.price * 2)


def _over_lever(bench: Bench) -> None:
    bench.lever(bench.rules.settings.max_leverage_x + 1)


def _lever_elsewhere(bench: Bench) -> None:
    bench.lever(1)
    bench.state.leverages[bench.symbol] = 2


def _outrun_liquidation(bench: Bench) -> None:
    bench.lever(bench.rules.settings.max_leverage_x)
    price = bench.proposal.price
    bench.change(stance=Stance.SHORT, stop=price * 3, target=price / 2)


def _order(leg: Leg, status: OrderStatus) -> Callable[[Bench], None]:
    return lambda bench: bench.order(bench.symbol, leg, status)


def _crowd(bench: Bench) -> None:
    for i in range(bench.rules.settings.max_concurrent_trades):
        other = f"DRILL{i}-{bench.rules.instruments[bench.symbol].quote}"
        bench.rules.instruments[other] = _named(bench.rules.instruments[bench.symbol], other)
        bench.order(other, Leg.ENTRY, OrderStatus.OPEN)


def _named(instrument: Instrument, symbol: str) -> Instrument:
    return msgspec.structs.replace(instrument, symbol=symbol)


def _exit_now(bench: Bench) -> bool:
    bench.state.exits[bench.symbol] = bench.now
    return bench.rules.settings.cooldown_seconds > 0


def _enter_now(bench: Bench) -> bool:
    bench.state.entered[f"{Side.BUY} {bench.symbol}"] = bench.now
    return bench.rules.settings.repeat_seconds > 0


def _flood(name: str, ago: int) -> Callable[[Bench], None]:
    def breach(bench: Bench) -> None:
        bench.state.entries = [bench.now - ago] * getattr(bench.rules.settings, name)

    return breach


def _trade_badly(reason: Reason) -> Callable[[Bench], bool]:
    """Close as many trades at a stop as the protection of this reason puts up with."""

    def breach(bench: Bench) -> bool:
        rule = getattr(bench.rules.protections, reason.lower())
        bench.rules = msgspec.structs.replace(
            bench.rules, protections=Protections(**_OFF | {reason.lower(): rule})
        )
        one = Closed(bench.symbol, Side.BUY, bench.now, -10.0, stopped=True)
        bench.state.closed = [one] * rule.trade_limit
        if rule.trade_limit:
            bench.state.locks = judge_trades(bench.rules.protections, bench.state.closed)
        return bool(rule.trade_limit)

    return breach


_OFF = {
    "stoploss_guard": StoplossGuard(trade_limit=0),
    "max_drawdown": MaxDrawdown(trade_limit=0),
    "low_profit_pairs": LowProfitPairs(trade_limit=0),
}

BREACHES: dict[Reason, Callable[[Bench], bool | None]] = {
    Reason.SYMBOL_NOT_ALLOWED: lambda bench: bench.change(symbol="DRILL-DRILL"),
    Reason.EMERGENCY_STOP: _fall("emergency_pct"),
    Reason.DRAWDOWN_TOTAL: _fall("max_drawdown_pct"),
    Reason.LOSS_DAY: _lose_window(Window.DAY),
    Reason.LOSS_WEEK: _lose_window(Window.WEEK),
    Reason.LOSS_MONTH: _lose_window(Window.MONTH),
    Reason.STATE_HALTED: _hold(TradingState.HALTED),
    Reason.STATE_REDUCING: _hold(TradingState.REDUCING),
    Reason.FEED_STALLED: _stall,
    Reason.DATA_NO_PRICE: _forget_price,
    Reason.DATA_STALE: _age,
    Reason.CONVERSION_STALE: _lose_rate,
    Reason.SPREAD_TOO_WIDE: _widen,
    Reason.PRICE_MOVED: _move,
    Reason.STOP_WRONG_SIDE: _misplace_stop,
    Reason.EXPOSURE_LEVERAGE: _over_lever,
    Reason.LEVERAGE_DIFFERS: _lever_elsewhere,
    Reason.STOP_BEYOND_LIQUIDATION: _outrun_liquidation,
    Reason.ORDER_UNKNOWN: _order(Leg.ENTRY, OrderStatus.UNKNOWN),
    Reason.ORDER_IN_FLIGHT: _order(Leg.ENTRY, OrderStatus.OPEN),
    Reason.EXPOSURE_POSITIONS: _crowd,
    Reason.COOLDOWN_SYMBOL: _exit_now,
    Reason.REPEATED_INTENT: _enter_now,
    Reason.STOPLOSS_GUARD: _trade_badly(Reason.STOPLOSS_GUARD),
    Reason.MAX_DRAWDOWN: _trade_badly(Reason.MAX_DRAWDOWN),
    Reason.LOW_PROFIT_PAIRS: _trade_badly(Reason.LOW_PROFIT_PAIRS),
    Reason.RATE_SECOND: _flood("max_orders_per_second", 0),
    Reason.RATE_ORDERS: _flood("max_orders_per_minute", 2 * SECOND),
    Reason.RATE_DAY: _flood("max_orders_per_day", 3_600 * SECOND),
}
"""How each limit is breached; False where its setting switches it off."""


# -- breaches of a size ----------------------------------------------------------------------------


def _use_up(reason: Reason) -> Callable[[Sized], Sized]:
    return lambda sized: tampered(sized, caps=sized.entry.caps | {reason: ZERO})


def tampered(sized: Sized, **fields: object) -> Sized:
    """Return an order of which a part is not what sizing made of it."""
    return msgspec.structs.replace(sized, entry=msgspec.structs.replace(sized.entry, **fields))


def _nothing_left(sized: Sized) -> Sized:
    return tampered(sized, quantity=ZERO)


def _deepen(**tail: float) -> Callable[[Sized], Sized | None]:
    """Let the tail be twice as deep as it may be, where it is measured."""

    def breach(sized: Sized) -> Sized | None:
        if sized.tails is None:
            return None
        bounds = sized.settings.max_var_pct, sized.settings.max_expected_shortfall_pct
        values = (bound * factor for bound, factor in zip(bounds, tail.values(), strict=True))
        return msgspec.structs.replace(sized, tails=Tails(after=Tail(*values)))

    return breach


def _misround(sized: Sized) -> Sized:
    return tampered(sized, quantity=sized.entry.quantity + sized.instrument.lot / 2)


def _stray(sized: Sized) -> Sized:
    away = 1 + sized.settings.max_collar_pct / 50
    return tampered(sized, limit=sized.instrument.ceil_price(Decimal(repr(sized.mid * away))))


_RESIZING = (
    Reason.EXPOSURE_BALANCE,
    Reason.EXPOSURE_SIZE,
    Reason.EXPOSURE_SYMBOL,
    Reason.EXPOSURE_GROUP,
    Reason.EXPOSURE_TOTAL,
    Reason.ORDER_NOTIONAL,
    Reason.RISK_PER_TRADE,
    Reason.EXPOSURE_CORRELATED,
)

SIZE_BREACHES: dict[Reason, Callable[[Sized], Sized | None]] = {
    **{reason: _use_up(reason) for reason in _RESIZING},
    Reason.VALUE_AT_RISK: _deepen(var=2.0, shortfall=0.0),
    Reason.EXPECTED_SHORTFALL: _deepen(var=0.0, shortfall=2.0),
    Reason.SIZE_BELOW_MINIMUM: _nothing_left,
    Reason.ORDER_PRECISION: _misround,
    Reason.PRICE_COLLAR: _stray,
}
"""How each limit on a size is breached; None where its setting switches it off."""
