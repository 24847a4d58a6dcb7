"""The session summary: what a run has done."""

from decimal import Decimal
from typing import Literal

import msgspec

from trader.model.reasons import Reason
from trader.ui import render

SIMULATED = "SIMULATED: market or fills are not real, and no money has moved"
"""Said by every report of a simulated run."""
NO_RUN = "none"
"""In place of a run that ended before its venue had answered."""


class OrderCounts(msgspec.Struct, frozen=True):
    """How many orders came to what; `open` rest at the venue, `denied` never left RiskGuard."""

    submitted: int
    filled: int
    canceled: int
    rejected: int
    denied: int
    open: int


class TradeCounts(msgspec.Struct, frozen=True):
    """Trades run from flat to flat; a win has a profit after costs."""

    count: int
    wins: int


class Pnl(msgspec.Struct, frozen=True):
    """Profit and loss in the quote currency; `net` is what is left after fees and funding."""

    realized: Decimal
    unrealized: Decimal
    fees: Decimal
    funding: Decimal
    net: Decimal


class Equity(msgspec.Struct, frozen=True):
    """Equity over the run, in the quote currency; the drawdown is in % of the peak before it.

    `transfers`: deposits less withdrawals. `end - start - transfers` is the net profit.
    """

    start: Decimal
    end: Decimal
    peak: Decimal
    max_drawdown_pct: float
    transfers: Decimal = Decimal(0)


class TradeRecord(msgspec.Struct, frozen=True):
    """A trade; one that is open has neither `closed` nor, as a rule, `exit`.

    Prices are averages, `pnl` is after `fees` (and with what is open at the newest price), times
    are the market's (UTC). `opened` is None where an earlier run entered.
    """

    symbol: str
    side: Literal["long", "short"]
    decision: int
    quantity: Decimal
    opened: str | None
    entry: Decimal
    entry_reason: str
    closed: str | None
    exit: Decimal | None
    exit_reason: str | None
    fees: Decimal
    pnl: Decimal


SIZED_UP_TO = ("EXPOSURE_", "EXPECTED_", "VALUE_")
"""How limits begin that entries are made smaller for: to be near one is no warning."""


class LimitUse(msgspec.Struct, frozen=True):
    """The highest use of a limit that was seen, in its unit, and how often it was reached.

    It is looked at whenever a trade ends, and every second; the drawdown at every price.
    """

    name: str
    highest: float
    bound: float
    unit: str
    reached: int


class SessionSummary(msgspec.Struct, frozen=True):
    """What a run has done: the one object that `--json` prints. Keys are added, never renamed.

    `decisions`: advice judged; `advice`: given, by source; `restarts`: by role; `quarantined`:
    messages that crashed their role twice; `halted`: what other than the orderly end stopped
    trading; `wall_s`: duration on the wall clock; `refusals`, `denials`, `rejections`: by reason;
    `trade_log`: the newest trades, those still open last. `digest`, `wall_s` and `limits` are empty
    where the process died and its journal was counted again. What has a default came later:
    summaries of older runs do without.
    """

    run: str
    profile: str
    mode: str
    simulated: bool
    symbols: tuple[str, ...]
    candles: int
    decisions: int
    advice: dict[str, int]
    orders: OrderCounts
    fills: int
    trades: TradeCounts
    pnl: Pnl
    equity: Equity
    restarts: dict[str, int]
    quarantined: int
    halted: Reason | None
    digest: str
    audit_digest: str
    wall_s: float
    exit_code: int
    refusals: dict[str, int] = {}
    denials: dict[str, int] = {}
    rejections: dict[str, int] = {}
    limits: tuple[LimitUse, ...] = ()
    trade_log: tuple[TradeRecord, ...] = ()


def to_json(summary: SessionSummary) -> bytes:
    """Encode a summary as one JSON object; money as decimal strings."""
    return render.to_json(summary)
