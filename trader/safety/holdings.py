"""What is held, what of ours rests for it, and whether that is settled.

Settled is by `shutdown.open_position`:

    protect   all that could be sold is under stops of ours
    flatten   nothing is held that could be sold
    leave     anything

and, but for `leave`, nothing of ours rests where there is nothing to protect. What is not settled
by the main kernel is closed, as far as no stop rests for it: a stop of an open position is never
canceled here, and on spot it locks what it would sell. So under `flatten` what rests under a stop
on spot stays there.
"""

from collections.abc import Iterable, Mapping
from decimal import Decimal

import msgspec

from trader.model.ids import leg_of
from trader.model.instrument import ZERO, Instrument
from trader.model.orders import BUY, ENTRY, EXIT, SELL, STOP, TARGET, Leg, Order, OrderState, Side
from trader.model.views import Account
from trader.safety.settings import OpenPosition


class Holding(msgspec.Struct, frozen=True):
    """What is ours of an instrument (below zero when short), and what of ours rests to close it.

    `price` is that of the newest fill that the account lists, None where it lists none.
    """

    instrument: Instrument
    quantity: Decimal
    resting: tuple[OrderState, ...]
    price: Decimal | None

    @property
    def closing(self) -> Side:
        """The side that closes it."""
        return SELL if self.quantity > 0 else BUY

    @property
    def whole(self) -> Decimal:
        """What is held, long or short, in whole lots."""
        return self.instrument.floor_quantity(abs(self.quantity))

    def under(self, *legs: Leg) -> Decimal:
        """Return how much is under the orders of these legs; those of a group sell the same."""
        groups: dict[str, Decimal] = {}
        for state in self.resting:
            order = state.order
            if order.side is self.closing and leg_of(order.client_order_id) in legs:
                group = order.group or order.client_order_id
                groups[group] = max(groups.get(group, ZERO), order.quantity - state.filled)
        return sum(groups.values(), ZERO)

    def is_worth(self, quantity: Decimal) -> bool:
        """Tell whether the venue would take an order for so much, as far as is known."""
        instrument, price = self.instrument, self.price
        if price is not None:
            return instrument.takes(quantity, price)
        return ZERO < quantity >= instrument.min_quantity

    def is_settled(self, policy: OpenPosition) -> bool:
        """Tell whether it is as the policy asks for."""
        if policy == "leave":
            return True
        bare = self.whole - (self.under(STOP) if policy == "protect" else ZERO)
        return not self.is_worth(bare) and not self.idle()

    def idle(self) -> tuple[Order, ...]:
        """Return the orders that protect nothing: nothing is held, or they would not close it.

        A target whose stop is gone is one of them: on spot it locks what is to be closed.
        """
        stops = (s.order for s in self.resting if leg_of(s.order.client_order_id) is STOP)
        guarded = {order.group for order in stops}
        return tuple(
            order
            for order in (state.order for state in self.resting)
            if not self.whole
            or order.side is not self.closing
            or (leg_of(order.client_order_id) is TARGET and order.group not in guarded)
        )

    def to_close(self, policy: OpenPosition) -> Decimal:
        """Return what is to be closed and could be at once; 0 where that is nothing."""
        if policy == "leave":
            return ZERO
        perpetual = self.instrument.terms is not None
        taken = self.under(EXIT)
        if not perpetual:
            # Whatever rests locks what it would sell.
            taken += self.under(STOP, TARGET)
        elif policy == "protect":
            taken += self.under(STOP)
        rest = self.whole - taken
        return rest if self.is_worth(rest) else ZERO


def holdings_of(
    account: Account, instruments: Iterable[Instrument], apart: Mapping[str, Decimal]
) -> tuple[Holding, ...]:
    """Return what is ours of each instrument; `apart` is what of it, by symbol, never was."""
    return tuple(
        Holding(
            instrument,
            _ours(account, instrument, apart),
            tuple(s for s in account.open_orders if _closes(s.order, instrument)),
            next((f.price for f in reversed(account.fills) if f.symbol == instrument.symbol), None),
        )
        for instrument in instruments
    )


def describe(account: Account | None, holdings: Iterable[Holding]) -> str:
    """Say what is held, and whether stops of ours rest for all of it."""
    if account is None:
        return "the account could not be read"
    held = [
        f"{h.quantity} {h.instrument.symbol if h.instrument.terms else h.instrument.base}"
        f" {'WITHOUT a stop' if h.is_worth(h.whole - h.under(STOP)) else 'with a stop'}"
        for h in holdings
        if h.is_worth(h.whole)
    ]
    return f"held: {', '.join(held)}" if held else "nothing is held"


def _ours(account: Account, instrument: Instrument, apart: Mapping[str, Decimal]) -> Decimal:
    held = account.held(instrument)
    ours = held - apart.get(instrument.symbol, ZERO)
    # What was set apart may be gone, or even more than that: ours is at most what is there.
    return min(max(ours, min(held, ZERO)), max(held, ZERO))


def _closes(order: Order, instrument: Instrument) -> bool:
    return order.symbol == instrument.symbol and leg_of(order.client_order_id) not in (None, ENTRY)
