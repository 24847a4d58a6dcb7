"""However long a run is, it needs no more memory, nor more of the disk.

`python -m tests.e2e.campaign year|day` measures it at length.
"""

from pathlib import Path

from tests.e2e import long

MB = 1_000_000


def test_a_long_run_in_virtual_time_stays_small(tmp_path: Path) -> None:
    """Six days on a retention of one: old market data leave the journal as new ones come."""
    options = ("--candles", "9000", "--speed", "max", "--set", "system.retention_days=1")
    journey = long.travel(tmp_path, *options, every=0.1, patience=120)

    assert journey.summary["candles"] == 9_000
    assert journey.growth < 4_000
    assert journey.largest("journal.db") < 8 * MB
    assert journey.opened < 2


def test_a_long_run_in_real_time_stays_small(tmp_path: Path) -> None:
    """Two days in seconds, by the driver that trades in real time."""
    options = ("--candles", "2880", "--speed", "40000", "--set", "system.retention_days=0.5")
    journey = long.travel(tmp_path, *options, every=0.1, patience=120)

    assert journey.summary["candles"] == 2_880
    assert journey.growth < 4_000
    assert journey.opened < 2
