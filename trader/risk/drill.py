"""The limit drill: breach every limit on purpose, and see that each denies with its own reason.

A sound account and a sound proposal are made with the settings of a run; each breach changes one
thing. What bounds a size is breached after sizing: the order is judged as if that limit were used
up, or as if sizing had gone wrong.
"""

from collections.abc import Mapping
from decimal import Decimal

import msgspec

from trader.accounting.ledger import Ledger
from trader.model.market import SECOND
from trader.model.messages import OrderDenied, ProposeOrder
from trader.model.orders import Side
from trader.model.reasons import Reason
from trader.model.views import Stance
from trader.risk import portfolio
from trader.risk.breaches import BREACHES, EQUITY, NOW, SIZE_BREACHES, Bench, tampered
from trader.risk.limits import every_limit
from trader.risk.proposals import judge, situation_of, size, size_refusal
from trader.risk.returns import Returns
from trader.risk.situation import Sized
from trader.risk.state import Price, RiskState, Rules


class Proof(msgspec.Struct, frozen=True):
    """What became of a breach: `proven` where its own reason denied it; `said` is the denial."""

    reason: Reason
    proven: bool
    said: str


def drill(rules: Rules, prices: Mapping[str, float]) -> tuple[Proof, ...]:
    """Breach every limit once; the first proof is that a sound proposal is not denied."""
    return tuple(_prove(limit.reason, _bench(rules, prices)) for limit in every_limit())


def refused_when_sound(rules: Rules, prices: Mapping[str, float]) -> str:
    """Say what denies a sound proposal, with which these settings could never trade; else empty."""
    bench = _bench(rules, prices)
    (told,) = judge(bench.rules, bench.state, bench.proposal, bench.now)
    return f"{told.reason}: {told.detail}" if isinstance(told, OrderDenied) else ""


def _bench(rules: Rules, prices: Mapping[str, float]) -> Bench:
    symbol, close = next(iter(prices.items()))
    state = RiskState(
        run="drill",
        ledger=Ledger(Decimal(int(EQUITY))),
        cash=EQUITY,
        holds=[],
        prices={symbol: Price(close=close, closed=NOW)},
        returns={symbol: _calm(rules)},
        baseline={},
    )
    terms = rules.instruments[symbol].terms
    state.leverages = {} if terms is None else {symbol: terms.leverage}
    state.performance.mark(EQUITY)
    if rules.conversion:
        state.prices[rules.conversion] = Price(close=1.0, closed=NOW)
        state.returns[rules.conversion] = _calm(rules)
        state.converted = state.performance
    stop, target = (close * (1 - pct / 100) for pct in (_stop(rules), -_stop(rules)))
    proposal = ProposeOrder(1, symbol, Stance.LONG, 1.0, close, stop, target, "drill")
    instruments = {symbol: rules.instruments[symbol]}
    return Bench(msgspec.structs.replace(rules, instruments=instruments), state, proposal)


def _calm(rules: Rules) -> Returns:
    """Return the returns of a symbol that hardly moved: as few as are relied on."""
    count = rules.settings.returns_needed if rules.settings.returns_candles else 0
    times = [NOW - age * SECOND for age in reversed(range(count))]
    return Returns(None, times, [1e-4 * (-1) ** place for place in range(count)])


def _stop(rules: Rules) -> float:
    return rules.settings.default_stop_loss_pct


def _prove(reason: Reason, bench: Bench) -> Proof:
    off = Proof(reason, True, "off, by a setting of it")
    if reason in SIZE_BREACHES:
        breached = SIZE_BREACHES[reason](_sized(bench))
        if breached is None:
            return off
        denial = size_refusal(breached)
    elif BREACHES[reason](bench) is False:
        return off
    else:
        (told,) = judge(bench.rules, bench.state, bench.proposal, bench.now)
        denial = (told.reason, told.detail) if isinstance(told, OrderDenied) else None
    if denial is None:
        return Proof(reason, False, "was not denied")
    same = _ALIKE.get(denial[0]) is reason and _are_equal(bench)
    return Proof(reason, denial[0] is reason or same, f"{denial[0]}: {denial[1]}")


_ALIKE = {Reason.EMERGENCY_STOP: Reason.DRAWDOWN_TOTAL}
"""The graver of two limits that may be set to the same value denies for both."""


def _are_equal(bench: Bench) -> bool:
    settings = bench.rules.settings
    return settings.emergency_pct == settings.max_drawdown_pct


def _sized(bench: Bench) -> Sized:
    """Return an order that every limit on sizes lets pass, whatever the settings allow."""
    held = portfolio.take(bench.rules, bench.state)
    situation = situation_of(bench.rules, bench.state, held, bench.proposal, Side.BUY, bench.now)
    sized = size(bench.rules, bench.state, held, situation)
    least = max(
        2 * sized.instrument.min_quantity, 2 * sized.instrument.min_notional / sized.entry.stop
    )
    enough = sized.instrument.floor_quantity(least) + sized.instrument.lot
    return tampered(sized, caps=dict.fromkeys(sized.entry.caps, enough), quantity=enough)
