"""The command `indicators`: a table as the platform would export it, or one clear line."""

import csv
import os
from pathlib import Path

import pytest

from tests.trader.indicators.candles import synthetic, synthetic_series
from tests.trader.indicators.comparison import against_synthetic
from trader.app.indicators import Request, write_indicators
from trader.indicators.rules_a import COLUMNS_A
from trader.indicators.rules_b import COLUMNS_B, LEAKY
from trader.indicators.settings import CipherASettings
from trader.model.errors import UsageError
from trader.model.market import SECOND
from trader.settings.schema import Settings, TradingSettings

HOURLY = Settings(trading=TradingSettings(interval="1h"))
CANDLES = ("time", "open", "high", "low", "close", "volume")


@pytest.fixture
def candles(tmp_path: Path) -> Path:
    """Write our own candles of an hour."""
    series = synthetic_series()
    prices = (series.open, series.high, series.low, series.close, series.volume)
    path = tmp_path / "candles.csv"
    with path.open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(CANDLES)
        for opened, *row in zip(series.ts_open, *prices, strict=True):
            writer.writerow([opened // SECOND, *row])
    return path


def read(path: Path) -> dict[str, list[str]]:
    """Read a table column by column."""
    with path.open(newline="") as file:
        rows = list(csv.DictReader(file))
    return {name: [row[name] for row in rows] for name in rows[0]}


@pytest.mark.parametrize(("cipher", "names"), [("a", {*COLUMNS_A}), ("b", {*COLUMNS_B, *LEAKY})])
def test_the_table_has_every_column(candles: Path, cipher: str, names: set[str]) -> None:
    """Candles first, marks as 0 and 1, blanks where there is no value yet."""
    out = candles.with_name("out.csv")

    write_indicators(HOURLY, Request(candles, cipher, out, None))

    table, wanted = read(out), synthetic()
    assert tuple(table)[:6] == CANDLES
    assert {*table} == {*CANDLES, *names}
    assert table["time"] == [str(time) for time in wanted["candles"]["time"]]
    assert table["wt2"][0] == ""
    found = {name: [_value(name, text) for text in table[name]] for name in names}
    assert against_synthetic(found, wanted[f"cipher_{cipher}"], wanted["step"]) == {}


def _value(name: str, text: str) -> object:
    if name.endswith("colour"):
        return text
    if text in ("0", "1", "-1"):
        return int(text)
    return float(text or "nan")


def test_ten_candles_are_enough(candles: Path) -> None:
    """Most columns are blank then."""
    short = candles.with_name("short.csv")
    short.write_text("".join(candles.read_text().splitlines(keepends=True)[:11]))

    write_indicators(HOURLY, Request(short, "b", candles.with_name("out.csv"), None))

    table = read(candles.with_name("out.csv"))
    assert set(table["wt1"]) == {""}
    assert len(table["hlc3"]) == 10


def test_a_candle_without_a_price_is_blank(candles: Path) -> None:
    """And the rows around it are as if it were not there."""
    rows = candles.read_text().splitlines(keepends=True)
    opened = int(rows[1].split(",")[0])
    without, holed = candles.with_name("without.csv"), candles.with_name("holed.csv")
    without.write_text("".join([*rows[:501], *rows[503:701]]))
    lacking = [f"{opened + 500 * 3600},,,,,\n", f"{opened + 501 * 3600},nan,2,1,1,0\n"]
    holed.write_text("".join([*rows[:501], *lacking, *rows[503:701]]))
    tables = []
    for path in (without, holed):
        write_indicators(HOURLY, Request(path, "b", path.with_suffix(".out"), None))
        tables.append(read(path.with_suffix(".out")))

    blank = {name: (column[500], column[501]) for name, column in tables[1].items()}
    assert {text for name, pair in blank.items() if name in COLUMNS_B for text in pair} == {"", "0"}
    assert {n: [*c[:500], *c[502:]] for n, c in tables[1].items()} == tables[0]


def test_settings_hold_here_as_well(candles: Path) -> None:
    """Without the extended marks their columns are not there."""
    settings = Settings(trading=HOURLY.trading, cipher_a=CipherASettings(extended=False))

    write_indicators(settings, Request(candles, "a", candles.with_name("out.csv"), None))

    assert not any(name.startswith("x_") for name in read(candles.with_name("out.csv")))


@pytest.mark.parametrize(
    ("cipher", "out", "says"),
    [
        ("c", "out.csv", "--cipher c: give a or b"),
        ("a", None, "nothing to write; give --out FILE"),
        ("a", "candles.csv", "holds the candles; write to another file"),
        ("a", "nowhere/out.csv", "nowhere/out.csv: cannot be written: No such file or directory"),
        ("a", ".", "is no regular file"),
        ("a", "a" * 300, "cannot be written: File name too long"),
    ],
)
def test_what_cannot_be_done_is_one_line(
    candles: Path, cipher: str, out: str | None, says: str
) -> None:
    """It names the place and the cure, and the candles are still there."""
    before = candles.read_bytes()
    target = None if out is None else candles.parent / out

    with pytest.raises(UsageError) as error:
        write_indicators(HOURLY, Request(candles, cipher, target, None))

    assert says in str(error.value)
    assert "\n" not in str(error.value)
    assert candles.read_bytes() == before
    assert [path.name for path in candles.parent.iterdir()] == ["candles.csv"]


def test_what_is_no_file_is_not_replaced(candles: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A pipe or a device stays what it is; a link goes on leading to the table."""
    pipe, link, out = (candles.with_name(name) for name in ("pipe", "link", "out.csv"))
    os.mkfifo(pipe)
    link.symlink_to(out)
    out.touch()
    monkeypatch.chdir(candles.parent)

    for path in (pipe, Path()):
        with pytest.raises(UsageError, match="is no regular file; give another path"):
            write_indicators(HOURLY, Request(candles, "a", path, None))
    write_indicators(HOURLY, Request(candles, "a", link, None))

    assert pipe.is_fifo()
    assert link.is_symlink()
    assert read(out)


def test_a_file_that_fails_leaves_what_was_there(candles: Path) -> None:
    """The table before is not lost to candles that cannot be read."""
    out = candles.with_name("out.csv")
    out.write_text("before")
    candles.write_text("time,open,high,low,close,volume\n1700006400,1,1,1,-1,1\n")

    with pytest.raises(UsageError, match="line 2: close -1"):
        write_indicators(HOURLY, Request(candles, "a", out, None))

    assert out.read_text() == "before"


def test_a_picture_needs_plotly(candles: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is an extra; without it one line says how to get it."""
    monkeypatch.setattr("trader.ui.chart.find_spec", lambda _name: None)

    with pytest.raises(UsageError, match="--plot needs Plotly; install it: pip install plotly"):
        write_indicators(HOURLY, Request(candles, "a", None, candles.with_name("out.html")))


def test_a_picture_is_a_page_of_its_own(candles: Path) -> None:
    """It needs no network to be looked at."""
    pytest.importorskip("plotly", reason="Plotly, an extra, is not installed")
    page = candles.with_name("out.html")

    write_indicators(HOURLY, Request(candles, "b", None, page))

    text = page.read_text(encoding="utf-8")
    assert "candlestick" in text
    assert '<script src="http' not in text
