"""The digest over decisions that is equal across drivers, speeds, crashes and PYTHONHASHSEED."""

import hashlib
from collections.abc import Callable
from typing import Any

import msgspec

from trader.model.messages import (
    AdviceGiven,
    CashMoved,
    Message,
    OrderFilled,
    OrderPartiallyFilled,
    PositionLiquidated,
    ProposeOrder,
    SubmitOrder,
    TradingStateChanged,
)
from trader.model.orders import Fill, Order
from trader.model.views import Stance


class Digest:
    """Chains advice but HOLD, proposals, orders, fills, flows and halts; no ids, no wall time."""

    def __init__(self) -> None:
        self._hash = hashlib.sha256()

    def take(self, _sender: str, message: Message, _time: int) -> None:
        """Fold one message of `VIEWS`."""
        view = VIEWS[type(message)](message)
        if view is not None:
            self._hash.update(msgspec.json.encode((type(message).__name__, view)))

    @property
    def value(self) -> str:
        """The digest so far, in hexadecimal."""
        return self._hash.hexdigest()


def _advice(message: AdviceGiven) -> Any:
    return None if message.advice.stance is Stance.HOLD else message.advice


def _order(order: Order) -> Any:
    # Ids are functions of the run: they differ where nothing else does.
    return msgspec.structs.replace(order, client_order_id="", group=None)


def _fill(message: OrderFilled | OrderPartiallyFilled | PositionLiquidated) -> Any:
    fill: Fill = message.fill
    return msgspec.structs.replace(fill, client_order_id="", trade_id="")


VIEWS: dict[type[Message], Callable[[Any], Any]] = {
    AdviceGiven: _advice,
    ProposeOrder: lambda message: message,
    SubmitOrder: lambda message: (message.decision, _order(message.order), message.reason),
    OrderPartiallyFilled: _fill,
    OrderFilled: _fill,
    PositionLiquidated: _fill,
    CashMoved: lambda message: (message.flow.kind, message.flow.amount, message.flow.ts_event),
    TradingStateChanged: lambda message: (message.state, message.reason),
}
"""What of each decision goes into the digest; None leaves it out."""
