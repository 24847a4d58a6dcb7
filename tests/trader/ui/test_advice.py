"""The report of advice: sums that add up, on lines that a person can read."""

from decimal import Decimal

import msgspec

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


def test_the_text_has_a_line_for_each_sum_reason_and_advice() -> None:
    """It says that nothing of it was real."""
    lines = to_text(AdviceReport("0001", True, ALL, sum_up(ALL))).splitlines()

    assert lines[0] == SIMULATED
    assert [line.split()[0] for line in lines[4:7]] == ["openai:any", "openai:any", "rules"]
    assert "     1 ADVICE_FALSE_CLAIMS" in lines
    assert lines[-len(ALL) :][1].endswith("-20.00")
    assert lines[-3].split()[-1] == "ADVICE_FALSE_CLAIMS"
