"""Filling the candle store, and going on where it stopped."""

from pathlib import Path

import pytest

from tests.trader.venues.exchange import FakeClient, unreachable
from trader.app.download import Wanted, check_holdings, download, list_holdings, to_time
from trader.app.real import candle_store
from trader.model.errors import NotSent, UsageError
from trader.model.market import SECOND
from trader.storage.candles import Key
from trader.venues.rest import Rest

MINUTE = 60 * SECOND


def fetch(client: FakeClient, folder: Path, venue: str = "binance", until: int = 50) -> int:
    """Download minutes 10 to `until` of BTC-USD."""
    wanted = Wanted(venue, "BTC-USD", "1m", 10 * MINUTE, until * MINUTE)
    return download(Rest(venue, client), candle_store(folder), wanted, lambda *_: None)


def minutes(folder: Path, venue: str = "binance") -> list[int]:
    """Return the minutes that are kept."""
    found = candle_store(folder).read(Key(venue, "BTC-USD", MINUTE), 0, 1_000 * MINUTE)
    return [candle.ts_open // MINUTE for candle in found]


def test_every_candle_is_fetched_once(tmp_path: Path):
    """Page by page; a second download asks for nothing that is kept."""
    client = FakeClient()
    client.page = 7
    assert fetch(client, tmp_path) == 40
    assert minutes(tmp_path) == list(range(10, 50))

    asked = client.asked.count("fetch_ohlcv")
    assert fetch(client, tmp_path) == 0
    assert client.asked.count("fetch_ohlcv") == asked
    assert fetch(client, tmp_path, until=60) == 10


def test_a_download_that_broke_goes_on_where_it_stopped(tmp_path: Path):
    """What had come is kept."""
    client = FakeClient()
    client.page = 15
    told: list[int] = []

    def break_off(at: int, _since: int, _until: int) -> None:
        told.append(at)
        client.down = unreachable()

    wanted = Wanted("binance", "BTC-USD", "1m", 10 * MINUTE, 50 * MINUTE)
    with pytest.raises(NotSent):
        download(Rest("binance", client), candle_store(tmp_path), wanted, break_off)
    assert minutes(tmp_path) == list(range(10, 25))
    client.down = None
    assert fetch(client, tmp_path) == 25


def test_gaps_are_recorded_and_named(tmp_path: Path):
    """A venue that has no candle is not asked for it again and again."""
    fetch(FakeClient(holes=(20, 21)), tmp_path)

    assert list_holdings(tmp_path) == [
        "binance BTC-USD 1m: 38 candles from 1970-01-01 00:10 to 1970-01-01 00:49, 2 missing"
    ]
    assert check_holdings(tmp_path) == (
        ["binance BTC-USD 1m: gap from 1970-01-01 00:20 to 1970-01-01 00:22, 2 candles"],
        1,
    )


def test_a_whole_store_and_an_empty_one_say_so(tmp_path: Path):
    """Neither is a fault."""
    assert check_holdings(tmp_path)[1] == 0
    assert "nothing is kept yet" in list_holdings(tmp_path)[0]
    fetch(FakeClient(), tmp_path)
    assert check_holdings(tmp_path) == (["binance BTC-USD 1m: whole"], 0)


def test_where_candles_are_not_kept_they_are_built_of_trades(tmp_path: Path):
    """Kraken's REST has the last 720 candles, and every trade there ever was."""
    client = FakeClient()
    client.page = 9
    client.trades = [
        {"timestamp": 600_000 + 20_000 * n, "price": 100.0 + n, "amount": 0.5, "id": str(n)}
        for n in range(130)
    ]
    fetch(client, tmp_path, venue="kraken")

    assert minutes(tmp_path, "kraken") == list(range(10, 50))
    assert "fetch_ohlcv" not in client.asked
    key = Key("kraken", "BTC-USD", MINUTE)
    first = candle_store(tmp_path).read(key, 10 * MINUTE, 11 * MINUTE)[0]
    assert (first.open, first.close, first.volume) == (100.0, 102.0, 1.5)


def test_times_are_utc():
    """And what is none is refused."""
    assert to_time("--since", "1970-01-02") == 86_400 * SECOND
    assert to_time("--since", "1970-01-01T01:00+01:00") == 0
    with pytest.raises(UsageError, match="--since yesterday: give a date such as"):
        to_time("--since", "yesterday")
