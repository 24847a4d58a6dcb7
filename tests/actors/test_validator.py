"""The Validator: decisions, and what they rest on."""

import msgspec
import pytest

from actors.validator import Validator
from tests.trader.advice.samples import FLAT, LONG, OPINION, PERP, SHORT, SYMBOL, position
from trader.advice.settings import AdviceSettings
from trader.model.market import SECOND
from trader.model.messages import (
    AdviceGiven,
    AdviceRefused,
    FeedRecovered,
    FeedStalled,
    Message,
    ProposeOrder,
)
from trader.model.opinions import Claim, Reading
from trader.model.reasons import Reason
from trader.model.views import Advice, Stance
from trader.testing.stage import Stage


def given(advice: Advice, **changes: object) -> Message:
    """Return advice as the advisor gives it, on a candle that closed just now."""
    return AdviceGiven(msgspec.structs.replace(advice, ts_event=0, **changes))


@pytest.fixture
async def validator(stage: Stage) -> Stage:
    """Start a validator of one symbol."""
    await stage.start(Validator, (SYMBOL,), AdviceSettings())
    return stage


async def test_sound_advice_becomes_a_proposal(validator: Stage) -> None:
    """The proposal says what the advice says, and has no quantity."""
    assert await validator.tell(given(LONG)) == [
        ProposeOrder(
            decision=1,
            symbol=SYMBOL,
            stance=Stance.LONG,
            conviction=0.7,
            price=100.0,
            stop=98.0,
            target=104.0,
            source="rules",
        )
    ]


async def test_other_advice_is_refused_with_a_reason(validator: Stage) -> None:
    """The refusal names the source, the reason and what was seen."""
    assert await validator.tell(given(LONG, conviction=0.4)) == [
        AdviceRefused(
            decision=1,
            symbol=SYMBOL,
            source="rules",
            reason=Reason.ADVICE_LOW_CONVICTION,
            detail="conviction 0.40, at least 0.5",
        )
    ]


async def test_a_decision_is_one_advice_judged(validator: Stage) -> None:
    """Refused or proposed, each has the next number."""
    sent = await validator.tell(given(LONG), given(FLAT), given(LONG))

    assert [(type(m), m.decision) for m in sent] == [
        (ProposeOrder, 1),
        (AdviceRefused, 2),
        (ProposeOrder, 3),
    ]


async def test_hold_asks_for_nothing(validator: Stage) -> None:
    """It is no decision, and nobody is told."""
    assert await validator.tell(given(LONG, stance=Stance.HOLD)) == []
    assert validator.state.decisions == 0


@pytest.mark.parametrize("advice", [FLAT, SHORT])
async def test_an_exit_is_proposed_as_flat(validator: Stage, advice: Advice) -> None:
    """On spot SHORT closes a position, and an exit has neither stop nor target."""
    (proposal,) = await validator.tell(position("1"), given(advice, stop=101.0, target=90.0))

    assert (proposal.stance, proposal.stop, proposal.target) == (Stance.FLAT, None, None)


async def test_positions_are_followed(validator: Stage) -> None:
    """What is open cannot be opened, what is closed can."""
    sent = await validator.tell(
        position("1"), given(LONG), position("0.4"), given(LONG), position("0"), given(LONG)
    )

    assert [getattr(m, "reason", None) for m in sent] == [Reason.ADVICE_ALREADY_LONG] * 2 + [None]


async def test_a_silent_market_is_not_entered(validator: Stage) -> None:
    """Entries are refused between FeedStalled and FeedRecovered; another symbol does not matter."""
    stalled = await validator.tell(FeedStalled(SYMBOL, since=0), given(LONG))
    recovered = await validator.tell(
        FeedRecovered(SYMBOL), FeedStalled("ETH-USD", since=0), given(LONG)
    )

    assert [m.reason for m in stalled] == [Reason.ADVICE_FEED_STALE]
    assert [type(m) for m in recovered] == [ProposeOrder]


async def test_advice_ages(validator: Stage) -> None:
    """The age is counted to the time of the judgement."""
    await validator.advance(121)

    (refused,) = await validator.tell(given(LONG))

    assert refused.reason is Reason.ADVICE_STALE
    assert validator.now >= 121 * SECOND


async def test_a_foreign_symbol_is_refused(validator: Stage) -> None:
    """A model may invent one."""
    (refused,) = await validator.tell(given(LONG, symbol="XYZ-USD"))

    assert (refused.symbol, refused.reason) == ("XYZ-USD", Reason.ADVICE_UNKNOWN_SYMBOL)


def by_model(stance: Stance, *claims: Claim, **changes: object) -> Message:
    """Return advice of a model that was shown an RSI of 40 and claims what is given."""
    opinion = msgspec.structs.replace(OPINION, stance=stance, claims=claims)
    advice = msgspec.structs.replace(LONG, stance=stance, source="openai:any", ts_event=0)
    return AdviceGiven(advice, opinion, {"rsi": Reading(40.0, 1.0)}, **changes)


async def test_a_model_is_judged_by_what_it_claims(validator: Stage) -> None:
    """What rests on wrong claims is refused; what rests on right ones is judged as any advice."""
    sent = await validator.tell(
        by_model(Stance.LONG, Claim("rsi", 40.5)), by_model(Stance.LONG, Claim("rsi", 99.0))
    )

    assert [type(m) for m in sent] == [ProposeOrder, AdviceRefused]
    assert sent[1].reason is Reason.ADVICE_FALSE_CLAIMS


async def test_claims_are_counted_by_model(validator: Stage) -> None:
    """Those beside HOLD too, though it asks for nothing; rules claim nothing."""
    right, wrong = Claim("rsi", 40.0), Claim("rsi", 1.0)
    sent = await validator.tell(
        by_model(Stance.HOLD, right, wrong), by_model(Stance.LONG, right), given(LONG)
    )

    assert len(sent) == 2
    tallies = {model: (t.claims, t.false) for model, t in validator.state.claims.items()}
    assert tallies == {"openai:any": (3, 1)}


async def test_an_answer_that_was_none_is_a_decision(validator: Stage) -> None:
    """It is refused with its reason, so that the next brief can say why."""
    hold = msgspec.structs.replace(LONG, stance=Stance.HOLD, source="openai:any")

    assert await validator.tell(
        AdviceGiven(hold, fault=Reason.MODEL_MALFORMED, detail="no JSON")
    ) == [AdviceRefused(1, SYMBOL, "openai:any", Reason.MODEL_MALFORMED, "no JSON")]


async def test_memory_is_a_checkpoint(validator: Stage) -> None:
    """All that is remembered survives msgpack."""
    await validator.tell(given(LONG), position("0.1"), FeedStalled(SYMBOL, since=5))
    await validator.tell(by_model(Stance.HOLD, Claim("rsi", 40.0)))

    restored = msgspec.msgpack.decode(msgspec.msgpack.encode(validator.state), type=Validator.State)

    assert restored == validator.state


async def test_a_short_on_a_perpetual_is_proposed_and_against_a_long_closes(stage: Stage) -> None:
    """From flat with stop and target; long, as FLAT; short, LONG closes."""
    await stage.start(Validator, (PERP,), AdviceSettings())
    short = given(LONG, symbol=PERP, stance=Stance.SHORT, stop=102.0, target=96.0)
    (entry,) = await stage.tell(short)
    (exit_,) = await stage.tell(msgspec.structs.replace(position("1"), symbol=PERP), short)
    held = msgspec.structs.replace(position("-1"), symbol=PERP)
    (cover,) = await stage.tell(held, given(LONG, symbol=PERP))

    assert (entry.stance, entry.stop, entry.target) == (Stance.SHORT, 102.0, 96.0)
    assert [(p.stance, p.stop) for p in (exit_, cover)] == [(Stance.FLAT, None)] * 2
