"""What a person may set of the end of a run."""

from typing import Literal

import msgspec

OpenPosition = Literal["protect", "flatten", "leave"]


class ShutdownSettings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """How a run ends."""

    open_position: OpenPosition = "protect"
    """`protect`: positions stay, each with a resting stop. `flatten`: close. `leave`: as is."""
    deadline_seconds: float = 20.0
    """Wall time after which an orderly end gives up and says what remains (exit code 4).

    For half of it positions are RiskGuard's to settle, then the KillSwitch's.
    """
