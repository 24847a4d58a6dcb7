"""A run on a real venue's prices: its rules, its fees, and what happens while it is away."""

from pathlib import Path

import pytest

from tests.trader.venues.exchange import FakeClient, unreachable
from trader.app.real import Shelf, candle_store, open_frames, open_real
from trader.app.waiting import Waiting
from trader.model.errors import UsageError
from trader.model.market import SECOND, Candle
from trader.settings.layers import load
from trader.settings.schema import Settings

MINUTE = 60 * SECOND


def settings(folder: Path, *more: tuple[str, str]) -> Settings:
    """Return the settings of a run on Kraken."""
    chosen = [("market.venue", "kraken"), ("system.data_dir", str(folder)), *more]
    return load("moderate", environ={}, overrides=chosen).settings


def test_rules_and_fees_come_from_the_venue(tmp_path: Path):
    """Orders go to the simulated venue, which charges what the real one does."""
    world = open_real(settings(tmp_path), None, Waiting(), FakeClient())

    assert world.real
    assert str(world.exchange.instruments["BTC-USD"].taker_fee) == "0.004"


def test_an_unknown_symbol_is_refused_with_the_nearest(tmp_path: Path):
    """Before anything has begun."""
    chosen = settings(tmp_path, ("trading.symbols", "BTC-EUR"))
    with pytest.raises(UsageError, match="nearest are BTC-USD"):
        open_real(chosen, None, Waiting(), FakeClient())


def test_a_venue_that_is_away_is_asked_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """After 1, 2, 4 ... 60 s."""
    client, slept = FakeClient(), list[float]()
    client.down = unreachable()
    waiting = Waiting()

    def sleep(seconds: float) -> None:
        slept.append(seconds)
        if len(slept) == 8:
            client.down = None

    monkeypatch.setattr(waiting, "sleep", sleep)
    open_real(settings(tmp_path), None, waiting, client)
    assert slept == [1, 2, 4, 8, 16, 32, 60, 60]


def test_rules_of_an_earlier_run_serve_while_the_venue_is_away(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    """Nobody waits for it."""
    client = FakeClient()
    open_real(settings(tmp_path), None, Waiting(), client)
    away = FakeClient()
    away.down = unreachable()
    waiting = Waiting()
    monkeypatch.setattr(waiting, "sleep", lambda _: pytest.fail("it waits"))
    world = open_real(settings(tmp_path), None, waiting, away)

    assert str(world.exchange.instruments["BTC-USD"].tick) == "0.1"


def test_a_real_venue_keeps_its_own_time():
    """A speed that a user gives beside it is refused; the default is passed over."""
    chosen = [("market.venue", "kraken"), ("market.speed", "max")]
    with pytest.raises(UsageError, match="is real and keeps its own time"):
        load("moderate", environ={}, overrides=chosen)
    load("moderate", environ={}, overrides=[("market.venue", "kraken"), ("market.speed", "1")])


def test_a_shelf_keeps_candles_for_the_next_run(tmp_path: Path):
    """By venue, symbol and interval."""
    shelf = Shelf(candle_store(tmp_path), "kraken", MINUTE)
    candles = (Candle(0, MINUTE, 1.0, 1.0, 1.0, 1.0, 1.0),)
    shelf.add("BTC-USD", candles)
    shelf.add("BTC-USD", ())
    assert shelf.read("BTC-USD", 0, 5 * MINUTE) == candles


def frames(shared: Path, *more: tuple[str, str]) -> Settings:
    """Return the settings of a replay of Coinbase's frames."""
    data = shared / "data" / "ws" / "cryptofeed-v3_COINBASE_2026-08-09.jsonl.gz"
    chosen = [
        ("market.venue", "replay"),
        ("market.data", str(data)),
        ("market.stream", "coinbase"),
        ("trading.interval", "5m"),
        *more,
    ]
    return load("moderate", environ={}, overrides=chosen).settings


def test_a_recording_of_frames_is_a_market(shared: Path):
    """It begins when its first frame came; several symbols may be traded on it."""
    chosen = frames(shared, ("trading.symbols", "BTC-USD,ETH-USD"))
    world = open_frames(chosen, None)

    assert not world.real
    assert world.market.start // SECOND == 1_786_309_548
    assert {*world.exchange.instruments} == {"BTC-USD", "ETH-USD"}


def test_a_recording_without_the_symbol_names_those_it_has(shared: Path):
    """So does a stream that nobody knows."""
    with pytest.raises(UsageError, match="it has ETH-USD, BTC-USD"):
        open_frames(frames(shared, ("trading.symbols", "SOL-USD")), None)
    with pytest.raises(UsageError, match="give one of kraken, coinbase"):
        open_frames(frames(shared, ("market.stream", "nowhere")), None)


PERP = ("trading.symbols", "BTC-USDT-PERP")


def test_perpetuals_are_traded_where_their_stream_is_built_in(tmp_path: Path):
    """By the venue's rules, at the leverage of the settings."""
    chosen = settings(tmp_path, ("market.venue", "bybit"), PERP, ("trading.leverage", "3"))
    world = open_real(chosen, None, Waiting(), FakeClient())
    terms = world.exchange.instruments["BTC-USDT-PERP"].terms

    assert terms is not None
    assert (terms.leverage, terms.max_leverage) == (3, 50)


@pytest.mark.parametrize(
    ("venue", "symbols", "why"),
    [
        ("kraken", "BTC-USDT-PERP", "has no perpetuals; those of binance, bybit have"),
        ("bybit", "BTC-USDT-PERP,ETH-USDT", "on lines of their own; trade one kind"),
    ],
)
def test_perpetuals_are_refused_where_no_line_carries_them(
    tmp_path: Path, venue: str, symbols: str, why: str
):
    """In one line that says why."""
    chosen = settings(tmp_path, ("market.venue", venue), ("trading.symbols", symbols))
    with pytest.raises(UsageError, match=why):
        open_real(chosen, None, Waiting(), FakeClient())


def test_a_recording_of_perpetuals_is_traded_as_such(shared: Path):
    """On margin, though frames call them by the names of their spot."""
    data = shared / "data" / "ws" / "cryptofeed_BINANCE_FUTURES_2021-07-22.jsonl.gz"
    symbol = "CTK-USDT-PERP"
    chosen = [("market.venue", "replay"), ("market.data", str(data)), ("market.stream", "binance")]
    chosen += [("trading.symbols", symbol), ("trading.leverage", "3")]
    world = open_frames(load("moderate", environ={}, overrides=chosen).settings, None)
    terms = world.exchange.instruments[symbol].terms

    assert terms is not None
    assert terms.leverage == 3
