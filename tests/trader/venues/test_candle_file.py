"""Candles from a CSV file."""

import gzip
import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trader.model.errors import UsageError
from trader.model.market import SECOND, Series, interval_name
from trader.venues import candle_file
from trader.venues.candle_file import Stretch, load_candles

MINUTE = 60 * SECOND
HEADER = "timestamp_ms,open,high,low,close,volume"
START = 1_748_736_000_000
ROW = "{},10,12,9,11,3.5"


def at(*minutes: float) -> list[str]:
    """Return good rows that open so many minutes after the start."""
    return [ROW.format(int(START + 60_000 * minute)) for minute in minutes]


def write(folder: Path, *lines: str, header: str = HEADER) -> Path:
    """Write a CSV file."""
    path = folder / "candles.csv"
    path.write_text("\n".join([header, *lines]) + "\n")
    return path


def refusal(path: Path, interval: int = MINUTE) -> str:
    """Return the one line with which a file is refused, without its folder."""
    with pytest.raises(UsageError) as caught:
        load_candles(path, interval)
    text = str(caught.value)
    assert "\n" not in text
    assert text.startswith(str(path))
    return text.removeprefix(str(path.parent) + "/")


def columns(series: Series) -> list[list[float]]:
    """Return the columns of prices as lists."""
    prices = (series.open, series.high, series.low, series.close, series.volume)
    return [list(column) for column in prices]


def test_columns_hold_what_the_file_says(tmp_path: Path) -> None:
    """Times become nanoseconds, numbers floats, one column each."""
    series = load_candles(write(tmp_path, *at(0, 1)), MINUTE)

    assert list(series.ts_open) == [START * 10**6, START * 10**6 + MINUTE]
    assert columns(series) == [[10.0] * 2, [12.0] * 2, [9.0] * 2, [11.0] * 2, [3.5] * 2]
    assert (len(series), series.gaps, series.interval) == (2, 0, MINUTE)


@pytest.mark.parametrize(
    ("header", "row"),
    [
        ("time,open,high,low,close,volume", "1748736000,10,12,9,11,3.5"),
        ("\ufeffTimestamp_MS, Open,High,Low,Close,Volume", "1748736000000,10,12,9,11,3.5"),
        (HEADER, '"1748736000000","10","12","9","11","3.5"\r'),
        (HEADER, "1748736000000, 10.,12e0,+9,11,3.50\n\n"),
        ("volume,n,close,low,high,open,timestamp_ms", "3.5,x,11,9,12,10,1748736000000"),
    ],
    ids=["seconds", "byte order mark", "quotes", "spellings", "other columns"],
)
def test_layout_changes_no_candle(tmp_path: Path, header: str, row: str) -> None:
    """Seconds, quotes, spaces, more columns and another order change nothing."""
    expected = load_candles(write(tmp_path, *at(0)), MINUTE)

    assert load_candles(write(tmp_path, row, header=header), MINUTE) == expected


@pytest.mark.parametrize("zipped", [False, True])
@pytest.mark.parametrize(("stretch", "holds"), [((10, 0), 10), ((10, 40_000), 40_010)])
def test_a_stretch_is_read_and_little_behind_it(
    tmp_path: Path, stretch: tuple[int, int], holds: int, zipped: bool
) -> None:
    """What a run ends before costs it nothing, and is not judged either."""
    path = write(tmp_path, *at(*range(60_000)), "nonsense")
    if zipped:
        path.write_bytes(gzip.compress(path.read_bytes()))
    count, after = stretch
    series = load_candles(path, MINUTE, stretch=Stretch(count, START * 10**6 + after * MINUTE))

    assert holds <= len(series) < holds + 10_000
    assert "line 60002: has 1 fields" in refusal(path)


def test_a_stretch_that_a_file_does_not_hold_is_all_of_the_file(tmp_path: Path) -> None:
    """The run ends where the recording does."""
    path = write(tmp_path, *at(0, 1, 2))

    assert load_candles(path, MINUTE, stretch=Stretch(9)) == load_candles(path, MINUTE)


def test_gzip_is_known_by_its_content(tmp_path: Path) -> None:
    """A compressed file reads alike, whatever it is called."""
    plain = load_candles(write(tmp_path, *at(0, 1)), MINUTE)
    for name in ("candles.csv.gz", "candles.data"):
        path = tmp_path / name
        path.write_bytes(gzip.compress((tmp_path / "candles.csv").read_bytes()))

        assert load_candles(path, MINUTE) == plain


def test_gaps_are_counted_in_intervals(tmp_path: Path) -> None:
    """Missing intervals are allowed, and counted."""
    assert load_candles(write(tmp_path, *at(0, 1, 4, 5, 7)), MINUTE).gaps == 3


@given(st.lists(st.floats(1e-9, 1e12), min_size=1, max_size=20))
def test_numbers_are_read_to_the_last_bit(
    tmp_path_factory: pytest.TempPathFactory, values: list[float]
) -> None:
    """Every price is the float that Python reads in the same text."""
    lines = [f"{START + 60_000 * i},{v!r},{v!r},{v!r},{v!r},{v!r}" for i, v in enumerate(values)]
    path = write(tmp_path_factory.mktemp("numbers"), *lines)

    assert columns(load_candles(path, MINUTE)) == [values] * 5


@pytest.mark.parametrize("size", [40, 64, 1000])
def test_blocks_do_not_show(tmp_path: Path, size: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where the reads end makes no difference to the rows or to the line of a fault."""
    path = write(tmp_path, *at(*range(50)))
    expected = load_candles(path, MINUTE)
    monkeypatch.setattr(candle_file, "_BLOCK", size)

    assert load_candles(path, MINUTE) == expected
    assert refusal(write(tmp_path, *at(*range(50), 49))).startswith("candles.csv, line 52: ")


BAD_ROWS = {
    f"{START},10,12,9,11": "has 5 fields where the header has 6",
    f"{START},10,12,9,11,3.5,7": "has 7 fields where the header has 6",
    f"{START},10,12,9,eleven,3.5": "close 'eleven' is not a number",
    f"{START},10,12,9,,3.5": "close '' is not a number",
    f"{START}.5,10,12,9,11,3.5": "timestamp_ms '1748736000000.5' is not a whole number",
    f"{START},nan,12,9,11,3.5": "open nan is not a price above zero",
    f"{START},10,inf,9,11,3.5": "high inf is not a price above zero",
    f"{START},10,1e999,9,11,3.5": "high inf is not a price above zero",
    f"{START},10,12,0,11,3.5": "low 0.0 is not a price above zero",
    f"{START},10,12,-9,11,3.5": "low -9.0 is not a price above zero",
    f"{START},10,12,9,11,-1": "volume -1.0 is not a number from zero up",
    f"{START},10,12,9,11,nan": "volume nan is not a number from zero up",
    f"{START},10,10.5,9,11,3.5": "high 10.5 is below another price",
    f"{START},10,12,10.5,11,3.5": "low 10.5 is above another price",
    "1748736000,10,12,9,11,3.5": "time 1748736000 is not between 2000 and 2100; a column of ms",
    f"{START},10,12,9,11,3.5],[{START + 60_000},10,12,9,11,3.5": "has 12 fields",
    "\x00": "has 1 fields",
}


@pytest.mark.parametrize("row", BAD_ROWS, ids=list(BAD_ROWS.values()))
def test_a_bad_row_is_named(tmp_path: Path, row: str) -> None:
    """Whatever cannot be in a row is refused with its line, the fault and the cure."""
    text = refusal(write(tmp_path, *at(-2, -1), row, *at(1)))

    assert text.startswith("candles.csv, line 4: ")
    assert BAD_ROWS[row] in text
    assert ";" in text


@pytest.mark.parametrize(
    ("minutes", "line", "fault"),
    [
        ((0, 1, 1), 4, "is there twice; remove one"),
        ((0, 2, 1), 4, "is before the row above it; sort"),
        ((0, 1, 1.5), 4, "is 30s after the row above it, which is not a multiple of 1m"),
        ((0, 1, 2.5), 4, "is 90s after the row above it, which is not a multiple of 1m"),
    ],
)
def test_times_are_in_order_and_on_the_grid(
    tmp_path: Path, minutes: tuple[float, ...], line: int, fault: str
) -> None:
    """Duplicates, disorder and odd spacing are refused where they begin."""
    text = refusal(write(tmp_path, *at(*minutes)))

    assert text.startswith(f"candles.csv, line {line}: 2025-06-01T00:0")
    assert fault in text


def test_a_file_of_longer_candles_is_told_apart(tmp_path: Path) -> None:
    """A file in which no two candles are an interval apart names the interval it holds."""
    text = refusal(write(tmp_path, *at(0, 30, 15 + 30)))

    assert "no two rows are 1m apart; the candles are of 15m" in text


def test_a_file_of_two_intervals_is_told_apart(tmp_path: Path) -> None:
    """Gaps are not of one length for long: what is, are candles of another interval."""
    minutes = [*range(30), *range(30, 150, 5)]

    text = refusal(write(tmp_path, *at(*minutes)))

    assert text.endswith("line 52: 20 rows follow one another 5m apart; give candles of 1m alone")
    assert load_candles(write(tmp_path, *at(*minutes[:50])), MINUTE).gaps == 19 * 4


def test_a_file_of_shorter_candles_is_told_apart(tmp_path: Path) -> None:
    """A file of minutes, read as hours, names the minute."""
    text = refusal(write(tmp_path, *at(0, 1, 2)), 60 * MINUTE)

    assert "line 3" in text
    assert "is 1m after the row above it, which is not a multiple of 1h" in text


def test_the_grid_is_that_of_utc(tmp_path: Path) -> None:
    """Candles that are an hour apart but open at half past are refused."""
    text = refusal(write(tmp_path, *at(30, 90, 150)), 60 * MINUTE)

    assert "2025-06-01T00:30:00Z, where the first candle opens, is not on the grid of 1h" in text


@pytest.mark.parametrize(
    ("header", "missing"),
    [
        ("timestamp_ms,open,high,low,close", "no column volume"),
        ("date,o,h,l,c,v", "no column timestamp_ms, open, high, low, close, volume"),
        ("timestamp_ms;open;high;low;close;volume", "no column timestamp_ms, open"),
        ("1748736000000,10,12,9,11,3.5", "no column timestamp_ms"),
    ],
)
def test_a_header_must_name_the_columns(tmp_path: Path, header: str, missing: str) -> None:
    """A missing or renamed column is named, with what was expected and what was found."""
    text = refusal(write(tmp_path, *at(0), header=header))

    assert text.startswith(f"candles.csv, line 1: {missing}")
    assert "expected timestamp_ms (or time, in seconds), open, high, low, close, volume" in text
    assert f"found {', '.join(header.split(','))}" in text


def test_files_that_hold_no_candles(tmp_path: Path) -> None:
    """Nothing, or a header alone, is not a series."""
    path = tmp_path / "candles.csv"
    path.write_bytes(b"")
    assert "line 1: is empty; expected the header" in refusal(path)
    assert "has no candles" in refusal(write(tmp_path))


def test_files_that_are_not_csv(tmp_path: Path) -> None:
    """Directories, pipes, binary junk and damaged gzip are refused in a line each."""
    os.mkfifo(tmp_path / "pipe")
    packed = gzip.compress("\n".join([HEADER, *at(*range(500))]).encode())
    contents = {
        "junk.csv": b"\x89PNG\xff\xfe\x00" * 50,
        "endless.csv": b"\xff" * 300_000,
        "plain.csv.gz": HEADER.encode(),
        "cut.csv.gz": packed[: len(packed) // 2],
        "flipped.csv.gz": packed[:60] + bytes([packed[60] ^ 0xFF]) + packed[61:],
    }
    for name, content in contents.items():
        (tmp_path / name).write_bytes(content)

    assert "cannot be read: No such file" in refusal(tmp_path / "absent.csv")
    assert "cannot be read: Is a directory" in refusal(tmp_path)
    assert "cannot be read: File name too long" in refusal(tmp_path / ("a" * 300))
    assert "is no regular file" in refusal(tmp_path / "pipe")
    assert "is no regular file" in refusal(Path("/dev/zero"))
    assert "line 1: is not text" in refusal(tmp_path / "junk.csv")
    assert "line 1: does not end" in refusal(tmp_path / "endless.csv")
    assert "is not gzip; compress it" in refusal(tmp_path / "plain.csv.gz")
    assert "cannot be read: Compressed file ended" in refusal(tmp_path / "cut.csv.gz")
    assert "flipped.csv.gz" in refusal(tmp_path / "flipped.csv.gz")


def test_size_is_bounded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A file that inflates without end is given up, not read into memory."""
    monkeypatch.setattr(candle_file, "_MAX_BYTES", 1 << 20)
    path = tmp_path / "bomb.csv.gz"
    path.write_bytes(gzip.compress((HEADER + (" " * 99 + "\n") * 20_000).encode()))

    assert "is larger than 1 MiB of text" in refusal(path)


def test_a_terabyte_is_refused_at_once(tmp_path: Path) -> None:
    """By its size, before a byte of it is read."""
    path = tmp_path / "candles.csv"
    with path.open("wb") as file:
        file.write(HEADER.encode())
        file.truncate(1 << 40)

    assert "is larger than 512 MiB of text; split it" in refusal(path)


def test_a_bomb_of_blank_lines_goes_off_harmlessly(tmp_path: Path) -> None:
    """Millions of lines with nothing on them are passed over by the block."""
    path = tmp_path / "bomb.csv.gz"
    path.write_bytes(gzip.compress(HEADER.encode() + b"\n" * (64 << 20)))

    assert "has no candles" in refusal(path)


def test_a_column_that_is_there_twice_is_refused(tmp_path: Path) -> None:
    """Nobody can tell which of the two is meant."""
    path = tmp_path / "candles.csv"
    path.write_text(f"{HEADER.strip()},close\n1748736000000,10,12,9,11,3.5,8\n")

    assert "line 1: close twice; remove one of the columns" in refusal(path)


def test_digits_are_not_grouped(tmp_path: Path) -> None:
    """Python would read 1_0 as 10; nobody who writes candles means that."""
    path = write(tmp_path, "1748736000000,1_0,12,9,11,3.5")

    assert "open '1_0' is not a number" in refusal(path)


@pytest.mark.parametrize(
    ("name", "interval", "count", "gaps"),
    [
        ("bybit-linear_BTCUSDT_1m_2025-05-29_2025-06-29.csv.gz", MINUTE, 44_613, 0),
        ("kraken_XBTUSDC_1m_2023Q1.csv.gz", MINUTE, 56_717, 72_883),
        ("kraken_XBTUSD_15m_2023Q1.csv", 15 * MINUTE, 8_635, 5),
        ("binance_BTCUSDT_1d_2017-08-17_2026-04-29.csv", 1440 * MINUTE, 3_178, 0),
    ],
)
def test_real_files_are_whole(
    shared: Path, name: str, interval: int, count: int, gaps: int
) -> None:
    """No candle is left out, and the gaps are counted."""
    series = load_candles(shared / "data" / "ohlcv" / name, interval)

    assert (count, gaps) == (len(series), series.gaps)
    days = (series.ts_open[-1] - series.ts_open[0]) // interval + 1
    assert days == count + gaps


def test_a_real_file_of_another_interval_names_it(shared: Path) -> None:
    """Real hours, read as minutes, are found out."""
    path = shared / "data" / "ohlcv" / "kraken_XBTUSD_1h_2023Q1.csv"

    assert f"the candles are of {interval_name(3600 * SECOND)}:" in refusal(path)
