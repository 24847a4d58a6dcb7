"""Which account a run trades, and what an earlier run left of it."""

from decimal import Decimal
from pathlib import Path

import pytest

from tests.e2e.inside import last_run, play, settings
from tests.e2e.venue import account_left, held_in
from tests.trader.storage.samples import info
from trader.app import accounts
from trader.model.errors import UsageError
from trader.storage.archive import open_archive, open_journal
from trader.storage.journal import Journal
from trader.topology import EXECUTION_BROKER, MARKET_FEED, RISK_GUARD, VALIDATOR

HELD = "market.candles=20"
"""A market that ends while something is held, with a stop and a target."""


@pytest.mark.parametrize(
    ("sets", "account"),
    [
        ((), "paper/embedded/seed 27/BTC-USD/1m"),
        (("market.seed=12", "trading.interval=15m"), "paper/embedded/seed 12/BTC-USD/15m"),
        (("trading.symbols=ETH-USD,BTC-USD",), "paper/embedded/seed 27/ETH-USD,BTC-USD/1m"),
        (("market.venue=replay", "market.data=a/b.csv"), "paper/replay/b.csv/BTC-USD/1m"),
        (
            ("trading.symbol=BTC-USD-PERP", "trading.leverage=3"),
            "paper/embedded/seed 27/BTC-USD-PERP/1m/3x",
        ),
        (
            ("trading.symbol=BTC-USDT", "risk.currency=USD"),
            "paper/embedded/seed 27/BTC-USDT/1m/USD",
        ),
    ],
)
def test_an_account_is_named_by_what_fixes_its_market(
    sets: tuple[str, ...], account: str, tmp_path: Path
) -> None:
    """A run on other prices, or other margin, never goes on with this account's money."""
    assert accounts.account_of(settings(tmp_path, *sets).settings) == account


def test_a_run_leaves_its_roles_and_its_exchange(tmp_path: Path) -> None:
    """All that goes on is there, and the market goes on after the last candle that was seen."""
    play(tmp_path, HELD)
    with open_archive(tmp_path / "journal.db") as archive:
        estate = accounts.find_estate(archive, settings(tmp_path).settings)

    assert {MARKET_FEED, VALIDATOR, RISK_GUARD, EXECUTION_BROKER} < estate.roles.keys()
    assert "indicator_worker[BTC-USD]" in estate.roles
    assert estate.exchange is not None
    assert estate.resume_at == estate.run.market_start + 20 * 60 * 10**9


def test_an_account_without_a_run_cannot_be_resumed(tmp_path: Path) -> None:
    """The error names the account, for another seed or file is another account."""
    play(tmp_path, HELD)

    with pytest.raises(UsageError, match="no run of paper/embedded/seed 11/BTC-USD/1m"):
        play(tmp_path, HELD, "market.seed=11", resume=True)


def test_a_run_that_died_before_its_first_row_left_nothing(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    """Whoever starts it again with --resume, whatever has become of it, gets a fresh account."""
    with open_journal(tmp_path / "journal.db") as archive:
        Journal.start(archive, info(accounts.account_of(settings(tmp_path).settings)))
    fresh = play(tmp_path / "fresh", HELD)
    capfd.readouterr()
    again = play(tmp_path, HELD, "system.log_level=WARNING", resume=True)

    assert (again.exit_code, again.digest) == (0, fresh.digest)
    assert capfd.readouterr().err.count("nothing_to_resume") == 1
    assert last_run(tmp_path).resumed_from is None


def test_a_resumed_run_goes_on_with_the_account(tmp_path: Path) -> None:
    """Money, position, orders and loss windows are those of before; nothing is sent twice."""
    first = play(tmp_path, HELD)
    left = account_left(tmp_path)
    second = play(tmp_path, "market.candles=1", resume=True)

    assert held_in(left) == ["BTC-USD"]
    assert account_left(tmp_path) == left
    assert second.equity.start == first.equity.end
    assert (second.orders.submitted, second.orders.open, second.fills) == (0, 2, 0)
    assert second.equity.peak >= first.equity.peak
    assert second.equity.max_drawdown_pct >= first.equity.max_drawdown_pct
    assert second.equity.end - second.equity.start == second.pnl.net


def test_a_run_in_parts_sees_the_market_of_a_whole_one(tmp_path: Path) -> None:
    """The candles go on where they were: the same prices, and so the same trades."""
    whole = play(tmp_path / "whole", "market.candles=60")
    parts = [
        play(tmp_path / "parts", "market.candles=20", resume=number > 0) for number in range(3)
    ]

    assert sum((part.pnl.net for part in parts), Decimal(0)) == whole.pnl.net
    assert sum(part.trades.count for part in parts) == whole.trades.count
    assert parts[-1].equity.end == whole.equity.end


def test_without_resume_every_run_starts_afresh(tmp_path: Path) -> None:
    """Two runs of one market are the same run twice."""
    one, other = play(tmp_path, HELD), play(tmp_path, HELD)

    assert (one.digest, one.equity) == (other.digest, other.equity)
