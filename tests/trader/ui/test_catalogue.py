"""Past runs, a line for each."""

from decimal import Decimal

import msgspec

from trader.ui.catalogue import RunEntry, to_text

ENDED = RunEntry(
    number=7,
    run="0007-20250101T000000",
    state="ended",
    account="paper/embedded/seed 27/BTC-USD,ETH-USD/1m",
    profile="conservative",
    mode="paper",
    started="2025-01-01T00:00:00+00:00",
    ended="2025-01-01T01:00:00+00:00",
    resumed_from=None,
    envelopes=1_000,
    exit_code=3,
    candles=60,
    trades=12,
    net=Decimal("-1234567.89"),
    audit_digest="a1",
)
DIED = msgspec.structs.replace(
    ENDED, state="died", exit_code=None, candles=None, trades=None, net=None, ended=None
)


def test_a_run_is_a_line() -> None:
    """With what a person picks it by, and how it ended."""
    line = to_text([ENDED]).splitlines()[-1]

    assert " ".join(line.split()) == (
        "7 2025-01-01 00:00 conservative BTC-USD,ETH-USD 12 -1,234,567.89 exit 3"
    )


def test_a_perpetual_is_named_as_what_is_spot() -> None:
    """The account says its leverage as well, and a currency where losses are counted in one."""
    margined = msgspec.structs.replace(
        ENDED, account="paper/replay/a.csv/BTC-USDT-PERP/1m/3x/USD", number=8
    )

    assert to_text([margined]).splitlines()[-1].split()[4] == "BTC-USDT-PERP"


def test_a_run_that_died_has_no_result() -> None:
    """Only an end could have told it."""
    assert to_text([DIED]).splitlines()[-1].split()[-3:] == ["-", "-", "died"]


def test_the_list_fits_in_80_columns() -> None:
    """However many symbols a run has."""
    many = msgspec.structs.replace(ENDED, account=f"paper/embedded/seed 27/{'BTC-USD,' * 20}/1m")
    text = to_text([ENDED, many, DIED])

    assert max(map(len, text.splitlines())) <= 80
    assert text.startswith("SIMULATED")
