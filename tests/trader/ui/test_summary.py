"""The session summary."""

import json
from decimal import Decimal

import msgspec

from trader.model.reasons import Reason
from trader.ui.summary import (
    Equity,
    OrderCounts,
    Pnl,
    SessionSummary,
    TradeCounts,
    to_json,
    to_text,
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


def test_a_simulated_summary_says_so_first() -> None:
    """A person cannot take simulated results for real ones."""
    real = msgspec.structs.replace(SUMMARY, simulated=False)

    assert to_text(SUMMARY).startswith("SIMULATED")
    assert "SIMULATED" not in to_text(real)


def test_a_halt_is_named_by_its_reason() -> None:
    """A script and a person read the same code for what stopped trading, and nothing otherwise."""
    halted = msgspec.structs.replace(SUMMARY, halted=Reason.LOSS_DAY)

    assert json.loads(to_json(halted))["halted"] == "LOSS_DAY"
    assert "LOSS_DAY" in to_text(halted)
    assert json.loads(to_json(SUMMARY))["halted"] is None


def test_the_text_names_what_a_person_asks_for() -> None:
    """Result, orders, faults and digests are there, a few aligned lines."""
    text = to_text(SUMMARY)

    for part in ("net 15.50", "10,000.00 -> 10,015.50", "denied 3", "llm_advisor 1", "d1", "a1"):
        assert part in text
    assert len(text.splitlines()) < 15
    assert len({line.index(line.split()[1]) for line in text.splitlines()[1:]}) == 1
