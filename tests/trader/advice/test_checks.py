"""The checks: each refuses for its own reason, in the order of the tables."""

from math import inf, nan

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.trader.advice.samples import FLAT, LONG, NOW, PERP, SHORT
from trader.advice import checks
from trader.advice.checks import CHECKS, ENTRY_CHECKS, Standing, opens, refusal
from trader.advice.settings import AdviceSettings
from trader.model.instrument import is_perpetual
from trader.model.market import SECOND, FeedCondition
from trader.model.messages import FeedStalled
from trader.model.reasons import Reason
from trader.model.views import Advice, Stance

SETTINGS = AdviceSettings()

NOTHING_OPEN = Standing(now=NOW, known_symbol=True, position=0, stalled=None)
SPIKED = FeedStalled(LONG.symbol, NOW - 60 * SECOND, FeedCondition.HELD, "a spike")
POSITION_OPEN = msgspec.structs.replace(NOTHING_OPEN, position=1)


def reason(advice: Advice, standing: Standing) -> Reason | None:
    """Return why the checks refuse, None if they do not."""
    refused = refusal(SETTINGS, advice, standing)
    return refused and refused[0]


@pytest.mark.parametrize(
    ("advice", "standing"),
    [(LONG, NOTHING_OPEN), (FLAT, POSITION_OPEN), (SHORT, POSITION_OPEN)],
)
def test_sound_advice_passes(advice: Advice, standing: Standing) -> None:
    """An entry into nothing; an exit, and a SHORT on spot, from a position."""
    assert reason(advice, standing) is None


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"price": nan}, Reason.ADVICE_NOT_FINITE),
        ({"price": 0.0}, Reason.ADVICE_NOT_FINITE),
        ({"stop": -1.0}, Reason.ADVICE_NOT_FINITE),
        ({"stop": inf}, Reason.ADVICE_NOT_FINITE),
        ({"target": nan}, Reason.ADVICE_NOT_FINITE),
        ({"conviction": nan}, Reason.ADVICE_NOT_FINITE),
        ({"conviction": 1.01}, Reason.ADVICE_NOT_FINITE),
        ({"conviction": -0.01}, Reason.ADVICE_NOT_FINITE),
        ({"ts_event": NOW - 120 * SECOND}, None),
        ({"ts_event": NOW - 120 * SECOND - SECOND // 10}, Reason.ADVICE_STALE),
        ({"stance": Stance.SHORT}, Reason.ADVICE_SHORT_ON_SPOT),
        ({"stance": Stance.FLAT}, Reason.ADVICE_NOTHING_TO_CLOSE),
        ({"conviction": 0.5}, None),
        ({"conviction": 0.49}, Reason.ADVICE_LOW_CONVICTION),
        ({"stop": 100.0}, Reason.ADVICE_STOP_WRONG_SIDE),
        ({"stop": 101.0}, Reason.ADVICE_STOP_WRONG_SIDE),
        ({"stop": 99.7}, None),
        ({"stop": 99.71}, Reason.ADVICE_STOP_TOO_CLOSE),
        ({"stop": 92.0, "target": 120.0}, None),
        ({"stop": 91.9, "target": 120.0}, Reason.ADVICE_STOP_TOO_FAR),
        ({"target": 100.0}, Reason.ADVICE_TARGET_WRONG_SIDE),
        ({"target": 99.0}, Reason.ADVICE_TARGET_WRONG_SIDE),
        ({"target": 102.4}, None),
        ({"target": 102.3}, Reason.ADVICE_REWARD_TOO_SMALL),
        ({"stop": None}, None),
        ({"stop": None, "target": 100.1}, None),
        ({"target": None}, None),
        ({"gap": 1}, Reason.ADVICE_GAP),
    ],
)
def test_an_entry_is_refused_for_what_it_says(changes: dict, expected: Reason | None) -> None:
    """Each bound is met at the bound itself; a stop or target left open is RiskGuard's to set."""
    assert expected == reason(msgspec.structs.replace(LONG, **changes), NOTHING_OPEN)


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"known_symbol": False}, Reason.ADVICE_UNKNOWN_SYMBOL),
        ({"position": 1}, Reason.ADVICE_ALREADY_LONG),
        ({"stalled": SPIKED}, Reason.ADVICE_FEED_STALE),
    ],
)
def test_an_entry_is_refused_for_how_things_stand(changes: dict, expected: Reason) -> None:
    """An unknown symbol, a position to add to, a market that cannot be seen."""
    assert expected == reason(LONG, msgspec.structs.replace(NOTHING_OPEN, **changes))


@pytest.mark.parametrize("advice", [FLAT, SHORT])
def test_an_exit_is_not_asked_what_an_entry_is(advice: Advice) -> None:
    """Little conviction, a silent market or a strange stop do not keep a position open."""
    doubtful = msgspec.structs.replace(advice, conviction=0.0, stop=150.0, target=1.0, gap=1)
    stalled = msgspec.structs.replace(POSITION_OPEN, stalled=SPIKED)

    assert reason(doubtful, stalled) is None


def test_the_first_reason_is_given() -> None:
    """Of several faults, the one earliest in the tables."""
    worst = msgspec.structs.replace(LONG, price=nan, conviction=0.1, ts_event=0)
    unknown = msgspec.structs.replace(POSITION_OPEN, known_symbol=False)

    assert reason(worst, unknown) is Reason.ADVICE_UNKNOWN_SYMBOL
    assert reason(worst, POSITION_OPEN) is Reason.ADVICE_NOT_FINITE


def test_a_refusal_says_what_it_saw_and_what_is_asked() -> None:
    """The detail has the reading and the bound."""
    timid = msgspec.structs.replace(LONG, conviction=0.4)

    assert refusal(SETTINGS, timid, NOTHING_OPEN) == (
        Reason.ADVICE_LOW_CONVICTION,
        "conviction 0.40, at least 0.5",
    )


def test_a_feed_that_is_not_live_is_named_as_what_it_is() -> None:
    """A spike that nothing confirms is no silence."""
    held = msgspec.structs.replace(NOTHING_OPEN, stalled=SPIKED)

    assert refusal(SETTINGS, LONG, held) == (
        Reason.ADVICE_FEED_STALE,
        "the feed is held (a spike), good 60 s ago",
    )


anything = st.floats() | st.sampled_from((0.0, 1.0, 99.0, 100.0, 101.0))


@given(
    st.builds(
        Advice,
        symbol=st.sampled_from(("BTC-USD", "BTC-USD-PERP")),
        stance=st.sampled_from((Stance.LONG, Stance.SHORT, Stance.FLAT)),
        conviction=anything,
        price=anything,
        stop=st.none() | anything,
        target=st.none() | anything,
        source=st.just("test"),
        rationale=st.just(""),
        ts_event=st.integers(0, 2 * NOW),
    ),
    st.sampled_from((-1, 0, 1)),
)
def test_no_advice_breaks_a_check(advice: Advice, position: int) -> None:
    """Whatever an advisor says is judged, and what passes is whole."""
    position = position if is_perpetual(advice.symbol) else abs(position)
    standing = msgspec.structs.replace(NOTHING_OPEN, position=position)

    if refusal(SETTINGS, advice, standing) is None:
        wanted = {Stance.LONG: 1, Stance.SHORT: -1, Stance.FLAT: 0}[advice.stance]
        assert wanted != position
        assert 0.0 < advice.price < inf
        if opens(advice, position):
            assert position == 0
            assert wanted > 0 or is_perpetual(advice.symbol)
            for price, side in ((advice.stop, -wanted), (advice.target, wanted)):
                assert price is None or (price > 0.0 and side * (price - advice.price) > 0)


@pytest.mark.parametrize(
    ("stop", "target", "expected"),
    [
        (102.0, 96.0, None),
        (98.0, 96.0, Reason.ADVICE_STOP_WRONG_SIDE),
        (100.1, 96.0, Reason.ADVICE_STOP_TOO_CLOSE),
        (120.0, 40.0, Reason.ADVICE_STOP_TOO_FAR),
        (102.0, 104.0, Reason.ADVICE_TARGET_WRONG_SIDE),
        (102.0, 99.0, Reason.ADVICE_REWARD_TOO_SMALL),
    ],
)
def test_a_short_is_judged_as_a_long_is(
    stop: float, target: float, expected: Reason | None
) -> None:
    """On a perpetual SHORT is an entry: its stop stands above the price, its target below."""
    short = msgspec.structs.replace(
        LONG, symbol=PERP, stance=Stance.SHORT, stop=stop, target=target
    )

    assert reason(short, NOTHING_OPEN) is expected


@pytest.mark.parametrize(
    ("symbol", "stance", "position", "expected"),
    [
        (PERP, Stance.SHORT, 1, None),
        (PERP, Stance.SHORT, -1, Reason.ADVICE_ALREADY_SHORT),
        (PERP, Stance.LONG, -1, None),
        (PERP, Stance.LONG, 1, Reason.ADVICE_ALREADY_LONG),
        ("BTC-USD", Stance.SHORT, 1, None),
        ("BTC-USD", Stance.SHORT, 0, Reason.ADVICE_SHORT_ON_SPOT),
    ],
)
def test_against_a_position_a_stance_closes_it(
    symbol: str, stance: Stance, position: int, expected: Reason | None
) -> None:
    """The opposite stance asks to close; the same one would add; spot cannot be sold short."""
    advice = msgspec.structs.replace(LONG, symbol=symbol, stance=stance)
    standing = msgspec.structs.replace(NOTHING_OPEN, position=position)

    assert reason(advice, standing) is expected


def test_every_check_is_in_one_table() -> None:
    """No check is written and never asked, or asked twice."""
    written = {check for name, check in vars(checks).items() if name.startswith("check_")}

    assert written == set(CHECKS + ENTRY_CHECKS)
    assert len(written) == len(CHECKS + ENTRY_CHECKS)
