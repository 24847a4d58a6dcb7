"""A driver of one port coroutine, and a sink that remembers."""

from collections.abc import Coroutine
from typing import Any

from trader.model.market import Candle, Quote
from trader.ports import SleepUntil


class Stepper:
    """Runs port coroutines one at a time; its time jumps to where they sleep."""

    def __init__(self, time: int = 0) -> None:
        self.time = time
        self.sleeps: list[int] = []

    def now(self) -> int:
        """Return the time, in ns."""
        return self.time

    def step(self, coroutine: Coroutine[Any, Any, Any]) -> bool:
        """Run to the next sleep and through it; False where the coroutine waits for ever."""
        trap = coroutine.send(None)
        if not isinstance(trap, SleepUntil):
            return False
        self.sleeps.append(trap.due)
        self.time = max(self.time, trap.due)
        return True

    def run(self, coroutine: Coroutine[Any, Any, Any]) -> Any:
        """Run to the end and return the result."""
        try:
            while self.step(coroutine):
                pass
        except StopIteration as stop:
            return stop.value
        raise AssertionError("the coroutine waits for ever")


class SinkLog:
    """Writes down what a market shows, in a log that its posts can share."""

    def __init__(self) -> None:
        self.log: list[tuple[Any, ...]] = []

    def on_quote(self, symbol: str, quote: Quote, volume: float) -> None:
        """Note a quote."""
        self.log.append(("quote", symbol, quote, volume))

    def on_open(self, symbol: str, price: float, ts: int) -> None:
        """Note an opening price."""
        self.log.append(("open", symbol, price, ts))

    def on_candle(self, symbol: str, candle: Candle) -> None:
        """Note a candle."""
        self.log.append(("candle", symbol, candle))
