"""Crashes on purpose: read from the command line, fired as planned, and counted."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.trader.runtime.house import CHECK, FEED, GUARD, Counted, open_house
from trader.model.errors import UsageError
from trader.runtime.faults import Fault, FaultPlan, InjectedCrash
from trader.topology import ROLES


@given(role=st.sampled_from(ROLES), at=st.integers(1, 10**6), always=st.booleans())
def test_a_fault_is_read_in_any_order(role: str, at: int, always: bool) -> None:
    """As `role=NAME,at=NUMBER`, with `always` for every message from there on."""
    parts = [f"at={at}", f"role={role}", *(["always"] if always else [])]

    assert Fault.parse(",".join(parts)) == Fault(role, at, always)
    assert Fault.parse(",".join(reversed(parts))) == Fault(role, at, always)


@pytest.mark.parametrize(
    ("text", "cure"),
    [
        ("", "'' is not role=NAME, at=NUMBER or always"),
        ("role=validator,at=1,sometimes", "'sometimes' is not role=NAME, at=NUMBER or always"),
        ("at=1", "no role ''; the roles are market_feed, indicator_worker"),
        ("role=nobody,at=1", "no role 'nobody'; the roles are market_feed"),
        ("role=validator", "at='' is not a whole number from 1"),
        ("role=validator,at=0", "at='0' is not a whole number from 1"),
        ("role=validator,at=-3", "at='-3' is not a whole number from 1"),
        ("role=validator,at=1.5", "at='1.5' is not a whole number from 1"),
    ],
)
def test_a_fault_that_cannot_be_read_says_what_is_wrong(text: str, cure: str) -> None:
    """In one line that names the place and the cure."""
    with pytest.raises(UsageError) as caught:
        Fault.parse(text)
    assert str(caught.value).startswith(f"--fault: {cure}")


def test_a_planned_crash_comes_after_the_work_is_done() -> None:
    """At the worst moment: all that the handler does is done by then, and must be undone."""
    done: list[int] = []
    plan = FaultPlan((Fault("validator", 2),))
    handler = plan.wrap("validator", lambda number: done.append(number) or number)
    assert handler(1) == 1
    with pytest.raises(InjectedCrash, match="--fault: message 2 of validator"):
        handler(2)
    assert handler(3) == 3

    assert done == [1, 2, 3]
    assert plan.fired == {Fault("validator", 2): 1}


def test_faults_of_one_role_count_the_same_messages() -> None:
    """Redeliveries included, so that two in a row cost a message; one given twice is one."""
    with open_house(Fault(FEED, 2), Fault(FEED, 2), Fault(FEED, 3)) as house:
        house.tell(Counted(1), Counted(2), Counted(3))

        assert house.log(FEED) == [str(Counted(1)), str(Counted(3))]
        assert list(house.kernel.faults.fired.values()) == [1, 1]


def test_a_role_that_always_crashes_loses_each_message() -> None:
    """From the planned one on, and no other role is hurt."""
    with open_house(Fault(GUARD, 2, always=True)) as house:
        house.tell(Counted(1), Counted(2), Counted(4))

        assert house.log(GUARD) == ["Added(total=1)"]
        assert house.log(CHECK) == [*(f"Added(total={n})" for n in (1, 3, 7)), "Kept(total=1)"]
        assert house.kernel.roles[GUARD].quarantined == 2
        assert house.kernel.faults.fired == {Fault(GUARD, 2, always=True): 4}


def test_a_fault_that_never_fired_shows() -> None:
    """The plan says how often each fired."""
    with open_house(Fault(FEED, 1_000)) as house:
        house.tell(Counted(1))

        assert house.kernel.faults.fired == {Fault(FEED, 1_000): 0}
