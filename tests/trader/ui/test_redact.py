"""Secrets taken out of text."""

import base64
import json
from collections.abc import Callable
from urllib.parse import quote, quote_plus

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trader.ui.redact import MASK, redactor, secrets_of

SECRET = 'c4nary/+"sec\\ret= é'
ENCODINGS: list[Callable[[str], str]] = [
    str,
    quote,
    quote_plus,
    lambda text: quote(text, safe="").lower(),
    repr,
    json.dumps,
    lambda text: json.dumps(text, ensure_ascii=False),
    lambda text: repr({"secret": text}),
    lambda text: base64.b64encode(text.encode()).decode(),
    lambda text: base64.urlsafe_b64encode(text.encode()).decode(),
    lambda text: quote(base64.b64encode(text.encode()).decode(), safe=""),
]


@pytest.mark.parametrize("encode", ENCODINGS)
def test_every_encoding_of_a_secret_is_masked(encode: Callable[[str], str]) -> None:
    """Nothing but the mask is left of a secret, however a library encodes it on its way."""
    redact = redactor([SECRET])

    left = redact(f"before {encode(SECRET)} after")

    assert MASK in left
    assert "c4nary" not in left
    assert left.startswith("before ")
    assert left.endswith(" after")


@given(
    st.binary(max_size=7),
    st.text(st.characters(codec="ascii", categories=["L", "N"]), min_size=8, max_size=40),
    st.binary(max_size=7),
)
def test_base64_of_a_longer_text_does_not_carry_a_secret(
    before: bytes, secret: str, after: bytes
) -> None:
    """`key:secret` in base64 (an Authorization header) cannot be decoded back to the secret."""
    encoded = base64.b64encode(before + secret.encode() + after).decode()

    left = redactor([secret])(encoded)

    assert MASK in left


def test_a_line_of_a_long_key_is_a_secret_too() -> None:
    """A traceback that shows one line of a PEM key shows nothing of it."""
    line = "MHcCAQEEIBcanarycanarycanary"
    redact = redactor([f"-----BEGIN EC PRIVATE KEY-----\n{line}\n-----END EC PRIVATE KEY-----\n"])

    assert f"ValueError: {MASK}" == redact(f"ValueError: {line}")


@pytest.mark.parametrize("secrets", [[], [""], ["abc"], ["   "]])
def test_no_secret_changes_nothing(secrets: list[str]) -> None:
    """Empty and very short values are not masked: that would only spoil the text."""
    assert redactor(secrets)("abc  abc    x") == "abc  abc    x"


def test_the_longer_of_two_secrets_is_masked_whole() -> None:
    """A secret that begins like another leaves no rest."""
    assert redactor(["canary", "canary-and-more"])("canary-and-more") == MASK


def test_secrets_are_known_by_the_names_of_their_variables() -> None:
    """KEY, SECRET, TOKEN and PASSWORD at the end, in any case; what is empty is no secret."""
    environ = {"A_KEY": "a", "b_secret": "b", "C_TOKEN": "", "PASSWORD": "d", "KEYBOARD": "e"}

    assert secrets_of(environ) == ("a", "b", "d")
