"""Advise on snapshots: by the rules, for as long as no model is configured; never block."""

from decimal import Decimal
from typing import ClassVar

import msgspec

from trader.advice.rules import ADVISORS
from trader.advice.settings import AdviceSettings
from trader.model.market import SECOND
from trader.model.messages import (
    AdviceGiven,
    AdviceRefused,
    HaltTrading,
    OrderDenied,
    PositionChanged,
    SessionStarted,
    SnapshotTaken,
    WarmupAdvanced,
)
from trader.model.views import Advice, Stance
from trader.runtime import Actor
from trader.topology import LLM_ADVISOR

REMEMBERED = 5
"""Refusals and denials kept of each symbol, the newest."""


class AdvisorState(msgspec.Struct):
    """What the advisor knows beside the snapshot; each dict is by symbol."""

    halted: bool = False
    positions: dict[str, Decimal] = {}
    """Quantities of the open ones."""
    entries: dict[str, int] = {}
    """When the newest candle closed on which an entry was advised (ns)."""
    noes: dict[str, list[AdviceRefused | OrderDenied]] = {}
    """What came of earlier advice: the next brief says why."""
    warming: dict[str, WarmupAdvanced] = {}
    """How far indicators are along that have given no snapshot yet."""


class LLMAdvisor(Actor):
    """Gives entries at most so often a symbol, and none once trading is halted; exits at any time.

    Every advice names its source, and while that is a rule's name no model was asked.
    """

    role: ClassVar[str] = LLM_ADVISOR
    State: ClassVar[type[msgspec.Struct]] = AdvisorState
    state: AdvisorState

    def __init__(self, settings: AdviceSettings, update_frequency_seconds: float) -> None:
        super().__init__()
        self.settings = settings
        self.rule = ADVISORS[settings.advisor]
        self.pause = round(update_frequency_seconds * SECOND)

    def on_session_started(self, _message: SessionStarted) -> None:
        """Forget the halt that ended an earlier run."""
        self.state.halted = False

    def on_warmup_advanced(self, message: WarmupAdvanced) -> None:
        """Note that no advice on a symbol is possible yet."""
        self.state.warming[message.symbol] = message

    def on_snapshot_taken(self, message: SnapshotTaken) -> None:
        """Give the advice that the snapshot merits, if any."""
        symbol = message.symbol
        if self.state.warming:
            self.state.warming.pop(symbol, None)
        quantity = self.state.positions.get(symbol)
        position = 0 if quantity is None else 1 if quantity > 0 else -1
        advice = self.rule(self.settings, symbol, message.snapshot, position)
        if advice is not None and (advice.stance is Stance.FLAT or self._may_enter(advice)):
            self.send(AdviceGiven(advice))

    def _may_enter(self, advice: Advice) -> bool:
        state, now = self.state, advice.ts_event
        last = state.entries.get(advice.symbol)
        if state.halted or (last is not None and now - last < self.pause):
            return False
        state.entries[advice.symbol] = now
        return True

    def on_position_changed(self, message: PositionChanged) -> None:
        """Note which positions are open."""
        if message.quantity:
            self.state.positions[message.symbol] = message.quantity
        else:
            self.state.positions.pop(message.symbol, None)

    def on_halt_trading(self, _message: HaltTrading) -> None:
        """Advise no more entries."""
        self.state.halted = True

    def on_advice_refused(self, message: AdviceRefused) -> None:
        """Remember why advice was not followed."""
        self._remember(message)

    def on_order_denied(self, message: OrderDenied) -> None:
        """Remember why an order did not come of it."""
        self._remember(message)

    def _remember(self, no: AdviceRefused | OrderDenied) -> None:
        noes = self.state.noes.setdefault(no.symbol, [])
        noes.append(no)
        del noes[:-REMEMBERED]
