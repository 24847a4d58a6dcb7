"""Run the engine with a MarketFeed whose handler takes long: `python -m tests.e2e.wedged N ...`.

The handler of its Nth message does nothing but take time, for WEDGED seconds (default 60), in
Python code (WEDGE=loop) or asleep (WEDGE=sleep).
"""

import os
import sys
import time
from typing import Any

from actors.market_feed import MarketFeed
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


def take_time() -> None:
    """Keep the thread for the time."""
    sys.stderr.write("wedged\n")
    if KIND == "sleep":
        time.sleep(SECONDS)
        return
    until = time.monotonic() + SECONDS
    while time.monotonic() < until:
        pass


if __name__ == "__main__":
    WedgedFeed.at = int(sys.argv.pop(1))
    patched: Any = compose
    patched.MarketFeed = WedgedFeed
    main()
