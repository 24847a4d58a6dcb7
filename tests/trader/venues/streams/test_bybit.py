"""Bybit's frames, as its documentation and its clients' tests have them."""

from pathlib import Path

import msgspec
import pytest

from tests.trader.venues.streams.samples import faults
from trader.model.market import SECOND, Quote
from trader.venues.streams.bybit import Bybit
from trader.venues.streams.events import Barred, Beat, Booked, Confirmed, Quoted, Trade

MILLISECOND = 1_000_000


def bybit(symbol: str = "BTC-USDT-PERP") -> Bybit:
    """Return an adapter of five-minute candles."""
    return Bybit((symbol,), ("publicTrade", "kline", "orderbook.1"), "5m")


def real(shared: Path, name: str) -> bytes:
    """Return a real frame."""
    return (shared / "data" / "rest" / "venues" / "bybit" / f"{name}.json").read_bytes()


def test_a_candle_says_whether_it_is_confirmed(shared: Path):
    """Its end is the last millisecond of it."""
    [event] = bybit().take(real(shared, "ws_kline"), 0)

    assert isinstance(event, Barred)
    assert not event.closed
    assert event.candle.fault(300 * SECOND) is None


def test_a_book_is_kept_from_a_snapshot_and_its_changes(shared: Path):
    """A quantity of zero takes a level away."""
    adapter = bybit()
    events = [
        *adapter.take(real(shared, "ws_orderbook_snapshot"), 0),
        *adapter.take(real(shared, "ws_orderbook_delta"), 0),
    ]
    assert events == [
        Booked("BTC-USDT-PERP", Quote(1_709_891_679_000 * MILLISECOND, 27450.0, 27451.0)),
        Booked("BTC-USDT-PERP", Quote(1_709_891_679_500 * MILLISECOND, 27450.0, 27451.5)),
    ]


def test_a_change_without_a_snapshot_is_fatal(shared: Path):
    """Nobody knows what it changes."""
    events = bybit().take(real(shared, "ws_orderbook_delta"), 0)
    assert faults(events) == [("book without a snapshot", True)]


def test_a_ticker_is_a_quote_where_it_has_both_sides(shared: Path):
    """A change may carry neither."""
    assert bybit().take(real(shared, "ws_ticker_linear"), 0) == [
        Quoted("BTC-USDT-PERP", Quote(1_673_272_861_686 * MILLISECOND, 17215.5, 17216.0))
    ]
    change = b'{"topic":"tickers.BTCUSDT","type":"delta","ts":1,"data":{"symbol":"BTCUSDT"}}'
    assert bybit().take(change, 0) == [Beat()]


def test_a_trade_on_linear_has_a_name_for_a_number():
    """The same name gives the same number."""
    row = {
        "T": 9,
        "s": "BTCUSDT",
        "S": "Buy",
        "v": "0.01",
        "p": "27451.00",
        "i": "9dc7-5f",
        "BT": False,
    }
    frame = {"topic": "publicTrade.BTCUSDT", "type": "snapshot", "ts": 10, "data": [row, row]}
    first, second = bybit().take(msgspec.json.encode(frame), 0)

    assert isinstance(first, Trade)
    assert first == second
    assert (first.ts_event, first.price, first.size) == (9 * MILLISECOND, 27451.0, 0.01)


def test_trades_are_numbered_in_the_order_they_come():
    """Their ids do not rise, so that candles built of them would lose half; twice is known."""
    adapter = bybit()
    rows = [{"T": 9, "s": "BTCUSDT", "v": "1", "p": "2", "i": i} for i in ("f-1", "a-2", "f-1")]
    frame = {"topic": "publicTrade.BTCUSDT", "type": "snapshot", "ts": 10, "data": rows}
    numbers = [trade.id for trade in adapter.take(msgspec.json.encode(frame), 0)]  # type: ignore[attr-defined]

    assert numbers == [1, 2, 1]


def test_subscriptions_and_their_answers(shared: Path):
    """An answer is known by its number; a failure is fatal."""
    adapter = bybit()
    sent = [msgspec.json.decode(text) for text in adapter.subscriptions()]
    assert [one["args"] for one in sent] == [
        ["publicTrade.BTCUSDT"],
        ["kline.5.BTCUSDT"],
        ["orderbook.1.BTCUSDT"],
    ]
    answer = b'{"success":true,"ret_msg":"","conn_id":"c","req_id":"kline","op":"subscribe"}'
    assert adapter.take(answer, 0) == [Confirmed("kline", "BTC-USDT-PERP")]
    failure = real(shared, "ws_subscription_failure")
    assert faults(adapter.take(failure, 0)) == [("refused", True)]


def test_many_symbols_are_subscribed_ten_at_a_time():
    """Spot takes no more."""
    many = Bybit(tuple(f"A{n}-USDT" for n in range(25)), ("publicTrade",), "1m")
    assert [len(msgspec.json.decode(f)["args"]) for f in many.subscriptions()] == [10, 10, 5]


def test_what_settles_in_usdc_has_a_name_of_its_own():
    """On linear alone."""
    names = {s: bybit(s).name_of(s) for s in ("BTC-USDC-PERP", "BTC-USDC", "BTC-USDT-PERP")}
    assert list(names.values()) == ["BTCPERP", "BTCUSDC", "BTCUSDT"]


def test_spot_and_linear_live_at_different_places():
    """The suffix says which is meant."""
    assert bybit().url().endswith("/linear")
    assert bybit("BTC-USDT").url().endswith("/spot")


@pytest.mark.parametrize(
    ("frame", "reason"),
    [
        (b"", "unreadable frame"),
        (b'{"topic":"kline.1.BTCUSDT","ts":1,"data":[]}', "wrong interval"),
        (b'{"topic":"kline.5.ETHUSDT","ts":1,"data":[]}', "unknown symbol"),
        (b'{"topic":"novel.BTCUSDT","ts":1,"data":[]}', "unknown kind"),
        (b'{"topic":"orderbook.1.BTCUSDT","ts":1,"data":[]}', "unreadable frame"),
    ],
)
def test_what_is_no_data_of_ours_is_a_fault(frame: bytes, reason: str):
    """Nothing is dropped in silence."""
    assert faults(bybit().take(frame, 0)) == [(reason, False)]
    assert bybit().take(b'{"success":true,"ret_msg":"pong","op":"ping"}', 0) == [Beat()]
