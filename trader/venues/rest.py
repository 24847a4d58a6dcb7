"""A venue's public REST by way of ccxt: candles, prices and instrument rules; no key, no orders."""

import threading
import time
from collections.abc import Callable, Sequence
from decimal import Decimal
from difflib import get_close_matches
from typing import Any, TypeVar

from trader.model.errors import NotSent, OutcomeUnknown, UsageError, VenueError
from trader.model.instrument import Instrument, Terms
from trader.model.market import Candle, Quote, interval_ns
from trader.venues.streams.bars import resample
from trader.venues.streams.times import MILLISECOND
from trader.venues.symbols import from_ccxt, nearest, to_ccxt

T = TypeVar("T")

TTL = 20.0
"""Seconds for which an answer is good: who asks the same again gets it without the network."""
PAGE = 1_000
_TIMEOUT_MS = 10_000
_TICK_SIZE = 4
"""ccxt's name for a precision that is a step; others count decimals."""
_FEE = "0.001"
"""What a venue takes that does not say."""


class Rest:
    """One client of one venue, safe from any thread; ccxt keeps to the venue's rate limit."""

    def __init__(self, venue: str, client: Any = None) -> None:
        self.venue = venue
        self._client = open_client(venue) if client is None else client
        self._lock = threading.Lock()
        self._answers: dict[tuple[Any, ...], tuple[float, Any]] = {}

    # -- what is there -----------------------------------------------------------------------------

    def instrument(self, symbol: str) -> Instrument:
        """Return the rules of a symbol; raise UsageError with the nearest names."""
        market = self._market(symbol)
        precision, limits = market["precision"], market["limits"]
        return Instrument(
            symbol=symbol,
            base=market["base"],
            quote=market["quote"],
            tick=self._step(precision.get("price")),
            lot=self._step(precision.get("amount")),
            min_quantity=_decimal((limits.get("amount") or {}).get("min")),
            min_notional=_decimal((limits.get("cost") or {}).get("min")),
            maker_fee=_decimal(market.get("maker"), _FEE),
            taker_fee=_decimal(market.get("taker"), _FEE),
            terms=self._terms(symbol, market),
        )

    def time(self) -> int | None:
        """Return the venue's time in ns; None where it does not tell."""
        if not self._client.has.get("fetchTime"):
            return None
        return int(self._ask(self._client.fetch_time)) * MILLISECOND

    # -- prices ------------------------------------------------------------------------------------

    def quote(self, symbol: str, now: int) -> Quote:
        """Return the best bid and ask."""
        name = self._market(symbol)["symbol"]
        ticker = self._ask(self._client.fetch_ticker, name)
        bid, ask = ticker.get("bid"), ticker.get("ask")
        if not (bid and ask):
            raise OutcomeUnknown(f"{self.venue}: {symbol} has no bid and ask")
        ts = ticker.get("timestamp")
        return Quote(int(ts) * MILLISECOND if ts else now, float(bid), float(ask))

    def page(
        self, symbol: str, interval: str, since: int, now: int, count: int = PAGE
    ) -> tuple[Candle, ...]:
        """Return up to `count` closed candles that open at `since` (ns) or later, oldest first."""
        served = self.served_interval(interval)
        times = interval_ns(interval) // interval_ns(served)
        key = ("candles", symbol, served, since, count * times)
        rows = self._remembered(key, lambda: self._rows(symbol, served, since, count * times))
        candles = tuple(
            candle
            for candle in (to_candle(row, interval_ns(served)) for row in rows)
            if since <= candle.ts_open and candle.ts_event <= now
        )
        return candles if times == 1 else resample(candles, interval_ns(interval))

    def recent(self, symbol: str, interval: str, count: int, now: int) -> tuple[Candle, ...]:
        """Return the last `count` closed candles, page by page, as far as the venue has them."""
        length = interval_ns(interval)
        since = now - now % length - count * length
        found: list[Candle] = []
        while since + length <= now:
            page = self.page(symbol, interval, since, now, min(count, PAGE))
            if not page:
                break
            found += page
            since = page[-1].ts_event
        return tuple(found[-count:])

    def trades(self, symbol: str, since: int) -> list[tuple[int, float, float, str]]:
        """Return a page of `(ts, price, size, id)` from `since` (ns) on, oldest first."""
        name = self._market(symbol)["symbol"]
        rows = self._ask(self._client.fetch_trades, name, since // MILLISECOND, PAGE)
        return [
            (int(r["timestamp"]) * MILLISECOND, float(r["price"]), float(r["amount"]), str(r["id"]))
            for r in rows
        ]

    def served_interval(self, interval: str) -> str:
        """Return the interval itself, or the longest of the venue's that divides it."""
        served: dict[str, Any] = self._client.timeframes or {}
        if interval in served:
            return interval
        length = interval_ns(interval)
        parts = [name for name in served if _length(name) and length % _length(name) == 0]
        if not parts:
            raise UsageError(
                f"interval {interval}: {self.venue} has no candles to build it from;"
                f" it has {', '.join(served) or 'none'}"
            )
        return max(parts, key=_length)

    # -- the client --------------------------------------------------------------------------------

    def _rows(self, symbol: str, interval: str, since: int, count: int) -> Sequence[Any]:
        name = self._market(symbol)["symbol"]
        rows: Sequence[Any] = self._ask(
            self._client.fetch_ohlcv, name, interval, since // MILLISECOND, min(count, PAGE)
        )
        return rows

    def _market(self, symbol: str) -> dict[str, Any]:
        markets = self._ask(self._client.load_markets)
        market: dict[str, Any] | None = markets.get(to_ccxt(symbol))
        if market is None:
            near = nearest(symbol, map(from_ccxt, markets))
            raise UsageError(f"symbol {symbol}: {self.venue} has none; nearest are {near}")
        return market

    def _terms(self, symbol: str, market: dict[str, Any]) -> Terms | None:
        """Return what a venue says of a perpetual's margin, which is its highest leverage."""
        if not market.get("swap"):
            return None
        size = market.get("contractSize")
        if market.get("linear") is False or size not in {None, 1}:
            raise UsageError(
                f"symbol {symbol}: {self.venue} counts it in contracts of {size} {market['base']};"
                " contracts of one, settled in the quote currency, are built in"
            )
        most = (market["limits"].get("leverage") or {}).get("max")
        return Terms() if most is None else Terms(max_leverage=int(most))

    def _step(self, value: Any) -> Decimal:
        if value is None:
            return Decimal("0.00000001")
        if self._client.precisionMode == _TICK_SIZE:
            return _decimal(value)
        return Decimal(1).scaleb(-int(value))

    def _remembered(self, key: tuple[Any, ...], ask: Callable[[], T]) -> T:
        then, answer = self._answers.get(key, (-TTL, None))
        if time.monotonic() - then < TTL and answer is not None:
            found: T = answer
            return found
        found = ask()
        if len(self._answers) >= PAGE:
            self._answers.clear()
        self._answers[key] = (time.monotonic(), found)
        return found

    def _ask(self, function: Callable[..., T], *args: Any) -> T:
        with self._lock:
            try:
                return function(*args)
            except Exception as error:  # noqa: BLE001 - whatever a parser of ccxt raises
                raise _translated(self.venue, error) from None


def open_client(venue: str) -> Any:
    """Make ccxt's client of a venue; raise UsageError with the nearest names."""
    import ccxt

    if venue not in ccxt.exchanges:
        near = ", ".join(get_close_matches(venue, ccxt.exchanges, n=5, cutoff=0.3))
        raise UsageError(
            f"venue {venue}: ccxt does not know it; give one such as {near or 'kraken'},"
            " or to trade also embedded or replay"
        )
    return getattr(ccxt, venue)({"enableRateLimit": True, "timeout": _TIMEOUT_MS})


def to_candle(row: Sequence[Any], interval: int) -> Candle:
    """Turn ccxt's `[ms, open, high, low, close, volume]` into a candle."""
    opens = int(row[0]) * MILLISECOND
    open_, high, low, close, volume = (float("nan") if v is None else float(v) for v in row[1:6])
    return Candle(opens, opens + interval, open_, high, low, close, volume)


def _translated(venue: str, error: Exception) -> Exception:
    """Say in one line of ours what ccxt's error means: nothing was to be changed by a question."""
    import ccxt

    if isinstance(error, VenueError | UsageError):
        return error
    text = " ".join(str(error).split())[:200]
    if isinstance(error, ccxt.NetworkError):
        return NotSent(f"{venue} cannot be reached: {type(error).__name__}: {text}")
    if isinstance(error, ccxt.NotSupported | ccxt.BadSymbol):
        return UsageError(f"{venue}: {text}")
    return OutcomeUnknown(f"{venue}: {type(error).__name__}: {text}")


def _decimal(value: Any, missing: str = "0") -> Decimal:
    return Decimal(
        missing if value is None else repr(value) if isinstance(value, float) else str(value)
    )


def _length(interval: str) -> int:
    try:
        return interval_ns(interval)
    except ValueError:
        return 0
