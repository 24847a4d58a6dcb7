"""The report of advice: sums that add up, on lines that a person can read."""

from decimal import Decimal

import msgspec
import pytest

from trader.model.reasons import Reason
from trader.model.views import Stance
from trader.ui.advice import AdviceReport, Decided, sum_up, to_text
from trader.ui.summary import SIMULATED

WON = Decided(
    time="2025-01-01 00:01:00",
    symbol="BTC-USD",
    source="openai:any",
    version="1",
    digest="d1",
    stance=Stance.LONG,
    conviction=0.8,
    tokens=900,
    cost=Decimal("0.002"),
    seconds=1.5,
    outcome="ordered",
    decision=1,
    orders=("ate1",),
    result=Decimal("12.5"),
)
LOST = msgspec.structs.replace(WON, result=Decimal(-20))
HELD = msgspec.structs.replace(WON, stance=Stance.HOLD, outcome="hold", result=None)
REFUSED = msgspec.structs.replace(
    WON, outcome="refused", reason=Reason.ADVICE_FALSE_CLAIMS, result=None
)
OTHER = msgspec.structs.replace(WON, version="2")
RULES = msgspec.structs.replace(
    WON, source="rules", version=None, tokens=0, cost=Decimal(0), result=Decimal(1)
)
ALL = (WON, LOST, HELD, REFUSED, OTHER, RULES)


def test_sums_are_by_source_and_prompt_version() -> None:
    """Each adds up what it advised, what it cost and what its entries came to."""
    first, second, rules = sum_up(ALL)

    assert (first.source, first.version, first.advice) == ("openai:any", "1", 4)
    assert (first.hold, first.refused, first.denied, first.ordered) == (1, 1, 0, 2)
    assert (first.trades, first.wins, first.result) == (2, 1, Decimal("-7.5"))
    assert (first.tokens, first.cost) == (3_600, Decimal("0.008"))
    assert first.reasons == {Reason.ADVICE_FALSE_CLAIMS: 1}
    assert (second.version, second.advice) == ("2", 1)
    assert (rules.source, rules.tokens, rules.result) == ("rules", 0, Decimal(1))


def test_the_text_has_each_sum_reason_and_advice() -> None:
    """It says that nothing of it was real, and what a model took for its answer."""
    lines = to_text(AdviceReport("0001", True, ALL, sum_up(ALL))).splitlines()

    assert lines[0] == SIMULATED
    assert lines[3:6] == [
        "openai:any (prompt 1)",
        "  advice 4  hold 1  refused 1  denied 0  ordered 2  unanswered 0",
        "  trades 2  wins 1  net -7.50  tokens 3600  USD 0.008",
    ]
    assert [lines[at] for at in (6, 9)] == ["openai:any (prompt 2)", "rules"]
    assert "     1 ADVICE_FALSE_CLAIMS" in lines
    lost, rules = lines[-9], lines[-1]
    assert lost.split() == ["01-01", "00:01", "BTC-USD", "long", "0.80", "ordered", "-20.00"]
    assert lines[-8].split() == [
        *("openai:any", "(prompt", "1)", "tokens", "900", "USD", "0.002", "1.5", "s")
    ]
    assert lines[-5].endswith("refused  ADVICE_FALSE_CLAIMS")
    assert rules.endswith("+1.00")


@pytest.mark.parametrize("advice", [(), (WON,), (WON, REFUSED)])
def test_one_blank_line_parts_what_there_is(advice: tuple[Decided, ...]) -> None:
    """Where nothing was refused, or nothing advised, none is left over."""
    text = to_text(AdviceReport("0001", True, advice, sum_up(advice)))

    assert "\n\n\n" not in text
    assert not text.endswith("\n")


def test_the_text_fits_in_80_columns() -> None:
    """Also what is told of a perpetual, at the longest."""
    widest = msgspec.structs.replace(
        REFUSED,
        symbol="BTC-USDT-PERP",
        stance=Stance.SHORT,
        reason=max(Reason, key=len),
        source="anthropic:claude-sonnet-4-5",
        version="12",
        tokens=123_456,
    )
    report = AdviceReport("0001", True, (widest, WON) * 99, sum_up((widest, WON) * 99_999))

    assert max(map(len, to_text(report).splitlines())) <= 80
