"""What became of advice is read from the journal: it agrees with the run's own summary."""

from pathlib import Path

from tests.e2e.inside import last_run, play
from trader.app.advised import report_of


def test_every_advice_of_a_run_is_followed_to_its_end(tmp_path: Path) -> None:
    """As many as the summary counts; the trades that are over come to what they realized."""
    summary = play(tmp_path, "market.candles=600")
    report = report_of(last_run(tmp_path), tmp_path)
    (rules,) = report.sums

    assert rules.advice == sum(summary.advice.values()) > 5
    assert rules.refused + rules.denied + rules.ordered == summary.decisions == rules.advice
    assert rules.trades == summary.trades.count > 2
    assert rules.wins == summary.trades.wins
    if not summary.pnl.unrealized:
        assert rules.result == summary.pnl.net


def test_a_resumed_run_counts_on_from_what_was_realized_before(tmp_path: Path) -> None:
    """It is told as the run begins: the first trade of the run has its own profit, no other."""
    play(tmp_path, "market.candles=300")
    summary = play(tmp_path, "market.candles=600", resume=True)
    report = report_of(last_run(tmp_path), tmp_path)
    results = [each.result for each in report.advice if each.outcome == "ordered"]
    begun = [trade for trade in summary.trade_log if trade.opened is not None]

    assert len(begun) > 2
    assert [each for each in results if each is not None] == [
        trade.pnl for trade in begun if trade.closed is not None
    ]
