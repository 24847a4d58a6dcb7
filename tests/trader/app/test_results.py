"""The summary, read from the actors and from what was counted."""

from collections.abc import Iterator
from decimal import Decimal

import msgspec
import pytest

from tests.trader.app.desk import build, played
from trader.app import reports, results
from trader.app.compose import Engine
from trader.model.market import SECOND
from trader.model.reasons import Reason
from trader.runtime.virtual import VirtualDriver
from trader.ui.summary import SessionSummary

HELD = "market.candles=20"
"""A market that ends while something is held."""
LONG = "market.candles=300"


@pytest.fixture(scope="module")
def engine() -> Iterator[Engine]:
    """Offer an engine that has traded."""
    run = played(HELD)
    yield run
    run.close()


def summary_of(engine: Engine, start: reports.Start | None = None) -> SessionSummary:
    """Sum up."""
    return results.summary_of(
        engine,
        run="0001-test",
        profile="aggressive",
        start=start or reports.start_of(engine, resumed=False),
        audit_digest="",
        wall_s=1.0,
        exit_code=0,
    )


def test_the_profit_is_the_change_of_equity(engine: Engine) -> None:
    """To the last digit, with the position marked where the ledger marks it."""
    summary = summary_of(engine)

    assert summary.pnl.unrealized != 0
    assert summary.equity.end - summary.equity.start == summary.pnl.net
    assert summary.equity.peak >= max(summary.equity.start, Decimal("10000"))
    assert (summary.orders.open, summary.candles) == (2, 20)


def test_what_an_earlier_run_has_won_is_not_won_again(engine: Engine) -> None:
    """A resumed run counts from where it began."""
    start = reports.start_of(engine, resumed=True)
    summary = summary_of(engine, start)

    assert set(msgspec.structs.astuple(summary.pnl)) == {Decimal(0)}
    assert (summary.trades.count, summary.equity.start) == (0, summary.equity.end)


def test_what_is_held_at_the_end_is_a_trade_that_is_open(engine: Engine) -> None:
    """Its profit is that of the run, as there is no other trade."""
    (trade,) = summary_of(engine).trade_log

    assert (trade.closed, trade.exit, trade.exit_reason) == (None, None, None)
    assert trade.pnl == summary_of(engine).pnl.net


def test_the_trades_add_up_to_the_profit() -> None:
    """Every trade is there, with what it was entered and left for, to the last digit."""
    engine = played(LONG)
    summary = summary_of(engine)
    engine.close()
    ended = [trade for trade in summary.trade_log if trade.closed]

    assert len(ended) == summary.trades.count > 2
    assert sum(trade.pnl > 0 for trade in ended) == summary.trades.wins
    assert sum(trade.pnl for trade in summary.trade_log) == summary.pnl.net
    assert sum(trade.fees for trade in summary.trade_log) == summary.pnl.fees
    assert {trade.exit_reason for trade in ended} <= {
        *(Reason.EXIT_STOP, Reason.EXIT_TARGET, Reason.EXIT_ADVICE)
    }
    assert all(trade.entry_reason.startswith("rules: WaveTrend") for trade in summary.trade_log)


def test_a_limit_is_told_with_its_highest_use() -> None:
    """The drawdown is that of every price, whenever somebody looked."""
    engine = played(LONG)
    summary = summary_of(engine)
    engine.close()
    highest = {limit.name: limit.highest for limit in summary.limits}

    assert highest["DRAWDOWN_TOTAL"] == summary.equity.max_drawdown_pct > 0
    assert {"LOSS_DAY", "LOSS_WEEK", "LOSS_MONTH"} < highest.keys()


def test_a_limit_that_is_reached_is_counted() -> None:
    """And the entries that it stopped are counted by its name."""
    engine = played(LONG, "risk.max_daily_loss_pct=0.2")
    summary = summary_of(engine)
    engine.close()

    (limit,) = (limit for limit in summary.limits if limit.name == "LOSS_DAY")
    assert limit.reached == 1
    assert limit.highest >= limit.bound == 0.2
    assert summary.denials["LOSS_DAY"] == summary.orders.denied > 0


def test_a_transfer_is_told_apart_from_the_profit() -> None:
    """On a perpetual too: the end is the start, what came or went, and the net profit."""
    run = build("market.candles=120", "trading.symbol=BTC-USD-PERP", "trading.leverage=3")
    start = reports.start_of(run, resumed=False)
    driver = VirtualDriver(run.main, run.kill)
    driver.run(until=run.main.now + 30 * 60 * SECOND)
    run.world.exchange.transfer("USD", Decimal("-123.45"), run.main.now)
    driver.run(until=run.main.now + 60 * 60 * SECOND)
    summary = summary_of(run, start)
    run.close()

    assert summary.equity.transfers == Decimal("-123.45")
    assert summary.fills > 0
    assert summary.equity.end - summary.equity.start == summary.pnl.net - Decimal("123.45")
