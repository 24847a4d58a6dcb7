"""Accept or refuse advice; turn accepted advice into a proposed order."""

from collections.abc import Iterable
from decimal import Decimal

import msgspec

from trader.advice.checks import Standing, opens, refusal
from trader.advice.claims import ClaimCount, count_false, refuse_opinion
from trader.advice.settings import AdviceSettings
from trader.model.messages import (
    AdviceGiven,
    AdviceRefused,
    FeedRecovered,
    FeedStalled,
    PositionChanged,
    ProposeOrder,
)
from trader.model.views import Advice, Stance
from trader.runtime import Actor
from trader.topology import VALIDATOR


class ValidatorState(msgspec.Struct):
    """How many decisions were taken, and what they rest on; each dict is by symbol."""

    decisions: int = 0
    positions: dict[str, Decimal] = {}
    """Quantities of the open ones."""
    stalled: dict[str, FeedStalled] = {}
    """What was last told of the feeds that are not live."""
    claims: dict[str, ClaimCount] = {}
    """What the claims of each model came to."""


class Validator(Actor):
    """Judges every advice by the same checks, whoever gave it; a decision is one advice judged."""

    role = VALIDATOR
    State = ValidatorState
    state: ValidatorState

    def __init__(self, symbols: Iterable[str], settings: AdviceSettings) -> None:
        super().__init__()
        self.symbols = frozenset(symbols)
        self.settings = settings

    def on_advice_given(self, message: AdviceGiven) -> None:
        """Judge advice; HOLD asks for nothing, unless it stands for an answer that was none."""
        state, advice = self.state, message.advice
        self._count_claims(message)
        if advice.stance is Stance.HOLD and message.fault is None:
            return
        state.decisions += 1
        standing = self._standing(advice.symbol)
        refused = refuse_opinion(self.settings, message) or refusal(self.settings, advice, standing)
        if refused is None:
            self.send(_proposal(state.decisions, advice, opens(advice, standing.position)))
        else:
            reason, detail = refused
            self.send(AdviceRefused(state.decisions, advice.symbol, advice.source, reason, detail))

    def _count_claims(self, message: AdviceGiven) -> None:
        if message.opinion is not None:
            count = self.state.claims.setdefault(message.advice.source, ClaimCount())
            count.claims += len(message.opinion.claims)
            count.false += count_false(message.opinion, message.shown)

    def _standing(self, symbol: str) -> Standing:
        quantity = self.state.positions.get(symbol)
        return Standing(
            now=self.now,
            known_symbol=symbol in self.symbols,
            position=0 if quantity is None else 1 if quantity > 0 else -1,
            stalled=self.state.stalled.get(symbol),
        )

    def on_position_changed(self, message: PositionChanged) -> None:
        """Note which positions are open."""
        if message.quantity:
            self.state.positions[message.symbol] = message.quantity
        else:
            self.state.positions.pop(message.symbol, None)

    def on_feed_stalled(self, message: FeedStalled) -> None:
        """Refuse entries on a symbol that cannot be seen."""
        self.state.stalled[message.symbol] = message

    def on_feed_recovered(self, message: FeedRecovered) -> None:
        """Take entries again."""
        self.state.stalled.pop(message.symbol, None)


def _proposal(decision: int, advice: Advice, entry: bool) -> ProposeOrder:
    """Propose what the advice asks; an exit has no stop or target."""
    return ProposeOrder(
        decision=decision,
        symbol=advice.symbol,
        stance=advice.stance if entry else Stance.FLAT,
        conviction=advice.conviction,
        price=advice.price,
        stop=advice.stop if entry else None,
        target=advice.target if entry else None,
        source=advice.source,
        atr=advice.atr,
    )
