"""The table of ranges covers every number and nothing else."""

import math
from decimal import Decimal

import pytest

from trader.settings.ranges import FORMS, RANGES, Range
from trader.settings.schema import fields
from trader.settings.sources import SINGULAR


def test_every_number_has_a_range() -> None:
    """No quantity is without bounds."""
    numbers = {
        path
        for path, field in fields().items()
        if field.kind is not bool
        and any(name in str(field.kind) for name in ("int", "float", "Dec"))
    }
    assert numbers == set(RANGES)


def test_every_form_is_of_a_setting() -> None:
    """No rule is left over from a setting that is gone."""
    assert set(FORMS) <= {*fields(), SINGULAR}


@pytest.mark.parametrize("path", [path for path in RANGES if path.startswith("risk.")])
def test_risk_percentages_lie_above_0_and_at_most_100(path: str) -> None:
    """A limit of 0 %, of less, or of more than everything is no limit."""
    if path.endswith("_pct"):
        assert not RANGES[path].holds(0)
        assert not RANGES[path].holds(-1)
        assert not RANGES[path].holds(100.1)


@pytest.mark.parametrize("number", [math.nan, math.inf, -math.inf, Decimal("Infinity")])
def test_what_is_not_finite_is_out_of_range(number: float | Decimal) -> None:
    """NaN and infinities lie in no range."""
    assert not Range(-1_000_000, 1_000_000).holds(number)


def test_the_lower_bound_may_be_left_out() -> None:
    """By `above`; the upper one is always in."""
    assert Range(0, 5).holds(0)
    assert Range(0, 5).holds(Decimal(5))
    assert not Range(0, 5, above=True).holds(0.0)
    assert not Range(0, 5, above=True).holds(5.01)
    assert str(Range(0, 5)) == "from 0 to 5"
    assert str(Range(0, 5, above=True)) == "above 0, at most 5"


@pytest.mark.parametrize("currency", ["", "usd", "U", "US D", "USD-EUR", "²²", "A" * 13])
def test_what_is_no_currency_is_refused(currency: str) -> None:
    """It becomes the name of a symbol."""
    with pytest.raises(ValueError, match="not a currency"):
        FORMS["risk.currency"].check(currency)


@pytest.mark.parametrize("currency", ["quote", "USD", "EUR", "USDC"])
def test_a_currency_or_that_of_the_symbols_is_accepted(currency: str) -> None:
    """By its code, or by what it is."""
    FORMS["risk.currency"].check(currency)
