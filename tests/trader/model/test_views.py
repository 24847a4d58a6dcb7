"""Accounts: what they hold of an instrument."""

from decimal import Decimal

from msgspec.structs import replace

from trader.model.instrument import Instrument, Terms
from trader.model.views import Account

STEP = Decimal("0.05")
BTC = Instrument("BTC-USD", "BTC", "USD", STEP, STEP, STEP, STEP, Decimal(0), Decimal(0))
PERP = replace(BTC, symbol="BTC-USD-PERP", terms=Terms())


def test_a_coin_is_held_as_a_balance_and_a_perpetual_as_a_position() -> None:
    """Neither counts as the other, though both are named after the same coin."""
    account = Account({"BTC": Decimal(3)}, (), {PERP.symbol: Decimal(-2)})

    assert account.held(BTC) == 3
    assert account.held(PERP) == -2


def test_nothing_is_held_of_what_the_venue_does_not_list() -> None:
    """Venues leave out what is nothing."""
    account = Account({"USD": Decimal(5)}, ())

    assert account.held(BTC) == account.held(PERP) == 0
