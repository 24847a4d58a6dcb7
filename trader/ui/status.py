"""The status dump and the status line: what a run is doing now."""

import contextlib
import os
import tempfile
from collections.abc import Callable, Iterator, Mapping
from decimal import Decimal
from pathlib import Path
from typing import Literal

import msgspec

from trader.model.orders import Leg, OrderKind, OrderStatus, Side
from trader.model.reasons import Reason
from trader.model.views import Stance, TradingState
from trader.ui.lines import Fields, Line, flat
from trader.ui.render import to_json
from trader.ui.summary import Pnl, TradeCounts

STATUS_FILE = "status.json"
FRESH = 1.0
"""Wall seconds after which the status of a run is written again, and shown."""


class ActorStatus(msgspec.Struct, frozen=True):
    """A role: `depth` messages wait; what came last, how often and how it failed.

    `conflated` quotes never reached it: newer ones came before it had the time.
    """

    role: str
    state: Literal["up", "down", "given up"]
    restarts: int
    depth: int
    failures: int
    last_message: str | None
    last_failure: str | None
    conflated: int = 0


class PositionStatus(msgspec.Struct, frozen=True):
    """A position; `price` is the newest one known.

    One in a perpetual stands on a `margin`, and is liquidated at the mark `liquidation`.
    """

    symbol: str
    quantity: Decimal
    average_price: Decimal
    price: float | None
    unrealized: Decimal
    margin: Decimal | None = None
    liquidation: float | None = None


class HoldStatus(msgspec.Struct, frozen=True):
    """What keeps trading from being active: `since` when, and what lifts it; times UTC.

    `lifts_at` is the time that does, None where time alone does not.
    """

    reason: Reason
    state: TradingState
    detail: str
    since: str | None
    lifts: str
    lifts_at: str | None = None


class OpenOrderStatus(msgspec.Struct, frozen=True):
    """An order that is not final."""

    client_order_id: str
    symbol: str
    side: Side
    kind: OrderKind
    leg: Leg
    quantity: Decimal
    filled: Decimal
    price: Decimal | None
    trigger: Decimal | None
    status: OrderStatus


class LimitStatus(msgspec.Struct, frozen=True):
    """How much of a limit is used, in its unit."""

    name: str
    used: float
    bound: float
    unit: str


class FeedStatus(msgspec.Struct, frozen=True):
    """A symbol's market data; `age_seconds` of market time since the newest, None before any."""

    symbol: str
    age_seconds: float | None
    state: str
    """`waiting` before the first data, `ended`, or a FeedCondition."""


class ConversionStatus(msgspec.Struct, frozen=True):
    """What equity is converted by: a symbol, its price and age, and what equity comes to."""

    symbol: str
    price: float | None
    age_seconds: float | None
    currency: str
    equity: float | None


class DecisionStatus(msgspec.Struct, frozen=True):
    """A decision: the advice it judged, and what has come of it; `time` is the market's."""

    decision: int
    time: str
    symbol: str
    stance: Stance
    conviction: float
    source: str
    rationale: str
    outcome: str


class ModelStatus(msgspec.Struct, frozen=True):
    """A model in this run: `resting` while its breaker keeps it from being asked.

    What was `refused` the budget kept from being asked: those are no `questions`.
    """

    model: str
    state: Literal["asked", "failing", "resting"]
    questions: int
    failures: int
    tokens: int
    cost: Decimal
    claims: int
    false_claims: int
    refused: int = 0


class BudgetStatus(msgspec.Struct, frozen=True):
    """What all models took in a UTC day or month of wall time, and may take; `cost` in USD."""

    period: str
    questions: int
    tokens: int
    max_tokens: int
    cost: Decimal
    max_cost: float


class StatusDump(msgspec.Struct, frozen=True):
    """All there is to know of a run at one moment; what came later has a default.

    `consistent` is False where it was taken amid a handler, whose changes are then half seen.
    `reason` and `detail` are those of the first of `holds`, the gravest; trading is active once all
    of them are lifted. `speed` is the setting, `candles_per_second` the pace of the last seconds on
    the wall clock; `curve` is the equity from the start until now; `exit_code` is None while the
    run goes on.
    """

    run: str
    mode: str
    simulated: bool
    time: str
    market_time: str | None
    uptime_seconds: float
    state: TradingState
    reason: Reason | None
    detail: str
    consistent: bool
    versions: dict[str, str]
    equity: Decimal
    pnl: Pnl
    actors: tuple[ActorStatus, ...]
    positions: tuple[PositionStatus, ...]
    orders: tuple[OpenOrderStatus, ...]
    limits: tuple[LimitStatus, ...]
    feeds: tuple[FeedStatus, ...]
    pid: int = 0
    profile: str = ""
    market: str = ""
    speed: str = ""
    candles: int = 0
    candles_per_second: float = 0.0
    trades: TradeCounts = TradeCounts(0, 0)
    prices: dict[str, float] = {}
    decisions: tuple[DecisionStatus, ...] = ()
    models: tuple[ModelStatus, ...] = ()
    budgets: tuple[BudgetStatus, ...] = ()
    conversion: ConversionStatus | None = None
    curve: tuple[float, ...] = ()
    exit_code: int | None = None
    holds: tuple[HoldStatus, ...] = ()


def write_status(path: Path, dump: StatusDump, redact: Callable[[str], str]) -> None:
    """Write a dump as JSON so that a reader sees the old file or the new one; raise OSError.

    `redact` is that of the log: what failed last may quote a secret.
    """
    # Without fsync: a reader of this machine sees the rename, and a slow disk must not hold it up.
    descriptor, draft = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            file.write(to_json(dump, redact).decode())
        Path(draft).replace(path)
    except OSError:
        with contextlib.suppress(FileNotFoundError):
            Path(draft).unlink()
        raise


def redacted(dump: StatusDump, redact: Callable[[str], str]) -> StatusDump:
    """Return a dump as its file would say it."""
    return msgspec.json.decode(to_json(dump, redact), type=StatusDump)


def to_lines(dump: StatusDump) -> Iterator[Line]:
    """Yield the log lines of a dump: the run, then each of its parts."""
    yield Line("INFO", "status_run", None, flat(dump))
    groups: tuple[tuple[str, tuple[msgspec.Struct, ...]], ...] = (
        ("status_hold", dump.holds),
        ("status_actor", dump.actors),
        ("status_position", dump.positions),
        ("status_order", dump.orders),
        ("status_limit", dump.limits),
        ("status_feed", dump.feeds),
        ("status_decision", dump.decisions),
        ("status_model", dump.models),
        ("status_budget", dump.budgets),
    )
    for event, members in groups:
        for member in members:
            fields = flat(member)
            yield Line("INFO", event, fields.pop("symbol", None), fields)


def status_line(
    *,
    state: TradingState,
    prices: Mapping[str, float],
    positions: Mapping[str, Decimal],
    equity: Decimal,
    pnl: Decimal,
    trades: int,
    candles: int,
    candles_per_second: float,
) -> Line:
    """Return the line logged every `system.status_seconds`; the pace is the wall clock's."""
    fields: Fields = {"state": state}
    for symbol, price in prices.items():
        fields[symbol] = price
        fields[f"{symbol}.position"] = positions.get(symbol, Decimal(0))
    fields |= {"equity": equity, "pnl": pnl, "trades": trades, "candles": candles}
    fields["candles_per_second"] = candles_per_second
    return Line("INFO", "status", None, fields)
