"""The status dump and the status line."""

import json
import stat
import time
from decimal import Decimal
from pathlib import Path

import msgspec
import pytest

from trader.model.orders import Leg, OrderKind, OrderStatus, Side
from trader.model.reasons import Reason
from trader.model.views import TradingState
from trader.ui.render import pairs
from trader.ui.status import (
    ActorStatus,
    FeedStatus,
    HoldStatus,
    LimitStatus,
    ModelStatus,
    OpenOrderStatus,
    PositionStatus,
    StatusDump,
    redacted,
    status_line,
    to_lines,
    write_status,
)
from trader.ui.summary import Pnl

ORDER = OpenOrderStatus(
    client_order_id="ats1",
    symbol="BTC-USD",
    side=Side.SELL,
    kind=OrderKind.STOP,
    leg=Leg.STOP,
    quantity=Decimal("0.5"),
    filled=Decimal(0),
    price=None,
    trigger=Decimal(99),
    status=OrderStatus.OPEN,
)
DUMP = StatusDump(
    run="r1",
    mode="paper",
    simulated=True,
    time="2025-01-01 00:00:00",
    market_time=None,
    uptime_seconds=12.5,
    state=TradingState.HALTED,
    reason=Reason.HALT_WEDGED,
    detail="validator",
    consistent=False,
    versions={"python": "3.11.7", "ccxt": "4.5.90"},
    equity=Decimal(10_000),
    pnl=Pnl(Decimal(1), Decimal(0), Decimal("0E-8"), Decimal(0), Decimal(1)),
    actors=(
        ActorStatus("risk_guard", "up", 0, 0, 7, "CandleClosed", None),
        ActorStatus("validator", "down", 1, 3, 6, "AdviceGiven", "ValueError: s3cret-value"),
    ),
    positions=(PositionStatus("BTC-USD", Decimal("0.5"), Decimal(100), 101.0, Decimal("0.5")),),
    orders=(ORDER,),
    limits=(LimitStatus("LOSS_DAY", 0.4, 3.0, "%"),),
    feeds=(FeedStatus("BTC-USD", 1.5, "live"),),
    models=(ModelStatus("openai:any", "asked", 3, 1, 900, Decimal("0.002"), 7, 0),),
    holds=(
        HoldStatus(
            Reason.HALT_WEDGED,
            TradingState.HALTED,
            "validator",
            "2025-01-01T00:00:00+00:00",
            "until the run ends",
        ),
    ),
)


def test_a_dump_survives_its_file(tmp_path: Path) -> None:
    """The file holds the whole dump, readable by its owner alone, and nothing else is left."""
    path = tmp_path / "status.json"

    write_status(path, DUMP, str)

    assert msgspec.json.decode(path.read_bytes(), type=StatusDump) == DUMP
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert [path] == list(tmp_path.iterdir())


def test_a_dump_of_an_earlier_version_can_still_be_read() -> None:
    """What its run had no word for is empty in it."""
    later = {"conflated", "margin", "liquidation", "refused", "lifts_at", "conversion", "curve"}
    dump = json.loads(msgspec.json.encode(DUMP))
    for part in (dump, *(dump[name][0] for name in ("actors", "positions", "models", "holds"))):
        for name in later & part.keys():
            del part[name]

    assert msgspec.json.decode(json.dumps(dump), type=StatusDump) == DUMP


def test_a_dump_replaces_the_one_before(tmp_path: Path) -> None:
    """A reader who opened the old file still reads it whole."""
    path = tmp_path / "status.json"
    write_status(path, DUMP, str)

    with path.open() as before:
        write_status(path, msgspec.structs.replace(DUMP, run="r2"), str)
        assert json.load(before)["run"] == "r1"
    assert json.loads(path.read_text())["run"] == "r2"


def test_a_failed_dump_leaves_no_draft(tmp_path: Path) -> None:
    """Where the file cannot be put in place, the error is raised and the draft removed."""
    path = tmp_path / "status.json"
    (path / "inside").mkdir(parents=True)

    with pytest.raises(OSError, match=r"status\.json"):
        write_status(path, DUMP, str)

    assert [path] == list(tmp_path.iterdir())


def test_a_dump_is_redacted(tmp_path: Path) -> None:
    """What failed last may quote a secret; the file does not."""
    path = tmp_path / "status.json"

    write_status(path, DUMP, lambda text: text.replace("s3cret-value", "***"))

    assert "s3cret" not in path.read_text()
    assert json.loads(path.read_text())["actors"][1]["last_failure"] == "ValueError: ***"


def test_a_large_dump_is_written_at_once(tmp_path: Path) -> None:
    """A hundred orders take a small part of the 100 ms that a dump may."""
    dump = msgspec.structs.replace(DUMP, orders=(ORDER,) * 100)

    def seconds() -> float:
        start = time.perf_counter()
        write_status(tmp_path / "status.json", dump, str)
        return time.perf_counter() - start

    assert min(seconds() for _ in range(5)) < 0.01


def test_the_log_has_a_line_for_each_thing() -> None:
    """Actors, positions, orders, limits and feeds can each be grepped."""
    lines = {(line.event, line.symbol): pairs(line.fields) for line in to_lines(DUMP)}

    run = lines["status_run", None]
    assert "state=halted reason=HALT_WEDGED" in run
    assert "consistent=no" in run
    assert "versions=python:3.11.7,ccxt:4.5.90" in run
    assert "actors=2 positions=1 orders=1" in run
    assert lines["status_hold", None] == (
        "reason=HALT_WEDGED state=halted detail=validator since=2025-01-01T00:00:00+00:00"
        ' lifts="until the run ends"'
    )
    assert "role=validator state=down restarts=1 depth=3" in lines["status_actor", None]
    assert "quantity=0.5 average_price=100" in lines["status_position", "BTC-USD"]
    assert "kind=stop leg=s" in lines["status_order", "BTC-USD"]
    assert lines["status_limit", None] == "name=LOSS_DAY used=0.4 bound=3 unit=%"
    assert lines["status_feed", "BTC-USD"] == "age_seconds=1.5 state=live"


def test_what_is_shown_is_what_the_file_says() -> None:
    """A panel quotes what failed last, and a secret in it no more than the file does."""
    shown = redacted(DUMP, lambda text: text.replace("s3cret-value", "***"))

    assert shown.actors[1].last_failure == "ValueError: ***"
    assert redacted(DUMP, str) == DUMP


def test_the_status_line_shows_where_the_run_is() -> None:
    """Price and position of each symbol, then the account and the pace."""
    line = status_line(
        state=TradingState.ACTIVE,
        prices={"BTC-USD": 101.25, "ETH-USD": 7.5},
        positions={"BTC-USD": Decimal("0.50")},
        equity=Decimal("10012.50"),
        pnl=Decimal("12.50"),
        trades=3,
        candles=1234,
        candles_per_second=617.0,
    )

    assert line.event == "status"
    assert pairs(line.fields) == (
        "state=active BTC-USD=101.25 BTC-USD.position=0.50 ETH-USD=7.5 ETH-USD.position=0"
        " equity=10012.50 pnl=12.50 trades=3 candles=1234 candles_per_second=617"
    )
