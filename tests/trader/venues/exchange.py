"""A client like ccxt's, of an exchange in memory."""

import time
from typing import Any

import ccxt

MINUTE_MS = 60_000


class FakeClient:
    """Trades BTC/USD, ETH/USD and a perpetual; candles open every minute from `first` to `last`.

    `holes` are minutes without a candle; `down` makes every question fail; `asked` counts them; its
    time is `off_ms` ahead of ours.
    """

    precisionMode = 4  # noqa: N815 - ccxt's name
    has = {"fetchTime": True}
    timeframes = {"1m": 1, "5m": 5, "1h": 60}

    def __init__(self, first: int = 0, last: int = 100, holes: tuple[int, ...] = ()) -> None:
        self.first, self.last = first, last
        self.holes = set(holes)
        self.page = 1_000
        self.down: Exception | None = None
        self.asked: list[str] = []
        self.trades: list[dict[str, Any]] = []
        self.off_ms = 0

    def load_markets(self) -> dict[str, dict[str, Any]]:
        """Return the markets by ccxt's symbols."""
        self._ask("load_markets")
        return {
            name: {
                "symbol": name,
                "base": name.partition("/")[0],
                "quote": "USDT" if ":" in name else "USD",
                "spot": ":" not in name,
                "swap": ":" in name,
                "linear": True if ":" in name else None,
                "contractSize": 1.0 if ":" in name else None,
                "active": True,
                "precision": {"price": 0.1, "amount": 1e-8},
                "limits": {
                    "amount": {"min": 0.0001},
                    "cost": {"min": 0.5},
                    "leverage": {"max": 50 if ":" in name else None},
                },
                "maker": 0.0025,
                "taker": 0.004,
            }
            for name in ("BTC/USD", "ETH/USD", "BTC/USDT:USDT")
        }

    def fetch_ohlcv(self, _symbol: str, timeframe: str, since: int, limit: int) -> list[list[Any]]:
        """Return candles from `since` (ms) on; the last one is still open."""
        self._ask("fetch_ohlcv")
        step = self.timeframes[timeframe]
        minutes = range(self.first, self.last + 1, step)
        wanted = [m for m in minutes if m * MINUTE_MS >= since and m not in self.holes]
        return [
            [m * MINUTE_MS, 100.0, 101.0, 99.0, 100.5, float(m)]
            for m in wanted[: min(limit, self.page)]
        ]

    def fetch_ticker(self, _symbol: str) -> dict[str, Any]:
        """Return a quote without a time."""
        self._ask("fetch_ticker")
        return {"bid": 100.0, "ask": 100.2, "timestamp": None}

    def fetch_time(self) -> int:
        """Return the venue's time, which may be off ours."""
        self._ask("fetch_time")
        return time.time_ns() // 1_000_000 + self.off_ms

    def fetch_trades(self, _symbol: str, since: int, limit: int) -> list[dict[str, Any]]:
        """Return trades from `since` (ms) on."""
        self._ask("fetch_trades")
        return [t for t in self.trades if t["timestamp"] >= since][: min(limit, self.page)]

    def _ask(self, what: str) -> None:
        self.asked.append(what)
        if self.down is not None:
            raise self.down


def unreachable() -> Exception:
    """Return what ccxt raises without a network."""
    return ccxt.NetworkError("kraken GET https://api.kraken.com/0/public/AssetPairs")
