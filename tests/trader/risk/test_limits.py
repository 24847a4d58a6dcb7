"""Limits, as a specification: each denies with its own reason."""

import math
from decimal import Decimal
from typing import Any

import msgspec
import pytest

from tests.trader.risk.desk import OTHER, SYMBOL, Desk, canceled, instrument, placed
from trader.accounting.windows import Window
from trader.model.instrument import Instrument, Terms
from trader.model.market import SECOND, FeedCondition
from trader.model.messages import OrderDenied
from trader.model.orders import Side
from trader.model.reasons import Reason
from trader.model.views import Stance, TradingState
from trader.risk.checks import check_collar, check_var
from trader.risk.limits import LIMITS, SIZE_LIMITS, every_limit, to_table, unit_of
from trader.risk.locks import Lock
from trader.risk.proposals import refusal
from trader.risk.settings import RiskSettings, SizingSettings
from trader.risk.situation import Entry, Rate, Situation, Sized, Tail, Tails
from trader.risk.sizing import liquidation_price
from trader.risk.state import Hold, Price
from trader.settings.schema import fields

NOW = 1_000 * SECOND
FINE = Situation(
    now=NOW,
    symbol=SYMBOL,
    side=Side.BUY,
    instrument=instrument(SYMBOL),
    conviction=1.0,
    advised=100.0,
    stop=95.0,
    target=110.0,
    settings=RiskSettings(),
    hold=None,
    price=Price(close=100.0, closed=NOW),
    positions=(),
    in_flight=(),
    unknown=(),
    rate=Rate(),
    exited=None,
    entered=None,
    locks=(),
    losses=dict.fromkeys(Window, 0.0),
    drawdown=0.0,
)


def lost(window: Window, pct: float) -> dict[str, Any]:
    """Return the change to a situation in which a window lost so much."""
    return {"losses": FINE.losses | {window: pct}}


def quoted(bid: float, ask: float) -> dict[str, Any]:
    """Return the change to a situation with a quote of now."""
    return {"price": Price(close=100.0, closed=NOW, bid=bid, ask=ask, quoted=NOW)}


SHORT = {"side": Side.SELL, "stop": 105.0, "target": 90.0}
HALT = Hold(Reason.HALT_OPERATOR, TradingState.HALTED, "")
REDUCE = Hold(Reason.LOSS_DAY, TradingState.REDUCING, "")


def levered(leverage: int, most: int = 125) -> Instrument:
    """Return an instrument that is margined."""
    terms = Terms(leverage=leverage, max_leverage=most)
    return msgspec.structs.replace(instrument(SYMBOL), terms=terms)


TENTIMES: dict[str, Any] = {"instrument": levered(10), "leverage": 10}

DENIED: list[tuple[Reason, dict[str, Any]]] = [
    # Entered at 101 at worst, 10x with 0.5 % kept: liquidated at 101 * 0.9 / 0.995 = 91.36.
    (Reason.STOP_BEYOND_LIQUIDATION, TENTIMES | {"stop": 91.3}),
    (Reason.STOP_BEYOND_LIQUIDATION, SHORT | TENTIMES | {"stop": 108.4}),
    (
        Reason.STOP_BEYOND_LIQUIDATION,
        TENTIMES | {"stop": liquidation_price(levered(10), FINE.farthest, Side.BUY)},
    ),
    (Reason.STOP_WRONG_SIDE, SHORT | {"stop": 99.0}),
    (Reason.STOP_WRONG_SIDE, SHORT | {"stop": math.inf}),
    (Reason.PRICE_MOVED, SHORT | {"target": 100.5}),
    (Reason.PRICE_MOVED, SHORT | {"target": 0.0}),
    (Reason.DRAWDOWN_TOTAL, {"drawdown": 20.0}),
    (Reason.LOSS_DAY, lost(Window.DAY, 3.0)),
    (Reason.LOSS_WEEK, lost(Window.WEEK, 6.0)),
    (Reason.LOSS_MONTH, lost(Window.MONTH, 10.0)),
    (Reason.STATE_HALTED, {"hold": HALT}),
    (Reason.STATE_REDUCING, {"hold": REDUCE}),
    (Reason.FEED_STALLED, {"price": Price(close=100.0, closed=NOW, stalled=FeedCondition.STALE)}),
    (Reason.DATA_NO_PRICE, {"price": Price()}),
    (Reason.DATA_STALE, {"now": NOW + 181 * SECOND}),
    (Reason.CONVERSION_STALE, {"conversion": "USD-EUR", "converter": Price()}),
    (Reason.CONVERSION_STALE, {"converter": Price(close=0.9, closed=NOW - 181 * SECOND)}),
    (
        Reason.CONVERSION_STALE,
        {"converter": Price(close=0.9, closed=NOW, stalled=FeedCondition.STALE)},
    ),
    (Reason.SPREAD_TOO_WIDE, quoted(99.7, 100.3)),
    (Reason.PRICE_MOVED, {"advised": 98.9}),
    (Reason.PRICE_MOVED, {"advised": 101.2}),
    (Reason.PRICE_MOVED, {"advised": 0.0}),
    (Reason.PRICE_MOVED, {"advised": math.nan}),
    (Reason.PRICE_MOVED, {"target": 100.0}),
    (Reason.PRICE_MOVED, {"target": math.nan}),
    (Reason.PRICE_MOVED, {"target": math.inf}),
    (Reason.STOP_WRONG_SIDE, {"stop": 100.0}),
    (Reason.STOP_WRONG_SIDE, {"stop": math.nan}),
    (Reason.STOP_WRONG_SIDE, {"stop": 0.0}),
    (Reason.ORDER_UNKNOWN, {"unknown": ("id",), "in_flight": ("id",)}),
    (Reason.ORDER_IN_FLIGHT, {"in_flight": ("id",)}),
    (Reason.EXPOSURE_POSITIONS, {"positions": (SYMBOL,)}),
    (Reason.EXPOSURE_POSITIONS, {"positions": ("A-USD", "B-USD", "C-USD")}),
    (Reason.COOLDOWN_SYMBOL, {"exited": NOW - 299 * SECOND}),
    (Reason.REPEATED_INTENT, {"entered": NOW - 29 * SECOND}),
    *(
        (reason, {"locks": (Lock(reason, NOW + 1, "bad trades"),)})
        for reason in (Reason.STOPLOSS_GUARD, Reason.MAX_DRAWDOWN, Reason.LOW_PROFIT_PAIRS)
    ),
    (Reason.RATE_SECOND, {"rate": Rate(second=5)}),
    (Reason.RATE_ORDERS, {"rate": Rate(minute=10)}),
    (Reason.RATE_DAY, {"rate": Rate(day=200)}),
    (Reason.EMERGENCY_STOP, {"drawdown": 25.0}),
    (Reason.EXPOSURE_LEVERAGE, {"instrument": levered(51)}),
    (Reason.EXPOSURE_LEVERAGE, {"instrument": levered(11, most=10), "leverage": 11}),
    (Reason.LEVERAGE_DIFFERS, {"instrument": levered(5), "leverage": 10}),
    (Reason.LEVERAGE_DIFFERS, {"instrument": levered(5), "leverage": 4}),
    (Reason.LEVERAGE_DIFFERS, {"instrument": levered(5)}),
]

PASSED: list[dict[str, Any]] = [
    {},
    {"drawdown": 19.9},
    lost(Window.DAY, 2.9),
    lost(Window.WEEK, 5.9),
    lost(Window.MONTH, 9.9),
    {"now": NOW + 180 * SECOND},
    quoted(99.9, 100.1),
    {"converter": Price(close=0.9, closed=NOW - 180 * SECOND)},
    {"advised": 99.1},
    {"advised": 100.9},
    {"positions": ("A-USD", "B-USD")},
    {"exited": NOW - 300 * SECOND},
    {"rate": Rate(second=4, minute=9, day=199)},
    {"entered": NOW - 30 * SECOND},
    {
        "instrument": levered(50),
        "leverage": 50,
        "stop": 99.9,
        "settings": RiskSettings(max_slippage_pct=0.1),
    },
    SHORT,
    {"price": Price(close=0.5, closed=NOW), "advised": 0.5, "stop": 0.4, "target": 0.6},
    TENTIMES | {"stop": 91.4},
    SHORT | TENTIMES | {"stop": 108.3},
]


def first_no(situation: Situation) -> Reason | None:
    """Return the reason of the first check that denies."""
    refused = refusal(situation)
    return None if refused is None else refused[0]


@pytest.mark.parametrize(("reason", "changes"), DENIED)
def test_a_limit_denies_with_its_own_reason(reason: Reason, changes: dict[str, Any]) -> None:
    """Each limit that is reached denies an entry that nothing else is wrong with."""
    assert first_no(msgspec.structs.replace(FINE, **changes)) is reason


@pytest.mark.parametrize("changes", PASSED)
def test_what_is_within_every_limit_passes(changes: dict[str, Any]) -> None:
    """An entry just within a limit passes all of them."""
    assert first_no(msgspec.structs.replace(FINE, **changes)) is None


def test_each_row_of_the_table_is_tested() -> None:
    """No check is without an example above."""
    assert {limit.reason for limit in LIMITS} == {reason for reason, _ in DENIED}


@pytest.mark.parametrize(
    ("reason", "desk"),
    [
        (Reason.EXPOSURE_BALANCE, Desk(max_size_pct=100.0)),
        (Reason.EXPOSURE_SIZE, Desk(max_size_pct=0.1)),
        (Reason.RISK_PER_TRADE, Desk(risk_per_trade_pct=0.001)),
        (Reason.SIZE_BELOW_MINIMUM, Desk(sizing=SizingSettings("amount", amount_quote=1))),
    ],
)
def test_too_small_an_entry_is_denied_for_what_made_it_small(reason: Reason, desk: Desk) -> None:
    """Cash, the largest position, the risk of a trade and its method deny each by their reason."""
    if reason is Reason.EXPOSURE_BALANCE:
        (entry,) = placed(desk.propose(symbol=OTHER, stop=99.9))
        assert entry.quantity > 98, "all of the cash is on its way to the other symbol"
    (denied,) = desk.propose()
    assert isinstance(denied, OrderDenied)
    assert denied.reason is reason
    assert denied.reason in {limit.reason for limit in SIZE_LIMITS}


def sized(limit: str = "100", var: float = 0.0, mid: float = 100.0) -> Sized:
    """Return an entry with a limit, in a portfolio with a value at risk; at most 1 % of each."""
    settings = RiskSettings(max_collar_pct=1.0, max_var_pct=1.0)
    quantity, at = Decimal(10), Decimal(limit)
    entry = Entry(at, Decimal(95), Decimal(110), at, quantity, {}, quantity)
    tails = Tails(after=Tail(var, var))
    return Sized(instrument(SYMBOL), entry, settings, mid, tails=tails)


def test_an_order_is_no_farther_from_the_mid_price_than_its_collar() -> None:
    """1 % of 100 either way, and of a coin that costs half as much as one; none of nothing."""
    assert [check_collar(sized(limit)) for limit in ("99", "101")] == [None, None]
    assert check_collar(sized("0.505", mid=0.5)) is None
    assert check_collar(sized("101.01")) == "limit is 1.01 % from the mid price"
    assert check_collar(sized("98.99")) == "limit is 1.01 % from the mid price"
    assert check_collar(sized(mid=0.0))


def test_a_tail_that_fills_its_limit_is_within_it() -> None:
    """To the digits that a float keeps."""
    assert [check_var(sized(var=var)) for var in (1.0, 1.0 + 1e-12)] == [None, None]
    assert check_var(sized(var=1.001)) == "1.00 % a day of 1 %, 0.00 % without it"


ELSEWHERE = {
    "emergency_stop_pct",
    "max_symbol_exposure_x",
    "max_group_exposure_x",
    "max_total_exposure_x",
    "max_order_notional_quote",
    "max_collar_pct",
    "max_var_pct",
    "max_expected_shortfall_pct",
}
"""What is specified with losses, proposals, sizes and tails."""

SETTINGS: list[tuple[str, float, float, dict[str, Any], Reason]] = [
    ("max_daily_loss_pct", 1.0, 2.0, lost(Window.DAY, 1.0), Reason.LOSS_DAY),
    ("max_weekly_loss_pct", 1.0, 2.0, lost(Window.WEEK, 1.0), Reason.LOSS_WEEK),
    ("max_monthly_loss_pct", 1.0, 2.0, lost(Window.MONTH, 1.0), Reason.LOSS_MONTH),
    ("max_drawdown_pct", 1.0, 2.0, {"drawdown": 1.0}, Reason.DRAWDOWN_TOTAL),
    ("max_concurrent_trades", 1, 2, {"positions": ("A-USD",)}, Reason.EXPOSURE_POSITIONS),
    ("max_spread_pct", 0.999, 1.0, quoted(99.5, 100.5), Reason.SPREAD_TOO_WIDE),
    ("max_slippage_pct", 24.99, 25.0, {"advised": 80.0}, Reason.PRICE_MOVED),
    ("max_price_age_seconds", 1.0, 3.0, {"now": NOW + 2 * SECOND}, Reason.DATA_STALE),
    (
        "max_rate_age_seconds",
        1.0,
        3.0,
        {"converter": Price(close=0.9, closed=NOW - 2 * SECOND)},
        Reason.CONVERSION_STALE,
    ),
    ("max_leverage_x", 9, 10, TENTIMES, Reason.EXPOSURE_LEVERAGE),
    ("max_orders_per_second", 1, 2, {"rate": Rate(second=1)}, Reason.RATE_SECOND),
    ("max_orders_per_minute", 1, 2, {"rate": Rate(minute=1)}, Reason.RATE_ORDERS),
    ("max_orders_per_day", 1, 2, {"rate": Rate(day=1)}, Reason.RATE_DAY),
    ("repeat_seconds", 2.0, 1.0, {"entered": NOW - SECOND}, Reason.REPEATED_INTENT),
    ("cooldown_seconds", 2.0, 1.0, {"exited": NOW - SECOND}, Reason.COOLDOWN_SYMBOL),
]


@pytest.mark.parametrize(("name", "strict", "wide", "changes", "reason"), SETTINGS)
def test_a_limit_that_is_configured_is_enforced(
    name: str, strict: float, wide: float, changes: dict[str, Any], reason: Reason
) -> None:
    """What a strict setting denies a wide one lets pass: the setting is what decides."""
    denied, passed = (
        msgspec.structs.replace(FINE, **changes, settings=RiskSettings(**{name: value}))
        for value in (strict, wide)
    )
    assert first_no(denied) is reason
    assert first_no(passed) is None


def test_every_maximum_of_the_settings_is_among_them() -> None:
    """A new `max_` setting needs its row above."""
    names = ("max_", "cooldown", "repeat", "emergency")
    limits = {f for f in RiskSettings.__struct_fields__ if f.startswith(names)}
    assert limits == {row[0] for row in SETTINGS} | ELSEWHERE


def test_every_configured_limit_has_a_row_with_its_unit() -> None:
    """A setting that no row names would be a limit that nobody enforces."""
    rows = {limit.setting for limit in every_limit() if limit.setting}
    assert rows <= set(fields())
    names = ("risk.max_", "risk.cooldown", "risk.repeat", "risk.emergency")
    assert rows >= {path for path in fields() if path.startswith(names)}
    assert all(unit_of(setting) for setting in rows)


def test_every_row_has_a_reason_of_its_own() -> None:
    """A denial says which limit it was."""
    reasons = [limit.reason for limit in every_limit()]
    assert len(set(reasons)) == len(reasons)
    assert all(f"`{reason}`" in to_table() for reason in reasons)


def test_exits_pass_no_limit() -> None:
    """A position is closed on advice in whatever state the market and the account are."""
    desk = Desk()
    stop, target = desk.hold()
    desk.state.holds.append(HALT)
    desk.state.prices[SYMBOL].stalled = FeedCondition.STALE
    desk.now += 10_000 * SECOND
    told = desk.propose(Stance.FLAT, price=math.nan, stop=None, target=None)
    assert canceled(told) == [stop.client_order_id, target.client_order_id]
