"""The highest use of each limit."""

from trader.app.highs import Highs
from trader.ui.status import LimitStatus
from trader.ui.summary import LimitUse


def test_the_highest_is_kept() -> None:
    """Of each limit by itself, with how often it was reached."""
    highs = Highs()
    for used in (1.0, 3.0, 2.0):
        highs.take((LimitStatus("LOSS_DAY", used, 3.0, "%"), LimitStatus("HELD", 1, 3, "")))

    assert highs.uses({"LOSS_DAY": 2}) == (
        LimitUse("LOSS_DAY", 3.0, 3.0, "%", 2),
        LimitUse("HELD", 1, 3, "", 0),
    )
