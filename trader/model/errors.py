"""The errors a caller may meet.

TraderError
├── UsageError            what a person typed or a file holds is wrong: one line, exit code 2
├── JournalError          the journal cannot be read or written
└── VenueError
    ├── NotSent           proven: the request never left; a new attempt is safe
    ├── Rejected          proven: the venue said no
    └── OutcomeUnknown    nothing is proven: counts as exposure, is queried, never sent again
"""

from trader.model.reasons import Reason


class TraderError(Exception):
    """An error the engine names."""


class UsageError(TraderError):
    """Input is wrong: the text names the place and the cure."""


class JournalError(TraderError):
    """The journal is damaged, of another version, or cannot be written."""


class VenueError(TraderError):
    """A request to a venue did not end in an acceptance."""


class NotSent(VenueError):
    """The request never left this machine."""


class Rejected(VenueError):
    """The venue refused the request and said so; `reason` where it is one that we know."""

    def __init__(self, text: str, reason: Reason | None = None) -> None:
        super().__init__(text)
        self.reason = reason


class OutcomeUnknown(VenueError):
    """The request may or may not have been carried out."""
