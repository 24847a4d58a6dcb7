"""A process may be killed at any moment: what goes on with its journal has lost nothing."""

from pathlib import Path

from tests.e2e.deaths import die_often, faults_after
from tests.e2e.venue import account_left, held_in, legs_of
from trader.model.orders import Leg


def test_no_moment_to_die_at_costs_a_position_its_stop(tmp_path: Path) -> None:
    """Whatever word died with the process: what rests stays, what is held has its stop again."""
    stopped = []
    for death in die_often(tmp_path, "market.candles=45"):
        left = account_left(death)
        if held_in(left):
            stopped.append(Leg.STOP in legs_of(left).get("BTC-USD", set()))
        assert (death.name, faults_after(death)) == (death.name, [])
    assert stopped.count(True) > 4
    assert stopped.count(False) > 4
