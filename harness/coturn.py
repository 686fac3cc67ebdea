"""A TURN server on this machine: Debian's coturn, with credentials in the format of the TURN REST API."""

import base64
import hashlib
import hmac
import os
import secrets
import shutil
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from harness.engines import free_port, wait_for_port
from harness.stun import wait_for_stun

NO_COTURN = """\
The TURN tests need coturn, but `turnserver` is not on the PATH.
On Debian and Ubuntu: apt-get install coturn"""

FLAGS = [
    "-n",  # Read no configuration file, so that a coturn service on this machine does not interfere.
    "--listening-ip=127.0.0.1",
    "--relay-ip=127.0.0.1",
    "--allow-loopback-peers",
    "--use-auth-secret",
    "--realm=peerpost.test",
    "--no-cli",
    "--no-tls",
    "--no-dtls",
    "--log-file=stdout",
    "--simple-log",
    "--pidfile=",
]


@dataclass(frozen=True)
class TurnServer:
    """A relay that serves clients with a credential made from its secret."""

    port: int
    secret: str
    log: Path

    @property
    def url(self) -> str:
        return f"turn:127.0.0.1:{self.port}?transport=udp"

    def ice_server(self, seconds: int = 3600) -> dict[str, str]:
        """Return an RTCIceServer whose credential is valid for `seconds`. If negative, it has already expired."""
        username = f"{int(time.time()) + seconds}:{secrets.token_urlsafe(9)}"
        digest = hmac.digest(self.secret.encode(), username.encode(), hashlib.sha1)
        return {"urls": self.url, "username": username, "credential": base64.b64encode(digest).decode()}


@contextmanager
def coturn(folder: Path) -> Iterator[TurnServer]:
    """Run coturn with its log and its database in `folder`."""
    if (path := shutil.which("turnserver")) is None:
        raise RuntimeError(NO_COTURN)
    server = TurnServer(free_port(), secrets.token_urlsafe(32), folder / "coturn.log")
    command = [path, *FLAGS, f"--userdb={folder / 'turndb'}", f"--static-auth-secret={server.secret}"]
    with (
        server.log.open("wb") as log,
        subprocess.Popen(
            [*command, f"--listening-port={server.port}"],
            cwd=folder,
            env={"PATH": os.defpath},
            stdout=log,
            stderr=subprocess.STDOUT,
        ) as process,
    ):
        try:
            wait_for_port(server.port, process)
            wait_for_stun(server.port)
            yield server
        finally:
            process.terminate()
