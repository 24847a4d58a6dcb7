"""Times and settings as they are typed."""

import pytest

from trader.model.errors import UsageError
from trader.ui.typed import to_pairs, to_seconds, to_symbols


def test_a_setting_is_a_path_and_a_value() -> None:
    """Spaces around either do not count; a value may hold an equals sign."""
    pairs = [("risk.groups", "BTC=majors"), ("market.seed", "7")]

    assert to_pairs(["risk.groups=BTC=majors", " market.seed = 7 "]) == pairs


@pytest.mark.parametrize("text", ["risk.groups", "=7", " =7"])
def test_half_a_setting_is_refused(text: str) -> None:
    """With an example of a whole one."""
    with pytest.raises(UsageError, match="give PATH=VALUE, such as"):
        to_pairs([text])


def test_a_time_is_in_seconds_minutes_or_hours() -> None:
    """Seconds where no unit is given."""
    assert [to_seconds(text) for text in ("5", "90s", "1.5m", "2h")] == [5, 90, 90, 7_200]


@pytest.mark.parametrize("text", ["", "0s", "1x", "-5", "1e9", "five"])
def test_what_is_no_time_is_refused(text: str) -> None:
    """With what would be one."""
    with pytest.raises(UsageError, match="give a time such as 90s, 10m or 2h"):
        to_seconds(text)


def test_symbols_are_spelled_in_many_ways() -> None:
    """Each comes out as the engine spells it."""
    assert to_symbols(["btc/usd", "ETHUSDT"]) == ["BTC-USD", "ETH-USDT"]


@pytest.mark.parametrize("texts", [[""], ["BTC"], ["../x-USD"], ["BTC-USD", "BTCUSD"]])
def test_what_is_no_symbol_is_refused(texts: list[str]) -> None:
    """And one that is given twice."""
    with pytest.raises(UsageError, match="give symbols such as BTC-USD or BTC-USD-PERP"):
        to_symbols(texts)
