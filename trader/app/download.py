"""Fill the candle store from a venue, page by page, and go on where it stopped."""

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import msgspec

from trader.app.real import candle_store
from trader.model.errors import UsageError
from trader.model.market import SECOND, Candle, interval_name, interval_ns
from trader.storage.candles import CandleStore, Key
from trader.venues.rest import PAGE, Rest
from trader.venues.streams.bars import Bars
from trader.venues.streams.events import Trade

RECENT_ONLY = frozenset({"kraken"})
"""Venues whose REST has the last 720 candles alone, however old those asked for are."""

Told = Callable[[int, int, int], None]
"""Is told how far (ns) a download has come, from where and to where it goes."""


class Wanted(msgspec.Struct, frozen=True):
    """What is to be fetched; `since` and `until` are times at which candles open (ns)."""

    venue: str
    symbol: str
    interval: str
    since: int
    until: int


def download(rest: Rest, store: CandleStore, wanted: Wanted, told: Told) -> int:
    """Fetch what the store does not have; return how many candles were new."""
    rest.instrument(wanted.symbol)
    key = Key(wanted.venue, wanted.symbol, interval_ns(wanted.interval))
    pages = _by_trades if wanted.venue in RECENT_ONLY else _by_candles
    added = 0
    at = _begin(store, key, wanted)
    for candles, end in pages(rest, wanted, at):
        added += store.add(key, candles, (at, end))
        at = max(at, end)
        told(at, wanted.since, wanted.until)
    return added


def to_time(option: str, text: str) -> int:
    """Turn `2025-01-01` or `2025-01-01T12:00` (UTC) into ns; raise UsageError."""
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise UsageError(f"{option} {text}: give a date such as 2025-01-01, UTC") from None
    moment = moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment
    return int(moment.timestamp()) * SECOND


def run_downloads(
    venue: str, symbols: list[str], interval: str, since: str, until: str | None, data_dir: Path
) -> list[str]:
    """Download each symbol with a progress bar on stderr; return a line for each."""
    length, now = interval_ns(interval), time.time_ns()
    last = min(to_time("--until", until) if until else now, now)
    begin, end = to_time("--since", since), last - last % length
    begin -= begin % length
    if begin >= end:
        when = f"from then to {until}" if until else "since"
        raise UsageError(
            f"--since {since}: no candle of {interval} has closed {when}; go further back"
        )
    rest, store, lines = Rest(venue), candle_store(data_dir), list[str]()
    for symbol in symbols:
        wanted = Wanted(venue, symbol, interval, begin, end)
        with _progress(f"{venue} {symbol} {interval}") as told:
            added = download(rest, store, wanted, told)
        gaps = store.gaps(Key(venue, symbol, length))
        lines.append(f"{venue} {symbol} {interval}: {added} candles new, {len(gaps)} gaps")
    return lines


def _begin(store: CandleStore, key: Key, wanted: Wanted) -> int:
    """Return where what is kept ends: a download goes on there."""
    at = wanted.since
    for since, until in store.spans(key):
        if since <= at < until:
            at = until
    return at


def _by_candles(rest: Rest, wanted: Wanted, at: int) -> Iterator[tuple[tuple[Candle, ...], int]]:
    """Yield pages of candles, and the time up to which they are all there is."""
    length = interval_ns(wanted.interval)
    while at < wanted.until:
        page = rest.page(wanted.symbol, wanted.interval, at, wanted.until)
        # A page without candles: nobody traded, or the symbol was not there yet.
        end = page[-1].ts_event if page else min(at + PAGE * length, wanted.until)
        yield page, end
        at = end


def _by_trades(rest: Rest, wanted: Wanted, at: int) -> Iterator[tuple[tuple[Candle, ...], int]]:
    """Build candles of the venue's trades, which it keeps for ever."""
    length = interval_ns(wanted.interval)
    bars, number, seen = Bars(wanted.symbol, length, whole=True), 0, frozenset[str]()
    while at < wanted.until:
        rows = [row for row in rest.trades(wanted.symbol, at) if row[3] not in seen]
        if not rows:
            return
        closed: list[Candle] = []
        for ts, price, size, _ in rows:
            number += 1
            closed += [
                item
                for item in bars.on_trade(Trade(wanted.symbol, ts, price, size, number))
                if isinstance(item, Candle) and item.ts_event <= wanted.until
            ]
        seen = frozenset(row[3] for row in rows)
        at = rows[-1][0]
        yield tuple(closed), min(at - at % length, wanted.until)


@contextmanager
def _progress(title: str) -> Iterator[Told]:
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

    columns: tuple[Any, ...] = (
        TextColumn("{task.description}"),
        BarColumn(),
        TextColumn("{task.percentage:>3.0f} % {task.fields[at]}"),
        TimeRemainingColumn(),
    )
    with Progress(*columns, console=Console(file=sys.stderr)) as progress:
        task = progress.add_task(title, total=1.0, at="")

        def told(at: int, since: int, until: int) -> None:
            done = (at - since) / (until - since)
            progress.update(task, completed=done, at=f"{_utc(at)}")

        yield told


def list_holdings(data_dir: Path) -> list[str]:
    """Say what the candle store holds, a line a series."""
    holdings = candle_store(data_dir).holdings()
    return [
        f"{h.key.venue} {h.key.symbol} {interval_name(h.key.interval)}: {h.count} candles"
        f" from {_utc(h.first)} to {_utc(h.last)}, {h.missing} missing"
        for h in holdings
    ] or ["nothing is kept yet: run.py download fills the store"]


def check_holdings(data_dir: Path) -> tuple[list[str], int]:
    """Say where the gaps and the bad rows are; return how many there are."""
    store, lines, count = candle_store(data_dir), list[str](), 0
    for holding in store.holdings():
        key = holding.key
        name = f"{key.venue} {key.symbol} {interval_name(key.interval)}"
        faults = [
            f"{name}: gap from {_utc(since)} to {_utc(until)},"
            f" {(until - since) // key.interval} candles"
            for since, until in store.gaps(key)
        ]
        faults += [
            f"{name}: {_utc(candle.ts_open)} {fault}"
            for candle in store.read(key, holding.first, holding.last + 1)
            if (fault := candle.fault(key.interval))
        ]
        count += len(faults)
        lines += faults or [f"{name}: whole"]
    return lines or ["nothing is kept yet: run.py download fills the store"], count


def _utc(ts: int) -> str:
    return datetime.fromtimestamp(ts // SECOND, UTC).strftime("%Y-%m-%d %H:%M")
