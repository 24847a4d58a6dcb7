"""How values are written."""

import json
from decimal import Decimal

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from trader.ui.render import money, pairs, plain, to_json, utc, word


@given(st.text())
def test_a_word_stays_on_its_line_and_reads_back(value: str) -> None:
    """Foreign text can neither begin a line of its own nor steer a terminal, and loses nothing."""
    written = word(value)

    assert written.isprintable()
    assert value == (json.loads(written) if written.startswith('"') else written)


def test_pairs_quote_what_has_spaces() -> None:
    """Each field is one key=value for grep."""
    fields = {"reason": "LOSS_DAY", "detail": 'a "b" c', "hard": True, "price": 0.1, "stop": None}

    assert pairs(fields) == r'reason=LOSS_DAY detail="a \"b\" c" hard=yes price=0.1 stop=-'


@given(st.decimals(allow_nan=False, allow_infinity=False, places=12))
def test_a_decimal_is_written_in_full(value: Decimal) -> None:
    """The text reads back as the same number and has no exponent."""
    assert value == Decimal(plain(value))
    assert "E" not in plain(value)


@pytest.mark.parametrize(
    ("amount", "text"),
    [("0E-8", "0.00"), ("1234.567", "1,234.57"), ("-0.00001200", "-0.000012"), ("-7", "-7.00")],
)
def test_money_is_written_for_a_person(amount: str, text: str) -> None:
    """Two decimals, more where there is nothing before the point."""
    assert text == money(Decimal(amount))


def test_a_time_is_written_in_utc() -> None:
    """Nanoseconds become a date and a time of day."""
    assert utc(1_735_690_320_000_000_000) == "2025-01-01 00:12:00"


def test_json_has_decimals_as_strings_in_full() -> None:
    """Money never takes the form of a float or of an exponent, however deep it lies."""

    class Inner(msgspec.Struct):
        amounts: tuple[Decimal, ...]
        by_name: dict[str, Decimal]

    encoded = to_json(Inner((Decimal("0E-8"), Decimal("1E+3")), {"USD": Decimal("0.10")}))

    assert encoded == b'{"amounts":["0","1000"],"by_name":{"USD":"0.10"}}'
