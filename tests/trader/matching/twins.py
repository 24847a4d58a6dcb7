"""Two engines that live the same course of orders and prices, whatever a machine draws."""

from collections.abc import Callable
from decimal import Decimal

import msgspec
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from tests.trader.matching.venue import Watchful
from trader.accounting.ledger import Ledger
from trader.matching.book import Book
from trader.matching.engine import MatchingEngine, Reports
from trader.matching.settings import SimulationSettings
from trader.model.errors import Rejected
from trader.model.instrument import Instrument, Terms
from trader.model.market import SECOND, Candle, Quote
from trader.model.orders import Leg, Order, OrderKind, Side

START = Decimal(3000)
COSTS = SimulationSettings(
    start_equity=START, spread_pct=0.1, slippage_pct=0.05, max_volume_share=0.5
)


def instrument(symbol: str, maker_fee: str, terms: Terms | None = None) -> Instrument:
    """Define an instrument on a fine grid."""
    return Instrument(
        symbol=symbol,
        base=symbol[:3],
        quote="USD",
        tick=Decimal("0.01"),
        lot=Decimal("0.0001"),
        min_quantity=Decimal("0.0001"),
        min_notional=Decimal(1),
        maker_fee=Decimal(maker_fee),
        taker_fee=Decimal("0.00175"),
        terms=terms,
    )


def cents(price: int) -> Decimal:
    """Turn cents into a price."""
    return Decimal(price).scaleb(-2)


class Twins(RuleBasedStateMachine):
    """One looks only at orders that a price could concern, the other at all of them.

    That one is saved and restored now and then. `middle` is what the market was last seen at.
    """

    def __init__(self, *instruments: Instrument) -> None:
        super().__init__()
        self.now = self.count = 0
        self.middle: dict[str, float] = {}
        self.ledger = Ledger(cash=START)
        self.instruments = {each.symbol: each for each in instruments}
        self.engine = MatchingEngine(self.instruments, COSTS)
        self.twin = Watchful(self.instruments, COSTS)

    def both(self, act: Callable[[MatchingEngine], Reports]) -> Reports:
        """Have both do the same, and return what both report."""
        reports = act(self.engine)
        assert reports == act(self.twin)
        return reports

    def request(self, act: Callable[[MatchingEngine], Reports]) -> Reports:
        """Ask both for what they may refuse: then they report nothing."""

        def attempt(engine: MatchingEngine) -> Reports:
            try:
                return act(engine)
            except Rejected:
                return []

        return self.both(attempt)

    def submit(
        self, symbol: str, side: Side, kind: OrderKind, quantity: Decimal, **terms: object
    ) -> tuple[Order, Reports]:
        """Place an order of the next number, a second later."""
        self.now += SECOND
        self.count += 1
        leg = Leg.ENTRY if side is Side.BUY else Leg.EXIT
        order = Order(f"c{self.count}", symbol, side, kind, leg, quantity, **terms)
        return order, self.request(lambda engine: engine.submit(order, self.now))

    def quoted(self, symbol: str, bid: int, spread: int, volume: float) -> Reports:
        """Let the market quote, in cents."""
        self.now += SECOND
        quote = Quote(self.now, bid / 100, (bid + spread) / 100)
        self.middle[symbol] = (bid + spread / 2) / 100
        return self.both(lambda engine: engine.on_quote(symbol, quote, volume))

    def opened(self, symbol: str, price: int, after: int = SECOND) -> Reports:
        """Let a candle open, at a price in cents."""
        self.now += after
        self.middle[symbol] = price / 100
        return self.both(lambda engine: engine.on_open(symbol, price / 100, self.now))

    def closed(self, symbol: str, prices: list[int], volume: float) -> Reports:
        """Let a minute pass and the candle of four prices in cents close."""
        low, first, last, high = (price / 100 for price in sorted(prices))
        begin, self.now = self.now, self.now + 60 * SECOND
        candle = Candle(begin, self.now, first, high, low, last, volume)
        self.middle[symbol] = last
        return self.both(lambda engine: engine.on_candle(symbol, candle))

    @rule()
    def restart(self) -> None:
        """Save one engine's book and go on with what was read back."""
        saved = msgspec.msgpack.encode(self.twin.book)
        self.twin = Watchful(self.instruments, COSTS, msgspec.msgpack.decode(saved, type=Book))

    @invariant()
    def a_restart_changed_nothing(self) -> None:
        """Both engines remember the same, byte for byte."""
        mine, theirs = (msgspec.msgpack.encode(e.book) for e in (self.engine, self.twin))
        assert mine == theirs
