"""The ways a run ends, and the exit code of each."""

import threading
from collections.abc import Iterator
from decimal import Decimal

import pytest

from tests.trader.app.desk import build
from trader.app.compose import Engine
from trader.app.ending import CLEAN, CRASHED, HALTED, ORDERS_REMAIN, USAGE, Ending
from trader.model.ids import client_order_id, order_hash
from trader.model.messages import HaltTrading, ShutdownCompleted, StopRequested
from trader.model.orders import Approval, Leg, Order, OrderKind, Side
from trader.model.reasons import Reason
from trader.topology import KILL_SWITCH

DONE = ShutdownCompleted((), "nothing is held")


class Drivers:
    """Counts how often the drivers are told to return."""

    def __init__(self) -> None:
        self.stops = 0
        self.stopped = threading.Event()

    def stop(self) -> None:
        """Take note."""
        self.stops += 1
        self.stopped.set()


@pytest.fixture
def engine() -> Iterator[Engine]:
    """Offer an engine that nobody drives."""
    built = build("shutdown.deadline_seconds=0.01", "system.handler_limit_seconds=0.05")
    yield built
    built.close()


def ending_of(engine: Engine, drivers: Drivers) -> Ending:
    """Return the ending of an engine."""
    return Ending(engine, drivers.stop, lambda: None)


def test_the_codes_are_those_that_are_documented() -> None:
    """The highest that applies wins."""
    assert (CLEAN, CRASHED, USAGE, HALTED, ORDERS_REMAIN) == (0, 1, 2, 3, 4)


def test_an_end_is_asked_of_the_kill_switch(engine: Engine) -> None:
    """It alone ends a run in order; the drivers go on until it says that all is done."""
    drivers = Drivers()
    ending = ending_of(engine, drivers)
    ending.request("SIGTERM")
    engine.kill.take_arrivals()
    asked = [envelope.message for envelope in engine.kill.queue]

    assert StopRequested("SIGTERM") in asked
    assert (drivers.stops, ending.decided) == (0, False)
    ending.complete(DONE)
    assert (drivers.stops, ending.decided, ending.exit_code()) == (1, True, CLEAN)
    ending.over()


def test_an_engine_that_has_failed_leaves_the_end_to_the_kill_switch_alone(engine: Engine) -> None:
    """Which need not wait for what nobody does any more."""
    ending = ending_of(engine, Drivers())
    ending.crash()
    ending.over()
    engine.kill.take_arrivals()

    asked = [envelope.message for envelope in engine.kill.queue]
    assert StopRequested("the engine crashed", alone=True) in asked
    assert ending.crashed


def test_a_deadline_that_passes_cuts_the_end_short(
    engine: Engine, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """A KillSwitch that does not answer is not waited for, and nobody claims that all is well."""
    monkeypatch.setattr("trader.app.ending._MARGIN", 0.01)
    drivers = Drivers()
    ending = ending_of(engine, drivers)
    ending.request("SIGTERM")

    assert drivers.stopped.wait(5)
    ending.over()
    assert ending.exit_code() == ORDERS_REMAIN
    assert "cut short: the deadline is over; open at the simulated venue" in capsys.readouterr().err


def test_a_second_wish_to_end_it_names_what_is_open(
    engine: Engine, capsys: pytest.CaptureFixture[str]
) -> None:
    """Whoever has no patience left learns what stays behind."""
    order = Order(
        client_order_id("0001-test", 1, Leg.ENTRY, 1),
        "BTC-USD",
        Side.BUY,
        OrderKind.LIMIT,
        Leg.ENTRY,
        Decimal("0.01"),
        price=Decimal("1000"),
    )
    approval = Approval(0, order_hash(order))
    engine.world.exchange.submit(order, approval, engine.interlock, engine.main.now)
    drivers = Drivers()
    ending = ending_of(engine, drivers)
    ending.cut("second signal, SIGINT")

    assert drivers.stops == 1
    assert ending.exit_code() == ORDERS_REMAIN
    assert ending.entries_left() == (order.client_order_id,)
    told = capsys.readouterr().err
    assert told.startswith("SIMULATED cut short: second signal, SIGINT; open at the simulated")
    assert f"entry buy 0.01 BTC-USD ({order.client_order_id})" in told


def test_orders_that_remain_outrank_all_else(engine: Engine) -> None:
    """4 before 3 before 1: the most urgent is told."""
    ending = ending_of(engine, Drivers())
    ending.complete(DONE)
    ending.crashed = True
    assert ending.exit_code() == CRASHED

    engine.tally.take(KILL_SWITCH, HaltTrading(1, Reason.HALT_OPERATOR, "", False), 0)
    assert ending.exit_code() == HALTED

    ending.completed = ShutdownCompleted(("unverified",), "")
    assert ending.exit_code() == ORDERS_REMAIN


def test_a_run_that_has_lost_its_kill_switch_is_a_halted_one(engine: Engine) -> None:
    """Nobody verifies its end: it stops at once, and says so by its code."""
    drivers = Drivers()
    ending = ending_of(engine, drivers)
    ending.kill_switch_lost = True
    ending.request("kill_switch gave up")
    ending.over()

    assert (drivers.stops, ending.exit_code()) == (1, HALTED)
