"""The LLMAdvisor: when it speaks, and what it remembers."""

import msgspec
import pytest

from actors.llm_advisor import LLMAdvisor
from tests.trader.advice.samples import DIP, GOLDEN, HALT, PEAK, PERP, SYMBOL, position
from trader.advice.desk import REMEMBERED
from trader.advice.settings import AdviceSettings
from trader.model.market import SECOND
from trader.model.messages import (
    AdviceGiven,
    AdviceRefused,
    Message,
    OrderDenied,
    SessionStarted,
    SnapshotTaken,
    WarmupAdvanced,
)
from trader.model.reasons import Reason
from trader.model.views import Snapshot, Stance
from trader.testing.stage import Stage

SETTINGS = AdviceSettings()


def taken(snapshot: Snapshot, seconds: int = 0, symbol: str = SYMBOL) -> Message:
    """Return a snapshot as the worker sends it, at a time of its own."""
    return SnapshotTaken(symbol, msgspec.structs.replace(snapshot, ts_event=seconds * SECOND))


def stances(messages: list[Message]) -> list[Stance]:
    """Return what was advised."""
    return [m.advice.stance for m in messages if isinstance(m, AdviceGiven)]


@pytest.fixture
async def advisor(stage: Stage) -> Stage:
    """Start an advisor that may enter once a minute."""
    await stage.start(LLMAdvisor, SETTINGS, 60.0)
    return stage


async def test_a_snapshot_that_merits_advice_gets_it(advisor: Stage) -> None:
    """The advice names the rules as its source: no model was asked."""
    (given,) = await advisor.tell(taken(DIP))

    assert (given.advice.stance, given.advice.source) == (Stance.LONG, "rules")


async def test_most_snapshots_get_none(advisor: Stage) -> None:
    """Without a cross there is nothing to say."""
    assert await advisor.tell(taken(msgspec.structs.replace(DIP, cross=0))) == []


async def test_a_symbol_that_warms_up_is_noted_until_its_first_snapshot(advisor: Stage) -> None:
    """The status can say why nothing is advised."""
    progress = WarmupAdvanced(SYMBOL, 100, 1_000)

    assert await advisor.tell(progress) == []
    assert advisor.state.warming == {SYMBOL: progress}
    await advisor.tell(taken(DIP))

    assert advisor.state.warming == {}


async def test_the_settings_choose_the_rule(stage: Stage) -> None:
    """`ema-cross` advises on the averages and on nothing else."""
    await stage.start(LLMAdvisor, AdviceSettings(advisor="ema-cross"), 60.0)

    (given,) = await stage.tell(taken(DIP, 0), taken(GOLDEN, 60))

    assert given.advice.source == "ema-cross"


async def test_a_position_is_closed_and_not_doubled(advisor: Stage) -> None:
    """With a position open the rules look for an exit, after it for an entry again."""
    held = await advisor.tell(position("0.5"), taken(DIP, 0), taken(PEAK, 60))
    flat = await advisor.tell(position("0"), taken(PEAK, 120), taken(DIP, 180))

    assert (stances(held), stances(flat)) == ([Stance.FLAT], [Stance.LONG])


async def test_entries_keep_their_distance(advisor: Stage) -> None:
    """At most one entry a symbol in the update frequency, by the time of the candles."""
    given = await advisor.tell(*(taken(DIP, seconds) for seconds in (0, 59, 60, 119)))

    assert [m.advice.ts_event // SECOND for m in given] == [0, 60]


async def test_symbols_do_not_wait_for_one_another(advisor: Stage) -> None:
    """The distance is kept by each symbol for itself."""
    given = await advisor.tell(taken(DIP), taken(DIP, symbol="ETH-USD"))

    assert [m.advice.symbol for m in given] == [SYMBOL, "ETH-USD"]


async def test_exits_never_wait(advisor: Stage) -> None:
    """An exit is advised however shortly after an entry, and as often as the rules find it."""
    given = await advisor.tell(taken(DIP, 0), position("1"), taken(PEAK, 1), taken(PEAK, 2))

    assert stances(given) == [Stance.LONG, Stance.FLAT, Stance.FLAT]


async def test_a_halt_ends_entries_and_not_exits(advisor: Stage) -> None:
    """After HaltTrading only exits are advised."""
    assert await advisor.tell(HALT, taken(DIP)) == []
    assert stances(await advisor.tell(position("1"), taken(PEAK))) == [Stance.FLAT]


async def test_a_halt_does_not_outlive_its_session(advisor: Stage) -> None:
    """A run that resumes from the journal of a halted one advises again."""
    given = await advisor.tell(HALT, SessionStarted("run", resumed=True), taken(DIP))

    assert stances(given) == [Stance.LONG]


async def test_the_newest_noes_are_remembered(advisor: Stage) -> None:
    """Refusals and denials together, by symbol, and no more than the next brief has room for."""
    refused = [
        AdviceRefused(i, SYMBOL, "rules", Reason.ADVICE_STALE, "old") for i in range(REMEMBERED)
    ]
    denied = OrderDenied(9, SYMBOL, Reason.COOLDOWN_SYMBOL, "too soon")
    elsewhere = OrderDenied(10, "ETH-USD", Reason.STATE_HALTED, "halted")

    assert await advisor.tell(*refused, denied, elsewhere) == []

    assert advisor.state.noes == {SYMBOL: [*refused[1:], denied], "ETH-USD": [elsewhere]}


async def test_memory_is_a_checkpoint(advisor: Stage) -> None:
    """All that is remembered survives msgpack."""
    no = OrderDenied(1, SYMBOL, Reason.STATE_HALTED, "halted")
    await advisor.tell(taken(DIP), position("0.1"), no, HALT)

    restored = msgspec.msgpack.decode(msgspec.msgpack.encode(advisor.state), type=LLMAdvisor.State)

    assert restored == advisor.state


async def test_a_perpetual_is_sold_short_and_bought_back(advisor: Stage) -> None:
    """SHORT from flat, at most once a pause as any entry; FLAT from a short."""
    first = await advisor.tell(taken(PEAK, 0, PERP), taken(PEAK, 1, PERP))
    short = position("-1", symbol=PERP)

    assert stances(first) == [Stance.SHORT]
    assert stances(await advisor.tell(short, taken(DIP, 2, PERP))) == [Stance.FLAT]
