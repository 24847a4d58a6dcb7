"""Known secrets and their encoded forms, taken out of any text."""

import base64
import json
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from urllib.parse import quote, quote_plus

MASK = "***"
"""Stands where a secret stood."""

_SECRET_NAMES = ("KEY", "SECRET", "TOKEN", "PASSWORD")
_SHORTEST = 4
_SHORTEST_LINE = 16


def secrets_of(environ: Mapping[str, str]) -> tuple[str, ...]:
    """Return the values of variables that are named like secrets, so that none is ever written."""
    return tuple(
        value for name, value in environ.items() if value and name.upper().endswith(_SECRET_NAMES)
    )


def redactor(secrets: Iterable[str]) -> Callable[[str], str]:
    """Return a function that replaces every form of every secret in a text by MASK.

    Forms: as it is, URL-encoded, base64 (also inside a longer text, such as `key:secret`), each
    also as JSON and Python literals escape it; long lines of a secret count by themselves. Shorter
    than four characters is no secret: replacing it would only spoil the text.
    """
    forms = {form for secret in secrets for form in _forms(secret) if len(form) >= _SHORTEST}
    if not forms:
        return str
    longest_first = sorted(forms, key=lambda form: (-len(form), form))
    pattern = re.compile("|".join(map(re.escape, longest_first)))
    return lambda text: pattern.sub(MASK, text)


def _forms(secret: str) -> Iterator[str]:
    lines = (line for line in secret.splitlines() if len(line) >= _SHORTEST_LINE)
    for piece in {secret, secret.strip(), *lines}:
        if len(piece) < _SHORTEST:
            continue
        for text in (piece, *_base64(piece.encode())):
            yield text
            yield from _escaped(text)


def _escaped(text: str) -> Iterator[str]:
    yield repr(text)[1:-1]
    yield json.dumps(text)[1:-1]
    yield json.dumps(text, ensure_ascii=False)[1:-1]
    for encoded in (quote(text), quote(text, safe=""), quote_plus(text)):
        yield encoded
        yield re.sub("%[0-9A-F]{2}", lambda match: match[0].lower(), encoded)


def _base64(secret: bytes) -> Iterator[str]:
    # Three bytes make four characters, so what a text looks like depends on where it starts;
    # characters that also hold bits of a neighbour are cut off.
    for offset, cut in ((0, 0), (1, 2), (2, 3)):
        padded = b"\0" * offset + secret
        end = len(padded) * 8 // 6
        yield base64.b64encode(padded)[cut:end].decode()
        yield base64.urlsafe_b64encode(padded)[cut:end].decode()
