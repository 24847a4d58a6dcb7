"""The results of a run, for a person."""

from decimal import Decimal

import msgspec
import pytest

from tests.trader.ui.test_summary import SUMMARY
from trader.model.reasons import Reason
from trader.ui.results import to_text
from trader.ui.summary import (
    Equity,
    LimitUse,
    OrderCounts,
    Pnl,
    SessionSummary,
    TradeCounts,
    TradeRecord,
)

TRADE = TradeRecord(
    symbol="BTC-USD",
    side="long",
    decision=1,
    quantity=Decimal("0.05381"),
    opened="2025-01-01 00:15:00",
    entry=Decimal("54668.10"),
    entry_reason="rules: WaveTrend turned up from oversold -53.9 with RSI 38.0, money flow +5.3.",
    closed="2025-01-01 00:37:00",
    exit=Decimal("54927.72"),
    exit_reason=Reason.EXIT_TARGET,
    fees=Decimal("5.90"),
    pnl=Decimal("8.07"),
)
OPEN = msgspec.structs.replace(TRADE, closed=None, exit=None, exit_reason=None, opened=None)
LARGE = Decimal("-1234567.89")
FULL = msgspec.structs.replace(
    SUMMARY,
    symbols=("BTC-USD", "ETH-USD", "SOL-USD", "AVAX-USD", "DOGE-USD", "LINK-USD"),
    orders=OrderCounts(1_000_000, 1_000_000, 1_000_000, 1_000_000, 1_000_000, 1_000_000),
    trades=TradeCounts(3, 1),
    pnl=Pnl(LARGE, LARGE, LARGE, LARGE, LARGE),
    equity=Equity(LARGE, LARGE, LARGE, 99.99),
    refusals=dict.fromkeys(list(Reason)[:13], 1000),
    denials={"COOLDOWN_SYMBOL": 12, "RATE_ORDERS": 3},
    rejections={"VENUE_BALANCE": 1},
    limits=(
        LimitUse("LOSS_DAY", 3.01, 3.0, "% of equity", 2),
        LimitUse("DRAWDOWN_TOTAL", 16.4, 20.0, "% of peak equity", 0),
        LimitUse("LOSS_WEEK", 1.0, 6.0, "% of equity", 0),
        LimitUse("EXPOSURE_SIZE", 29.9, 30.0, "% of equity", 0),
    ),
    trade_log=(TRADE, msgspec.structs.replace(TRADE, pnl=LARGE), TRADE, OPEN),
)


def with_fields(**fields: object) -> SessionSummary:
    """Return the summary with other fields."""
    return msgspec.structs.replace(SUMMARY, **fields)


def test_a_simulated_summary_says_so_first() -> None:
    """A person cannot take simulated results for real ones."""
    assert to_text(SUMMARY).startswith("SIMULATED")
    assert "SIMULATED" not in to_text(with_fields(simulated=False))


def test_the_text_names_what_a_person_asks_for() -> None:
    """Result, orders, faults and digests are there, a few aligned lines."""
    text = to_text(SUMMARY)

    for part in ("net 15.50", "10,000.00 -> 10,015.50", "denied 3", "llm_advisor 1", "d1", "a1"):
        assert part in text
    assert "wins 1 (100%)" in text
    assert len(text.splitlines()) < 20
    named = [line for line in text.splitlines()[1:] if not line.startswith(" ")]
    assert {line.index(line.split()[1]) for line in named} == {11}


def test_a_halt_is_named_by_its_reason() -> None:
    """A person reads the same code as a script for what stopped trading."""
    assert "halted LOSS_DAY" in to_text(with_fields(halted=Reason.LOSS_DAY))


@pytest.mark.parametrize("whole", [False, True])
def test_the_text_fits_in_80_columns(whole: bool) -> None:
    """Of letters that every log can hold, without an escape, whatever the figures."""
    text = to_text(FULL, whole)

    assert text.isascii()
    assert text.replace("\n", "").isprintable()
    assert max(map(len, text.splitlines())) <= 80
    assert [line for line in text.splitlines() if line != line.rstrip()] == []


def test_a_trade_says_why_and_when() -> None:
    """Prices and the result after costs, then its entry and its exit, with their reasons."""
    lines = to_text(with_fields(trade_log=(TRADE,))).splitlines()

    assert lines[2].split() == [
        "1",
        "BTC-USD",
        "long",
        "0.05381",
        "54,668.10",
        "54,927.72",
        "+8.07",
    ]
    assert lines[3].startswith("      in  2025-01-01 00:15  rules: WaveTrend turned up")
    assert lines[5] == "      out 2025-01-01 00:37  EXIT_TARGET"


def test_a_trade_that_is_open_has_no_exit() -> None:
    """And one that an earlier run entered has no known beginning."""
    text = to_text(with_fields(trade_log=(OPEN,)))

    assert "54,668.10         open" in text
    assert "in  earlier  rules" in text
    assert " out " not in text


def test_of_many_trades_the_end_of_a_run_shows_the_newest() -> None:
    """Their numbers are those that they have among all; `show` has the others."""
    many = with_fields(trades=TradeCounts(1_500, 700), trade_log=(TRADE,) * 1_000)

    assert "the newest 10 of 1500; `run.py show last` prints more" in to_text(many)
    assert " 1491 BTC-USD" in to_text(many)
    assert " 1490 BTC-USD" not in to_text(many)
    assert "  501 BTC-USD" in to_text(many, whole=True)
    assert "the newest 1000 of 1500\n" in to_text(many, whole=True)


def test_limits_that_came_near_or_were_reached_are_told() -> None:
    """Those that nobody has to think of are not, nor those that sizing may go up to."""
    text = to_text(FULL)

    assert "LOSS_DAY 3.01 of 3 % of equity: reached 2 x" in text
    assert "DRAWDOWN_TOTAL 16.40 of 20 % of peak equity: near" in text
    assert "LOSS_WEEK" not in text
    assert "EXPOSURE_SIZE" not in text
    assert "limits     none came near (80%)" in to_text(SUMMARY)


def test_a_limit_that_an_earlier_run_reached_is_not_near() -> None:
    """It was over it from the first, and reached nothing any more."""
    reached = LimitUse("DRAWDOWN_TOTAL", 2.11, 2.0, "% of peak equity", 0)

    assert "2.11 of 2 % of peak equity: over" in to_text(with_fields(limits=(reached,)))


def test_a_run_that_died_claims_no_end() -> None:
    """What its journal does not tell is not made up."""
    text = to_text(with_fields(digest="", wall_s=0.0))

    assert "mode paper  died" in text
    assert "1,000 candles\n" in text
    assert "limits     not known" in text
    assert "digest     none: the process died" in text


def test_each_no_is_counted_by_its_reason() -> None:
    """Refused by the Validator, denied by RiskGuard, rejected by the venue."""
    text = to_text(FULL)

    assert "denied     COOLDOWN_SYMBOL 12  RATE_ORDERS 3" in text
    assert "rejected   VENUE_BALANCE 1" in text
    assert "ADVICE_NOT_FINITE 1000" in text
