"""A short digest of the effective settings."""

import hashlib
from decimal import Decimal
from typing import Any

import msgspec

from trader.settings.schema import Settings, leaves

_LENGTH = 12


def fingerprint(settings: Settings) -> str:
    """Return the first hexadecimal digits of the SHA-256 of the settings as sorted JSON."""
    values = {path: _canonical(value) for path, value in leaves(settings)}
    return hashlib.sha256(msgspec.json.encode(values, order="sorted")).hexdigest()[:_LENGTH]


def _canonical(value: Any) -> Any:
    # 0.1 and 0.10 are one amount.
    return str(value.normalize()) if isinstance(value, Decimal) else value
