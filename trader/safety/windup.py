"""What the KillSwitch asks of the venue: cancels, and exits of its own where main sends none.

An exit is sent once. One whose outcome is not known is asked about, and while it is none other of
its symbol is sent.
"""

import msgspec

from trader.model import messages as m
from trader.model.ids import client_order_id
from trader.model.instrument import Instrument
from trader.model.messages import Failure, Message
from trader.model.orders import EXIT, Order, OrderKind
from trader.model.reasons import Reason
from trader.model.views import Account
from trader.safety.holdings import Holding, holdings_of
from trader.safety.settings import OpenPosition
from trader.safety.shutdown import Halt


class Scope(msgspec.Struct, frozen=True):
    """What is to become of positions, and in what they may be."""

    policy: OpenPosition
    instruments: tuple[Instrument, ...]

    @property
    def reason(self) -> Reason:
        """Why a position is closed that the policy does not let be."""
        flatten = self.policy == "flatten"
        return Reason.EXIT_SHUTDOWN if flatten else Reason.EXIT_UNPROTECTED


class Asks(msgspec.Struct, frozen=True):
    """Orders to cancel, to ask about and to send."""

    cancel: tuple[Order, ...]
    query: tuple[Order, ...] = ()
    submit: tuple[Order, ...] = ()


class Sent(msgspec.Struct):
    """An exit whose outcome is not known yet.

    `doubtful`: its answer was lost. `missed_at`: when (ns) the venue first said that it has none.
    """

    order: Order
    doubtful: bool = False
    missed_at: int | None = None


class WindUp(msgspec.Struct):
    """The account last read, what in it is `apart` from ours, and what is under way.

    Nothing is closed before RiskGuard has told what is apart. `attempts` numbers the exits,
    `learnt` counts their outcomes: an account that was asked for before one shows nothing of it.
    """

    account: Account | None = None
    apart: m.HoldingsSetApart | None = None
    canceling: dict[str, None] = {}
    exits: dict[str, Sent] = {}
    attempts: int = 0
    learnt: int = 0

    def see(self, message: m.AccountReceived, halt: Halt, scope: Scope, now: int) -> Asks:
        """Take in an account; return what it asks for. Its key is `learnt` when it was asked."""
        self.account = message.account
        unwanted = halt.see(message.account, now)
        if self.apart is None or scope.policy == "leave" or not halt.is_ours(now):
            return Asks(self._cancel(unwanted))
        holdings = self.holdings(scope)
        idle = tuple(order for holding in holdings for order in holding.idle())
        return Asks(
            self._cancel(unwanted + idle),
            tuple(sent.order for sent in self.exits.values() if sent.doubtful),
            self._close(self.apart.run, holdings, scope) if message.key == str(self.learnt) else (),
        )

    def hear(self, message: Message, now: int, within: int) -> None:
        """Fold what became of a request; an exit arrives `within` ns after it was sent, or never.

        What is not found twice, so far apart, never arrived.
        """
        match message:
            case m.CancelAnswered() | m.CancelFailed():
                # The venue's list alone is believed: what it still shows is canceled again.
                self.canceling.pop(message.client_order_id, None)
            case m.SubmitFailed(failure=failure) if (
                # A duplicate id proves that an earlier request arrived.
                failure.failure is Failure.UNKNOWN or failure.reason is Reason.VENUE_DUPLICATE_ID
            ):
                self.exits[message.client_order_id].doubtful = True
            case m.QueryAnswered(client_order_id=cid, found=None):
                sent = self.exits.get(cid)
                if sent is not None and sent.missed_at is None:
                    sent.missed_at = now
                elif sent is not None and now - (sent.missed_at or 0) >= within:
                    self._end(cid)
            case m.SubmitAnswered() | m.SubmitFailed() | m.QueryAnswered():
                self._end(message.client_order_id)
            case m.HoldingsSetApart():
                self.apart = message

    def holdings(self, scope: Scope) -> tuple[Holding, ...]:
        """Return what is ours in the account last read."""
        apart = {} if self.apart is None else self.apart.quantities
        return () if self.account is None else holdings_of(self.account, scope.instruments, apart)

    def is_settled(self, scope: Scope) -> bool:
        """Tell whether every holding is as the policy asks for."""
        return all(holding.is_settled(scope.policy) for holding in self.holdings(scope))

    def _cancel(self, orders: tuple[Order, ...]) -> tuple[Order, ...]:
        fresh = tuple(o for o in orders if o.client_order_id not in self.canceling)
        self.canceling |= dict.fromkeys(order.client_order_id for order in fresh)
        return fresh

    def _close(self, run: str, holdings: tuple[Holding, ...], scope: Scope) -> tuple[Order, ...]:
        under_way = {sent.order.symbol for sent in self.exits.values()}
        orders = []
        for holding in holdings:
            quantity, symbol = holding.to_close(scope.policy), holding.instrument.symbol
            if quantity and symbol not in under_way:
                self.attempts += 1
                # The ids of RiskGuard's own orders bear the run alone.
                cid = client_order_id(f"{run}/kill", 0, EXIT, self.attempts)
                side, market = holding.closing, OrderKind.MARKET
                order = Order(cid, symbol, side, market, EXIT, quantity, reduce_only=True)
                self.exits[cid] = Sent(order)
                orders.append(order)
        return tuple(orders)

    def _end(self, client_order_id: str) -> None:
        if self.exits.pop(client_order_id, None) is not None:
            self.learnt += 1
