"""The status of a run, read from its actors.

It is read from another thread while the kernel runs: each piece of memory is copied in one
step of the interpreter, so that a wedged handler cannot hold it up; `consistent` says whether a
handler was at work meanwhile.
"""

import os
import time
from collections.abc import Mapping
from datetime import UTC, datetime
from decimal import Decimal
from functools import cache
from importlib.metadata import PackageNotFoundError, version
from platform import python_version
from typing import Any, Literal

import msgspec

from trader.accounting.position import Position
from trader.accounting.windows import Window
from trader.app.compose import Engine, rules_of
from trader.app.health import budgets_of, models_of
from trader.app.standing import holds_of, level_of
from trader.execution.blotter import Blotter
from trader.model.instrument import ZERO
from trader.model.market import SECOND
from trader.model.messages import Message
from trader.risk.checks import loss_limit
from trader.risk.losses import LOSSES
from trader.risk.settings import RiskSettings
from trader.risk.state import RiskState
from trader.risk.tail import tail_now
from trader.runtime import recovery
from trader.runtime.kernel import Kernel
from trader.runtime.role import Role
from trader.topology import (
    EXECUTION_BROKER,
    INDICATOR_WORKER,
    KILL_SWITCH,
    LLM_ADVISOR,
    MARKET_FEED,
    RISK_GUARD,
    VALIDATOR,
)
from trader.ui.lines import Line
from trader.ui.render import iso, word
from trader.ui.status import (
    ActorStatus,
    ConversionStatus,
    FeedStatus,
    LimitStatus,
    OpenOrderStatus,
    PositionStatus,
    StatusDump,
    status_line,
)
from trader.ui.summary import Pnl, TradeCounts

_STACK = ("pykka", "trio", "msgspec", "ccxt", "langchain", "numpy", "pandas")


class Start(msgspec.Struct, frozen=True):
    """Where a run stood at its start, so that a resumed account's past is not its profit."""

    equity: Decimal
    realized: Decimal = ZERO
    unrealized: Decimal = ZERO
    fees: Decimal = ZERO
    funding: Decimal = ZERO
    transfers: Decimal = ZERO
    trades: int = 0
    wins: int = 0


@cache
def versions() -> dict[str, str]:
    """Return the versions of Python and of what the engine stands on."""
    found = {"python": python_version()}
    for name in _STACK:
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            found[name] = "missing"
    return found


def state_of(kernel: Kernel, name: str) -> Any:
    """Copy the memory of a role; of one that is down, its last checkpoint; None before any."""
    role = kernel.roles[name]
    actor = role.actor
    if actor is not None:
        # The encoder runs no Python code: the copy is of one moment.
        return msgspec.msgpack.decode(msgspec.msgpack.encode(actor.state), type=actor.State)
    return recovery.remembered(role)


def marks_of(state: RiskState) -> dict[str, float]:
    """Return the last price of every symbol that has one."""
    return {symbol: price.close for symbol, price in state.prices.items() if price.close}


def won_of(position: Position) -> Decimal:
    """Return what a symbol has won after costs, over all its trades."""
    return position.realized - position.fees + position.funding


def take_over(engine: Engine) -> None:
    """Tell the tally what a resumed run holds."""
    state: RiskState = state_of(engine.main, RISK_GUARD)
    for symbol, position in state.ledger.positions.items():
        won = won_of(position)
        engine.tally.book.resume(symbol, position.quantity, position.average_price, won)


def start_of(engine: Engine, resumed: bool) -> Start:
    """Take down where a run stands at its start."""
    state: RiskState = state_of(engine.main, RISK_GUARD)
    if not resumed or state.baseline is None:
        return Start(engine.settings.simulation.start_equity)
    marks, ledger = marks_of(state), state.ledger
    return Start(
        ledger.equity(marks),
        ledger.realized,
        ledger.unrealized(marks),
        ledger.fees,
        ledger.funding,
        ledger.transfers,
        state.performance.trades,
        state.performance.wins,
    )


# -- the parts -------------------------------------------------------------------------------------


def pnl_of(state: RiskState, start: Start) -> Pnl:
    """Return the run's profit and loss.

    `net` is the change of equity to the last digit, deposits and withdrawals left out.
    """
    ledger = state.ledger
    realized = ledger.realized - start.realized
    unrealized = ledger.unrealized(marks_of(state)) - start.unrealized
    fees = ledger.fees - start.fees
    funding = ledger.funding - start.funding
    return Pnl(realized, unrealized, fees, funding, realized + unrealized - fees + funding)


def equity_of(state: RiskState, start: Start) -> Decimal:
    """Return the equity of now; before the account was read, that of the start."""
    return start.equity if state.baseline is None else state.ledger.equity(marks_of(state))


def trades_of(state: RiskState, start: Start) -> TradeCounts:
    """Count the run's trades."""
    performance = state.performance
    return TradeCounts(performance.trades - start.trades, performance.wins - start.wins)


def candles_of(engine: Engine) -> int:
    """Count the candles that passed the feed's checks."""
    feed = state_of(engine.main, MARKET_FEED)
    return 0 if feed is None else int(feed.candles)


def _actor_status(kernel: Kernel, role: Role, gave_up: bool) -> ActorStatus:
    state: Literal["up", "down", "given up"] = "up"
    if role.down:
        state = "given up" if gave_up else "down"
    current_message = kernel.current.message if kernel.current.role is role else None
    last = current_message or _last_message(kernel, role) or role.last
    return ActorStatus(
        role=role.name,
        state=state,
        restarts=role.restarts,
        depth=kernel.depth(role),
        failures=role.failures,
        last_message=None if last is None else type(last).__name__,
        last_failure=role.last_failure or None,
        conflated=role.conflated,
    )


def _last_message(kernel: Kernel, role: Role) -> Message | None:
    history = kernel.history.copy()
    return next((e.message for e in reversed(history) if e.role is role), None)


def positions_of(
    state: RiskState, margins: Mapping[str, tuple[Decimal, float]] = {}
) -> tuple[PositionStatus, ...]:
    """Return what is held; `margins` are by perpetual, with the mark that liquidates it."""
    marks = marks_of(state)
    return tuple(
        PositionStatus(
            symbol,
            position.quantity,
            position.average_price,
            marks.get(symbol),
            position.unrealized(marks[symbol]) if symbol in marks else ZERO,
            *margins.get(symbol, ()),
        )
        for symbol, position in state.ledger.positions.items()
        if position.quantity
    )


def _orders(blotter: Blotter) -> tuple[OpenOrderStatus, ...]:
    return tuple(
        OpenOrderStatus(
            record.order.client_order_id,
            record.order.symbol,
            record.order.side,
            record.order.kind,
            record.order.leg,
            record.order.quantity,
            record.filled,
            record.order.price,
            record.order.trigger,
            record.status,
        )
        for record in blotter.open_orders()
    )


def losses_of(risk: RiskSettings, state: RiskState) -> tuple[LimitStatus, ...]:
    """Return how much of each limit on losses is used."""
    worth = state.worth()
    losses = tuple(
        LimitStatus(
            LOSSES[window],
            max(state.windows.loss_pct(window, worth), 0.0),
            loss_limit(risk, window),
            "% of equity",
        )
        for window in Window
    )
    drawdown = state.measured.drawdown_pct(worth)
    return (
        *losses,
        LimitStatus("DRAWDOWN_TOTAL", drawdown, risk.max_drawdown_pct, "% of peak equity"),
    )


def limits_of(engine: Engine, state: RiskState) -> tuple[LimitStatus, ...]:
    """Return how much of each limit is used."""
    risk, trading = engine.settings.risk, engine.settings.trading
    equity = state.equity()
    held = [symbol for symbol, position in state.ledger.positions.items() if position.quantity]
    marks, instruments = marks_of(state), engine.world.exchange.instruments
    largest = max(
        (
            abs(float(state.ledger.quantity(s)) * marks.get(s, 0.0)) * float(instruments[s].stake)
            for s in held
        ),
        default=0.0,
    )
    tail = tail_now(rules_of(engine.settings, instruments), state)
    tails = (
        (
            ("VALUE_AT_RISK", tail.var, risk.max_var_pct),
            ("EXPECTED_SHORTFALL", tail.shortfall, risk.max_expected_shortfall_pct),
        )
        if tail is not None
        else ()
    )
    return (
        *losses_of(risk, state),
        *(LimitStatus(name, used, bound, "% of equity a day") for name, used, bound in tails),
        LimitStatus("EXPOSURE_POSITIONS", len(held), risk.max_concurrent_trades, "positions"),
        LimitStatus(
            "EXPOSURE_SIZE",
            largest / equity * 100 if equity > 0 else 0.0,
            trading.max_size_pct,
            "% of equity",
        ),
    )


def _outside(engine: Engine) -> tuple[str, str]:
    """Return the names of what stands among the main kernel's roles and has no actor there."""
    return KILL_SWITCH, f"{INDICATOR_WORKER}[{engine.settings.conversion}]"


def _feeds(engine: Engine, feed: Any, now: int) -> tuple[FeedStatus, ...]:
    lanes = {} if feed is None else feed.lanes
    return tuple(
        _feed_status(symbol, feed, lanes.get(symbol), now) for symbol in engine.settings.watched
    )


def _feed_status(symbol: str, feed: Any, lane: Any, now: int) -> FeedStatus:
    if lane is None or not lane.seen:
        return FeedStatus(symbol, None, "waiting")
    age = (now - lane.seen) / SECOND
    if feed.ended:
        return FeedStatus(symbol, age, "ended")
    return FeedStatus(symbol, age, str(lane.condition.value))


# -- the whole -------------------------------------------------------------------------------------


def status_of(engine: Engine, run: str, start: Start, began: float, now: int) -> StatusDump:
    """Take a picture of a run at market time `now` (ns).

    `began` is its start on the monotonic clock, in seconds.
    """
    main, kill = engine.main, engine.kill
    busy = main.current is not main.idle
    state: RiskState = state_of(main, RISK_GUARD) or RiskState()
    broker = state_of(main, EXECUTION_BROKER)
    roles = [(main, role) for role in main.roles.values() if role.name not in _outside(engine)]
    roles.append((kill, kill.roles[KILL_SWITCH]))
    feed = state_of(main, MARKET_FEED)
    gave_up, holds = engine.tally.gave_up, holds_of(engine.tally, state, now)
    return StatusDump(
        run=run,
        mode="paper",
        simulated=True,
        time=datetime.now(UTC).isoformat(timespec="milliseconds"),
        market_time=iso(now, "milliseconds"),
        uptime_seconds=time.monotonic() - began,
        state=level_of(engine.tally, state),
        reason=holds[0].reason if holds else None,
        detail=holds[0].detail if holds else "",
        consistent=not busy,
        versions=versions(),
        equity=equity_of(state, start),
        pnl=pnl_of(state, start),
        actors=tuple(_actor_status(k, role, role.name in gave_up) for k, role in roles),
        positions=positions_of(state, engine.world.exchange.margins()),
        orders=() if broker is None else _orders(broker.blotter),
        limits=limits_of(engine, state),
        feeds=_feeds(engine, feed, now),
        pid=os.getpid(),
        market=engine.settings.market.venue,
        speed=word(engine.settings.market.speed),
        candles=0 if feed is None else int(feed.candles),
        trades=trades_of(state, start),
        prices=marks_of(state),
        decisions=tuple(decision.status() for decision in engine.tally.book.recent),
        models=models_of(
            engine.advising, state_of(main, LLM_ADVISOR), state_of(main, VALIDATOR), now
        ),
        budgets=budgets_of(engine.advising),
        conversion=_conversion(engine, state, now),
        holds=holds,
    )


def _conversion(engine: Engine, state: RiskState, now: int) -> ConversionStatus | None:
    symbol = engine.settings.conversion
    price = state.prices.get(symbol)
    if price is None:
        return None
    age = (now - price.ts_event) / SECOND if price.ts_event else None
    worth = state.worth() if state.rate else None
    return ConversionStatus(symbol, price.mid or None, age, engine.settings.risk.currency, worth)


def line_of(engine: Engine, start: Start, speed: float) -> Line:
    """Return the status line of now; `speed` is candles a wall second."""
    state: RiskState = state_of(engine.main, RISK_GUARD) or RiskState()
    quantities: Mapping[str, Decimal] = {
        symbol: position.quantity for symbol, position in state.ledger.positions.items()
    }
    return status_line(
        state=level_of(engine.tally, state),
        prices=marks_of(state),
        positions=quantities,
        equity=equity_of(state, start),
        pnl=pnl_of(state, start).net,
        trades=state.performance.trades - start.trades,
        candles=candles_of(engine),
        candles_per_second=speed,
    )
