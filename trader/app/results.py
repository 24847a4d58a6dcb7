"""The summary of a run that has ended, read from its actors and from what was counted."""

from collections.abc import Callable
from decimal import Decimal

import msgspec

from trader.app.compose import Engine
from trader.app.ending import CLEAN
from trader.app.highs import Highs
from trader.app.reports import (
    Start,
    candles_of,
    equity_of,
    limits_of,
    pnl_of,
    positions_of,
    state_of,
    trades_of,
    won_of,
)
from trader.app.tally import often
from trader.model.instrument import to_decimal
from trader.risk.state import RiskState
from trader.runtime.digest import Digest
from trader.settings.schema import Settings
from trader.topology import EXECUTION_BROKER, KILL_SWITCH, RISK_GUARD
from trader.ui.summary import (
    NO_RUN,
    Equity,
    LimitUse,
    OrderCounts,
    Pnl,
    SessionSummary,
    TradeCounts,
)

_PLACES = 8
"""Decimals of money: peaks are kept as floats."""


def summary_of(
    engine: Engine,
    *,
    run: str,
    profile: str,
    start: Start,
    audit_digest: str,
    wall_s: float,
    exit_code: int,
    highs: Highs | None = None,
    redact: Callable[[str], str] = str,
) -> SessionSummary:
    """Sum up a run that has ended."""
    tally = engine.tally
    state: RiskState = state_of(engine.main, RISK_GUARD) or RiskState()
    roles = [*engine.main.roles.values(), engine.kill.roles[KILL_SWITCH]]
    return SessionSummary(
        run=run,
        profile=profile,
        mode="paper",
        simulated=True,
        symbols=engine.settings.trading.symbols,
        candles=candles_of(engine),
        decisions=tally.decisions,
        advice=dict(sorted(tally.advice.items())),
        orders=_orders(engine),
        fills=tally.fills,
        trades=trades_of(state, start),
        pnl=pnl_of(state, start),
        equity=_equity(state, start),
        restarts={role.name: role.restarts for role in roles if role.restarts},
        quarantined=sum(role.quarantined for role in roles),
        halted=tally.halted,
        digest=engine.digest.value,
        audit_digest=audit_digest,
        wall_s=round(wall_s, 3),
        exit_code=exit_code,
        refusals=often(tally.refusals),
        denials=often(tally.denials),
        rejections=often(tally.rejections),
        limits=_uses(engine, state, highs or Highs()),
        trade_log=tally.book.trades(_won(state), redact),
    )


def nothing_came(settings: Settings, profile: str, wall_s: float) -> SessionSummary:
    """Sum up a run that ended before its venue had answered: it has done nothing."""
    none, cash = Decimal(0), settings.simulation.start_equity
    return SessionSummary(
        run=NO_RUN,
        profile=profile,
        mode="paper",
        simulated=True,
        symbols=settings.trading.symbols,
        candles=0,
        decisions=0,
        advice={},
        orders=OrderCounts(0, 0, 0, 0, 0, 0),
        fills=0,
        trades=TradeCounts(0, 0),
        pnl=Pnl(none, none, none, none, none),
        equity=Equity(cash, cash, cash, 0.0),
        restarts={},
        quarantined=0,
        halted=None,
        digest=Digest().value,
        audit_digest="",
        wall_s=round(wall_s, 3),
        exit_code=CLEAN,
    )


def _won(state: RiskState) -> dict[str, Decimal]:
    """Return what each symbol that is held has won, with what it would bring now."""
    positions = state.ledger.positions
    return {
        held.symbol: won_of(positions[held.symbol]) + held.unrealized
        for held in positions_of(state)
    }


def _uses(engine: Engine, state: RiskState, highs: Highs) -> tuple[LimitUse, ...]:
    worst = {"DRAWDOWN_TOTAL": state.measured.max_drawdown_pct, **engine.tally.worst}
    limits = limits_of(engine, state)
    highs.take(limits)
    highs.take(
        msgspec.structs.replace(limit, used=worst[limit.name])
        for limit in limits
        if limit.name in worst
    )
    return highs.uses(engine.tally.breaches)


def _orders(engine: Engine) -> OrderCounts:
    counts = {name: engine.tally.orders[name] for name in OrderCounts.__struct_fields__}
    broker = state_of(engine.main, EXECUTION_BROKER)
    counts["open"] = 0 if broker is None else len(broker.blotter.open_orders())
    return OrderCounts(**counts)


def _equity(state: RiskState, start: Start) -> Equity:
    performance = state.performance
    peak = max(start.equity, round(to_decimal(performance.peak), _PLACES))
    return Equity(
        start.equity,
        equity_of(state, start),
        peak,
        performance.max_drawdown_pct,
        state.ledger.transfers - start.transfers,
    )
