"""The session summary."""

import json
from decimal import Decimal

import msgspec

from trader.ui.summary import (
    Equity,
    OrderCounts,
    Pnl,
    SessionSummary,
    TradeCounts,
    to_json,
)

SUMMARY = SessionSummary(
    run="r1",
    profile="moderate",
    mode="paper",
    simulated=True,
    symbols=("BTC-USD",),
    candles=1000,
    decisions=12,
    advice={"rules": 11, "ema-cross": 1},
    orders=OrderCounts(submitted=4, filled=2, canceled=1, rejected=0, denied=3, open=1),
    fills=3,
    trades=TradeCounts(count=1, wins=1),
    pnl=Pnl(
        realized=Decimal("15.50"),
        unrealized=Decimal(0),
        fees=Decimal("0E-8"),
        funding=Decimal(0),
        net=Decimal("15.50"),
    ),
    equity=Equity(
        start=Decimal(10_000), end=Decimal("10015.50"), peak=Decimal(10_020), max_drawdown_pct=0.25
    ),
    restarts={"llm_advisor": 1},
    quarantined=0,
    halted=None,
    digest="d1",
    audit_digest="a1",
    wall_s=0.5,
    exit_code=0,
)


def test_the_keys_are_those_that_scripts_rely_on() -> None:
    """Scripts read these keys: more may come, none may go."""
    keys = (
        "run profile mode simulated symbols candles decisions advice orders fills trades pnl equity"
        " restarts quarantined halted digest audit_digest wall_s exit_code"
        " refusals denials rejections limits trade_log"
    )
    nested = {
        "orders": "submitted filled canceled rejected denied open",
        "trades": "count wins",
        "pnl": "realized unrealized fees funding net",
        "equity": "start end peak max_drawdown_pct transfers",
    }

    decoded = json.loads(to_json(SUMMARY))

    assert keys.split() == list(decoded)
    assert nested == {key: " ".join(decoded[key]) for key in nested}


def test_money_is_a_decimal_string() -> None:
    """A script reads money without passing through a float, and never meets an exponent."""
    decoded = json.loads(to_json(SUMMARY))

    assert {"realized": "15.50", "fees": "0"}.items() <= decoded["pnl"].items()
    assert {"start": "10000", "end": "10015.50"}.items() <= decoded["equity"].items()


def test_a_summary_survives_its_json() -> None:
    """Decoding gives back what was encoded."""
    assert msgspec.json.decode(to_json(SUMMARY), type=SessionSummary) == SUMMARY


def test_a_summary_of_an_older_run_can_still_be_read() -> None:
    """What came later is empty in it."""
    later = ("refusals", "denials", "rejections", "limits", "trade_log")
    older = {key: v for key, v in json.loads(to_json(SUMMARY)).items() if key not in later}

    assert msgspec.json.decode(json.dumps(older), type=SessionSummary) == SUMMARY
