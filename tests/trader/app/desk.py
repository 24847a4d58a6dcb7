"""Engines for the tests of the app: built as a run builds them, played without its files."""

from collections.abc import Callable
from pathlib import Path

from tests.e2e.inside import settings
from trader.app.compose import Engine, build_engine, build_world
from trader.model.messages import Message, ShutdownCompleted
from trader.runtime.faults import Fault
from trader.runtime.virtual import VirtualDriver


def build(
    *sets: str,
    faults: tuple[Fault, ...] = (),
    on_trip: Callable[[Message], None] = lambda _message: None,
) -> Engine:
    """Build and start an engine; no driver runs it yet."""
    loaded = settings(Path("unused"), *sets).settings
    world = build_world(loaded, None, None)
    engine = build_engine(loaded, world, faults, on_trip=on_trip)
    engine.start("0001-test")
    return engine


def played(*sets: str, faults: tuple[Fault, ...] = ()) -> Engine:
    """Run an engine to the end of its market."""
    drivers: list[VirtualDriver] = []

    def on_trip(message: Message) -> None:
        if isinstance(message, ShutdownCompleted):
            drivers[0].stop()

    engine = build(*sets, faults=faults, on_trip=on_trip)
    drivers.append(VirtualDriver(engine.main, engine.kill))
    drivers[0].run()
    return engine
