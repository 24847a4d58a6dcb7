"""The thread-safe epoch that stands between an approval and the venue."""

import threading
from collections import OrderedDict

from trader.model.ids import order_hash
from trader.model.orders import Approval, Order
from trader.model.reasons import Reason

_REMEMBERED = 10_000
"""Used approvals that are remembered; an older one has an older epoch or a taken order id."""


class Interlock:
    """Lets an order pass once, and one that adds risk only in the epoch of its approval.

    The KillSwitch advances the epoch before it cancels. Without it, orders that wait in the queue
    behind HaltTrading would still reach the venue.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._epoch = 0
        self._used: OrderedDict[str, None] = OrderedDict()

    def advance(self) -> int:
        """Void every approval given so far; return the new epoch."""
        with self._lock:
            self._epoch += 1
            return self._epoch

    def admit(self, order: Order, approval: Approval) -> Reason | None:
        """Use up an approval: None lets the order pass, a reason stops it."""
        with self._lock:
            if approval.order_hash != order_hash(order):
                return Reason.INTERLOCK_ORDER
            if approval.order_hash in self._used:
                return Reason.INTERLOCK_USED
            if approval.epoch != self._epoch and not order.reduce_only:
                return Reason.INTERLOCK_EPOCH
            self._used[approval.order_hash] = None
            if len(self._used) > _REMEMBERED:
                self._used.popitem(last=False)
            return None
