"""A RiskGuard's memory to judge with, and a broker's words to tell it."""

from collections.abc import Sequence
from decimal import Decimal
from typing import Any

import msgspec

from trader.model.instrument import Instrument, Terms, is_perpetual, split_symbol
from trader.model.market import SECOND, Candle
from trader.model.messages import CancelOrder, Message, ProposeOrder, SubmitOrder
from trader.model.orders import Fill, Leg, Liquidity, Order, OrderStatus
from trader.model.reasons import Reason
from trader.model.views import Account, Stance
from trader.risk import exits, orders, protection, reconcile
from trader.risk.proposals import judge
from trader.risk.returns import Returns
from trader.risk.settings import ExitSettings, RiskSettings, SizingSettings
from trader.risk.state import Campaign, Price, RiskState, Rules

SYMBOL = "BTC-USD"
OTHER = "ETH-USD"
PERP = "BTC-USD-PERP"
SYMBOLS = (SYMBOL, OTHER, PERP)
START = 1_700_000_000 * SECOND
CASH = Decimal(10_000)


def following(**exits: float) -> ExitSettings:
    """Return settings by which a stop follows the market so, and in no other way."""
    return ExitSettings(**(dict.fromkeys(ExitSettings.__struct_fields__, 0) | exits))


STILL = following()


def instrument(symbol: str) -> Instrument:
    """Return an instrument with a fee of 0.1 % and a least notional of 10; a perpetual is at 2x."""
    base, quote = split_symbol(symbol)
    return Instrument(
        symbol=symbol,
        base=base,
        quote=quote,
        tick=Decimal("0.01"),
        lot=Decimal("0.0001"),
        min_quantity=Decimal("0.0001"),
        min_notional=Decimal(10),
        maker_fee=Decimal("0.001"),
        taker_fee=Decimal("0.001"),
        terms=Terms(leverage=2) if is_perpetual(symbol) else None,
    )


ALONE = SizingSettings(reduce_correlated=False)
"""An entry is sized as if nothing else were held."""
UNMEASURED: dict[str, Any] = {"returns_candles": 0}
"""Nobody knows how symbols move, and no limit asks."""
MEASURED: dict[str, Any] = {"returns_candles": 100}
"""How symbols move is known once `learn` told."""


def rules(
    max_size_pct: float = 20.0,
    exits: ExitSettings = STILL,
    sizing: SizingSettings = ALONE,
    conversion: str = "",
    **settings: Any,
) -> Rules:
    """Return rules for two symbols on spot and a perpetual; stops stay where they are."""
    instruments = {s: instrument(s) for s in SYMBOLS}
    limits = RiskSettings(**UNMEASURED | settings)
    return Rules(
        limits, max_size_pct, instruments, exits=exits, sizing=sizing, conversion=conversion
    )


def proposal(stance: Stance = Stance.LONG, decision: int = 7, **changes: Any) -> ProposeOrder:
    """Return a proposal at 100 with a stop at 95 and a target at 110."""
    fields: dict[str, Any] = {
        "decision": decision,
        "symbol": SYMBOL,
        "stance": stance,
        "conviction": 0.9,
        "price": 100.0,
        "stop": 95.0,
        "target": 110.0,
        "source": "test",
    }
    return ProposeOrder(**(fields | changes))


def short(decision: int = 7, **changes: Any) -> ProposeOrder:
    """Return a proposal to sell the perpetual short at 100, its stop at 105, its target at 90."""
    fields = {"symbol": PERP, "stop": 105.0, "target": 90.0}
    return proposal(Stance.SHORT, decision, **(fields | changes))


class Desk:
    """A RiskGuard without its actor: the same functions on the same memory; trades `symbol`."""

    def __init__(
        self,
        max_size_pct: float = 20.0,
        symbol: str = SYMBOL,
        pairs: bool = True,
        trails: bool = True,
        **settings: Any,
    ) -> None:
        self.symbol = symbol
        self.rules = rules(max_size_pct, **settings)
        instrument = self.rules.instruments[symbol]
        able = msgspec.structs.replace(instrument, pairs=pairs, trails=trails)
        self.rules.instruments[symbol] = able
        self.state = RiskState(prices={s: Price() for s in SYMBOLS})
        self.now = START
        self._trades = 0
        reconcile.begin(self.rules, self.state, "run", self.now)
        self.reconcile()
        for price in self.state.prices.values():
            price.close, price.closed = 100.0, START

    @property
    def campaign(self) -> Campaign:
        """The campaign of the symbol that is traded."""
        return self.state.campaigns[self.symbol]

    @property
    def held(self) -> Decimal:
        """What the ledger holds of the symbol that is traded."""
        return self.state.ledger.quantity(self.symbol)

    def reconcile(self, *open_orders: Any, **balances: Decimal) -> list[Message]:
        """Tell the balances: those of the ledger unless given."""
        ours = {"USD": self.state.ledger.cash if self.state.baseline is not None else CASH}
        ours |= {s[:3]: self.state.ledger.quantity(s) for s in (SYMBOL, OTHER)}
        perps = {PERP: self.state.ledger.quantity(PERP)}
        account = Account(ours | balances, tuple(open_orders), perps, leverages={PERP: 2})
        return reconcile.reconcile(self.rules, self.state, account, self.now)

    def learn(self, **returns: Sequence[float]) -> None:
        """Tell how symbols moved, by base: returns of candles of a minute, up to now."""
        for base, values in returns.items():
            minute = 60 * SECOND
            newest = Candle(self.now - minute, self.now, 1.0, 1.0, 1.0, 1.0, 1.0)
            times = [self.now - i * minute for i in reversed(range(len(values)))]
            self.state.returns[f"{base}-USD"] = Returns(newest, times, list(values))

    def propose(self, *args: Any, **changes: Any) -> list[Message]:
        """Judge a proposal: to go long, and short on a perpetual."""
        make = short if self.symbol == PERP and not args else proposal
        return judge(self.rules, self.state, make(*args, **changes), self.now)

    def accept(self, order: Order) -> list[Message]:
        """Tell that the venue took an order."""
        return self._move(order, OrderStatus.OPEN)

    def lose(self, order: Order) -> list[Message]:
        """Tell that nobody knows of an order."""
        return self._move(order, OrderStatus.UNKNOWN)

    def canceled(self, order: Order) -> list[Message]:
        """Tell that the rest of an order will not be filled."""
        return self._move(order, OrderStatus.CANCELED)

    def expired(self, order: Order) -> list[Message]:
        """Tell that the venue ended an order by its own rule."""
        return self._move(order, OrderStatus.EXPIRED)

    def reject(self, order: Order, reason: Reason = Reason.VENUE_REJECTED) -> list[Message]:
        """Tell that the venue refused an order."""
        return orders.reject(self.rules, self.state, order.client_order_id, reason, self.now)

    def fill(
        self, order: Order, quantity: Decimal | str, price: str = "100", trade: str | None = None
    ) -> list[Message]:
        """Tell a fill; it completes the order if it reaches the order's quantity."""
        self._trades += 1
        amount = Decimal(quantity)
        fill = Fill(
            trade_id=trade or str(self._trades),
            client_order_id=order.client_order_id,
            symbol=order.symbol,
            side=order.side,
            quantity=amount,
            price=Decimal(price),
            fee=amount * Decimal(price) / 1000,
            liquidity=Liquidity.TAKER,
            ts_event=self.now,
        )
        found = self.state.find(order.client_order_id)
        whole = found is not None and amount >= found[1].remaining
        status = OrderStatus.FILLED if whole else OrderStatus.PARTIALLY_FILLED
        return orders.fill(self.rules, self.state, fill, status, self.now)

    def close_candle(self, price: float, minutes: int = 1) -> list[Message]:
        """Let minutes pass, the last of them a candle of the symbol that closes at a price."""
        self.now += minutes * 60 * SECOND
        candle = Candle(self.now - 60 * SECOND, self.now, price, price, price, price, 1.0)
        self.state.prices[self.symbol].close = price
        return exits.follow(self.rules, self.state, self.symbol, candle)

    def watch(self, seconds: float = 10.0) -> list[Message]:
        """Let the protection watch of the first symbol come due."""
        self.now += int(seconds * SECOND)
        return protection.watch(self.rules, self.state, self.campaign)

    def enter(self, **changes: Any) -> Order:
        """Propose an entry and have it accepted; return its order."""
        (order,) = placed(self.propose(**changes))
        self.accept(order)
        return order

    def hold(self, quantity: Decimal | str | None = None, **changes: Any) -> tuple[Order, Order]:
        """Open a position under an accepted stop and target; return those."""
        entry = self.enter(**changes)
        stop, target = placed(self.fill(entry, quantity or entry.quantity))
        if quantity:
            self.canceled(entry)
        self.accept(stop)
        self.accept(target)
        return stop, target

    def _move(self, order: Order, status: OrderStatus) -> list[Message]:
        return orders.move(self.rules, self.state, order.client_order_id, status, self.now)


def placed(messages: list[Message]) -> list[Order]:
    """Return the orders that were sent."""
    return [m.order for m in messages if isinstance(m, SubmitOrder)]


def canceled(messages: list[Message]) -> list[str]:
    """Return the ids of the orders whose cancel was sent."""
    return [m.client_order_id for m in messages if isinstance(m, CancelOrder)]


def legs(messages: list[Message]) -> list[Leg]:
    """Return the legs of the orders that were sent."""
    return [order.leg for order in placed(messages)]
