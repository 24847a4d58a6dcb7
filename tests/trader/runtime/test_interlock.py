"""The interlock: an approval lets its own order pass, once, and in its epoch if it adds risk."""

import threading
from collections import OrderedDict
from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from trader.model.ids import client_order_id, order_hash
from trader.model.orders import Approval, Leg, Order, OrderKind, Side
from trader.model.reasons import Reason
from trader.runtime import interlock as module
from trader.runtime.interlock import Interlock

orders = st.builds(
    lambda decision, reduce_only: Order(
        client_order_id=client_order_id("run", decision, Leg.EXIT if reduce_only else Leg.ENTRY),
        symbol="BTC-USD",
        side=Side.SELL if reduce_only else Side.BUY,
        kind=OrderKind.MARKET,
        leg=Leg.EXIT if reduce_only else Leg.ENTRY,
        quantity=Decimal(1),
        reduce_only=reduce_only,
    ),
    st.integers(1, 4),
    st.booleans(),
)
steps = st.lists(
    st.one_of(st.just("advance"), st.tuples(orders, st.integers(0, 3), st.booleans())), max_size=30
)


@given(steps=steps)
def test_an_order_passes_once_and_in_its_epoch(
    steps: list[str | tuple[Order, int, bool]],
) -> None:
    """A refusal uses nothing up; what reduces risk passes in any epoch, but once as well."""
    interlock = Interlock()
    epoch, passed = 0, set[str]()
    for step in steps:
        if isinstance(step, str):
            epoch += 1
            assert interlock.advance() == epoch
            continue
        order, approved_in, fits = step
        digest = order_hash(order)
        expected = None
        if not fits:
            expected = Reason.INTERLOCK_ORDER
        elif digest in passed:
            expected = Reason.INTERLOCK_USED
        elif approved_in != epoch and not order.reduce_only:
            expected = Reason.INTERLOCK_EPOCH
        else:
            passed.add(digest)

        approval = Approval(approved_in, digest if fits else digest[::-1])
        assert interlock.admit(order, approval) == expected


@given(order=orders, quantity=st.sampled_from(["0.5", "1.0", "2"]))
def test_an_approval_fits_its_order_alone(order: Order, quantity: str) -> None:
    """Not another quantity, not even the same written otherwise: the bytes were approved."""
    interlock, approval = Interlock(), Approval(0, order_hash(order))
    other = replace(order, quantity=Decimal(quantity))

    assert interlock.admit(other, approval) is Reason.INTERLOCK_ORDER
    assert interlock.admit(replace(order), approval) is None


@given(order=orders)
def test_what_is_remembered_is_bounded(order: Order) -> None:
    """The oldest used approval is forgotten first."""
    interlock = Interlock()
    interlock._used = OrderedDict.fromkeys(map(str, range(module._REMEMBERED)))
    assert interlock.admit(order, Approval(0, order_hash(order))) is None

    assert len(interlock._used) == module._REMEMBERED
    assert "0" not in interlock._used
    assert interlock.admit(order, Approval(0, order_hash(order))) is Reason.INTERLOCK_USED


def test_from_many_threads_no_approval_is_used_twice_and_no_epoch_is_lost() -> None:
    """However they meet: one of them passes, and every advance counts."""
    interlock = Interlock()
    exit_ = (Side.SELL, OrderKind.MARKET, Leg.EXIT, Decimal(1))
    order = Order("at", "BTC-USD", *exit_, reduce_only=True)
    approval = Approval(0, order_hash(order))
    epochs: list[int] = []
    passed: list[None] = []
    start = threading.Barrier(8)

    def race() -> None:
        start.wait()
        for _ in range(200):
            epochs.append(interlock.advance())
            if interlock.admit(order, approval) is None:
                passed.append(None)

    threads = [threading.Thread(target=race) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert sorted(epochs) == list(range(1, 1_601))
    assert len(passed) == 1
