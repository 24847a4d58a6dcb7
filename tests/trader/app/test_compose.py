"""How an engine is put together."""

from pathlib import Path

import pytest

from tests.e2e.inside import settings
from tests.trader.app.desk import build, played
from trader.app.compose import build_world
from trader.model.errors import UsageError
from trader.model.market import SECOND
from trader.model.messages import ActorGaveUp, FeedEnded, Message, ShutdownCompleted
from trader.model.reasons import Reason
from trader.model.views import TradingState
from trader.risk.holds import current
from trader.runtime.virtual import VirtualDriver
from trader.topology import KILL_SWITCH, ROLES


def test_eight_actors_and_one_worker_a_symbol() -> None:
    """Every role is there, the KillSwitch alone on its own kernel."""
    engine = build("trading.symbols=BTC-USD,ETH-USD")
    running = [role.name for role in engine.main.roles.values() if role.actor is not None]

    assert {name.partition("[")[0] for name in running} == set(ROLES) - {KILL_SWITCH}
    assert [name for name in running if "[" in name] == [
        "indicator_worker[BTC-USD]",
        "indicator_worker[ETH-USD]",
    ]
    assert engine.kill.roles[KILL_SWITCH].actor is not None
    engine.close()


def test_a_recorded_file_serves_one_symbol(tmp_path: Path) -> None:
    """Two symbols on one file would trade one market under two names."""
    market = ("market.venue=replay", "market.data=x.csv", "trading.symbols=BTC-USD,ETH-USD")

    with pytest.raises(UsageError, match="one file serves one symbol, not BTC-USD, ETH-USD"):
        build_world(settings(tmp_path, *market).settings, None, None)


def test_a_recording_of_frames_is_not_gone_on_with(tmp_path: Path) -> None:
    """It would begin again from its first frame, under the account of its end."""
    market = ("market.venue=replay", "market.stream=kraken", "market.data=x.jsonl.gz")

    with pytest.raises(UsageError, match="--resume: a recording of frames is played from its"):
        build_world(settings(tmp_path, *market).settings, b"", 7)


@pytest.mark.parametrize(("speed", "seconds"), [("max", 20), ("1", 20), ("600", 12_000)])
def test_the_deadline_is_wall_time_at_every_speed(speed: str, seconds: int) -> None:
    """The KillSwitch knows market time alone: twenty seconds of ours are more of its own."""
    engine = build(f"market.speed={speed}")
    actor = engine.kill.roles[KILL_SWITCH].actor

    assert getattr(actor, "deadline", None) == seconds * SECOND
    engine.close()


def test_without_its_kill_switch_an_engine_halts() -> None:
    """Nobody is left to trip: entries go off at once, and whoever runs it is told."""
    told: list[Message] = []
    engine = build(on_trip=told.append)
    VirtualDriver(engine.main, engine.kill).run(until=engine.main.now + 5 * SECOND)
    engine.kill.last_resort(KILL_SWITCH, "gone")
    VirtualDriver(engine.main).run(until=engine.main.now)
    guard = engine.main.roles["risk_guard"].actor
    assert guard is not None
    hold = current(guard.state)  # type: ignore[arg-type]

    assert engine.interlock.advance() == 2
    assert hold is not None
    assert (hold.level, hold.reason) == (TradingState.HALTED, Reason.HALT_KILL_SWITCH_DOWN)
    assert told == [ActorGaveUp(KILL_SWITCH, "gone")]
    assert engine.tally.halted is Reason.HALT_KILL_SWITCH_DOWN
    engine.close()


def test_the_end_of_the_market_is_told() -> None:
    """What ends or halts a run passes by whoever runs it."""
    told: list[Message] = []
    engine = build("market.candles=1", on_trip=told.append)
    VirtualDriver(engine.main, engine.kill).run(until=engine.main.now + 120 * SECOND)

    assert [type(message) for message in told] == [FeedEnded, ShutdownCompleted]
    engine.close()


def test_the_same_market_gives_the_same_engine_twice() -> None:
    """Nothing is left over from one engine to the next."""
    one, other = played("market.candles=45"), played("market.candles=45")

    assert one.digest.value == other.digest.value
    assert one.tally.orders == other.tally.orders
    assert one.tally.fills > 0
    one.close()
    other.close()
