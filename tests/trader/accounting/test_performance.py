"""Session figures equal what the whole series would say."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trader.accounting.performance import Performance
from trader.accounting.position import Trade


def trade(pnl: str) -> Trade:
    """Make a trade of which only the P&L matters."""
    one = Decimal(1)
    return Trade("BTC-USD", 0, 1, one, one, one, Decimal(pnl), Decimal(0))


@given(st.lists(st.floats(1.0, 1e6), min_size=1, max_size=50))
def test_drawdown_is_the_worst_fall_from_a_peak(equities: list[float]) -> None:
    """The constant-memory figures equal a look at every pair of marks."""
    performance = Performance()
    for equity in equities:
        performance.mark(equity)
    falls = [(high - low) / high * 100 for i, high in enumerate(equities) for low in equities[i:]]

    assert performance.peak == max(equities)
    assert performance.max_drawdown_pct == pytest.approx(max(falls))


def test_drawdown_of_now_is_measured_from_the_peak() -> None:
    """A fall from 200 to 150 is 25 %, and nothing has fallen before the first mark."""
    performance = Performance()
    before = performance.drawdown_pct(150.0)
    performance.mark(200.0)

    assert (before, performance.drawdown_pct(150.0)) == (0.0, 25.0)


def test_a_trade_wins_only_above_its_costs() -> None:
    """Breaking even after fees is no win."""
    performance = Performance()
    for pnl in ("1", "0", "-1"):
        performance.count(trade(pnl))

    assert (performance.trades, performance.wins) == (3, 1)


def test_a_transfer_is_no_drawdown() -> None:
    """The peak moves with the money that came or went."""
    performance = Performance()
    performance.mark(1000.0)
    performance.shift(-400.0)
    performance.mark(600.0)

    assert (performance.peak, performance.max_drawdown_pct) == (600.0, 0.0)
    performance.shift(400.0)
    performance.mark(900.0)
    assert (performance.peak, performance.max_drawdown_pct) == (1000.0, 10.0)
