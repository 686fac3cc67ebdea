"""Who may open a channel, where not everybody may: the holders of an access key (RFC 6750, Bearer)."""

import hashlib
import hmac
import re
from collections.abc import Callable

from chalicelib.errors import ParameterUnavailable, Unauthorized, UnknownKey

DIGEST = re.compile(r"[0-9a-f]{64}")


class AccessKeys:
    """The keys whose SHA-256 digests, in hex, `stored` returns: several, so that one can replace another."""

    def __init__(self, stored: Callable[[], str]) -> None:
        self._stored = stored

    def check(self, authorization: str) -> None:
        """Raise Unauthorized unless a header's value carries one of the keys."""
        scheme, _, key = authorization.strip().partition(" ")
        if scheme.lower() != "bearer" or not key.strip():
            raise Unauthorized("access key is missing")
        # Half a character is what an event's JSON can hold; it is part of no key.
        digest = hashlib.sha256(key.strip().encode(errors="replace")).hexdigest()
        # All of them, and each to its end: the time tells nothing of a digest, nor which one it was.
        if not sum(hmac.compare_digest(digest, each) for each in self._digests()):
            raise UnknownKey("access key is unknown")

    def _digests(self) -> list[str]:
        digests = re.findall(r"[^\s,]+", self._stored().lower())
        if not digests or not all(map(DIGEST.fullmatch, digests)):
            raise ParameterUnavailable("the access keys are not SHA-256 digests in hex")
        return digests
