"""Instrument rules that outlive a venue's absence."""

import os
from decimal import Decimal
from pathlib import Path

from trader.model.instrument import Instrument
from trader.storage.instruments import keep_rules, read_rules

ONE = Decimal(1)


def rules(symbol: str) -> Instrument:
    """Return some rules."""
    return Instrument(symbol, "BTC", "USD", Decimal("0.10"), ONE, ONE, ONE, ONE, ONE)


def test_rules_are_kept_symbol_by_symbol_with_their_date(tmp_path: Path):
    """What is known of other symbols stays."""
    path = tmp_path / "venues" / "kraken.json"
    keep_rules(path, {"BTC-USD": rules("BTC-USD")})
    keep_rules(path, {"ETH-USD": rules("ETH-USD")})
    kept = read_rules(path)

    assert kept is not None
    assert {*kept.instruments} == {"BTC-USD", "ETH-USD"}
    assert str(kept.instruments["BTC-USD"].tick) == "0.10"
    assert kept.fetched > 0


def test_what_is_damaged_or_absent_is_nothing(tmp_path: Path):
    """The venue is asked then."""
    assert read_rules(tmp_path / "x") is None
    (tmp_path / "x").write_text("{")
    assert read_rules(tmp_path / "x") is None
    os.mkfifo(tmp_path / "pipe")
    assert read_rules(tmp_path / "pipe") is None
