"""The status, read from the actors."""

from collections.abc import Iterator
from decimal import Decimal

import pytest

from tests.trader.app.desk import build, played
from trader.app import reports
from trader.app.compose import Engine
from trader.model.market import Quote
from trader.model.messages import ActorGaveUp, HaltTrading, QuoteUpdated
from trader.model.reasons import Reason
from trader.model.views import TradingState
from trader.runtime import mailbox
from trader.runtime.faults import Fault
from trader.runtime.virtual import VirtualDriver
from trader.topology import KILL_SWITCH, MARKET_FEED, RISK_GUARD, ROLES
from trader.ui.status import StatusDump

HELD = "market.candles=20"
"""A market that ends while something is held."""


@pytest.fixture(scope="module")
def engine() -> Iterator[Engine]:
    """Offer an engine that has traded."""
    run = played(HELD)
    yield run
    run.close()


def status_of(engine: Engine, start: reports.Start | None = None) -> StatusDump:
    """Take a picture."""
    start = start or reports.start_of(engine, resumed=False)
    return reports.status_of(engine, "0001-test", start, 0.0, engine.main.now)


def test_a_picture_of_a_run_that_trades(engine: Engine) -> None:
    """Actors, the position with its orders, limits and feeds: all there is to know."""
    status = status_of(engine)

    assert (status.simulated, status.mode, status.consistent) == (True, "paper", True)
    assert [actor.role.partition("[")[0] for actor in status.actors] == list(ROLES)
    assert {actor.last_message for actor in status.actors} > {"CandleClosed", "StreamEnded"}
    assert [position.symbol for position in status.positions] == ["BTC-USD"]
    assert [order.leg.name for order in status.orders] == ["STOP", "TARGET"]
    assert {limit.name for limit in status.limits if limit.used > limit.bound} == set()
    assert {limit.name for limit in status.limits} > {"VALUE_AT_RISK", "EXPECTED_SHORTFALL"}
    assert [(feed.symbol, feed.state) for feed in status.feeds] == [("BTC-USD", "ended")]


def test_a_picture_says_what_was_decided_and_why(engine: Engine) -> None:
    """The newest decisions come with their advice and with what came of them."""
    decision = status_of(engine).decisions[-1]

    assert (decision.symbol, decision.stance, decision.source) == ("BTC-USD", "long", "rules")
    assert decision.rationale.startswith("WaveTrend turned up from oversold")
    assert decision.outcome == "buy 0.04866"


def test_a_run_that_has_read_no_account_stands_where_it_starts() -> None:
    """Nothing is known yet, and nothing is lost: resumed or not."""
    engine = build()

    assert status_of(engine).equity == Decimal("10000")
    assert reports.start_of(engine, resumed=True) == reports.start_of(engine, resumed=False)
    assert [feed.state for feed in status_of(engine).feeds] == ["waiting"]
    engine.close()


def test_the_kill_switch_has_the_last_word() -> None:
    """RiskGuard may be down when it halts: the dump says so all the same, and who gave up."""
    engine = build(HELD)
    VirtualDriver(engine.main, engine.kill).run(until=engine.main.now + 10**9)
    assert status_of(engine).state is TradingState.ACTIVE
    halt = HaltTrading(1, Reason.HALT_ACTOR, "risk_guard: failed 4 times", flatten=False)
    engine.tally.take(KILL_SWITCH, halt, 0)
    engine.kill.add_gateway("nobody", lambda _sender, _message: None)
    role = engine.main.roles[RISK_GUARD]
    role.actor, role.down = None, True
    engine.main.roles[KILL_SWITCH].handlers[ActorGaveUp](ActorGaveUp(RISK_GUARD, "failed"))
    status = status_of(engine)

    assert (status.state, status.reason) == (TradingState.HALTED, Reason.HALT_ACTOR)
    assert status.detail == "risk_guard: failed 4 times"
    assert {a.role: a.state for a in status.actors if a.state != "up"} == {RISK_GUARD: "given up"}
    engine.close()


def test_a_perpetual_comes_with_its_margin_and_where_it_is_liquidated() -> None:
    """As the venue has them: the margin is a third of the worth, the mark below the entry."""
    engine = played(HELD, "trading.symbol=BTC-USD-PERP", "trading.leverage=3")
    (held,) = status_of(engine).positions
    assert held.margin is not None
    assert held.liquidation is not None

    assert round(held.margin, 6) == round(held.quantity * held.average_price / 3, 6)
    assert 0.66 < held.liquidation / float(held.average_price) < 0.68
    engine.close()


def test_on_spot_nothing_is_liquidated(engine: Engine) -> None:
    """There is no margin either."""
    (held,) = status_of(engine).positions
    assert (held.margin, held.liquidation) == (None, None)


def test_a_picture_amid_a_handler_says_so(engine: Engine) -> None:
    """What it is at is its last message; what it has half changed is marked."""
    main = engine.main
    envelope = next(e for e in main.history if e.role.name == MARKET_FEED)
    main.current = envelope
    status = status_of(engine)
    main.current = main.idle

    assert not status.consistent
    feed = next(actor for actor in status.actors if actor.role == MARKET_FEED)
    assert feed.last_message == type(envelope.message).__name__


def test_a_picture_counts_the_quotes_that_newer_ones_replaced(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A role with any has had more to do than it had time for."""
    monkeypatch.setattr(mailbox, "MAILBOX_BOUND", 0)
    busy = build()
    for bid in (1.0, 2.0, 3.0):
        busy.main.arrive(RISK_GUARD, QuoteUpdated("BTC-USD", Quote(0, bid, bid)), MARKET_FEED)
    busy.main.take_arrivals()
    replaced = {actor.role: actor.conflated for actor in status_of(busy).actors}
    busy.close()

    assert replaced == dict.fromkeys(replaced, 0) | {RISK_GUARD: 2}


def test_a_copy_of_the_memory_is_a_copy(engine: Engine) -> None:
    """What is read for a report cannot change the run."""
    copied = reports.state_of(engine.main, RISK_GUARD)
    copied.ledger.positions.clear()

    assert reports.state_of(engine.main, RISK_GUARD).ledger.positions


CONVERTED = ("trading.symbol=BTC-USDT", "risk.currency=USD", "market.candles=90")


def test_what_equity_is_converted_by_is_named_with_its_age() -> None:
    """It is watched beside what is traded: nobody advises on it, and it is no position."""
    engine = played(*CONVERTED)
    status = status_of(engine)
    found = status.conversion

    assert found is not None
    assert (found.symbol, found.currency) == ("USDT-USD", "USD")
    assert found.price == pytest.approx(1.0, abs=0.02)
    assert found.age_seconds is not None
    assert 0 <= found.age_seconds <= 60
    assert found.equity == pytest.approx(float(status.equity) * found.price)
    assert [feed.symbol for feed in status.feeds] == ["BTC-USDT", "USDT-USD"]
    assert [actor.role.partition("[")[0] for actor in status.actors] == list(ROLES)
    assert {decision.symbol for decision in status.decisions} == {"BTC-USDT"}
    assert all(position.symbol == "BTC-USDT" for position in status.positions)
    engine.close()


def test_nothing_is_converted_where_all_is_of_one_currency(engine: Engine) -> None:
    """A dollar is a dollar."""
    assert status_of(engine).conversion is None
    dollars = build("risk.currency=USD")
    assert status_of(dollars).conversion is None
    dollars.close()


def test_a_run_that_is_converted_survives_a_crash_of_its_risk_guard() -> None:
    """The rate and what is measured by it come back with the rest."""
    one = played(*CONVERTED)
    other = played(*CONVERTED, faults=(Fault("risk_guard", 30),))
    assert one.digest.value == other.digest.value
    assert status_of(one).conversion == status_of(other).conversion
    for each in (one, other):
        each.close()
