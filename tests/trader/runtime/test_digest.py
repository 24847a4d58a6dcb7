"""The digest: all that was decided, and nothing that differs where the decisions are the same."""

import subprocess
import sys
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from trader.model.messages import (
    AdviceGiven,
    CashMoved,
    Message,
    OrderFilled,
    OrderPartiallyFilled,
    PositionLiquidated,
    ProposeOrder,
    SubmitOrder,
    TradingStateChanged,
)
from trader.model.orders import (
    Approval,
    Fill,
    Flow,
    FlowKind,
    Leg,
    Liquidity,
    Order,
    OrderKind,
    Side,
)
from trader.model.reasons import Reason
from trader.model.views import Advice, Stance, TradingState
from trader.runtime.digest import VIEWS, Digest

ADVICE = Advice("BTC-USD", Stance.LONG, 0.7, 100.0, 98.0, 104.0, "rules", "crossed up", 60)
ORDER = Order(
    "atexyz", "BTC-USD", Side.BUY, OrderKind.LIMIT, Leg.ENTRY, Decimal("0.5"), Decimal(100)
)
FILL = Fill(
    *("7", "atexyz", "BTC-USD", Side.BUY, Decimal("0.5"), Decimal(100), Decimal("0.05")),
    *(Liquidity.TAKER, 61),
)
FLOW = Flow("f", FlowKind.FUNDING, Decimal("-0.1"), 62, "BTC-USD-PERP")
DECISIONS: list[Message] = [
    AdviceGiven(ADVICE),
    ProposeOrder(1, "BTC-USD", Stance.LONG, 0.7, 100.0, 98.0, None, "rules"),
    SubmitOrder(1, ORDER, Approval(0, "hash"), None),
    OrderPartiallyFilled(FILL),
    OrderFilled(FILL),
    PositionLiquidated(FILL),
    CashMoved(FLOW),
    TradingStateChanged(TradingState.HALTED, Reason.HALT_LIMIT, "2.1 % of 2 %"),
]


def digest(*messages: Message, time: int = 0) -> str:
    """Return the digest of some messages."""
    taken = Digest()
    for message in messages:
        taken.take("someone", message, time)
    return taken.value


@given(decisions=st.permutations(DECISIONS), drop=st.integers(0, len(DECISIONS) - 1))
def test_every_decision_and_their_order_count(decisions: list[Message], drop: int) -> None:
    """Without one, or in another order, it is another run."""
    rest = decisions[:drop] + decisions[drop + 1 :]

    assert digest(*rest) != digest(*decisions)
    assert (digest(*decisions) == digest(*DECISIONS)) is (decisions == DECISIONS)
    assert digest(*decisions) == digest(*decisions, time=99)


@pytest.mark.parametrize(
    "same",
    [
        SubmitOrder(1, replace(ORDER, client_order_id="atezzz", group="g"), Approval(4, "x"), None),
        OrderFilled(replace(FILL, client_order_id="atezzz", trade_id="8")),
        OrderPartiallyFilled(replace(FILL, client_order_id="atezzz", trade_id="8")),
        CashMoved(replace(FLOW, flow_id="g")),
        TradingStateChanged(TradingState.HALTED, Reason.HALT_LIMIT, "2.2 % of 2 %"),
    ],
)
def test_ids_and_wordings_do_not_count(same: Message) -> None:
    """They are functions of the run: where a crash renumbers them, nothing was decided anew."""
    of_kind = next(message for message in DECISIONS if type(message) is type(same))

    assert digest(same) == digest(of_kind)


@pytest.mark.parametrize(
    "other",
    [
        AdviceGiven(replace(ADVICE, stop=97.0)),
        SubmitOrder(1, replace(ORDER, quantity=Decimal("0.6")), Approval(0, "hash"), None),
        SubmitOrder(1, ORDER, Approval(0, "hash"), Reason.EXIT_LIMIT),
        SubmitOrder(2, ORDER, Approval(0, "hash"), None),
        OrderFilled(replace(FILL, price=Decimal(101))),
        CashMoved(replace(FLOW, amount=Decimal("0.1"))),
        TradingStateChanged(TradingState.ACTIVE, Reason.HALT_LIMIT, "2.1 % of 2 %"),
    ],
)
def test_what_was_decided_counts(other: Message) -> None:
    """A stop, a size, a purpose, a decision, a price, a state."""
    of_kind = next(message for message in DECISIONS if type(message) is type(other))

    assert digest(other) != digest(of_kind)


def test_to_hold_is_no_decision() -> None:
    """Advice to do nothing leaves no trace."""
    assert digest(AdviceGiven(replace(ADVICE, stance=Stance.HOLD))) == digest()


def test_a_part_is_not_the_whole() -> None:
    """Two kinds of message with the same content are told apart."""
    assert digest(OrderFilled(FILL)) != digest(OrderPartiallyFilled(FILL))
    assert set(VIEWS) == {type(message) for message in DECISIONS}


def test_it_is_the_same_in_every_process() -> None:
    """Whatever Python hashes strings with."""
    code = (
        "from tests.trader.runtime.test_digest import DECISIONS, digest; print(digest(*DECISIONS))"
    )
    root = Path(__file__).parents[3]
    found = {
        subprocess.run(
            [sys.executable, "-c", code],
            cwd=root,
            env={"PYTHONHASHSEED": seed, "PYTHONPATH": str(root)},
            capture_output=True,
            check=True,
            text=True,
        ).stdout.strip()
        for seed in ("1", "4711")
    }

    assert found == {digest(*DECISIONS)}
