"""What a run decides depends on its market and settings, and on nothing else."""

import json
import re
from datetime import datetime
from decimal import Decimal
from pathlib import Path

import pytest

from tests.e2e.inside import play
from tests.e2e.process import launched
from trader.matching.settings import SimulationSettings
from trader.model.market import interval_ns
from trader.runtime.faults import Fault
from trader.ui.summary import SessionSummary, to_json
from trader.venues.embedded import EmbeddedMarket
from trader.venues.simulated import SimulatedExchange

RECORDED = "bybit-linear_BTCUSDT_1m_2025-05-29_2025-06-29.csv.gz"


@pytest.fixture(scope="session")
def candle_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Write two days of made up minutes to a file."""
    exchange = SimulatedExchange({}, SimulationSettings())
    market = EmbeddedMarket(["BTC-USDT"], interval_ns("1m"), 10, 2880, exchange)
    rows = [
        f"{c.ts_open // 10**6},{c.open},{c.high},{c.low},{c.close},{c.volume}"
        for c in market._history["BTC-USDT"]
    ]
    path = tmp_path_factory.mktemp("candles") / "made_up.csv"
    path.write_text("\n".join(["timestamp_ms,open,high,low,close,volume", *rows]))
    return path


def replay(data_dir: Path, file: Path, *sets: str) -> SessionSummary:
    """Run the engine on recorded candles."""
    recorded = ("market.venue=replay", f"market.data={file}", "trading.symbol=BTC-USDT")
    return play(data_dir, *recorded, *sets, profile="moderate")


def balances(summary: SessionSummary) -> bool:
    """Tell whether the net profit is the change of equity, to the last digit."""
    return summary.equity.end - summary.equity.start == summary.pnl.net


def test_a_recorded_market_is_the_same_at_every_speed(tmp_path: Path, candle_file: Path) -> None:
    """Virtual and live driver decide alike on the same candles, and every one of them counts."""
    one, other = replay(tmp_path, candle_file), replay(tmp_path, candle_file, "market.speed=500000")

    assert one.candles == 2880
    assert one.trades.count > 5
    assert balances(one)
    assert (other.digest, other.candles, other.pnl) == (one.digest, one.candles, one.pnl)


@pytest.mark.parametrize("advisor", ["rules", "ema-cross"])
def test_a_recorded_market_is_the_same_without_a_journal(
    tmp_path: Path, candle_file: Path, advisor: str
) -> None:
    """Where nobody writes snapshots down, rules glance at them; what they see is the same."""
    sets = f"advice.advisor={advisor}", "system.log_level=INFO"
    one = replay(tmp_path, candle_file, *sets)
    other = replay(tmp_path, candle_file, *sets, "system.journal=false")

    assert one.trades.count > 5
    assert (other.digest, other.pnl) == (one.digest, one.pnl)


def test_a_snapshot_is_logged_whole_without_a_journal(tmp_path: Path, candle_file: Path) -> None:
    """Who reads all of it gets no glance."""
    sets = "system.journal=false", "system.log_level=DEBUG", "market.candles=1010"
    replay(tmp_path, candle_file, *sets)

    log = (tmp_path / "trader.log").read_text()
    lines = re.findall("indicator_worker BTC-USDT snapshot_taken .* rsi=.* atr=.*", log)
    assert len(lines) == 11


def test_no_entry_rests_on_candles_across_a_hole(tmp_path: Path, candle_file: Path) -> None:
    """Every candle is traded on, but entries wait until the window is whole; by either driver."""
    head, *rows = candle_file.read_text().splitlines()
    holes = [int(rows[n].partition(",")[0]) // 60_000 for n in range(1_100, len(rows), 200)]
    kept = [row for row in rows if int(row.partition(",")[0]) // 60_000 not in holes]
    path = tmp_path / "holed.csv"
    path.write_text("\n".join([head, *kept]))
    one = replay(tmp_path, path, "advice.advisor=ema-cross")
    other = replay(tmp_path, path, "advice.advisor=ema-cross", "market.speed=500000")

    assert one.candles == len(kept) == 2880 - len(holes)
    assert one.refusals["ADVICE_GAP"] > 5
    times = [datetime.fromisoformat(t.opened).timestamp() / 60 for t in one.trade_log if t.opened]
    since = [min(at - hole for hole in holes if at > hole) for at in times if at > holes[0]]
    assert len(since) > 3
    assert min(since) > 100
    assert other.digest == one.digest


def test_the_embedded_market_is_the_same_at_every_speed(tmp_path: Path) -> None:
    """The quotes between candles change nothing about that."""
    market = ("trading.symbols=BTC-USD,ETH-USD", "market.candles=120")
    one, other = play(tmp_path, *market), play(tmp_path, *market, "market.speed=20000")

    assert one.fills > 0
    assert balances(one)
    assert other.digest == one.digest


def test_runs_differ_in_their_seed_alone(tmp_path: Path) -> None:
    """Neither the journal nor the log has a say in what is decided; the seed has."""
    one = play(tmp_path, "market.candles=60")
    same = play(tmp_path, "market.candles=60", "system.journal=false", "system.log_level=TRACE")
    other = play(tmp_path, "market.candles=60", "market.seed=11")

    assert (same.digest, same.audit_digest) == (one.digest, "")
    assert other.digest != one.digest


def test_the_order_of_hashes_decides_nothing(tmp_path: Path) -> None:
    """Another hash seed, time zone and language give the same run, and so does a zone of no day."""
    environments = (
        {"PYTHONHASHSEED": "1"},
        {"PYTHONHASHSEED": "77", "TZ": "Pacific/Kiritimati", "LC_ALL": "C", "PYTHONUTF8": "0"},
        {"TZ": "UTC+99"},
    )
    options = ("--candles", "60", "--speed", "max", "--json", "--no-journal")
    digests = []
    for number, environ in enumerate(environments):
        with launched(tmp_path / str(number), *options, environ=environ) as run:
            assert run.end() == 0
            digests.append(run.summary["digest"])

    assert len(set(digests)) == 1


@pytest.fixture(scope="session")
def gaps(candle_file: Path) -> Path:
    """Write the same candles to a file, a fifth lower in every other stretch of 100 minutes."""
    head, *rows = candle_file.read_text().splitlines()
    path = candle_file.with_name("gaps.csv")
    path.write_text("\n".join([head, *(_lowered(row, n // 100 % 2) for n, row in enumerate(rows))]))
    return path


def _lowered(row: str, lower: int) -> str:
    ts, *prices, volume = row.split(",")
    return ",".join([ts, *(str(float(p) * (0.8 if lower else 1.0)) for p in prices), volume])


PERPETUAL = (
    "trading.symbol=BTC-USDT-PERP",
    "trading.leverage=10",
    "risk.max_daily_loss_pct=90",
    "risk.max_weekly_loss_pct=90",
    "risk.max_monthly_loss_pct=90",
    "risk.max_drawdown_pct=90",
    "market.candles=900",
    "indicators.history=100",
    "system.journal=false",
)


def test_a_perpetual_that_is_liquidated_is_booked_to_the_last_digit(
    tmp_path: Path, gaps: Path
) -> None:
    """Longs and shorts, funding, liquidations; alike at every speed and with a crash anywhere."""

    def run(*sets: str, faults: tuple[Fault, ...] = ()) -> SessionSummary:
        recorded = ("market.venue=replay", f"market.data={gaps}", *PERPETUAL, *sets)
        return play(tmp_path, *recorded, faults=faults)

    one = run("system.log_level=INFO")
    log = (tmp_path / "trader.log").read_text()
    assert balances(one)
    assert "position_liquidated" in log
    assert re.search("submit_order .*side=sell .*leg=e", log)
    assert one.pnl.funding != 0
    assert one.digest == run("market.speed=500000").digest
    for role, step in (("execution_broker", 9), ("risk_guard", 90)):
        for at in range(1, 10 * step, step):
            crashed = run(faults=(Fault(role, at),))
            assert crashed.restarts
            assert (crashed.digest, crashed.pnl) == (one.digest, one.pnl)


def test_the_books_of_a_real_month_balance(tmp_path: Path, shared: Path) -> None:
    """All candles of a recorded month are traded on, and the books balance to the last digit."""
    file = shared / "data" / "ohlcv" / RECORDED
    if not file.is_file():
        pytest.skip(f"no {file.name}")
    summary = replay(tmp_path, file, "system.journal=false")
    told = json.loads(to_json(summary))

    assert summary.candles == 44_613
    assert summary.trades.count > 100
    assert Decimal(told["equity"]["end"]) - Decimal(told["equity"]["start"]) == Decimal(
        told["pnl"]["net"]
    )
