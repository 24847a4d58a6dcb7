"""How values are written."""

import json
from decimal import Decimal

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from trader.ui.render import ago, has_colours, iso, money, pairs, plain, span, to_json, utc, word


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


def test_json_is_redacted_text_by_text() -> None:
    """A secret that looks like a number spoils no number, and no name of a field."""

    class Status(msgspec.Struct):
        text: str
        number: int
        deep: tuple[dict[str, str], ...]

    status = Status("code 1234", 1234, ({"text": "1234"},))
    encoded = to_json(status, lambda text: text.replace("1234", "***"))

    assert encoded == b'{"text":"code ***","number":1234,"deep":[{"text":"***"}]}'


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(0.4, "0:00:00"), (83, "0:01:23"), (86_399, "23:59:59"), (183_600, "2d 03:00:00")],
)
def test_a_duration_is_a_clock(seconds: float, text: str) -> None:
    """With days where there are any."""
    assert text == span(seconds)


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(-1, "0 s"), (119, "119 s"), (120, "2 min"), (7_200, "2 h"), (200_000, "2 days")],
)
def test_a_past_is_told_roughly(seconds: float, text: str) -> None:
    """In the largest unit of which there are two."""
    assert text == ago(seconds)


@pytest.mark.parametrize(
    ("is_terminal", "environ", "has"),
    [
        (True, {"TERM": "xterm"}, True),
        (False, {"TERM": "xterm"}, False),
        (True, {"TERM": "dumb"}, False),
        (True, {"TERM": "xterm", "NO_COLOR": "1"}, False),
        (True, {"TERM": "xterm", "NO_COLOR": ""}, True),
    ],
)
def test_colours_are_for_terminals_that_have_them(
    is_terminal: bool, environ: dict[str, str], has: bool
) -> None:
    """And for people who want them: no-color.org."""
    assert has_colours(is_terminal, environ) is has


def test_a_time_for_programs_names_its_zone() -> None:
    """It is read back as it was, to the part of a second that is asked for."""
    assert iso(1_735_690_320_999_000_000) == "2025-01-01T00:12:00+00:00"
    assert iso(1_735_690_320_999_000_000, "milliseconds") == "2025-01-01T00:12:00.999+00:00"
