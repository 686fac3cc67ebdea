"""The STUN and TURN servers that peers are given.

The credentials for TURN follow the convention of the TURN REST API
(draft-uberti-behave-turn-rest), which coturn calls `use-auth-secret`.
"""

import base64
import hmac
import secrets
import time
from collections.abc import Callable, Sequence

from chalicelib.errors import ParameterUnavailable
from chalicelib.limits import TURN_TTL_SECONDS

# An RTCIceServer, as RTCPeerConnection takes it.
IceServer = dict[str, str | list[str]]


def no_secret() -> str:
    """The default, for an operator without TURN servers: nobody ever calls it."""
    raise ParameterUnavailable("there is no TURN secret")


class IceServers:
    """The servers at these URLs.

    `read_secret` returns the secret shared with the TURN servers. It is called for each credential,
    so that a new secret is used soon. `now` returns the Unix time in seconds.
    """

    def __init__(
        self,
        stun_urls: Sequence[str] = (),
        turn_urls: Sequence[str] = (),
        read_secret: Callable[[], str] = no_secret,
        now: Callable[[], float] = time.time,
    ) -> None:
        self._stun_urls = list(stun_urls)
        self._turn_urls = list(turn_urls)
        self._read_secret = read_secret
        self._now = now

    def current(self) -> list[IceServer]:
        """Return the servers, with new credentials that expire TURN_TTL_SECONDS from now.

        Raise ParameterUnavailable if the TURN secret cannot be read, or is empty.
        """
        servers: list[IceServer] = []
        if self._stun_urls:
            servers.append({"urls": self._stun_urls})
        if self._turn_urls:
            servers.append(self._turn_server())
        return servers

    def _turn_server(self) -> IceServer:
        secret = self._read_secret().strip()
        if not secret:
            raise ParameterUnavailable("the TURN secret is empty")
        # A name for each client, so that a TURN server can tell them apart.
        username = f"{int(self._now()) + TURN_TTL_SECONDS}:{secrets.token_hex(8)}"
        signature = hmac.digest(secret.encode(), username.encode(), "sha1")
        return {
            "urls": self._turn_urls,
            "username": username,
            "credential": base64.b64encode(signature).decode(),
        }
