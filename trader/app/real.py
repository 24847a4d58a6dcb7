"""A run on a real venue's prices: rules and fees from the venue, orders to the simulated one."""

from collections.abc import Sequence
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any

from trader.app.waiting import Waiting
from trader.app.world import World
from trader.model.errors import NotSent, OutcomeUnknown, UsageError
from trader.model.instrument import Instrument, is_perpetual
from trader.model.market import SECOND, Candle, interval_ns
from trader.settings.schema import Settings
from trader.storage.candles import CandleStore, Key
from trader.storage.instruments import keep_rules, read_rules
from trader.ui.log import log_event
from trader.venues.frame_market import FrameMarket, Recording
from trader.venues.instruments import on_paper, simulated_instrument
from trader.venues.live import VenueMarket
from trader.venues.rest import Rest
from trader.venues.simulated import SimulatedExchange
from trader.venues.streams.catalog import STREAMS

LONGEST_WAIT = 60.0
"""Seconds between two attempts to reach a venue, at most."""


class Shelf:
    """The candle store as a market sees it."""

    def __init__(self, store: CandleStore, venue: str, interval: int) -> None:
        self._store = store
        self._venue = venue
        self._interval = interval

    def read(self, symbol: str, since: int, until: int) -> tuple[Candle, ...]:
        """Return the candles kept of a stretch of time."""
        return self._store.read(self._key(symbol), since, until)

    def add(self, symbol: str, candles: tuple[Candle, ...]) -> None:
        """Keep candles."""
        if candles:
            span = candles[0].ts_open, candles[-1].ts_event
            self._store.add(self._key(symbol), candles, span)

    def _key(self, symbol: str) -> Key:
        return Key(self._venue, symbol, self._interval)


def open_real(
    settings: Settings,
    saved: bytes | None,
    waiting: Waiting,
    client: Any = None,
) -> World:
    """Ask the venue for its rules until it answers; raise UsageError for what it does not have."""
    venue, interval = settings.market.venue, interval_ns(settings.trading.interval)
    directory = Path(settings.system.data_dir)
    rest = Rest(venue, client)
    rest.served_interval(settings.trading.interval)
    _refuse_unstreamed(venue, settings.trading.symbols)
    instruments = _instruments(rest, settings, directory / "venues" / f"{venue}.json", waiting)
    rules = settings.simulation, settings.trading.leverage
    on_it = {symbol: on_paper(each, *rules) for symbol, each in instruments.items()}
    exchange = SimulatedExchange(on_it, settings.simulation, saved)
    shelf = Shelf(candle_store(directory), venue, interval)
    market = VenueMarket(rest, settings.watched, interval, exchange, shelf)
    way = "its websocket" if market.native else "polling of its REST: no websocket is built in"
    log_event("INFO", "app", None, "venue_opened", None, venue=venue, by=way)
    _agree_on_time(market, rest, waiting)
    return World(market, exchange, None, market.clock)


def _refuse_unstreamed(venue: str, symbols: Sequence[str]) -> None:
    """Raise UsageError for perpetuals that a built-in stream does not carry, or not beside spot."""
    perpetuals = [symbol for symbol in symbols if is_perpetual(symbol)]
    stream = STREAMS.get(venue)
    if stream is None or not perpetuals:
        return
    if not stream.perpetuals:
        have = ", ".join(name for name, each in STREAMS.items() if each.perpetuals)
        raise UsageError(
            f"symbol {perpetuals[0]}: the stream of {venue} that is built in has no perpetuals;"
            f" those of {have} have"
        )
    if len(perpetuals) < len(symbols):
        raise UsageError(
            f"symbol {perpetuals[0]}: {venue} streams spot and perpetuals on lines of their own;"
            " trade one kind in a run"
        )


def _agree_on_time(market: VenueMarket, rest: Rest, waiting: Waiting) -> None:
    """Set the run's clock by the venue's before it begins; where it is away, its stream asks."""
    try:
        waiting.ask(partial(market.clock.agree, rest.time, begun=False))
    except (NotSent, OutcomeUnknown) as error:
        log_event("WARNING", "app", None, "venue_down", None, error=str(error))


def candle_store(directory: Path) -> CandleStore:
    """Return the candle store of a data directory."""
    return CandleStore(directory / "candles.db")


def _instruments(
    rest: Rest, settings: Settings, path: Path, waiting: Waiting
) -> dict[str, Instrument]:
    symbols, wait = settings.watched, 1.0
    while True:
        try:
            instruments = waiting.ask(lambda: {s: rest.instrument(s) for s in symbols})
        except (NotSent, OutcomeUnknown) as error:
            kept = read_rules(path)
            if kept is not None and kept.instruments.keys() >= set(symbols):
                date = datetime.fromtimestamp(kept.fetched // SECOND, UTC)
                log_event(
                    "WARNING", "app", None, "old_rules", None, error=str(error), of=f"{date:%F %R}"
                )
                return {symbol: kept.instruments[symbol] for symbol in symbols}
            log_event("WARNING", "app", None, "venue_down", None, error=str(error), again_s=wait)
            waiting.sleep(wait)
            wait = min(2 * wait, LONGEST_WAIT)
        else:
            keep_rules(path, instruments)
            return instruments


def open_frames(settings: Settings, saved: bytes | None) -> World:
    """Open a recording of frames; raise UsageError for one that is not sound."""
    market, symbols = settings.market, settings.watched
    stream, interval = market.stream or "", interval_ns(settings.trading.interval)
    if stream not in STREAMS:
        raise UsageError(f"stream {stream}: nobody knows it; give one of {', '.join(STREAMS)}")
    rules = settings.simulation, settings.trading.leverage
    recording = Recording(Path(market.data or ""), stream, interval)
    instruments = {
        symbol: simulated_instrument(symbol, recording.price(symbol), *rules) for symbol in symbols
    }
    exchange = SimulatedExchange(instruments, settings.simulation, saved)
    frames = FrameMarket(recording, symbols, interval, exchange, market.candles)
    return World(frames, exchange, None)
