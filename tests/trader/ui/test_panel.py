"""The panel, at every size."""

from decimal import Decimal

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.trader.ui.test_status import DUMP
from trader.model.reasons import Reason
from trader.model.views import Stance, TradingState
from trader.ui.panel import LEAST_HEIGHT, LEAST_WIDTH, compose, rows_for
from trader.ui.status import (
    ActorStatus,
    DecisionStatus,
    FeedStatus,
    HoldStatus,
    LimitStatus,
    PositionStatus,
    StatusDump,
)
from trader.ui.summary import Pnl, TradeCounts

LIMITS = (
    *("LOSS_DAY", "LOSS_WEEK", "LOSS_MONTH", "DRAWDOWN_TOTAL"),
    *("EXPOSURE_POSITIONS", "EXPOSURE_SIZE"),
)
ROLES = (
    *("market_feed", "indicator_worker[BTC-USD]", "llm_advisor", "validator"),
    *("risk_guard", "execution_broker", "supervisor", "kill_switch"),
)
DECISION = DecisionStatus(
    decision=1,
    time="2025-01-01 00:15:00",
    symbol="BTC-USD",
    stance=Stance.LONG,
    conviction=0.72,
    source="rules",
    rationale="WaveTrend turned up from oversold -53.9 with RSI 38.0, money flow +5.3.",
    outcome="denied COOLDOWN_SYMBOL",
)
STATUS = msgspec.structs.replace(
    DUMP,
    run="0001-20250101T000000",
    state=TradingState.ACTIVE,
    reason=None,
    detail="",
    uptime_seconds=3_723.0,
    market_time="2025-01-01T00:16:04.000+00:00",
    equity=Decimal("10012.50"),
    pnl=Pnl(Decimal(15), Decimal("-1.25"), Decimal("1.25"), Decimal(0), Decimal("12.50")),
    actors=tuple(ActorStatus(role, "up", 0, 0, 0, None, None) for role in ROLES),
    positions=(
        PositionStatus("BTC-USD", Decimal("0.05"), Decimal(55_000), 54_975.0, Decimal("-1.25")),
    ),
    limits=tuple(LimitStatus(name, 0.4, 3.0, "% of equity") for name in LIMITS),
    feeds=(FeedStatus("BTC-USD", 4.2, "live"),),
    profile="moderate",
    market="embedded",
    speed="60",
    candles=1_234,
    candles_per_second=1.0,
    trades=TradeCounts(3, 2),
    prices={"BTC-USD": 54_975.0},
    decisions=(DECISION,) * 8,
    curve=(10_000.0, 10_006.0, 10_012.5),
    holds=(),
)


def shown(status: StatusDump, width: int = 79, height: int = 24, note: str = "") -> str:
    """Return a panel as text."""
    return "\n".join(row.plain for row in compose(status, width, rows_for(height), note))


def changed(**fields: object) -> StatusDump:
    """Return the status with other fields."""
    return msgspec.structs.replace(STATUS, **fields)


def test_all_there_is_to_see_fits_into_a_small_terminal() -> None:
    """80 columns and 24 rows have room for every subject, and for a log above it."""
    panel = shown(STATUS)

    for part in (
        *("SIMULATED", "moderate", "embedded", "60x", "ACTIVE", "up 1:02:03"),
        *("10,012.50", "+0.12 %", "▁▄█", "realized +15.00", "unrealized -1.25", "net +12.50"),
        *("3, won 2 (67%)", "1,234 candles 1.0/s", "2025-01-01 00:16", "54,975.00"),
        *("long 0.05", "live 4 s", "execution_broker 0/0", "day      █░░░ 0.4/3%"),
        *("01-01 00:15 BTC-USD long 0.72 denied COOLDOWN_SYMBOL rules: Wave",),
    ):
        assert part in panel
    assert len(panel.splitlines()) == 14


@given(st.integers(1, 250), st.integers(1, 100), st.integers(0, 30))
def test_a_panel_fits_whatever_the_size(width: int, height: int, symbols: int) -> None:
    """No row is too wide, there are not too many, and money is the last to go."""
    feeds = tuple(FeedStatus(f"S{n}-USD", None, "waiting") for n in range(symbols))
    panel = shown(changed(feeds=feeds), width, height).splitlines()

    assert max(map(len, panel), default=0) <= width
    assert len(panel) <= rows_for(height) < height
    if width >= LEAST_WIDTH and height >= LEAST_HEIGHT:
        labels = [row.split()[0] for row in panel if not row.startswith(" ")]
        assert labels[1:4] == ["equity", "P&L", "trades"]


def test_no_amount_of_a_profit_is_cut_off() -> None:
    """What does not fit beside the others stands below them: on a perpetual, its funding."""
    pnl = Pnl(*map(Decimal, ("-1130.84", "-1.50", "5648.13", "-3.00", "-6783.47")))
    rows = shown(changed(pnl=pnl)).splitlines()

    assert rows[2].split() == [
        *("P&L", "net", "-6,783.47", "realized", "-1,130.84", "unrealized", "-1.50"),
        *("fees", "5,648.13"),
    ]
    assert rows[3].split() == ["funding", "-3.00"]


def test_several_symbols_are_rows() -> None:
    """Those that find no room are counted."""
    feeds = tuple(FeedStatus(f"S{n}-USD", 1.0, "live") for n in range(20))
    panel = shown(changed(feeds=feeds))

    assert "S0-USD" in panel
    assert "S19-USD" not in panel
    assert "… 17 more" in panel
    assert all(f"S{n}-USD" in shown(changed(feeds=feeds), height=100) for n in range(20))


def test_of_many_symbols_those_that_are_held_come_first() -> None:
    """What is at stake is not what a small terminal leaves out."""
    feeds = tuple(FeedStatus(f"S{n}-USD", 1.0, "live") for n in range(20))
    held = PositionStatus("S19-USD", Decimal(1), Decimal(1), 1.0, Decimal(0))

    assert "S19-USD" in shown(changed(feeds=feeds, positions=(held,)))


def test_a_short_is_named() -> None:
    """The sign of the quantity says which side is held."""
    short = PositionStatus("BTC-USD", Decimal("-2"), Decimal(100), 90.0, Decimal(20))

    assert "short 2" in shown(changed(positions=(short,)))


def test_what_holds_trading_says_why_since_when_and_what_lifts_it() -> None:
    """Right below the state, a row for each, also at the smallest size."""
    since, midnight = "2025-01-01T14:05:09+00:00", "2025-01-02T00:00:00+00:00"
    total, day = Reason.DRAWDOWN_TOTAL, Reason.LOSS_DAY
    holds = (
        HoldStatus(total, TradingState.HALTED, "20 % of 20 %", since, "until `run.py resume`"),
        HoldStatus(day, TradingState.REDUCING, "3 % of 3 %", since, "until 00:00 UTC", midnight),
    )
    halted = changed(state=TradingState.HALTED, holds=holds)
    rows = shown(halted).splitlines()

    assert "HALTED" in rows[0]
    assert rows[1:3] == [
        "halted    DRAWDOWN_TOTAL since 01-01 14:05 until `run.py resume`: 20 % of 20 %",
        "reducing  LOSS_DAY since 01-01 14:05 until 01-02 00:00 UTC: 3 % of 3 %",
    ]
    smallest = shown(halted, LEAST_WIDTH, LEAST_HEIGHT).splitlines()
    assert smallest[1] == "halted    DRAWDOWN_TOTAL since 01-01 14…"


def test_a_perpetual_shows_its_margin_and_where_it_is_liquidated() -> None:
    """And how far the mark is from there; a position on spot has neither."""
    perp = PositionStatus(
        "BTC-USDT-PERP", Decimal(-1), Decimal(100), 90.0, Decimal(10), Decimal("1001.25"), 132.3
    )
    rows = shown(changed(positions=(*STATUS.positions, perp))).splitlines()

    assert [row for row in rows if row.startswith("margin")] == [
        "margin    1,001.25 (10.0%)  BTC-USDT-PERP liquidated at 132.30, 47.0% away"
    ]
    assert "liquidated" not in shown(STATUS)


def test_workers_of_one_kind_are_one_where_room_is_scarce() -> None:
    """A large terminal has a row for each actor, with what failed last."""
    workers = tuple(
        ActorStatus(f"indicator_worker[S{n}-USD]", "up", n, 1, n, "CandleClosed", "boom")
        for n in range(3)
    )

    assert "indicator×3      3/3" in shown(changed(actors=workers))
    assert "indicator_worker[S2-USD]" in shown(changed(actors=workers), height=50)
    assert "CandleClosed  boom" in shown(changed(actors=workers), width=150, height=50)


def test_a_long_name_moves_no_column() -> None:
    """The worker of a perpetual has the longest there is."""
    actors = [
        ActorStatus(role, "up", 0, 0, 0, None, None)
        for role in ("risk_guard", "indicator_worker[DOGE-USDT-PERP]")
    ]
    table = shown(changed(actors=tuple(actors)), height=50)
    lines = [line for line in table.splitlines() if line.startswith(("risk_guard", "indicator_"))]
    assert len(lines) == 2
    assert len({line.index(" up ") for line in lines}) == 1


def test_an_actor_in_trouble_comes_first() -> None:
    """What a small terminal has no room for are those that are well."""
    down = ActorStatus("kill_switch", "given up", 3, 12, 4, None, None)
    actors = (*STATUS.actors[:-1], down)
    rows = shown(changed(actors=actors), 60, 14).splitlines()

    assert next(row for row in rows if row.startswith("actors")).startswith(
        "actors    ● kill_switch      3/12"
    )


def test_a_foreign_text_cannot_move_the_cursor() -> None:
    """A model's rationale is shown without what a terminal would obey."""
    evil = msgspec.structs.replace(DECISION, rationale="\x1b[2Jgone\r\nfake", outcome="")
    panel = shown(changed(decisions=(evil,)))

    assert "\x1b" not in panel
    assert "\r" not in panel
    assert len(panel.splitlines()) == 12


def test_a_note_says_how_fresh_it_is() -> None:
    """A run that is over is not taken for one that trades."""
    assert "ENDED 3 s ago, exit 0 · up" in shown(STATUS, note="ENDED 3 s ago, exit 0")
    assert "ACTIVE" not in shown(STATUS, note="ENDED 3 s ago, exit 0")


@pytest.mark.parametrize("width", [40, 79, 200])
def test_a_run_that_has_just_begun_has_a_panel(width: int) -> None:
    """Nothing is known yet, and nothing fails."""
    empty = msgspec.structs.replace(
        DUMP, actors=(), positions=(), orders=(), limits=(), feeds=(), market_time=None
    )

    assert "none yet" in shown(empty, width)
