"""The STUN and TURN servers that peers are told of, with credentials by the convention of the TURN REST API
(draft-uberti-behave-turn-rest), which coturn calls `use-auth-secret`."""

import base64
import hmac
import secrets
import time
from collections.abc import Callable

from chalicelib.errors import ParameterUnavailable
from chalicelib.limits import TURN_TTL_SECONDS

# An RTCIceServer, as RTCPeerConnection takes it.
IceServer = dict[str, str | list[str]]


class IceServers:
    """The servers at these URLs; `secret` returns what the TURN servers share with us, `now` is in Unix seconds."""

    def __init__(
        self,
        stun_urls: list[str],
        turn_urls: list[str],
        secret: Callable[[], str] = str,
        now: Callable[[], float] = time.time,
    ) -> None:
        self._stun_urls, self._turn_urls, self._secret, self._now = stun_urls, turn_urls, secret, now

    def current(self) -> list[IceServer]:
        """Return the servers, for whoever asks at this moment."""
        servers: list[IceServer] = [{"urls": self._stun_urls}] if self._stun_urls else []
        return [*servers, self._relay()] if self._turn_urls else servers

    def _relay(self) -> IceServer:
        if not (secret := self._secret().strip()):
            raise ParameterUnavailable("the TURN secret is empty")
        username = f"{int(self._now()) + TURN_TTL_SECONDS}:{secrets.token_hex(8)}"
        signature = hmac.digest(secret.encode(), username.encode(), "sha1")
        return {"urls": self._turn_urls, "username": username, "credential": base64.b64encode(signature).decode()}
