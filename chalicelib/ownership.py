"""The owner of a channel. If a channel has an owner, only the owner can write to it.

The client that creates a channel may name a secret. From then on, every write to the channel has to
bring the same secret. Reads need no secret. The owner never changes while the channel exists.

So no other peer can answer in such a channel. Our clients use it for an address: a long-lived
channel whose offer names the ordinary channel in which a host waits for its next guest. The guest
reads the name and answers there, and the host replaces the offer for the guest after that.
"""

import hashlib
import hmac
from typing import NamedTuple

from chalicelib.dynamodb import Item
from chalicelib.errors import SignalingError

# The attribute of a channel with the SHA-256 of its owner's secret. A channel without an owner does
# not have it. The secret itself is never stored.
OWNER_DIGEST = "owner_digest"

HAS_NO_OWNER = f"attribute_not_exists({OWNER_DIGEST})"
HAS_NO_OTHER_OWNER = f"({HAS_NO_OWNER} OR {OWNER_DIGEST} = :owner)"


class Writer(NamedTuple):
    """The sender of a write. `digest` is that of the secret that came with it, None without one.

    `condition` and `condition_values` go into the write, so that DynamoDB compares the digests and
    decides. `is_stranger_to` and `refusal` only explain a write that DynamoDB has refused.

    >>> Writer.with_secret("0123456789abcdef").condition()
    '(attribute_not_exists(owner_digest) OR owner_digest = :owner)'
    """

    digest: bytes | None = None

    @classmethod
    def with_secret(cls, secret: str | None) -> "Writer":
        if secret is None:
            return cls()
        return cls(hashlib.sha256(secret.encode()).digest())

    def attributes(self) -> Item:
        """Return the attributes that make this writer the owner of a new channel."""
        if self.digest is None:
            return {}
        return {OWNER_DIGEST: {"B": self.digest}}

    def condition(self) -> str:
        """Return the condition under which a channel takes a write from this writer."""
        return HAS_NO_OWNER if self.digest is None else HAS_NO_OTHER_OWNER

    def condition_values(self) -> Item:
        """Return the values that the condition names."""
        if self.digest is None:
            return {}
        return {":owner": {"B": self.digest}}

    def is_stranger_to(self, stored: Item) -> bool:
        """Whether a stored channel has an owner, and this writer is somebody else."""
        if OWNER_DIGEST not in stored:
            return False
        return not hmac.compare_digest(stored[OWNER_DIGEST]["B"], self.digest or b"")

    def refusal(self) -> SignalingError:
        """Return the refusal for a writer who is a stranger to the channel."""
        if self.digest is None:
            return SignalingError("owner is missing")
        return SignalingError("owner does not match")
