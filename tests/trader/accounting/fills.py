"""Fills to fold, by hand and by hypothesis."""

from decimal import Decimal

from hypothesis import strategies as st

from trader.model.orders import Fill, Flow, FlowKind, Liquidity, Side

SYMBOLS = ("BTC-USD", "ETH-USD")
PERP = "BTC-USD-PERP"


def fill(
    side: Side,
    quantity: str,
    price: str,
    fee: str = "0",
    *,
    trade_id: str = "1",
    symbol: str = "BTC-USD",
    ts: int = 0,
) -> Fill:
    """Make a fill from what a test cares about."""
    return Fill(
        trade_id=trade_id,
        client_order_id="order",
        symbol=symbol,
        side=side,
        quantity=Decimal(quantity),
        price=Decimal(price),
        fee=Decimal(fee),
        liquidity=Liquidity.TAKER,
        ts_event=ts,
    )


def amounts(most: int) -> st.SearchStrategy[Decimal]:
    """Draw positive decimals of eight places; `most` counts units of the last."""
    return st.integers(1, most).map(lambda n: Decimal(n).scaleb(-8))


@st.composite
def histories(draw: st.DrawFn, symbols: tuple[str, ...] = SYMBOLS) -> list[Fill]:
    """Draw fills that never sell more than is held; every third or so sale closes."""
    held = dict.fromkeys(symbols, Decimal(0))
    fills: list[Fill] = []
    for number in range(draw(st.integers(1, 16))):
        symbol = draw(st.sampled_from(symbols))
        quantity = draw(amounts(10**10))
        side = Side.SELL if held[symbol] and draw(st.booleans()) else Side.BUY
        if side is Side.SELL:
            whole = draw(st.integers(0, 2)) == 0
            quantity = held[symbol] if whole else min(quantity, held[symbol])
        held[symbol] += side.sign * quantity
        fills.append(_priced(draw, number, symbol, side, quantity))
    return fills


@st.composite
def courses(draw: st.DrawFn) -> list[Fill | Flow]:
    """Draw fills of spot and of a perpetual in any direction, funding, deposits, withdrawals."""
    fills = draw(histories(symbols=("ETH-USD",)))
    events: list[Fill | Flow] = list(fills)
    for number in range(draw(st.integers(1, 16))):
        kind = draw(st.sampled_from(("fill", "fill", "fill", "close", "funding", "transfer")))
        event = _event(draw, kind, 100 + number, events)
        if event is not None:
            events.insert(
                draw(st.integers(0, len(events))) if kind == "transfer" else len(events), event
            )
    return events


def _event(
    draw: st.DrawFn, kind: str, number: int, before: list[Fill | Flow]
) -> Fill | Flow | None:
    if kind in ("funding", "transfer"):
        amount = draw(st.integers(-(10**12), 10**12)) * Decimal("1e-8")
        symbol = PERP if kind == "funding" else None
        return Flow(str(number), FlowKind(kind), amount, number, symbol)
    side, quantity = draw(st.sampled_from(Side)), draw(amounts(10**10))
    if kind == "close":
        signed = (
            e.side.sign * e.quantity for e in before if isinstance(e, Fill) and e.symbol == PERP
        )
        held = sum(signed, Decimal(0))
        if not held:
            return None
        side, quantity = (Side.SELL if held > 0 else Side.BUY), abs(held)
    return _priced(draw, number, PERP, side, quantity)


def _priced(draw: st.DrawFn, number: int, symbol: str, side: Side, quantity: Decimal) -> Fill:
    """Draw a price and a fee, which may be a rebate."""
    price, fee = draw(amounts(10**12)), draw(st.integers(-(10**6), 10**10)) * Decimal("1e-8")
    return Fill(
        *(str(number), "order", symbol, side, quantity, price, fee, Liquidity.TAKER, number)
    )


marks = st.floats(1e-6, 1e6)
