"""Every error of a load, one line each."""

from collections.abc import Iterable

from trader.model.errors import UsageError

_MAX_COMPARED = 100


class Problems:
    """Collects errors, so that a person mends them all at once."""

    def __init__(self) -> None:
        self.lines: list[str] = []

    def add(self, line: str) -> None:
        """Add an error; what would break its line is written as an escape."""
        self.lines.append(to_line(line))

    def add_unknown(self, name: str, place: str, known: Iterable[str]) -> None:
        """Add a name that no setting bears, with the nearest one that a setting does."""
        # Comparing costs about a millisecond a name, and junk may hold thousands.
        nearest = _nearest(name, known) if len(self.lines) < _MAX_COMPARED else None
        cure = (
            f"did you mean {nearest}?" if nearest else "`python run.py config show` lists them all"
        )
        self.add(f"{name or '(no name)'} ({place}): no such setting; {cure}")

    def raise_any(self) -> None:
        """Raise one UsageError that holds every error, if there is any."""
        if self.lines:
            raise UsageError("\n".join(self.lines))


def to_line(text: str) -> str:
    """Write as an escape what would break a line, or speak to the terminal."""
    return "".join(
        char if char.isprintable() else char.encode("unicode_escape").decode() for char in text
    )


def _nearest(name: str, known: Iterable[str]) -> str | None:
    import difflib  # lazily: a load without errors is spared it

    names = list(known)
    same_end = [other for other in names if other.endswith(f".{name.rpartition('.')[2]}")]
    close = same_end or difflib.get_close_matches(name[:80], names, 1)
    return close[0] if close else None
