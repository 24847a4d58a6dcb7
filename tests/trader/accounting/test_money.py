"""Rounding is named, and never in our favor where it is a cost."""

from decimal import Decimal

import pytest

from trader.accounting.money import round_down, round_up, worth


@pytest.mark.parametrize(
    ("amount", "down", "up"),
    [
        ("1", "1", "1"),
        ("0.123456781", "0.12345678", "0.12345679"),
        ("-0.123456781", "-0.12345679", "-0.12345678"),
    ],
)
def test_rounding_goes_to_the_step(amount: str, down: str, up: str) -> None:
    """Down is towards less, up towards more, also below zero: a rebate shrinks."""
    assert round_down(Decimal(amount)) == Decimal(down)
    assert round_up(Decimal(amount)) == Decimal(up)


def test_worth_reads_the_mark_as_it_is_written() -> None:
    """A float mark counts as its shortest decimal form: three times 0.1 is 0.3."""
    assert worth(Decimal(3), 0.1) == Decimal("0.3")
