"""End-to-end encryption of descriptions and candidates: the server sees neither IP addresses nor fingerprints.

A sealed text is made with AES-256-GCM. It consists of the nonce (12 bytes), the ciphertext and the tag (16 bytes), in
base64url without padding.
The additional data says what the text is and, for a candidate, which peer sent it.
So a sealed text cannot be opened as something else.
"""

import base64
import re
import secrets
from typing import Literal

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from peerpost.errors import TamperedError

KEY_BYTES = 32
KEY_CHARACTERS = 43
NONCE_BYTES = 12

Role = Literal["offerer", "answerer"]
Purpose = Literal["offer", "answer", "candidate offerer", "candidate answerer", "address", "guest"]
"""`address` is the pointer in an address, and `guest` is the answer of a guest that has used an address."""

# What errors call a text with this purpose.
NAME_OF: dict[Purpose, str] = {
    "offer": "offer",
    "answer": "answer",
    "candidate offerer": "candidate",
    "candidate answerer": "candidate",
    "address": "address",
    "guest": "answer",
}

CANDIDATE_OF: dict[Role, Purpose] = {"offerer": "candidate offerer", "answerer": "candidate answerer"}


def new_key() -> bytes:
    """Return a new key, for one channel: 32 random bytes."""
    return secrets.token_bytes(KEY_BYTES)


def key_to_text(key: bytes) -> str:
    """Return a key in the form that links have: base64url without padding, 43 characters."""
    return to_base64url(key)


def key_from_text(text: str) -> bytes:
    """Return the key of a link. Raises ValueError for any other text."""
    not_a_key = (
        f"the key is incomplete or was changed: it must be {KEY_CHARACTERS} characters of base64url ({KEY_BYTES} bytes)"
    )
    try:
        key = from_base64url(text)
    except ValueError as error:
        raise ValueError(not_a_key) from error
    if len(key) != KEY_BYTES:
        raise ValueError(not_a_key)
    return key


class Sealer:
    """Seals and opens texts with one key of 32 bytes. Raises ValueError for a key of another length."""

    def __init__(self, key: bytes) -> None:
        if len(key) != KEY_BYTES:
            raise ValueError(f"a key must have {KEY_BYTES} bytes, not {len(key)}")
        self._cipher = AESGCM(key)

    def seal(self, text: str, purpose: Purpose) -> str:
        """Return a text sealed for a purpose. The result is different each time."""
        nonce = secrets.token_bytes(NONCE_BYTES)
        return to_base64url(nonce + self._cipher.encrypt(nonce, text.encode(), additional_data(purpose)))

    def open(self, sealed: str, purpose: Purpose) -> str:
        """Return what a sealed text contains. Raises TamperedError unless this key sealed it for this purpose."""
        try:
            content = from_base64url(sealed)
            nonce, ciphertext = content[:NONCE_BYTES], content[NONCE_BYTES:]
            return self._cipher.decrypt(nonce, ciphertext, additional_data(purpose)).decode()
        except (InvalidTag, ValueError) as error:
            raise tampered(purpose) from error


def tampered(purpose: Purpose) -> TamperedError:
    return TamperedError(f"the {NAME_OF[purpose]} was tampered with, or sealed with another key")


def additional_data(purpose: Purpose) -> bytes:
    return f"peerpost/1 {purpose}".encode("ascii")


def to_base64url(content: bytes) -> str:
    return base64.urlsafe_b64encode(content).rstrip(b"=").decode("ascii")


def from_base64url(text: str) -> bytes:
    # Python's own decoder skips characters that are not base64, and would open a text that was changed.
    if not re.fullmatch("[A-Za-z0-9_-]*", text):
        raise ValueError("not base64url")
    content = base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
    # The last character may have unused bits, so several texts can decode to the same bytes. Accept only one of them.
    if to_base64url(content) != text:
        raise ValueError("not canonical base64url")
    return content
