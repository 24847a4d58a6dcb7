"""Run the engine with a handler that takes long: `python -m tests.e2e.wedged N ...`.

The MarketFeed's, of its Nth candle, or where N is 0 the RiskGuard's, of the first fill, does
nothing but take time, for WEDGED seconds (default 60), in Python code (WEDGE=loop), asleep
(WEDGE=sleep) or deaf to what is raised in it (WEDGE=deaf).
"""

import os
import sys
import time
from contextlib import suppress
from typing import Any

from actors.market_feed import MarketFeed
from actors.risk_guard import RiskGuard
from trader.app import compose
from trader.cli import main
from trader.model import messages as m

SECONDS = float(os.environ.get("WEDGED", "60"))
KIND = os.environ.get("WEDGE", "loop")


class WedgedFeed(MarketFeed):
    """Takes its time over one message."""

    seen = 0
    at = 0

    def on_candle_received(self, message: m.CandleReceived) -> None:
        """Take the time."""
        WedgedFeed.seen += 1
        if WedgedFeed.seen == WedgedFeed.at:
            take_time()
        super().on_candle_received(message)


class WedgedGuard(RiskGuard):
    """Takes its time over the first fill."""

    def on_order_filled(self, message: m.OrderFilled) -> None:
        """Take the time, if nobody else does."""
        if not WedgedFeed.at:
            take_time()
        super().on_order_filled(message)


def take_time() -> None:
    """Keep the thread for the time."""
    sys.stderr.write("wedged\n")
    if KIND == "sleep":
        time.sleep(SECONDS)
        return
    until = time.monotonic() + SECONDS
    while time.monotonic() < until:
        if KIND == "deaf":
            with suppress(BaseException):
                time.sleep(SECONDS)


if __name__ == "__main__":
    WedgedFeed.at = int(sys.argv.pop(1))
    patched: Any = compose
    patched.MarketFeed, patched.RiskGuard = WedgedFeed, WedgedGuard
    main()
