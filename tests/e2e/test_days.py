"""Real days under real limits, in short; `python -m tests.e2e.campaign days` is the long form."""

from pathlib import Path

import pytest

from tests.e2e.days import FILES, PROFILES, STRETCHED, beyond, replay
from trader.model.reasons import Reason


@pytest.mark.parametrize("profile", PROFILES)
def test_a_day_falls_no_further_than_its_limit_and_one_candle(profile: str, shared: Path) -> None:
    """Positions as large as they get, in June 2025: limits trip, and entries stop with them."""
    file, symbol = FILES["June 2025"]
    path = shared / "data" / "ohlcv" / file
    if not path.is_file():
        pytest.skip(f"no {file}")
    book, limit = replay(path, f"{symbol}-PERP", profile, *STRETCHED, "market.candles=12500")

    tripped = [day for day in book.days if day.breached is not None]
    assert {breach.limit for _, breach in book.breaches} & {Reason.LOSS_DAY, Reason.LOSS_WEEK}
    assert [day for day in book.days if day.low <= -limit] == tripped
    assert max(beyond(day, limit) for day in book.days) <= 0
