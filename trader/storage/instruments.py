"""Instrument rules as a venue last gave them, with the date: for when it cannot be reached."""

import time
from collections.abc import Mapping
from pathlib import Path

import msgspec

from trader.model.instrument import Instrument
from trader.storage.data_dir import open_kept


class Rules(msgspec.Struct, frozen=True):
    """Instruments by symbol; `fetched` is the time of day at which the venue gave them (ns)."""

    fetched: int
    instruments: dict[str, Instrument]


def keep_rules(path: Path, instruments: Mapping[str, Instrument]) -> None:
    """Write what a venue has just said, beside what it said of other symbols."""
    earlier = read_rules(path)
    known = {} if earlier is None else earlier.instruments
    rules = Rules(time.time_ns(), {**known, **instruments})
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    draft = path.with_suffix(".new")
    draft.write_bytes(msgspec.json.encode(rules))
    draft.replace(path)


def read_rules(path: Path) -> Rules | None:
    """Read what was kept; None where nothing sound was."""
    try:
        with open_kept(path) as file:
            return msgspec.json.decode(file.read(), type=Rules)
    except (OSError, msgspec.MsgspecError):
        return None
