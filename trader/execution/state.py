"""What the ExecutionBroker remembers."""

import msgspec

from trader.execution.blotter import Blotter
from trader.execution.reconcile import Reconciliation


class BrokerState(msgspec.Struct):
    """Every order, whether the venue's stream is open, and how far all was compared."""

    blotter: Blotter = msgspec.field(default_factory=Blotter)
    reconciliation: Reconciliation = msgspec.field(default_factory=Reconciliation)
    streaming: bool = False
    halted: bool = False
