"""A house for each test, closed after it."""

from collections.abc import Iterator

import pytest
from loguru import logger

from tests.trader.runtime.house import House, open_house


@pytest.fixture
def house() -> Iterator[House]:
    """Open a house of four actors, with a journal in memory."""
    with open_house() as opened:
        yield opened


@pytest.fixture(autouse=True, scope="package")
def _quiet() -> Iterator[None]:
    """Keep the crashes that the tests ask for out of the log."""
    logger.disable("trader.runtime")
    yield
    logger.enable("trader.runtime")
