"""What every test may use: a stage for one actor, on either driver, and the shared real data."""

import os
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import trio

from trader.testing.stage import Stage, open_stage


@pytest.fixture(params=["virtual", "live"])
def driver(request: pytest.FixtureRequest) -> str:
    """Name each driver in turn."""
    return request.param


@pytest.fixture
async def stage(driver: str, nursery: trio.Nursery) -> AsyncIterator[Stage]:
    """Offer an empty stage on each driver in turn; its time costs none."""
    with open_stage(driver, nursery) as opened:
        yield opened


@pytest.fixture(scope="session")
def shared() -> Path:
    """Find the shared real data, or skip."""
    folder = Path(os.environ.get("TRADER_SHARED", Path(__file__).parents[2] / "shared"))
    if not folder.is_dir():
        pytest.skip(f"no real data at {folder}: set TRADER_SHARED")
    return folder
