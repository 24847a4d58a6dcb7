"""What RiskGuard takes to judge one proposal, to measure a tail, and to mark its positions.

In seconds of the processor, so that what else the machine does is left out.
"""

import random
from collections.abc import Callable, Iterator
from decimal import Decimal

from tests.benchmarks.figures import Figure, typical
from tests.trader.risk.desk import OTHER, PERP, START, SYMBOL, Desk, instrument, proposal, rules
from trader.accounting.ledger import Ledger
from trader.accounting.position import Position
from trader.model.market import SECOND, Candle
from trader.model.orders import Side
from trader.risk import portfolio
from trader.risk.losses import mark
from trader.risk.proposals import refusal, situation_of, size, size_refusal
from trader.risk.returns import Returns, moves_of
from trader.risk.settings import RiskSettings, SizingSettings
from trader.risk.state import Price, RiskState, Rules
from trader.risk.tail import historical

CANDLES = RiskSettings().returns_candles
WIDE = {"returns_candles": CANDLES, "max_var_pct": 100.0, "max_expected_shortfall_pct": 100.0}


def measure(scale: float) -> Iterator[Figure]:
    """Measure each many times."""
    times = max(int(2_000 * scale), 3)
    name = f"judging an entry, 2 held, {CANDLES} candles"
    yield Figure(name, typical(_judge(), times) * 1e6, "us").at_most(150)
    yield Figure("VaR of 20 symbols, 500 candles", typical(_tail(), times) * 1e3, "ms").at_most(5)
    yield Figure("marking 100 positions", typical(_mark(), times) * 1e3, "ms").at_most(1)


def _known(rng: random.Random, count: int = CANDLES) -> Returns:
    minute = 60 * SECOND
    newest = Candle(START - minute, START, 100.0, 100.0, 100.0, 100.0, 1.0)
    times = [START - age * minute for age in reversed(range(count))]
    return Returns(newest, times, [rng.gauss(0, 1e-3) for _ in times])


def _judge() -> Callable[[], None]:
    """Every check of an entry beside two positions, before it has a size and after."""
    desk, rng = Desk(sizing=SizingSettings(), **WIDE), random.Random(1)
    for symbol in (SYMBOL, OTHER, PERP):
        desk.state.returns[symbol] = _known(rng)
    for decision, symbol in enumerate((OTHER, PERP)):
        entry = desk.enter(symbol=symbol, decision=decision)
        desk.fill(entry, entry.quantity)
    wanted = proposal(decision=3)

    def judge() -> None:
        held = portfolio.take(desk.rules, desk.state)
        situation = situation_of(desk.rules, desk.state, held, wanted, Side.BUY, desk.now)
        assert refusal(situation) is None
        assert size_refusal(size(desk.rules, desk.state, held, situation)) is None

    return judge


def _tail() -> Callable[[], None]:
    """Line up the returns of twenty symbols, and sort what they would have brought together."""
    rng = random.Random(1)
    names = [f"S{number}-USD" for number in range(20)]
    returns = {name: _known(rng, 500) for name in names}
    held = dict.fromkeys(names[1:], 0.05)

    def tail() -> None:
        moves = moves_of(returns, held, names[0], 1, 500, 20)
        historical(moves.held, 95.0, moves.per_day)

    return tail


def _mark() -> Callable[[], None]:
    """Mark a hundred positions at their last closes, and compare every limit on losses."""
    names = [f"S{number}-USD" for number in range(100)]
    one, wide = Decimal(1), rules(**WIDE)
    held = Rules(wide.settings, 100.0, {name: instrument(name) for name in names})
    state = RiskState(
        ledger=Ledger(one, {name: Position(name, one, 100 * one) for name in names}),
        prices={name: Price(close=100.0, closed=START) for name in names},
        held=dict.fromkeys(names, 1.0),
        baseline={},
    )
    mark(held, state, START)
    return lambda: mark(held, state, START)
