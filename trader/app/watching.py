"""What another shell sees of a run: the panel, from the status file."""

import os
import time
from collections.abc import Iterator
from pathlib import Path
from typing import TextIO

import msgspec
from rich.text import Text

from trader.model.errors import UsageError
from trader.storage.data_dir import holder_of, open_kept
from trader.ui import panel
from trader.ui.paint import paint
from trader.ui.render import ago, has_colours, to_json
from trader.ui.rows import Row, above
from trader.ui.status import FRESH, STATUS_FILE, StatusDump

_ALL = 200
"""Rows of a panel that nothing has to be left out of."""
_WIDTH = 80


class Sight(msgspec.Struct, frozen=True):
    """A status as it was read: `age_seconds` old, of a run that is `alive` or is not."""

    status: StatusDump
    alive: bool
    age_seconds: float

    @property
    def note(self) -> str:
        """What a reader has to know of it first."""
        age = ago(self.age_seconds)
        if self.alive:
            return f"NO NEWS FOR {age}" if self.age_seconds >= 5 * FRESH else ""
        if self.status.exit_code is not None:
            return f"ENDED {age} ago, exit {self.status.exit_code}"
        return f"DIED {age} ago"


def read_sight(directory: Path) -> Sight:
    """Read the status file of a data directory; raise UsageError where there is none of ours."""
    path = directory / STATUS_FILE
    try:
        with open_kept(path) as file:
            written = os.fstat(file.fileno()).st_mtime
            status = msgspec.json.decode(file.read(), type=StatusDump)
    except FileNotFoundError:
        raise UsageError(f"{path}: no run has written it yet; give the --data-dir of one") from None
    except OSError as error:
        raise UsageError(f"{path}: {error.strerror}; give the --data-dir of a run") from None
    except msgspec.DecodeError as error:
        raise UsageError(f"{path}: not a status ({error}); start a run to replace it") from None
    # The next run of the directory may hold the lock before it has written anything.
    alive = status.exit_code is None and holder_of(directory) == status.pid
    return Sight(status, alive, max(time.time() - written, 0.0))


def watch_status(directory: Path, out: TextIO, *, as_json: bool, again: bool) -> Iterator[str]:
    """Yield what shows a status, once, or every second and over the one before at a terminal."""
    shown: list[Row] = []
    while True:
        sight = read_sight(directory)
        if as_json:
            yield f"{_to_json(sight)}\n"
        else:
            rows = _rows(sight, out, again)
            if again and out.isatty():
                yield above(shown, "", rows, _size(out).columns)
            else:
                yield "".join(f"{row.text}\n" for row in rows)
            shown = rows
        if not again:
            return
        time.sleep(FRESH)


def _rows(sight: Sight, out: TextIO, again: bool) -> list[Row]:
    size = _size(out)
    room = max(size.lines - 1, 1) if again and out.isatty() else _ALL
    rows: list[Text] = panel.compose(sight.status, size.columns - 1, room, sight.note)
    colours = has_colours(out.isatty(), os.environ)
    return paint(rows, colours=colours, encoding=out.encoding or "utf-8")


def _size(out: TextIO) -> os.terminal_size:
    try:
        return os.get_terminal_size(out.fileno())
    except OSError:
        return os.terminal_size((_WIDTH, _ALL))


def _to_json(sight: Sight) -> str:
    merged = msgspec.json.decode(to_json(sight.status))
    return msgspec.json.encode(
        {**merged, "alive": sight.alive, "age_seconds": round(sight.age_seconds, 3)}
    ).decode()
