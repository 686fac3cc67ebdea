"""A TURN server on this machine: coturn, as Debian packages it, with the credentials of the TURN REST convention."""

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
The tests of a TURN relay need coturn, and `turnserver` is not on the PATH.
On Debian and Ubuntu: apt-get install coturn"""

FLAGS = [
    "-n",  # No configuration file, and so nothing of a service that may run here.
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
    """A relay that gives an allocation to whoever has a credential made with its secret."""

    port: int
    secret: str
    log: Path

    @property
    def url(self) -> str:
        return f"turn:127.0.0.1:{self.port}?transport=udp"

    def ice_server(self, seconds: int = 3600) -> dict[str, str]:
        """Return an RTCIceServer whose credential is good for so long from now on, or was, where that is negative."""
        username = f"{int(time.time()) + seconds}:{secrets.token_urlsafe(9)}"
        digest = hmac.digest(self.secret.encode(), username.encode(), hashlib.sha1)
        return {"urls": self.url, "username": username, "credential": base64.b64encode(digest).decode()}


@contextmanager
def coturn(folder: Path) -> Iterator[TurnServer]:
    """Run one, with its log and its database in a folder of their own."""
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
