"""Access keys. If an operator has given out any, nobody can open a channel without one."""

import hashlib
import hmac
import re
from collections.abc import Callable

from chalicelib.errors import ParameterUnavailable, Unauthorized, UnknownKey

SHA256_IN_HEX = re.compile(r"[0-9a-f]{64}")


class AccessKeys:
    """The access keys that an operator has given out.

    `read_digests` returns their SHA-256 digests in hex, separated by commas or white space: the
    server stores no key, only digests. Several keys can be valid at once, so that an operator can
    replace one without a gap.

    >>> keys = AccessKeys(lambda: hashlib.sha256(b"a-key").hexdigest())
    >>> keys.check("a-key")
    >>> keys.check("b-key")
    Traceback (most recent call last):
    chalicelib.errors.UnknownKey: access key is unknown
    """

    def __init__(self, read_digests: Callable[[], str]) -> None:
        self._read_digests = read_digests

    def check(self, key: str | None) -> None:
        """Raise Unauthorized unless this is one of the keys. None means that there was no key.

        Raise ParameterUnavailable if the digests cannot be read, or are not digests.
        """
        if key is None:
            raise Unauthorized("access key is missing")
        # Lambda passes headers as JSON, which can hold half of a character, "\ud800". UTF-8 has no
        # form for it. No key contains one, so any replacement will do.
        digest = hashlib.sha256(key.encode(errors="replace")).hexdigest()
        # Compare with every digest, each in constant time. Otherwise the time of the reply could
        # reveal which key matches, or how much of a digest is right.
        matches = [hmac.compare_digest(digest, known) for known in self._digests()]
        if not any(matches):
            raise UnknownKey("access key is unknown")

    def _digests(self) -> list[str]:
        digests = self._read_digests().lower().replace(",", " ").split()
        if not digests or not all(SHA256_IN_HEX.fullmatch(digest) for digest in digests):
            raise ParameterUnavailable("the access keys are not SHA-256 digests in hex")
        return digests
