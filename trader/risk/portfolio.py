"""The whole account as limits see it: what is held and may yet be, at its worst."""

from decimal import Decimal

import msgspec

from trader.model.instrument import ZERO, Instrument, to_decimal
from trader.model.orders import ENTRY
from trader.risk.protection import is_held
from trader.risk.settings import RiskSettings
from trader.risk.state import Campaign, RiskState, Rules

OTHERS = "others"
"""The group of every base currency that has none: what nobody set apart is taken to be alike."""


class Portfolio(msgspec.Struct):
    """Every symbol at once, in the quote currency.

    `equity` is that of the last closes, `positions` are the symbols held or on their way to be.
    `exposure` is notional by symbol: what is held at the last close, and entries that may still
    fill, unknown ones too, at their worst. `net` is the same with its sign, below zero where it
    gains as the price falls.
    `reserved` is the cash that those entries may still put up, `margin` what stands under
    perpetuals.
    """

    equity: float
    positions: list[str]
    exposure: dict[str, Decimal]
    net: dict[str, Decimal]
    reserved: Decimal = ZERO
    margin: Decimal = ZERO

    @property
    def total(self) -> Decimal:
        """The exposure of all symbols."""
        return sum(self.exposure.values(), ZERO)


def take(rules: Rules, state: RiskState) -> Portfolio:
    """Take a picture of the account."""
    portfolio = Portfolio(state.equity(), [], {}, {})
    for symbol, position in state.ledger.positions.items():
        if position.quantity:
            instrument = rules.instruments.get(symbol)
            worth = abs(position.quantity) * to_decimal(state.prices[symbol].close)
            portfolio.exposure[symbol] = worth
            portfolio.net[symbol] = position.side.sign * worth
            if instrument is not None and instrument.terms is not None:
                portfolio.margin += abs(position.cost) * instrument.stake
    for symbol, campaign in state.campaigns.items():
        _add_entries(rules, state, portfolio, symbol, campaign)
    return portfolio


def _add_entries(
    rules: Rules, state: RiskState, portfolio: Portfolio, symbol: str, campaign: Campaign
) -> None:
    entries = campaign.alive(ENTRY)
    if entries or is_held(rules, state, campaign):
        portfolio.positions.append(symbol)
    if entries:
        instrument = rules.instruments[symbol]
        notional = sum((working.remaining * working.worst for working in entries), ZERO)
        portfolio.exposure[symbol] = portfolio.exposure.get(symbol, ZERO) + notional
        at_worst = campaign.side.sign * notional
        portfolio.net[symbol] = portfolio.net.get(symbol, ZERO) + at_worst
        portfolio.reserved += notional * (instrument.stake + instrument.taker_fee)


def shares_of(rules: Rules, portfolio: Portfolio) -> dict[str, float]:
    """Return signed exposure by symbol as a ratio of equity; without equity there is none.

    Where equity is converted all of it is in the quote currency, and moves with that.
    """
    equity, net = portfolio.equity, portfolio.net
    shares = {s: float(amount) / equity for s, amount in net.items()} if equity > 0 else {}
    return shares | ({rules.conversion: 1.0} if rules.conversion else {})


def group_of(settings: RiskSettings, instrument: Instrument) -> str:
    """Return the group of symbols that an instrument is taken to move with."""
    return settings.groups.get(instrument.base, OTHERS)


def group_exposure(rules: Rules, portfolio: Portfolio, group: str) -> Decimal:
    """Return the exposure of the symbols of a group."""
    instruments, settings = rules.instruments, rules.settings
    return sum(
        (
            worth
            for symbol, worth in portfolio.exposure.items()
            if symbol in instruments and group_of(settings, instruments[symbol]) == group
        ),
        ZERO,
    )
